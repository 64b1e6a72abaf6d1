//! `corpus/replies`, and that both folders of model output reach every code of the decoder.

use std::collections::BTreeMap;

use turingos::isa::FaultCode;
use turingos_testkit::corpus::replies::ReplyExpectation;
use turingos_testkit::corpus::syscalls::SyscallExpectation;

use super::{assert_all_agree, committed};

#[test]
fn every_reply_comes_out_as_decided() {
    let cases = committed::<ReplyExpectation>();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    assert_all_agree(&cases);
}

#[test]
fn every_fault_code_is_expected_three_times() {
    let mut counts: BTreeMap<FaultCode, usize> =
        FaultCode::ALL.into_iter().map(|code| (code, 0)).collect();
    for case in committed::<SyscallExpectation>() {
        // What only the canonical envelope refuses counts by its code, a shared refusal once.
        if let Some(code) = case.expectation.canonical_refusal() {
            *counts.entry(code).or_default() += 1;
        }
        let model = case.expectation.refusal();
        if let Some(code) = model.filter(|_| model != case.expectation.canonical_refusal()) {
            *counts.entry(code).or_default() += 1;
        }
    }
    for case in committed::<ReplyExpectation>() {
        if let ReplyExpectation::Refuse { code } = case.expectation {
            *counts.entry(code).or_default() += 1;
        }
    }
    counts.retain(|_, count| *count < 3);
    assert!(counts.is_empty(), "expected too seldom: {counts:?}");
}
