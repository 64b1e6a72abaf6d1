//! Every opcode: what it changes, and where the pointer goes.

use crate::machine::{Machine, traps};
use turingos::Digest;
use turingos::isa::Opcode;
use turingos::journal::Status;

#[test]
fn write_changes_the_file_and_stays() {
    let mut machine = Machine::at("notes/a.md");
    let committed = machine.write("hello");
    assert_eq!(machine.world.files["notes/a.md"], "hello");
    assert_eq!(machine.d(), "notes/a.md");
    assert_eq!(machine.slice(), "hello");
    assert_ne!(committed.record.effect, Digest::EMPTY);
    assert_eq!(committed.record.op, Some(Opcode::Write));
    assert_eq!(machine.kernel.q(), "q1");
}

#[test]
fn write_through_a_capability() {
    let mut machine = Machine::at("sys://cap/issue?access=rw&path=a");
    let slice = machine.slice();
    let handle = slice.split_once("[HANDLE] ").expect("issued").1.to_owned();
    machine.goto("elsewhere");
    let committed = machine.act(&format!(
        r#"{{"op":"SYS_WRITE","payload":"through","semantic_cap":"{handle}"}}"#
    ));
    assert_eq!(
        committed.record.traps.len(),
        1,
        "the page fault of elsewhere"
    );
    assert_eq!(machine.world.files["a"], "through");
    assert!(!machine.world.files.contains_key("elsewhere"));
    machine.goto(&handle);
    assert_eq!(machine.slice(), "through");
}

#[test]
fn a_capability_allows_only_what_it_says() {
    let mut machine = Machine::at("sys://cap/issue?access=r&path=a");
    let handle = machine
        .slice()
        .split_once("[HANDLE] ")
        .expect("issued")
        .1
        .to_owned();
    machine.goto(&handle);
    let committed = machine.write("x");
    assert_eq!(
        committed.trap_frames.last().expect("trapped").cause.code,
        "EACCES_NO_WRITE_ACCESS"
    );
    let mut machine = Machine::at("sys://cap/issue?access=w&path=a");
    let handle = machine
        .slice()
        .split_once("[HANDLE] ")
        .expect("issued")
        .1
        .to_owned();
    machine.goto(&handle);
    assert!(machine.slice().contains("NO_READ_ACCESS"));
}

#[test]
fn exec_runs_when_observed() {
    let mut machine = Machine::at("a");
    machine.exec("pytest");
    assert!(machine.world.ran.is_empty());
    assert_eq!(machine.d(), "$ pytest");
    let slice = machine.slice();
    assert_eq!(machine.world.ran, ["pytest"]);
    assert!(
        slice.starts_with("[COMMAND] pytest\n[EXIT_CODE] 0\n[STDOUT]\nout of pytest\n[STDERR]")
    );
}

#[test]
fn goto_moves() {
    let mut machine = Machine::at("a");
    let committed = machine.goto("b");
    assert_eq!(machine.d(), "b");
    assert_eq!(committed.record.pointer, "a");
    assert_eq!(committed.record.next, "b");
    assert_eq!(committed.record.effect, Digest::EMPTY);
}

#[test]
fn git_log_becomes_a_pointer() {
    let mut machine = Machine::at("a");
    machine.act(r#"{"op":"SYS_GIT_LOG","query_params":"path=a%20b","limit":5}"#);
    assert_eq!(machine.d(), "sys://git/log?path=a%20b&limit=5");
    assert!(
        machine
            .slice()
            .ends_with("log of Some(\"a b\") limit Some(5)")
    );
    machine.act(r#"{"op":"SYS_GIT_LOG","query_params":"limit=1","limit":5}"#);
    assert!(machine.slice().contains("DUPLICATE_QUERY_KEY"));
    machine.act(r#"{"op":"SYS_GIT_LOG","since":"yesterday"}"#);
    assert!(machine.slice().contains("BAD_QUERY"));
}

#[test]
fn mind_operations_change_the_queue_and_stay() {
    let mut machine = Machine::at("sys://callstack");
    machine.push("first");
    machine.push("second");
    assert_eq!(machine.kernel.queue().tasks().len(), 2);
    machine.act(r#"{"op":"SYS_EDIT","task":"second, better"}"#);
    assert!(machine.slice().contains(": second, better"));
    machine.act(r#"{"op":"SYS_MOVE","target_pos":"BOTTOM"}"#);
    assert_eq!(machine.kernel.queue().tasks()[0].objective, "first");
    machine.act(r#"{"op":"SYS_POP"}"#);
    assert_eq!(machine.kernel.queue().tasks().len(), 1);
    assert_eq!(machine.d(), "sys://callstack");
}

#[test]
fn halt_stops_and_reboot_starts_again() {
    let mut machine = Machine::at("$ pytest");
    machine.goto("a");
    machine.push("left over");
    let committed = machine.act(r#"{"op":"SYS_HALT"}"#);
    assert_eq!(committed.record.status, Status::Halted);
    machine.kernel.reboot("again", "b");
    assert_eq!(machine.kernel.tick(), 3);
    assert!(machine.kernel.queue().tasks().is_empty());
    let committed = machine.act(r#"{"op":"SYS_HALT"}"#);
    assert_eq!(traps(&committed).len(), 2, "page fault and illegal halt");
}

#[test]
fn append_and_replace_channels_edit_the_file() {
    let mut machine = Machine::at("sys://append/log.txt");
    machine.write("one");
    machine.write("two");
    assert_eq!(machine.world.files["log.txt"], "one\ntwo\n");
    assert!(machine.slice().ends_with("[CURRENT_CONTENT]\none\ntwo"));
    let committed = machine.write("two");
    assert_eq!(committed.trap_frames[0].cause.code, "DUPLICATE_APPEND");
    machine.goto("sys://replace/log.txt");
    machine.write(r#"{\"search\":\"one\",\"replace\":\"1\"}"#);
    assert_eq!(machine.world.files["log.txt"], "1\ntwo\n");
    let committed = machine.write(r#"{\"search\":\"absent\",\"replace\":\"\"}"#);
    assert_eq!(committed.trap_frames[0].cause.code, "NO_MATCH");
}

#[test]
fn what_cannot_be_written_is_an_io_fault() {
    for pointer in [
        "$ ls",
        "sys://callstack",
        "sys://trap/io_fault",
        "sys://cap/list",
        "sys://git/log",
        "../outside",
        "sys://nonsense",
    ] {
        let mut machine = Machine::at(pointer);
        let committed = machine.write("x");
        assert_eq!(
            committed.record.traps.last().map(|kind| kind.name()),
            Some("IO_FAULT"),
            "{pointer}"
        );
        assert!(machine.world.files.is_empty(), "{pointer}");
    }
}

#[test]
fn a_long_slice_is_paged_and_each_page_can_be_reached() {
    let mut machine = Machine::at("long");
    let text: String = (0..2_000).map(|line| format!("line {line}\n")).collect();
    machine.world.files.insert("long".into(), text.clone());
    let mut slice = machine.slice();
    let mut whole = String::new();
    loop {
        let (head, page) = slice.split_once("\n[PAGE]\n").expect("a page");
        whole.push_str(page);
        let next = head.split_once("[NEXT] ").expect("a pointer").1;
        let next = next.lines().next().expect("a line").to_owned();
        if next == "(none)" {
            break;
        }
        assert!(machine.goto(&next).record.traps.is_empty());
        slice = machine.slice();
    }
    assert_eq!(whole, text);
}
