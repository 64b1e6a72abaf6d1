//! Every trap: fires exactly at its threshold, not one before, and answers as the table says.

use crate::machine::{Machine, traps};
use turingos::Digest;
use turingos::journal::Status;
use turingos::manifold::WorldFaultCode;
use turingos::trap::TrapKind::{self, *};

const NONE: &[TrapKind] = &[];
const POP: &str = r#"{"op":"SYS_POP"}"#;
const HALT: &str = r#"{"op":"SYS_HALT"}"#;
const BAD: &str = "no transition here";

/// A machine at a file that exists, so that nothing page-faults.
fn calm() -> Machine {
    let mut machine = Machine::at("a");
    for name in ["a", "b", "c", "d"] {
        machine.world.files.insert(name.into(), name.into());
    }
    machine
}

#[test]
fn page_fault_is_a_slice_with_reason_and_entries() {
    let mut machine = calm();
    machine.goto("missing");
    let slice = machine.slice();
    assert!(
        slice.starts_with("[OS_TRAP: PAGE_FAULT] NOT_FOUND\n"),
        "{slice}"
    );
    assert!(slice.ends_with("Entries: a, b, c, d"), "{slice}");
    let committed = machine.goto("a");
    assert_eq!(traps(&committed), [PageFault]);
    assert_eq!(machine.d(), "a");
}

#[test]
fn page_fault_on_an_invalid_pointer() {
    for (text, code) in [
        ("../x", "ESCAPES_ROOT"),
        ("/etc/passwd", "ABSOLUTE_PATH"),
        ("sys://nowhere", "UNKNOWN_CHANNEL"),
        ("http://example.com", "UNKNOWN_CHANNEL"),
        ("sys://page/0123456789abcdef?p=1", "UNKNOWN_PAGE_TOKEN"),
    ] {
        let mut machine = calm();
        machine.goto(text);
        let slice = machine.slice();
        assert!(
            slice.contains(&format!("PAGE_FAULT] {code}\n")),
            "{text}: {slice}"
        );
        assert_eq!(traps(&machine.goto("a")), [PageFault]);
    }
}

#[test]
fn no_progress_at_the_second_equal_success() {
    let mut machine = calm();
    machine.exec("pytest");
    assert!(!machine.slice().contains("NO_PROGRESS"));
    assert_eq!(traps(&machine.push("one")), NONE);
    assert!(machine.slice().contains("[OS_TRAP: NO_PROGRESS]"));
    assert_eq!(traps(&machine.push("two")), [NoProgress]);
}

#[test]
fn no_progress_needs_success() {
    let mut machine = calm();
    machine.exec("unknown");
    machine.push("one");
    assert_eq!(traps(&machine.push("two")), NONE);
}

#[test]
fn eacces_is_a_slice_when_observing_and_an_io_fault_when_writing() {
    let mut machine = calm();
    machine.goto("vfd://r/0123456789abcdef/a");
    assert!(
        machine
            .slice()
            .starts_with("[OS_TRAP: EACCES] UNKNOWN_CAPABILITY")
    );
    let committed = machine.write("x");
    assert_eq!(traps(&committed), [Eacces, IoFault]);
    assert_eq!(
        committed.trap_frames[1].cause.code,
        "EACCES_UNKNOWN_CAPABILITY"
    );
    assert_eq!(machine.world.files["a"], "a");
}

#[test]
fn cpu_fault_keeps_q_and_moves_the_pointer() {
    let mut machine = calm();
    let committed = machine.reply(BAD);
    assert_eq!(traps(&committed), [CpuFault]);
    assert_eq!(committed.record.op, None);
    assert!(committed.record.fault.is_some());
    assert_eq!(machine.kernel.q(), "q0");
    assert_eq!(machine.d(), "sys://trap/cpu_fault");
    let committed = machine.oracle_fails();
    assert_eq!(committed.record.fault.as_deref(), Some("ORACLE_TIMEOUT"));
    assert_eq!(committed.record.reply, Digest::EMPTY);
}

#[test]
fn a_bare_trap_pointer_shows_the_last_details() {
    let mut machine = calm();
    machine.act(POP);
    let slice = machine.slice();
    assert!(
        slice.starts_with("[SYSTEM_CHANNEL] sys://trap/stack_fault\n[DETAILS]\nEMPTY_QUEUE:"),
        "{slice}"
    );
}

