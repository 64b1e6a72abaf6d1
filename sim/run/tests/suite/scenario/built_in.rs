//! The table of built-in scenarios.

use std::collections::BTreeSet;
use std::path::Path;

use turingos::trap::TrapKind;
use turingos_run::scenario::{BuiltIn, Scenario};

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the names go into a set, so that their order does not matter"
)]
fn the_folder_and_the_table_hold_the_same_scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/scenarios");
    let files: BTreeSet<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let table: BTreeSet<_> = BuiltIn::ALL
        .iter()
        .map(|built_in| format!("{}.json", built_in.name))
        .collect();
    assert_eq!(files, table);
    assert!(table.len() >= 8);
}

#[test]
fn scenario_has_its_file_name_and_an_expectation() {
    for built_in in BuiltIn::ALL {
        let scenario = built_in.scenario();
        assert_eq!(scenario.name(), built_in.name);
        assert!(scenario.contract().is_enabled(), "{}", built_in.name);
        assert!(scenario.contract().steps().len() >= 3, "{}", built_in.name);
        // The output of every step is checked after the run.
        for step in scenario.contract().steps() {
            let file = step.file().unwrap();
            let is_expected = scenario.expected().iter().any(|(path, _)| path == file);
            assert!(is_expected, "{}: {file}", built_in.name);
            let initial = scenario.files().iter().find(|(path, _)| path == file);
            let is_edit = built_in.name == "interrupted-edit";
            assert!(initial.is_none() || is_edit, "{}: {file}", built_in.name);
        }
    }
}

fn named(name: &str) -> Scenario {
    BuiltIn::named(name).unwrap().scenario()
}

#[test]
fn each_scenario_has_its_feature() {
    assert!(named("long-checklist").contract().steps().len() > 8);
    let log = named("log-hunt");
    let (_, text) = log
        .files()
        .iter()
        .find(|(path, _)| path.as_str() == "logs/server.log")
        .unwrap();
    assert!(text.len() > 100_000, "{}", text.len());
    let tree = named("tree-parity");
    assert!(
        tree.files()
            .iter()
            .any(|(path, _)| path.as_str().contains("/$"))
    );
    let recovery = named("fault-recovery");
    let page_fault = &recovery.required_traps()[0];
    assert_eq!(page_fault.kind, TrapKind::PageFault);
    let source = page_fault.at.as_deref().unwrap();
    assert!(
        !recovery
            .files()
            .iter()
            .any(|(path, _)| path.as_str() == source)
    );
    assert!(!named("interrupted-edit").interruptions().is_empty());
    assert!(!named("provider-brownout").brownouts().is_empty());
}
