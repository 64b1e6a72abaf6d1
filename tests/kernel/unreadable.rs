//! Files that are there and cannot be read: never taken for files that are missing.

use crate::machine::{Machine, traps};
use turingos::Manifold;
use turingos::contract::Contract;
use turingos::kernel::{Kernel, KernelConfig};
use turingos::trap::TrapKind::{IoFault, PageFault, PlanContract};

const HIDDEN: &str = "notes/a.md";
const CHANNEL: &str = "sys://append/notes/a.md";

/// A machine at the channel that appends to a file with that content, if there is one.
fn at_channel(content: Option<&str>) -> Machine {
    let mut machine = Machine::at(CHANNEL);
    if let Some(content) = content {
        machine.world.files.insert(HIDDEN.into(), content.into());
    }
    machine
}

#[test]
fn a_channel_shows_an_empty_a_missing_and_an_unreadable_file_apart() {
    let head = format!("[SYSTEM_CHANNEL] {CHANNEL}\n[CURRENT_CONTENT]\n");
    for (content, shown) in [
        (Some("one\ntwo\n"), "one\ntwo"),
        (Some(""), "(empty)"),
        (Some(" \n"), "(empty)"),
        (None, "(no file)"),
    ] {
        let mut machine = at_channel(content);
        assert_eq!(machine.slice(), format!("{head}{shown}"));
        assert_eq!(traps(&machine.goto(HIDDEN)), []);
    }
    let mut machine = at_channel(Some("secret"));
    machine.world.unreadable.insert(HIDDEN.into());
    let slice = machine.slice();
    assert!(slice.contains("[OS_TRAP: PAGE_FAULT] DENIED"), "{slice}");
    assert!(!slice.contains("(no file)"), "{slice}");
    assert_eq!(traps(&machine.goto("b")), [PageFault]);
}

#[test]
fn an_append_to_an_unreadable_file_changes_nothing() {
    let mut machine = at_channel(Some("kept"));
    machine.world.unreadable.insert(HIDDEN.into());
    let committed = machine.write("more");
    assert_eq!(traps(&committed), [PageFault, IoFault]);
    assert_eq!(machine.world.files[HIDDEN], "kept");
    let mut machine = at_channel(None);
    machine.write("first");
    assert_eq!(machine.world.files[HIDDEN].trim_end(), "first");
}

#[test]
fn an_unreadable_progress_file_is_not_an_empty_one() {
    let plan = r#"{"enabled":true,"progress_file":"notes/a.md","ordered_steps":["ONE"]}"#;
    for is_readable in [true, false] {
        let mut machine = Machine::at("b");
        let contract = Contract::parse(plan.as_bytes()).expect("a contract");
        machine.kernel = Kernel::boot(&KernelConfig::default(), "q0", "b").with_contract(contract);
        machine.world.files.insert("b".into(), "b".into());
        if !is_readable {
            machine
                .world
                .files
                .insert(HIDDEN.into(), "DONE:ONE\n".into());
            machine.world.unreadable.insert(HIDDEN.into());
        }
        let frame = machine.peek();
        let expected: &[_] = if is_readable {
            assert!(frame.contains("[STATUS] READY"), "{frame}");
            &[]
        } else {
            assert!(frame.contains("[STATUS] BLOCKED"), "{frame}");
            assert!(frame.contains("[REASON] FILE_UNREADABLE"), "{frame}");
            assert!(
                frame.contains("[OS_TRAP: PLAN_CONTRACT] PROGRESS_UNREADABLE"),
                "{frame}"
            );
            &[PlanContract]
        };
        assert_eq!(traps(&machine.goto("b")), expected);
    }
}

#[test]
fn a_fault_of_the_world_shows_code_and_reason() {
    let mut machine = at_channel(None);
    machine.world.unreadable.insert(HIDDEN.into());
    let path = HIDDEN.parse().expect("a path");
    let fault = machine.world.read(&path, &mut String::new());
    assert_eq!(fault.expect_err("hidden").to_string(), "DENIED: scripted");
}
