//! The outcomes of runs of the built-in scenarios.

use turingos::journal::Record;
use turingos_run::Profile;
use turingos_run::scenario::{
    AgentKind, BuiltIn, Ending, Scenario, ScenarioRun, Settings, run_seed,
};
use turingos_run::soak::on_virtual_time;

use super::{changed, failed, header, judged};

#[test]
fn every_scenario_passes_at_low_noise() {
    for built_in in BuiltIn::ALL {
        let scenario = built_in.scenario();
        for (noise, seed) in [(0, 0), (0, 1), (0, u64::MAX), (500, 2), (500, 3)] {
            let outcome = run_seed(&scenario, noise, seed);
            assert_eq!(failed(&outcome), [""; 0], "{} {seed}", built_in.name);
        }
    }
}

#[test]
fn root_depends_on_the_seed() {
    for built_in in BuiltIn::ALL {
        let scenario = built_in.scenario();
        let root = |seed| run_seed(&scenario, 1_000, seed).root;
        assert_eq!(root(5), root(5), "{}", built_in.name);
        assert_ne!(root(5), root(6), "{}", built_in.name);
    }
}

#[test]
fn clerk_fails_every_scenario() {
    for built_in in BuiltIn::ALL {
        let profile = Profile::Routine;
        let settings = Settings::of(built_in.scenario(), profile, AgentKind::Clerk, 0);
        let outcome = judged(&settings.into_header(profile, 3), |_| {});
        assert!(!outcome.passed(), "{}", built_in.name);
        assert_eq!(outcome.metrics.completion_average(), 0, "{}", built_in.name);
    }
}

/// A run with a hostile agent ends with a verdict.
#[test]
fn hostile_run_ends_within_its_limit() {
    let mut endings = Vec::new();
    for built_in in BuiltIn::ALL {
        let profile = Profile::Hostile;
        let settings = Settings::of(built_in.scenario(), profile, AgentKind::Worker, 0);
        let outcome = judged(&settings.into_header(profile, 1), |_| {});
        assert!(outcome.metrics.ticks <= built_in.scenario().tick_limit());
        endings.push(outcome.ending);
    }
    assert!(
        endings.iter().any(|ending| *ending != Ending::Halted),
        "{endings:?}"
    );
}

fn records(scenario: &Scenario) -> Vec<Record> {
    let header = header(scenario, 1_000, 9);
    on_virtual_time(async {
        let mut run = ScenarioRun::seeded(&header);
        let mut records = Vec::new();
        while let Some(committed) = run.tick().await.unwrap() {
            records.push(committed.record);
        }
        records
    })
}

/// What is expected, and which traps are required, reaches neither the kernel nor the agent.
#[test]
fn runner_expectations_change_no_record() {
    let plain = BuiltIn::named("ordered-pipeline").unwrap().scenario();
    let other = changed("ordered-pipeline", |document| {
        document["expected"]["out/result.json"] = serde_json::json!({"json": "something else"});
        document["required_traps"] = serde_json::json!([{"trap": "DEADLOCK", "at": "nowhere"}]);
    });
    assert_eq!(records(&plain), records(&other));
}

#[test]
fn tick_limit_ends_the_run() {
    let scenario = changed("ordered-pipeline", |document| {
        document["tick_limit"] = serde_json::json!(20);
    });
    let outcome = judged(&header(&scenario, 0, 1), |_| {});
    assert_eq!(outcome.ending, Ending::TickLimit);
    assert_eq!(outcome.metrics.ticks, 20);
    let completion = outcome.metrics.completion_average();
    assert!(completion > 0 && completion < 10_000, "{completion}");
}
