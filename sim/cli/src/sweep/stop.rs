//! What ends a sweep before its last run: Ctrl-C, a request to terminate, or its time limit.
//!
//! The runs under way are finished and kept. A second signal ends the process at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::exit::{Exit, Failure};
use crate::soak::report::Stopwatch;

/// The requests to end this sweep.
pub(super) struct Stop {
    signal: Arc<AtomicBool>,
    limit: Option<Duration>,
    running: Stopwatch,
}

impl Stop {
    /// Handles both signals from now on.
    pub(super) fn listen(limit: Option<Duration>) -> Result<Self, Failure> {
        let signal = Arc::new(AtomicBool::new(false));
        let listen = || -> io::Result<()> {
            for number in [SIGINT, SIGTERM] {
                let status = i32::from(Exit::System.code());
                flag::register_conditional_shutdown(number, status, Arc::clone(&signal))?;
                flag::register(number, Arc::clone(&signal))?;
            }
            Ok(())
        };
        listen().map_err(|cause| {
            Failure::new(Exit::System, format!("cannot listen for signals: {cause}"))
        })?;
        Ok(Self {
            signal,
            limit,
            running: Stopwatch::start(),
        })
    }

    /// No further run is to begin.
    pub(super) fn is_requested(&self) -> bool {
        self.was_interrupted()
            || self
                .limit
                .is_some_and(|limit| self.running.elapsed() >= limit)
    }

    /// A signal came.
    pub(super) fn was_interrupted(&self) -> bool {
        self.signal.load(Ordering::Relaxed)
    }
}
