//! `corpus/scenario-files`, and that it covers what it is meant to.

use turingos_run::strict_json::strict_value;
use turingos_testkit::corpus::scenarios::ScenarioExpectation;

use super::documents::{assert_every_code_is_expected, assert_schema_judges_as_decided};
use super::{assert_all_agree, committed};

#[test]
fn every_scenario_file_comes_out_as_decided() {
    let cases = committed::<ScenarioExpectation>();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    assert_all_agree(&cases);
}

#[test]
fn every_code_is_expected_somewhere() {
    assert_every_code_is_expected(&committed::<ScenarioExpectation>());
}

#[test]
fn the_schema_judges_as_was_decided() {
    let cases = committed::<ScenarioExpectation>();
    let document = |input: &[u8]| strict_value(input).ok();
    let seen = assert_schema_judges_as_decided("scenario.v1", &cases, document);
    assert!(seen >= 50, "{seen}");
}