#[test]
fn stack_fault_keeps_q_and_the_queue() {
    let mut machine = calm();
    let committed = machine.act_with_q(POP, "popped");
    assert_eq!(traps(&committed), [StackFault]);
    assert_eq!(machine.kernel.q(), "q0");
    assert_eq!(committed.record.effect, Digest::EMPTY);
}

#[test]
fn io_fault_keeps_q_next_and_changes_nothing() {
    let mut machine = calm();
    machine
        .world
        .refuse_writes
        .push_back(WorldFaultCode::NoSpace);
    let committed = machine.act_with_q(r#"{"op":"SYS_WRITE","payload":"new"}"#, "wrote");
    assert_eq!(traps(&committed), [IoFault]);
    assert_eq!(committed.trap_frames[0].cause.code, "NO_SPACE");
    assert_eq!(machine.kernel.q(), "wrote");
    assert_eq!(machine.d(), "sys://trap/io_fault");
    assert_eq!(machine.world.files["a"], "a");
    assert_eq!(committed.record.effect, Digest::EMPTY);
}

#[test]
fn content_contract_writes_nothing() {
    let mut machine = calm();
    let committed = machine.write("fn a() {}\\n// ... existing code");
    assert_eq!(traps(&committed), [ContentContract]);
    assert_eq!(machine.world.files["a"], "a");
    assert_eq!(machine.d(), "sys://trap/content_contract");
}

#[test]
fn an_empty_payload_makes_an_empty_file() {
    let mut machine = calm();
    let committed = machine.write("");
    assert_eq!(traps(&committed), NONE);
    assert_eq!(machine.world.files["a"], "");
}

#[test]
fn illegal_halt_until_a_test_has_passed() {
    let mut machine = calm();
    let committed = machine.act(HALT);
    assert_eq!(traps(&committed), [IllegalHalt]);
    assert_eq!(machine.kernel.status(), Status::Running);
    machine.exec("pytest");
    let committed = machine.act(HALT);
    assert_eq!(traps(&committed), NONE);
    assert_eq!(committed.record.status, Status::Halted);
    assert_eq!(machine.d(), "HALT");
    assert!(machine.kernel.open(0, &mut machine.world).is_err());
}

#[test]
fn a_jump_to_halt_is_a_halt() {
    let mut machine = calm();
    assert_eq!(traps(&machine.goto("HALT")), [IllegalHalt]);
    machine.exec("pytest");
    assert_eq!(machine.goto("HALT").record.status, Status::Halted);
}

#[test]
fn test_evidence_lasts_for_six_commands() {
    for (others, expected) in [(5, Status::Halted), (6, Status::Running)] {
        let mut machine = calm();
        machine.exec("pytest");
        for number in 0..others {
            machine.exec(&format!("echo {number}"));
        }
        // Committing the last observation is what makes it count.
        machine.goto("a");
        assert_eq!(machine.act(HALT).record.status, expected, "{others}");
    }
}

#[test]
fn thrashing_at_the_third_shuffle() {
    let mut machine = calm();
    machine.push("task");
    let edit = |number| format!(r#"{{"op":"SYS_EDIT","task":"try {number}"}}"#);
    assert_eq!(traps(&machine.act(&edit(1))), NONE);
    assert_eq!(traps(&machine.act(r#"{"op":"SYS_MOVE"}"#)), NONE);
    assert_eq!(traps(&machine.act(&edit(2))), [Thrashing]);
    assert_eq!(machine.kernel.queue().tasks()[0].objective, "try 1");
}

#[test]
fn deadlock_at_the_fourth_alternation() {
    let mut machine = calm();
    machine.goto("b");
    assert_eq!(traps(&machine.goto("a")), NONE);
    assert_eq!(traps(&machine.goto("b")), NONE);
    // a→b, b→a, a→b, b→a: the fourth of the alternation.
    assert_eq!(traps(&machine.goto("a")), [Deadlock]);
    assert_eq!(machine.d(), "sys://trap/deadlock");
}

#[test]
fn l1_at_the_third_and_watchdog_at_the_fifth() {
    let mut machine = calm();
    let fired: Vec<_> = (0..5)
        .map(|_| machine.goto("b").record.traps.first().copied())
        .collect();
    assert_eq!(
        fired,
        [None, None, Some(L1CacheHit), None, Some(WatchdogNmi)]
    );
}

#[test]
fn two_tasks_pushed_at_one_pointer_are_two_actions() {
    let mut machine = calm();
    for number in 0..6 {
        assert_eq!(traps(&machine.push(&format!("task {number}"))), NONE);
    }
}

#[test]
fn one_write_at_two_pointers_is_two_actions() {
    let mut machine = calm();
    for pointer in ["b", "c", "d"] {
        assert_eq!(traps(&machine.write("same")), NONE);
        machine.goto(pointer);
    }
}

#[test]
fn panic_reset_at_the_fourth_of_a_kind_and_stop_when_the_budget_is_spent() {
    let mut machine = calm();
    machine.push("doomed");
    let mut kinds = Vec::new();
    let mut last_frames = Vec::new();
    while machine.kernel.status() == Status::Running {
        let committed = machine.reply(BAD);
        last_frames.clone_from(&committed.trap_frames);
        kinds.push(committed.record.traps.clone());
        if committed.record.traps.contains(&PanicReset) {
            assert!(machine.kernel.queue().tasks().is_empty());
            assert_eq!(machine.d(), "sys://trap/panic_reset");
        }
    }
    let fault = vec![CpuFault];
    let reset = vec![CpuFault, PanicReset];
    let mut expected = Vec::new();
    for last in [&reset, &reset, &vec![CpuFault, UnrecoverableLoop]] {
        expected.extend([fault.clone(), fault.clone(), fault.clone(), last.clone()]);
    }
    assert_eq!(kinds, expected);
    assert_eq!(machine.kernel.status(), Status::Failed);
    assert_eq!(machine.d(), "HALT");
    let left_at = last_frames.iter().map(|frame| frame.trap_pointer.text());
    assert_eq!(
        left_at.collect::<Vec<_>>(),
        ["sys://trap/cpu_fault", "HALT"]
    );
}

#[test]
fn panic_reset_when_two_traps_return_to_each_other() {
    let mut machine = calm();
    machine.reply(BAD);
    machine.act(POP);
    assert_eq!(traps(&machine.reply(BAD)), [CpuFault, PanicReset]);
}

#[test]
fn panic_budget_refills_only_when_the_pointer_leaves_the_traps() {
    let mut machine = calm();
    for _ in 0..4 {
        machine.reply(BAD);
    }
    assert_eq!(machine.kernel.panic_resets(), 1);
    machine.push("still at the trap");
    assert_eq!(machine.kernel.panic_resets(), 1);
    machine.goto("sys://trap/cpu_fault");
    assert_eq!(machine.kernel.panic_resets(), 1);
    machine.goto("a");
    assert_eq!(machine.kernel.panic_resets(), 0);
}

#[test]
fn jumping_among_trap_pointers_is_a_trap_loop() {
    let mut machine = calm();
    assert_eq!(traps(&machine.goto("sys://trap/cpu_fault")), NONE);
    assert_eq!(traps(&machine.goto("sys://trap/io_fault")), NONE);
    assert_eq!(traps(&machine.goto("sys://trap/cpu_fault")), [PanicReset]);
    assert_eq!(machine.d(), "sys://trap/panic_reset");
}

#[test]
fn every_trap_has_one_frame_and_frames_count_without_gaps() {
    let mut machine = calm();
    let mut seq = 0;
    for reply in [
        BAD,
        BAD,
        BAD,
        BAD,
        r#"{"q_next":"","a_t":{"op":"SYS_POP"}}"#,
    ] {
        let committed = machine.reply(reply);
        let kinds: Vec<_> = committed
            .trap_frames
            .iter()
            .map(|f| f.trap_base.0)
            .collect();
        assert_eq!(kinds, committed.record.traps);
        for frame in &committed.trap_frames {
            assert_eq!(frame.seq, seq);
            assert_eq!(frame.tick, committed.record.tick);
            assert_eq!(frame.t, committed.record.time_us);
            assert!(frame.panic_reset_count <= 2);
            assert!(frame.details.len() <= 400);
            seq += 1;
        }
    }
    assert_eq!(seq, 6);
}
