//! How a user stops a command that is running.

use std::fmt;
use std::sync::Arc;

/// Asks whether the user wants a running command to end at once. Nobody does, by default.
#[derive(Clone, Default)]
pub struct Interrupt(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Interrupt {
    /// An interrupt that is requested when `is_requested` says so. It is asked at least every 10
    /// milliseconds while a command runs, and has to stay true once it is.
    pub fn when(is_requested: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(is_requested)))
    }

    pub(super) fn is_requested(&self) -> bool {
        self.0.as_ref().is_some_and(|is_requested| is_requested())
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupt")
    }
}
