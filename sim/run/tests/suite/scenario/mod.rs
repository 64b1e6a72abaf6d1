//! Scenarios: their files, their runs, and the checks that judge them.

mod built_in;
mod figures;
mod gates;
mod interruptions;
mod limits;
mod metrics;
mod runs;
mod verdicts;
mod worker;

use serde_json::Value;
use turingos_agents::SeededOracle;
use turingos_run::scenario::{
    AgentKind, AnyAgent, BuiltIn, Outcome, Scenario, ScenarioRun, Settings,
};
use turingos_run::soak::on_virtual_time;
use turingos_run::{Header, Profile};
use turingos_world::World;

pub(crate) type Run = ScenarioRun<World, SeededOracle<AnyAgent>>;

pub(crate) fn header(scenario: &Scenario, noise: u16, seed: u64) -> Header<Settings> {
    let profile = Profile::Routine;
    Settings::of(scenario.clone(), profile, AgentKind::Worker, noise).into_header(profile, seed)
}

/// Runs a header to its end, calls `after` with the world, then judges.
pub(crate) fn judged(header: &Header<Settings>, after: impl FnOnce(&mut Run)) -> Outcome {
    on_virtual_time(async {
        let mut run = ScenarioRun::seeded(header);
        run.drive().await.unwrap();
        after(&mut run);
        run.outcome().unwrap()
    })
}

/// The names of the failed gates.
pub(crate) fn failed(outcome: &Outcome) -> Vec<&str> {
    let gates = outcome.gates.iter().filter(|gate| gate.failed());
    gates.map(|gate| gate.id.as_str()).collect()
}

/// A built-in scenario with its document changed.
pub(crate) fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Scenario {
    let mut document = serde_json::from_str(BuiltIn::named(name).unwrap().text).unwrap();
    change(&mut document);
    Scenario::parse(document.to_string().as_bytes()).unwrap()
}
