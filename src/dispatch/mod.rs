//! Which of two oracles answers a tick: lanes, their health, and the route entry of a tick.
//!
//! Never calls an oracle and never measures time; integers only.

mod config;
mod entry;
mod health;
mod per_lane;
mod router;

pub use config::{Failover, RouteConfig, RouteTable};
pub use entry::{RouteEntry, RouteReason};
pub use health::Health;
pub use per_lane::PerLane;
pub use router::{Context, Dispatcher};

use serde::Deserialize;

use crate::named_enum::named_enum;

named_enum! {
    /// Who answers a tick.
    #[derive(Deserialize)]
    pub enum Lane {
        /// The strong, dear oracle: recovery.
        P = "P",
        /// The cheap oracle: routine.
        E = "E",
    }
}

impl Lane {
    /// The lane that is not this one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::P => Self::E,
            Self::E => Self::P,
        }
    }
}
