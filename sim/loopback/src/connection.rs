//! Connections: loopback only, bounded in number, and closed when idle.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// The most open connections; the next one waits to be accepted.
const MAX_CONNECTIONS: usize = 1_024;

/// What connections are bounded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time without a byte to the client after which a connection is closed, whether it waits
    /// for the rest of a request, for the next one, for its answer, or for a client that does not
    /// read.
    pub idle: Duration,
    /// The time that requests in flight have after a stop; then their connections are closed.
    pub grace: Duration,
    /// Whether a client that closes its sending side is still answered. Without it, a client that
    /// leaves is noticed while its answer is awaited.
    pub half_close: bool,
}

/// Accepts connections while there is room.
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    room: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
    limits: Limits,
}

impl Loopback {
    /// Listens on 127.0.0.1 at `port`, or at a free one for 0. `stopping` becomes true when the
    /// server has to stop. Must be called inside a tokio runtime with I/O and time enabled.
    ///
    /// # Errors
    /// The port is in use or not allowed.
    pub async fn bind(
        port: u16,
        stopping: watch::Receiver<bool>,
        limits: Limits,
    ) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?,
            stopping,
            room: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            limits,
        })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    async fn try_accept(&self) -> io::Result<Connection> {
        let room = Arc::clone(&self.room);
        let place = room.acquire_owned().await.map_err(io::Error::other)?;
        let (stream, _) = self.listener.accept().await?;
        // Answers are small and whole: there is nothing to gain by waiting for more.
        stream.set_nodelay(true)?;
        Ok(Connection::new(
            stream,
            place,
            self.stopping.clone(),
            self.limits,
        ))
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> Connection {
        loop {
            match self.try_accept().await {
                Ok(accepted) => return accepted,
                // The client has gone, or descriptors ran out for a moment.
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Becomes true when the server has to stop.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }
}

/// Lets a request handler reset its connection. It is an extension of every request.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    reset: Arc<AtomicBool>,
}

impl Fate {
    /// Marks the connection: its next write, or its end, resets it.
    pub fn reset(&self) {
        self.reset.store(true, Ordering::Release);
    }
}

/// One connection.
pub(super) struct Connection {
    stream: TcpStream,
    fate: Fate,
    last_sent: Instant,
    idle: Duration,
    alarm: Pin<Box<Sleep>>,
    /// Resolves when the server has stopped and its grace period is over.
    closing: Pin<Box<dyn Future<Output = ()> + Send>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn new(
        stream: TcpStream,
        place: OwnedSemaphorePermit,
        mut stopping: watch::Receiver<bool>,
        limits: Limits,
    ) -> Self {
        let now = Instant::now();
        let closing = async move {
            // Without a sender the server is gone, which is a stop as well.
            let _ = stopping.wait_for(|stopping| *stopping).await;
            sleep(limits.grace).await;
        };
        Self {
            stream,
            fate: Fate::default(),
            last_sent: now,
            idle: limits.idle,
            alarm: Box::pin(sleep_until(now + limits.idle)),
            closing: Box::pin(closing),
            _place: place,
        }
    }

    /// What lets a handler reset this connection.
    pub(super) fn fate(&self) -> Fate {
        self.fate.clone()
    }

    /// The result of a read or a write, or a timeout if it waited for too long.
    fn bounded<T>(
        &mut self,
        outcome: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            return outcome;
        }
        if self.closing.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        // The timer is restarted only when it fires, which costs nothing on a busy connection.
        while self.alarm.as_mut().poll(context).is_ready() {
            let end = self.last_sent + self.idle;
            if end <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(end);
        }
        Poll::Pending
    }

    fn sent(
        &mut self,
        outcome: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(_)) = outcome {
            self.last_sent = Instant::now();
        }
        self.bounded(outcome, context)
    }

    /// Fails if the connection has to be reset, and prepares the reset for the drop.
    fn check_fate(&self) -> io::Result<()> {
        if self.fate.reset.load(Ordering::Acquire) {
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A body that breaks off ends its connection without another write.
        let _ = self.check_fate();
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.bounded(outcome, context)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_fate()?;
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(outcome, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_fate()?;
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.sent(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
