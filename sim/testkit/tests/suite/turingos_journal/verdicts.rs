//! What the reader says of a journal: its root, and where a fault is.

use turingos::isa::{Syscall, TaskStatus};
use turingos_run::turingos_journal::{
    Action, Event, FaultCode, Journal, events, verify, verify_line_chain,
};
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

/// A frame, and a line of prose of so many bytes, each of which a chain has to escape.
fn with_a_line_of(bytes: usize) -> String {
    let mut composer = Composer::default();
    composer.trap("first");
    let before = "[2026-01-31T23:59:59.999Z] [Tick] ".len();
    composer.line("Tick", &"\"".repeat(bytes - before));
    composer.finish()
}

#[test]
fn longest_line_is_read_by_itself_and_in_a_chain() {
    const MOST: usize = 4_194_304;
    let longest = with_a_line_of(MOST);
    assert_eq!(read(longest.as_bytes()).unwrap().counts().lines, 2);
    let chain = line_chain(&longest);
    let end = verify_line_chain(chain.as_bytes(), longest.as_bytes());
    assert_eq!(end.unwrap().lines, 2);
    let longer = with_a_line_of(MOST + 1);
    let fault = read(longer.as_bytes()).unwrap_err();
    assert_eq!((fault.code, fault.line), (FaultCode::LineTooLong, 2));
    let fault = verify_line_chain(chain.as_bytes(), longer.as_bytes()).unwrap_err();
    assert_eq!((fault.code, fault.line), (FaultCode::LineMismatch, 2));
    let endless = "x".repeat(2 * MOST + 1_025);
    let fault = verify_line_chain(endless.as_bytes(), longest.as_bytes()).unwrap_err();
    assert_eq!((fault.code, fault.line), (FaultCode::LineTooLong, 1));
}

#[test]
fn empty_chain_covers_nothing() {
    for journal in ["", &composed()] {
        let fault = verify_line_chain(&b""[..], journal.as_bytes()).unwrap_err();
        let code = match journal {
            "" => FaultCode::Empty,
            _ => FaultCode::LineCount,
        };
        assert_eq!((fault.code, fault.line), (code, 1));
    }
}

/// What a tick with this action did.
fn done(action: &str) -> Action {
    let mut composer = Composer::default();
    composer.action(action);
    let mut found = None;
    events(composer.finish().as_bytes(), |event| {
        if let Event::Tick(tick) = event {
            found = Some(tick.action);
        }
    })
    .unwrap();
    found.unwrap()
}

#[test]
fn only_blank_optional_operands_count_as_absent() {
    let moved = |json: &str| match done(json) {
        Action::Syscall(Syscall::Move {
            task_id,
            target_pos,
            status,
        }) => (task_id, target_pos, status),
        other => panic!("{other:?}"),
    };
    // The blank one may stand anywhere.
    let blocked = (Some("t1".into()), None, Some(TaskStatus::Blocked));
    for action in [
        r#"{"target_pos":" ","op":"SYS_MOVE","task_id":"t1","status":"BLOCKED"}"#,
        r#"{"op":"SYS_MOVE","target_pos":"","task_id":"t1","status":"BLOCKED"}"#,
        r#"{"op":"SYS_MOVE","task_id":"t1","status":"BLOCKED","target_pos":"\n"}"#,
    ] {
        assert_eq!(moved(action), blocked, "{action}");
    }
    let blank = r#"{"op":"SYS_MOVE","task_id":"","target_pos":"","status":""}"#;
    assert_eq!(moved(blank), (None, None, None));
    for (action, code) in [
        (
            r#"{"op":"SYS_MOVE","task_id":"t1","note":""}"#,
            "UNKNOWN_KEY",
        ),
        // The blank one is not what is wrong with it.
        (
            r#"{"op":"SYS_MOVE","task_id":"","status":"LATE"}"#,
            "BAD_ENUM",
        ),
        (r#"{"op":"SYS_EXEC","cmd":" "}"#, "EMPTY_STRING"),
    ] {
        match done(action) {
            Action::Foreign { json, reason } => assert_eq!((&*json, reason), (action, code)),
            other => panic!("{other:?}"),
        }
    }
}

/// Two spellings of one pointer are one pointer.
#[test]
fn pointer_that_stays_may_be_spelled_otherwise() {
    let mut composer = Composer::default();
    composer.tuple("", "SYS_GOTO", "notes");
    composer.action(r#"{"op":"SYS_POP"}"#);
    let journal = composer.finish();
    let (before, last) = journal.split_once('\n').unwrap();
    let body = last.split_once("] {").unwrap().1;
    let body = body.split_once(",\"leaf_hash\"").unwrap().0;
    let respelled = body.replace("\"d_next\":\"notes\"", "\"d_next\":\"n\\u006ftes\"");
    assert_ne!(body, respelled);
    let mut composer = Composer::default();
    composer.tuple("", "SYS_GOTO", "notes");
    composer.sealed(&format!("{{{respelled}"));
    let journal = composer.finish();
    assert!(journal.starts_with(before), "{journal}");
    assert_eq!(read(journal.as_bytes()).unwrap().counts().tuples, 2);
}
