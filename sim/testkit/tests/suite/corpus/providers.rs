//! `corpus/providers`, and that it reaches every code of the bus.

use std::collections::BTreeSet;

use turingos::bus::{BusFaultCode, Provider};
use turingos_testkit::corpus::Case;
use turingos_testkit::corpus::providers::ProviderExpectation;

use super::{assert_all_agree, committed};

#[test]
fn every_response_comes_out_as_decided() {
    let cases = committed::<ProviderExpectation>();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    assert_all_agree(&cases);
}

#[test]
fn every_bus_fault_code_is_expected() {
    let expected: BTreeSet<_> = committed::<ProviderExpectation>()
        .iter()
        .filter_map(|case| case.expectation.refusal())
        .collect();
    assert_eq!(expected, BTreeSet::from(BusFaultCode::ALL));
}

#[test]
fn every_provider_has_good_and_bad_bodies_whole_and_streamed() {
    let cases = committed::<ProviderExpectation>();
    let is_streamed = |case: &Case<ProviderExpectation>| case.name.contains("/stream-");
    // One group for both kinds that speak messages.
    let group = |provider: Provider| match provider.speaks_messages() {
        true => Provider::Kimi,
        false => provider,
    };
    for provider in Provider::ALL.map(group) {
        for good in [true, false] {
            for streamed in [true, false] {
                let count = cases
                    .iter()
                    .filter(|case| case.expectation.provider == provider)
                    .filter(|case| case.expectation.refusal().is_none() == good)
                    .filter(|case| is_streamed(case) == streamed)
                    .count();
                assert!(
                    count >= 2,
                    "{provider} good={good} streamed={streamed}: {count}"
                );
            }
        }
    }
}
