//! Connections: loopback only, bounded in number, and closed when idle.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::GRACE;

/// The most open connections; the next one waits to be accepted.
const MAX_CONNECTIONS: usize = 1_024;

/// The idle time after which a connection is closed, whether it waits for the rest of a request, for
/// the next one, or for a client that does not read.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// Accepts connections while there is room.
pub(super) struct Loopback {
    listener: TcpListener,
    room: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

impl Loopback {
    /// `stopping` becomes true when the server has to stop.
    pub(super) fn new(listener: TcpListener, stopping: watch::Receiver<bool>) -> Self {
        Self {
            listener,
            stopping,
            room: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        }
    }

    async fn try_accept(&self) -> io::Result<Connection> {
        let room = Arc::clone(&self.room);
        let place = room.acquire_owned().await.map_err(io::Error::other)?;
        let (stream, _) = self.listener.accept().await?;
        // Answers are small and whole: there is nothing to gain by waiting for more.
        stream.set_nodelay(true)?;
        Ok(Connection::new(stream, place, self.stopping.clone()))
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

/// Lets a request handler reset its connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    reset: Arc<AtomicBool>,
}

impl Fate {
    /// Marks the connection: the next write resets it.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
    }
}

/// One connection.
pub(super) struct Connection {
    stream: TcpStream,
    fate: Fate,
    last_sent: Instant,
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
    ) -> Self {
        let now = Instant::now();
        let closing = async move {
            // Without a sender the server is gone, which is a stop as well.
            let _ = stopping.wait_for(|stopping| *stopping).await;
            sleep(GRACE).await;
        };
        Self {
            stream,
            fate: Fate::default(),
            last_sent: now,
            alarm: Box::pin(sleep_until(now + IDLE_LIMIT)),
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
            let end = self.last_sent + IDLE_LIMIT;
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
