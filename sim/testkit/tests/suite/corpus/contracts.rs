//! `corpus/contracts`, and that it covers what it is meant to.

use turingos_run::strict_json::strict_value;
use turingos_testkit::corpus::contracts::ContractExpectation;

use super::documents::{assert_every_code_is_expected, assert_schema_judges_as_decided};
use super::{assert_all_agree, committed};

#[test]
fn every_contract_comes_out_as_decided() {
    let cases = committed::<ContractExpectation>();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    assert_all_agree(&cases);
}

#[test]
fn every_code_is_expected_somewhere() {
    let cases = committed::<ContractExpectation>();
    assert_every_code_is_expected(&cases);
    let taken = cases
        .iter()
        .filter(|case| case.expectation.refusal().is_none());
    assert!(taken.count() >= 15);
}

#[test]
fn the_schema_judges_as_was_decided() {
    let cases = committed::<ContractExpectation>();
    let document = |input: &[u8]| strict_value(input).ok();
    let seen = assert_schema_judges_as_decided("contract.v1", &cases, document);
    assert!(seen >= 100, "{seen}");
}
