//! The words of a command line that give a run its routing.

use turingos::dispatch::RouteConfig;

use crate::scenario::noise_text;

/// The flags by which `route` differs from the usual routing. Its table of lanes has none.
#[must_use]
pub fn route_words(route: &RouteConfig) -> Vec<String> {
    let usual = RouteConfig::default();
    let mut words = Vec::new();
    let mut flag = |is_usual: bool, name: &str, value: String| {
        if !is_usual {
            words.extend([name.to_owned(), value]);
        }
    };
    flag(
        route.weak_below == usual.weak_below,
        "--weak-below",
        noise_text(route.weak_below),
    );
    flag(
        route.margin == usual.margin,
        "--margin",
        noise_text(route.margin),
    );
    flag(
        route.probe_after == usual.probe_after,
        "--probe-after",
        route.probe_after.to_string(),
    );
    flag(
        route.failover == usual.failover,
        "--failover",
        route.failover.name().to_owned(),
    );
    if let Some(lane) = route.single_lane {
        flag(false, "--single-lane", lane.name().to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos::dispatch::{Failover, Lane};

    #[test]
    fn usual_routing_needs_no_words() {
        assert!(route_words(&RouteConfig::default()).is_empty());
    }

    #[test]
    fn every_difference_has_a_flag() {
        let route = RouteConfig {
            weak_below: 6_000,
            margin: 500,
            probe_after: 0,
            failover: Failover::Call,
            single_lane: Some(Lane::E),
            ..RouteConfig::default()
        };
        assert_eq!(
            route_words(&route).join(" "),
            "--weak-below 0.6 --margin 0.05 --probe-after 0 --failover call --single-lane E"
        );
    }
}
