//! Scenario files: each is refused with the place of the error, or it runs.

use turingos_run::scenario::{AgentKind, Scenario, ScenarioError, ScenarioRun, Settings};
use turingos_run::soak::on_virtual_time;
use turingos_run::{Header, Profile};

/// The most ticks of a scenario to run.
const RUN_TICKS: u64 = 24;

/// A scenario file.
///
/// Properties: an error names a place as a JSON Pointer, with a short reason. A parsed scenario
/// round-trips through its header, byte for byte. It runs at most to its tick limit, and the same
/// seed gives the same root.
///
/// # Panics
/// If a property does not hold.
pub fn scenario(bytes: &[u8]) {
    match Scenario::parse(bytes) {
        Ok(scenario) => check_scenario(scenario),
        Err(error) => check_error(&error),
    }
}

fn check_error(error: &ScenarioError) {
    let ScenarioError { place, detail, .. } = error;
    assert!(place.is_empty() || place.starts_with('/'), "{place:?}");
    assert!(!detail.is_empty() && detail.chars().count() <= 2_048);
    assert!(!detail.contains('\n'), "{detail:?}");
}

fn check_scenario(scenario: Scenario) {
    let settings = Settings::of(scenario, Profile::Routine, AgentKind::Worker, 2_000);
    let header = settings.into_header(Profile::Routine, 7);
    let written = header.to_bytes();
    let read = Header::<Settings>::from_bytes(&written).expect("what is written is a header");
    assert_eq!(read.to_bytes(), written);
    assert_eq!(root(&header), root(&read), "one header, two roots");
}

fn root(header: &Header<Settings>) -> turingos::Digest {
    on_virtual_time(async {
        let mut run = ScenarioRun::seeded(header);
        let mut is_over = false;
        while run.ticks() < RUN_TICKS && !is_over {
            let ticked = run.tick().await.expect("no file can fail");
            is_over = ticked.is_none();
        }
        assert!(run.ticks() <= header.ticks);
        run.outcome().expect("no file can fail").root
    })
}
