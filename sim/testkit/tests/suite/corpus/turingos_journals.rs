//! `corpus/turingos-journals`, and that it reaches every code of the reader.

use std::collections::BTreeSet;

use turingos_run::turingos_journal::FaultCode;
use turingos_testkit::corpus::turingos_journals::JournalExpectation;

use super::{assert_all_agree, committed};

#[test]
fn every_journal_comes_out_as_decided() {
    let cases = committed::<JournalExpectation>();
    assert!(cases.len() >= 100, "{} cases", cases.len());
    assert_all_agree(&cases);
}

/// All but the one that takes a source which refuses; a unit test has that.
#[test]
fn every_fault_code_is_expected() {
    let mut missing: BTreeSet<_> = FaultCode::ALL.iter().copied().collect();
    for case in committed::<JournalExpectation>() {
        if let JournalExpectation::Refuse { code, .. } = case.expectation {
            missing.remove(&code);
        }
    }
    assert_eq!(missing, BTreeSet::from([FaultCode::Unreadable]));
}
