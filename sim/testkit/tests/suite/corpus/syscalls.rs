//! `corpus/syscalls`, and that it covers what it is meant to.

use turingos::isa::{FaultCode, OPCODE_KEY, OPCODE_KEY_SYNONYMS, Opcode};
use turingos_testkit::corpus::Case;
use turingos_testkit::corpus::syscalls::SyscallExpectation;

use super::{assert_all_agree, committed};

/// The ways in which every opcode is tried; a case's name begins with its category.
const CATEGORIES: [&str; 20] = [
    "extra-key",
    "mutex",
    "missing",
    "wrong-type",
    "empty",
    "blank",
    "null",
    "array",
    "object",
    "duplicate-key",
    "duplicate-escape",
    "two-synonyms",
    "confusable-key",
    "zero-width",
    "wrong-case",
    "wrong-enum",
    "overflow",
    "fraction",
    "negative",
    "huge",
];

/// The group of an opcode: `SYS_GIT_LOG` is `git-log`.
fn group_of(opcode: Opcode) -> String {
    let name = opcode.name().trim_start_matches("SYS_");
    name.to_lowercase().replace('_', "-")
}

fn is_of_category(case: &Case<SyscallExpectation>, category: &str) -> bool {
    let stem = case.name.split_once('/').map_or("", |(_, stem)| stem);
    stem.strip_prefix(category)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The cases that the model envelope takes, with their inputs as text.
fn accepted(cases: &[Case<SyscallExpectation>]) -> Vec<String> {
    cases
        .iter()
        .filter(|case| case.expectation.accepted().is_some())
        .map(|case| {
            String::from_utf8(case.input().into_owned()).expect("a taken document is UTF-8")
        })
        .collect()
}

#[test]
fn every_document_comes_out_as_decided() {
    let cases = committed::<SyscallExpectation>();
    assert!(cases.len() >= 300, "{} cases", cases.len());
    assert_all_agree(&cases);
}

#[test]
fn every_opcode_is_tried_in_every_way() {
    let cases = committed::<SyscallExpectation>();
    let mut absent = Vec::new();
    for opcode in Opcode::ALL {
        let group = group_of(opcode);
        for category in CATEGORIES {
            let is_there = cases
                .iter()
                .any(|case| case.group() == group && is_of_category(case, category));
            if !is_there {
                absent.push(format!("{group}/{category}"));
            }
        }
    }
    assert!(absent.is_empty(), "no case for: {absent:?}");
}

#[test]
fn mutex_violations_are_many_and_named_so() {
    let cases = committed::<SyscallExpectation>();
    let violations = cases
        .iter()
        .filter(|case| case.expectation.refusal() == Some(FaultCode::MutexViolation));
    let mut count = 0;
    for case in violations {
        assert!(is_of_category(case, "mutex"), "{}", case.name);
        count += 1;
    }
    assert!(count >= 120, "{count} mutex violations");
}

#[test]
fn everything_that_may_be_written_is_accepted_somewhere() {
    let cases = committed::<SyscallExpectation>();
    let documents = accepted(&cases);
    assert!(documents.len() >= 60, "{} accepted", documents.len());
    let in_both = cases
        .iter()
        .filter(|case| case.expectation.canonical_refusal().is_none());
    assert!(in_both.count() >= 20, "accepted by both envelopes");
    let mut absent = Vec::new();
    let mut look_for = |wanted: &[String]| {
        let is_there = documents
            .iter()
            .any(|document| wanted.iter().all(|part| document.contains(part)));
        if !is_there {
            absent.push(wanted.join(" with "));
        }
    };
    for opcode in Opcode::ALL {
        let named = format!("\"{opcode}\"");
        for operand in opcode.operands() {
            for key in operand.synonyms.iter().chain([&operand.name]) {
                look_for(&[named.clone(), format!("\"{key}\":")]);
            }
        }
        for alias in opcode.aliases() {
            look_for(&[format!("\"{alias}\"")]);
        }
    }
    for key in OPCODE_KEY_SYNONYMS.into_iter().chain([OPCODE_KEY]) {
        look_for(&[format!("\"{key}\":\"SYS_")]);
    }
    assert!(absent.is_empty(), "never accepted: {absent:#?}");
}
