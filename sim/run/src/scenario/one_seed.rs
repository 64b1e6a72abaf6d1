//! One run of the worker, from its first tick to its verdict.

use turingos::dispatch::RouteConfig;

use super::document::Scenario;
use super::run::{Outcome, ScenarioRun};
use super::settings::{AgentKind, Settings};
use crate::Profile;
use crate::soak::on_virtual_time;

/// One run of the worker with the usual routing.
#[must_use]
pub fn run_seed(scenario: &Scenario, noise: u16, seed: u64) -> Outcome {
    run_seed_routed(scenario, noise, seed, &RouteConfig::default())
}

/// The same with this routing.
#[must_use]
pub fn run_seed_routed(scenario: &Scenario, noise: u16, seed: u64, route: &RouteConfig) -> Outcome {
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
