//! The flags that say which lane is called: thresholds, failover, a single lane.

use clap::Args;
use turingos::dispatch::{Failover, Lane, RouteConfig};

use super::choice::one_of;
use super::share;

/// What differs from the usual routing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct RouteFlags {
    /// A lane whose health is below this share is weak, and left for a better one.
    #[arg(long, value_name = "SHARE", value_parser = share::parse)]
    pub(crate) weak_below: Option<u16>,
    /// How much better the other lane has to be, as a share of health.
    #[arg(long, value_name = "SHARE", value_parser = share::parse)]
    pub(crate) margin: Option<u16>,
    /// After how many ticks in a row a lane that was left is tried again; 0 is never.
    #[arg(long, value_name = "TICKS")]
    pub(crate) probe_after: Option<u32>,
    /// What lets lane P answer in place of lane E: a call without a text, or also a reply that does
    /// not decode.
    #[arg(long, value_parser = one_of(&Failover::ALL, Failover::name))]
    pub(crate) failover: Option<Failover>,
    /// Call this lane only.
    #[arg(long, value_name = "LANE", value_parser = one_of(&Lane::ALL, Lane::name))]
    pub(crate) single_lane: Option<Lane>,
}

impl RouteFlags {
    /// The usual routing with what the flags name.
    pub(crate) fn config(&self) -> RouteConfig {
        let mut route = RouteConfig::default();
        self.apply(&mut route);
        route
    }

    /// Changes what the flags name.
    pub(crate) fn apply(&self, route: &mut RouteConfig) {
        let Self {
            weak_below,
            margin,
            probe_after,
            failover,
            single_lane,
        } = self;
        route.weak_below = weak_below.unwrap_or(route.weak_below);
        route.margin = margin.unwrap_or(route.margin);
        route.probe_after = probe_after.unwrap_or(route.probe_after);
        route.failover = failover.unwrap_or(route.failover);
        route.single_lane = single_lane.or(route.single_lane);
    }
}
