//! Lanes: which of two oracles answers a tick.

use serde::{Deserialize, Serialize};

/// Who answers a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    /// The strong, dear oracle: recovery.
    P,
    /// The cheap oracle: routine.
    E,
}

impl Lane {
    /// The lane's letter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P => "P",
            Self::E => "E",
        }
    }
}
