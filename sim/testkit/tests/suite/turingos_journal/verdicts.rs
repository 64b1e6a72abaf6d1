//! What the reader says of a journal: its root, and where a fault is.

use turingos_run::turingos_journal::{FaultCode, Journal, verify, verify_line_chain};
use turingos_testkit::fuzzing::turingos_journal::{Composer, line_chain};

use super::{composed, read};

/// The faults of a journal of one line of prose and one tuple, changed at one place.
fn fault(from: &str, to: &[u8]) -> String {
    let mut composer = Composer::default();
    composer.line("Tick", "one");
    composer.tuple("s", "SYS_GOTO", "a");
    let journal = composer.finish();
    let (before, after) = journal.split_once(from).unwrap();
    let changed = [before.as_bytes(), to, after.as_bytes()].concat();
    read(&changed).unwrap_err().to_string()
}

#[test]
fn root_is_that_of_the_last_tuple() {
    assert_eq!(Journal::new().root(), None);
    let mut composer = Composer::default();
    composer.trap("before any tick");
    assert_eq!(
        read(composer.clone().finish().as_bytes()).unwrap().root(),
        None
    );
    composer.tuple("s", "SYS_GOTO", "a");
    composer.tuple("s", "SYS_GOTO", "b");
    composer.trap("after the last");
    let journal = composer.finish();
    let (_, seal) = journal.rsplit_once("\"merkle_root\":\"").unwrap();
    assert_eq!(read(journal.as_bytes()).unwrap().root(), seal.get(..64));
}

#[test]
fn head_of_a_line_chain_is_its_last_hash() {
    let journal = composed();
    let chain = line_chain(&journal);
    let end = verify_line_chain(chain.as_bytes(), journal.as_bytes()).unwrap();
    let (_, hash) = chain.rsplit_once("\"hash\":\"").unwrap();
    assert_eq!(Some(end.head.as_str()), hash.get(..64));
}

#[test]
fn fault_names_the_first_wrong_byte() {
    assert_eq!(
        fault("one", b"\x01n\x02"),
        "line 1: CONTROL_CHARACTER: a raw control character at byte 35"
    );
    assert_eq!(
        fault("one", b"o\xff\xff"),
        "line 1: NOT_UTF8: no UTF-8 from byte 36 on"
    );
    let syntax = fault("\"tick_seq\":0", b"\"tick_seq\":+0");
    assert!(syntax.starts_with("line 2: SYNTAX: "), "{syntax}");
    assert!(syntax.ends_with(" at byte 13 of its JSON"), "{syntax}");
}

#[test]
fn fault_names_the_found_and_the_expected_value() {
    let other = "0".repeat(64);
    let seal = fault(
        "\"h_q\":\"",
        format!("\"h_q\":\"{other}\",\"x\":\"").as_bytes(),
    );
    assert!(
        seal.starts_with("line 2: BAD_LEAF_HASH: `leaf_hash` is "),
        "{seal}"
    );
    assert_eq!(
        fault("\"tick_seq\":0", b"\"tick_seq\":[]"),
        "line 2: BAD_MEMBER: `tick_seq` is not a whole number of 64 bits"
    );
    assert_eq!(
        fault("\"q_t\"", b"\"q\""),
        "line 2: MISSING_MEMBER: `q_t` is missing"
    );
    let mut composer = Composer::default();
    composer.trap("one");
    composer.trap("two");
    let journal = composer.finish().replace("\"seq\":1", "\"seq\":7");
    assert_eq!(
        read(journal.as_bytes()).unwrap_err().to_string(),
        "line 2: TRAP_ORDER: `seq` is 7, expected 1"
    );
}

#[test]
fn every_code_has_its_own_name() {
    let mut names: Vec<String> = FaultCode::ALL.iter().map(ToString::to_string).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), FaultCode::ALL.len());
    assert!(
        names.iter().any(|name| name == "BAD_LINE_HASH"),
        "{names:?}"
    );
}

#[test]
fn lines_are_numbered_from_1() {
    let mut numbers = Vec::new();
    verify(composed().as_bytes(), |number, _| numbers.push(number)).unwrap();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}
