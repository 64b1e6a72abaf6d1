//! Ctrl-C during a long search: the first one ends it with the best so far, the second one ends the
//! process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGINT;

use crate::exit::{Exit, Failure};

/// Whether the search was interrupted.
#[derive(Clone, Debug)]
pub(crate) struct Interrupted(Arc<AtomicBool>);

impl Interrupted {
    /// Handles Ctrl-C from now on.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let flag = Arc::new(AtomicBool::new(false));
        // In this order: the second signal finds the flag set.
        signal_hook::flag::register_conditional_default(SIGINT, Arc::clone(&flag))
            .and_then(|_| signal_hook::flag::register(SIGINT, Arc::clone(&flag)))
            .map_err(|error| {
                Failure::new(Exit::System, format!("cannot handle interrupts: {error}"))
            })?;
        Ok(Self(flag))
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
