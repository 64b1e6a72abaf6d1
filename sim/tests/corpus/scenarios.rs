//! `corpus/scenario-files`, and that it covers what it is meant to.

use std::collections::BTreeSet;

use turingos_sim::corpus::scenarios::ScenarioExpectation;
use turingos_sim::scenario::ScenarioCode;
use turingos_sim::schema::{BEYOND_SCHEMA, Checker, Schema, strict_value};

use super::{assert_all_agree, committed};

#[test]
fn every_scenario_file_comes_out_as_decided() {
    let cases = committed::<ScenarioExpectation>();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    assert_all_agree(&cases);
}

#[test]
fn every_code_is_expected_somewhere() {
    let cases = committed::<ScenarioExpectation>();
    let expected: BTreeSet<_> = cases
        .iter()
        .filter_map(|case| case.expectation.refusal())
        .collect();
    let absent: Vec<_> = ScenarioCode::ALL
        .into_iter()
        .filter(|code| !expected.contains(code))
        .collect();
    assert!(absent.is_empty(), "no case for: {absent:?}");
}

/// What the schema takes, the reader takes, but for what no schema can say, by name.
#[test]
fn the_schema_judges_as_was_decided() {
    let schema = Checker::of(Schema::named("scenario.v1").expect("it is embedded"));
    let mut seen = 0;
    for case in committed::<ScenarioExpectation>() {
        let beyond = case.expectation.beyond();
        if let Some(name) = beyond {
            let is_listed = BEYOND_SCHEMA.iter().any(|beyond| beyond.name == name);
            assert!(is_listed, "{}: {name}", case.name);
        }
        match strict_value(&case.input()) {
            Ok(document) => {
                seen += 1;
                let is_accepted = case.expectation.refusal().is_none() || beyond.is_some();
                assert_eq!(schema.accepts(&document), is_accepted, "{}", case.name);
            }
            Err(error) => assert_eq!(beyond, None, "{}: {error}", case.name),
        }
    }
    assert!(seen >= 50, "{seen}");
}
