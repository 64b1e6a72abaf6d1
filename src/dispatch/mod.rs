//! Which of two oracles answers a tick: lanes, their health, and the route entry of a tick.
//!
//! Never calls an oracle and never measures time; integers only.

mod health;
mod per_lane;
mod router;

pub use health::{Health, LaneHealth};
pub use per_lane::PerLane;
pub use router::{Context, Dispatcher, RouteConfig, RouteEntry, RouteReason};

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

    /// The lane that is not this one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::P => Self::E,
            Self::E => Self::P,
        }
    }
}
