//! The table of a long run: scenarios, seeds and noise levels, and the sums of their metrics.
//!
//! It is a sweep that keeps metrics in place of lines.

use std::num::NonZeroUsize;
use std::ops::{ControlFlow, RangeInclusive};

use turingos::dispatch::RouteConfig;
use turingos::trap::TrapKind;

use crate::in_order::in_order;
use turingos_run::Gate;
use turingos_run::scenario::{Metrics, Scenario, run_seed_routed};

/// The runs to make.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// Every seed of the range, for each scenario and level.
    pub seeds: RangeInclusive<u64>,
    /// Noise levels, in ten-thousandths.
    pub levels: Vec<u16>,
    /// Which lane is called.
    pub route: RouteConfig,
}

impl Plan {
    /// How many runs that is.
    #[must_use]
    pub fn runs(&self) -> u64 {
        let seeds = self.seeds.end() - self.seeds.start() + 1;
        let pairs = self.scenarios.len() * self.levels.len();
        seeds.saturating_mul(u64::try_from(pairs).unwrap_or(u64::MAX))
    }

    /// A level without runs.
    fn level(&self, noise: u16) -> Level {
        let names = self.scenarios.iter().map(|it| it.name().to_owned());
        Level {
            noise,
            scenarios: names.map(|name| (name, Metrics::default())).collect(),
            failed_seeds: vec![None; self.scenarios.len()],
            total: Metrics::default(),
        }
    }
}

/// The results of the runs of one noise level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// The level, in ten-thousandths.
    pub noise: u16,
    /// The metrics of each scenario, in the plan's order.
    pub scenarios: Vec<(String, Metrics)>,
    /// The lowest seed with which each scenario did not pass, if there is one.
    pub failed_seeds: Vec<Option<u64>>,
    /// The metrics of all of them.
    pub total: Metrics,
}

/// Runs a plan on every core. `done` is called after every run, from any thread.
#[must_use]
pub fn longrun(plan: &Plan, threads: NonZeroUsize, done: &(dyn Fn() + Sync)) -> Vec<Level> {
    let seeds = plan.seeds.end() - plan.seeds.start() + 1;
    let mut levels: Vec<_> = plan.levels.iter().map(|noise| plan.level(*noise)).collect();
    let place = |run: u64| {
        let (subject, seed) = (run / seeds, plan.seeds.start() + run % seeds);
        let subject = usize::try_from(subject).unwrap_or(usize::MAX);
        let scenarios = plan.scenarios.len();
        (subject / scenarios, subject % scenarios, seed)
    };
    let work = |(): &mut (), run: u64| {
        let (level, scenario, seed) = place(run);
        let (scenario, noise) = (&plan.scenarios[scenario], plan.levels[level]);
        let outcome = run_seed_routed(scenario, noise, seed, &plan.route);
        done();
        Some((outcome.passed(), outcome.metrics))
    };
    in_order(
        0..plan.runs(),
        threads,
        || (),
        work,
        |run, (passed, metrics)| {
            let (level, scenario, seed) = place(run);
            let level = &mut levels[level];
            if !passed {
                level.failed_seeds[scenario].get_or_insert(seed);
            }
            level.total.add(&metrics);
            level.scenarios[scenario].1.add(&metrics);
            ControlFlow::Continue(())
        },
    );
    levels
}

/// The noise level up to which nine in ten missions have to succeed.
const MODEST_NOISE: u16 = 500;
/// Nine in ten.
const MODEST_PASS_RATE: u64 = 9_000;

/// The verdict on every level. Without noise every run has to pass. With noise `min_pass`
/// ten-thousandths have to; without it, nine in ten at up to 5%, and louder levels are not judged.
/// At up to 5% no machine may stop recovering.
#[must_use]
pub fn verdicts(levels: &[Level], min_pass: Option<u16>) -> Vec<Gate> {
    { levels.iter() }
        .map(|level| verdict(level, min_pass))
        .collect()
}

fn verdict(level: &Level, min_pass: Option<u16>) -> Gate {
    let Metrics { passed, runs, .. } = level.total;
    let unrecoverable = level.total.trap(TrapKind::UnrecoverableLoop);
    let wanted = match (level.noise, min_pass) {
        (0, _) => Some(10_000),
        (_, Some(min_pass)) => Some(u64::from(min_pass)),
        (1..=MODEST_NOISE, None) => Some(MODEST_PASS_RATE),
        (_, None) => None,
    };
    let may_stop = level.noise == 0 || level.noise > MODEST_NOISE;
    let measured = format!("{passed} of {runs} runs passed, {unrecoverable} UNRECOVERABLE_LOOP");
    let id = match level.noise {
        0 => "without-noise".to_owned(),
        noise => format!("noise-{noise}-per-10000"),
    };
    let Some(wanted) = wanted else {
        return Gate::skipped(id, format!("{measured}; not judged without --min-pass"));
    };
    let holds = passed * 10_000 >= runs * wanted && (may_stop || unrecoverable == 0);
    let detail = match wanted {
        10_000 => format!("{measured}; all have to pass"),
        wanted => format!("{measured}; {wanted} of 10000 have to pass"),
    };
    Gate::judged(id, holds, detail)
}
