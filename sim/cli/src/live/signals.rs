//! The signals that end a live run: an interrupt from the keyboard, and a request to terminate.
//!
//! An interrupt ends the run after the tick that is under way, a second one aborts that tick. A
//! request to terminate counts as two. Never ends the process itself: the run decides when it is
//! safe.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};
use turingos_live::session::Interrupts;
use turingos_workspace::Interrupt;

/// The requests of this run.
#[derive(Debug)]
pub(crate) struct Signals {
    /// They wake a run that waits. Signals that come together wake it once, so they do not count.
    wakers: [Signal; 2],
    requests: Arc<Requests>,
    /// How many requests the run has been told.
    told: usize,
}

impl Signals {
    /// Handles both signals from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(no_signals);
        Ok(Self {
            requests: Arc::new(Requests::listen().map_err(no_signals)?),
            wakers: [
                listen(SignalKind::interrupt())?,
                listen(SignalKind::terminate())?,
            ],
            told: 0,
        })
    }

    /// The same requests for a command that is running, during which nothing else is polled: it
    /// ends at the second request of the run.
    pub(crate) fn interrupt(&self) -> Interrupt {
        let requests = Arc::clone(&self.requests);
        Interrupt::when(move || requests.count() >= 2)
    }
}

impl Interrupts for Signals {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for waker in &mut self.wakers {
            while let Poll::Ready(Some(())) = waker.poll_recv(context) {}
        }
        if self.told < self.requests.count() {
            self.told += 1;
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

/// Counts requests, none of which is lost.
#[derive(Debug)]
struct Requests {
    /// Holds one byte for each request that is not counted yet.
    new: UnixStream,
    counted: AtomicUsize,
}

impl Requests {
    fn listen() -> io::Result<Self> {
        let (new, writer) = UnixStream::pair()?;
        new.set_nonblocking(true)?;
        // Each signal writes one byte for each time that it is listed.
        for signal in [SIGINT, SIGTERM, SIGTERM] {
            pipe::register(signal, writer.try_clone()?)?;
        }
        Ok(Self {
            new,
            counted: AtomicUsize::new(0),
        })
    }

    /// Counts the requests so far, and answers the first one at once if it is the only one.
    fn count(&self) -> usize {
        let new = (&self.new).read(&mut [0; 64]).unwrap_or(0);
        let count = self.counted.fetch_add(new, Ordering::Relaxed) + new;
        if (new, count) == (1, 1) {
            let text = "stopping after this tick; press Ctrl-C again to abort it";
            // A lost terminal must not end a run that costs money.
            let _ = writeln!(io::stderr(), "{text}");
        }
        count
    }
}

fn no_signals(cause: io::Error) -> Failure {
    Failure::new(Exit::System, format!("cannot listen for signals: {cause}"))
}
