//! Brown-outs: windows of ticks in which a lane's provider fails for certain.
//!
//! Never draws: a brown-out is a condition of a run, not an accident in it.

use turingos::dispatch::Lane;

use super::provider_faults::{FaultPlan, ProviderFaultKind};

/// A window in which calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brownout {
    /// The first tick of the window, from 0.
    pub first: u64,
    /// The last tick of the window.
    pub last: u64,
    /// Whose calls fail; both lanes' if `None`.
    pub lane: Option<Lane>,
    /// What they meet, however often they are repeated.
    pub kind: ProviderFaultKind,
}

impl Brownout {
    /// True if the tick lies in the window.
    #[must_use]
    pub const fn covers(&self, tick: u64) -> bool {
        self.first <= tick && tick <= self.last
    }

    /// What it does to the calls of a tick in the window.
    pub(super) fn plan(&self) -> FaultPlan {
        FaultPlan {
            kind: self.kind,
            failing_attempts: u32::MAX,
            both_lanes: self.lane.is_none(),
            lane: self.lane.unwrap_or(Lane::P),
        }
    }
}
