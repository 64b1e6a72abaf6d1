//! The signals that end a live run: an interrupt from the keyboard, and a request to terminate.
//!
//! Never ends the process itself: the run decides when it is safe.

use std::task::{Context, Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};
use turingos_live::session::Interrupts;

/// Both signals.
#[derive(Debug)]
pub(super) struct Signals([Signal; 2]);

impl Signals {
    /// Handles both signals from now on.
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|cause| {
                Failure::new(Exit::System, format!("cannot listen for signals: {cause}"))
            })
        };
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
        ]))
    }
}

impl Interrupts for Signals {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for signal in &mut self.0 {
            if let Poll::Ready(Some(())) = signal.poll_recv(context) {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}
