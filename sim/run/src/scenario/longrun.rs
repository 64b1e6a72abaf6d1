//! Many runs: scenarios, seeds and noise levels, and the sums of their metrics.
//!
//! Two threads run them, because they share nothing; their metrics are sums, so their order does not
//! matter. Never prints and never touches a file.

use std::ops::RangeInclusive;

use turingos::dispatch::RouteConfig;
use turingos::trap::TrapKind;

use super::document::Scenario;
use super::metrics::Metrics;
use super::run::{Outcome, ScenarioRun};
use super::settings::{AgentKind, Settings};
use crate::soak::on_virtual_time;
use crate::{Gate, Profile};

/// How many threads runs are spread over.
const THREADS: u64 = 2;

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

/// Runs a plan. `done` is called after every run, from either thread.
#[must_use]
pub fn longrun(plan: &Plan, done: &(dyn Fn() + Sync)) -> Vec<Level> {
    let mut levels = Vec::new();
    for &noise in &plan.levels {
        let mut level = Level {
            noise,
            scenarios: Vec::new(),
            failed_seeds: Vec::new(),
            total: Metrics::default(),
        };
        for scenario in &plan.scenarios {
            let (metrics, failed) = run_seeds(plan, scenario, noise, done);
            level.total.add(&metrics);
            level.failed_seeds.push(failed);
            level.scenarios.push((scenario.name().to_owned(), metrics));
        }
        levels.push(level);
    }
    levels
}

/// The metrics of a scenario's runs, and the lowest seed that did not pass.
fn run_seeds(
    plan: &Plan,
    scenario: &Scenario,
    noise: u16,
    done: &(dyn Fn() + Sync),
) -> (Metrics, Option<u64>) {
    let share = |thread: u64| {
        let (mut metrics, mut failed) = (Metrics::default(), None);
        // Every second seed, so that both threads have as much to do.
        for seed in plan.seeds.clone().filter(|seed| seed % THREADS == thread) {
            let outcome = run_seed_routed(scenario, noise, seed, &plan.route);
            if !outcome.passed() {
                failed = failed.or(Some(seed));
            }
            metrics.add(&outcome.metrics);
            done();
        }
        (metrics, failed)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| share(1));
        let (mut metrics, mut failed) = share(0);
        let (more, more_failed) = match other.join() {
            Ok(share) => share,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        metrics.add(&more);
        failed = [failed, more_failed].into_iter().flatten().min();
        (metrics, failed)
    })
}

/// One run of the worker from its first tick to its verdict, with the usual routing.
#[must_use]
pub fn run_seed(scenario: &Scenario, noise: u16, seed: u64) -> Outcome {
    run_seed_routed(scenario, noise, seed, &RouteConfig::default())
}

fn run_seed_routed(scenario: &Scenario, noise: u16, seed: u64, route: &RouteConfig) -> Outcome {
    let profile = Profile::Routine;
    let mut settings = Settings::of(scenario.clone(), profile, AgentKind::Worker, noise);
    settings.kernel.route = route.clone();
    let header = settings.into_header(profile, seed);
    on_virtual_time(async {
        let mut run = ScenarioRun::seeded(&header);
        match run.drive().await.and_then(|()| run.outcome()) {
            Ok(outcome) => outcome,
            Err(error) => unreachable!("a run without files has nothing to fail: {error}"),
        }
    })
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
