//! Brown-outs: windows of ticks in which every call of a lane fails.
//!
//! A brown-out is configured, not drawn, so it does not shift any draw.

use turingos::dispatch::Lane;

use super::provider_faults::{FaultPlan, ProviderFaultKind};

/// A window in which calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brownout {
    /// The first tick of the window, from 0.
    pub first: u64,
    /// The last tick of the window.
    pub last: u64,
    /// The lane whose calls fail; both lanes if `None`.
    pub lane: Option<Lane>,
    /// The fault that every call meets, retries included.
    pub kind: ProviderFaultKind,
}

impl Brownout {
    /// True if the tick is in the window.
    #[must_use]
    pub const fn covers(&self, tick: u64) -> bool {
        self.first <= tick && tick <= self.last
    }

    /// The fault plan for a tick in the window.
    pub(super) fn plan(&self) -> FaultPlan {
        FaultPlan {
            kind: self.kind,
            failing_attempts: u32::MAX,
            both_lanes: self.lane.is_none(),
            lane: self.lane.unwrap_or(Lane::P),
        }
    }
}
