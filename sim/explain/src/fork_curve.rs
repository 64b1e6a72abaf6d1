//! The fork curve: how the probability of failure changes with the tick at which luck changes.
//!
//! At each fork tick the run is continued with many other seeds. Where the share of failures jumps,
//! the fate of the run was sealed.

use rayon::prelude::*;
use serde::Serialize;
use turingos::Digest;
use turingos_run::fork::{NotForkable, fork};
use turingos_run::{Edit, Fingerprint, Kind};

use crate::trial::Trial;
use crate::wilson::interval_per_10000;

/// What the runs that were forked at one tick came out as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForkPoint {
    /// The first tick with another seed.
    pub tick: u64,
    /// How many seeds were tried.
    pub runs: u64,
    /// How many of the runs failed.
    pub failed: u64,
    /// How many of them failed as the parent did; 0 if it passed.
    pub failed_alike: u64,
    /// The share that failed, in ten-thousandths.
    pub share_per_10000: u64,
    /// The lower end of the share's 95 % Wilson interval, in ten-thousandths.
    pub low_per_10000: u64,
    /// Its upper end.
    pub high_per_10000: u64,
}

/// The forks to make.
#[derive(Clone, Debug)]
pub struct ForkPlan<'a> {
    /// The run to fork.
    pub parent: &'a Kind,
    /// The head of its journal.
    pub root: Digest,
    /// How the parent failed, if it did.
    pub failure: Option<&'a Fingerprint>,
    /// The first fork tick.
    pub first: u64,
    /// The last fork tick.
    pub last: u64,
    /// How many seeds are tried at each: 1, 2 and so on.
    pub seeds: u64,
}

/// Runs a plan on all cores. `ran` is told after every run, from any thread; `is_stopped` ends the
/// work, and only fork ticks with all their seeds are in the result.
///
/// # Errors
/// The inputs of the parent are not those of a simulation.
pub fn fork_curve(
    plan: &ForkPlan<'_>,
    is_stopped: &(dyn Fn() -> bool + Sync),
    ran: &(dyn Fn() + Sync),
) -> Result<Vec<ForkPoint>, NotForkable> {
    fork(plan.parent, plan.root, plan.first, Vec::new())?;
    let mut points = Vec::new();
    for tick in plan.first..=plan.last {
        let outcome = |seed: u64| -> Option<Option<Fingerprint>> {
            if is_stopped() {
                return None;
            }
            let edits = vec![Edit::Reseed { tick, seed }];
            let header = fork(plan.parent, plan.root, tick, edits).ok()?;
            let trial = Trial::of(header).ok()?;
            ran();
            Some(trial.failure)
        };
        let outcomes: Option<Vec<_>> = (1..=plan.seeds).into_par_iter().map(outcome).collect();
        let Some(outcomes) = outcomes else {
            break;
        };
        let failures = || outcomes.iter().flatten();
        let whole = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (runs, failed) = (whole(outcomes.len()), whole(failures().count()));
        let alike = failures().filter(|it| Some(*it) == plan.failure).count();
        let (low_per_10000, high_per_10000) = interval_per_10000(failed, runs);
        points.push(ForkPoint {
            tick,
            runs,
            failed,
            failed_alike: whole(alike),
            share_per_10000: failed.saturating_mul(10_000).checked_div(runs).unwrap_or(0),
            low_per_10000,
            high_per_10000,
        });
    }
    Ok(points)
}

/// The tick at which the share of failures rises most from one fork tick to the next, if it rises
/// beyond what chance explains: the intervals of both are apart.
#[must_use]
pub fn turning_point(points: &[ForkPoint]) -> Option<u64> {
    let rises = points.windows(2).filter_map(|pair| {
        let [before, after] = pair else {
            return None;
        };
        let is_apart = after.low_per_10000 > before.high_per_10000;
        let rise = after.share_per_10000.checked_sub(before.share_per_10000)?;
        is_apart.then_some((rise, after.tick))
    });
    // The first of the highest.
    let mut best: Option<(u64, u64)> = None;
    for (rise, tick) in rises {
        if best.is_none_or(|(highest, _)| rise > highest) {
            best = Some((rise, tick));
        }
    }
    best.map(|(_, tick)| tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(tick: u64, failed: u64) -> ForkPoint {
        let (low_per_10000, high_per_10000) = interval_per_10000(failed, 100);
        ForkPoint {
            tick,
            runs: 100,
            failed,
            failed_alike: 0,
            share_per_10000: failed * 100,
            low_per_10000,
            high_per_10000,
        }
    }

    #[test]
    fn turning_point_is_the_highest_rise_beyond_chance() {
        let points: Vec<_> = [10, 12, 40, 90, 92]
            .into_iter()
            .zip(3..)
            .map(|(failed, tick)| point(tick, failed))
            .collect();
        assert_eq!(turning_point(&points), Some(6));
        assert_eq!(turning_point(&points[..2]), None);
        assert_eq!(turning_point(&[]), None);
    }
}
