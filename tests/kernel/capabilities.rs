//! The capability channels: what describing and listing a handle shows.

use crate::machine::{Machine, traps};
use turingos::trap::TrapKind::Eacces;

/// A machine that was issued a handle, and the handle.
fn issued(access: &str, path: &str) -> (Machine, String) {
    let mut machine = Machine::at(&format!("sys://cap/issue?access={access}&path={path}"));
    let slice = machine.slice();
    let (_, handle) = slice.split_once("[HANDLE] ").expect("issued");
    machine.goto("sys://cap/list");
    (machine, handle.to_owned())
}

#[test]
fn a_described_handle_shows_access_and_path() {
    for (access, shown) in [("r", "r"), ("w", "w"), ("rw", "rw")] {
        let (mut machine, handle) = issued(access, "notes/a.md");
        assert_eq!(
            machine.slice(),
            format!("[SYSTEM_CHANNEL] sys://cap/list\n[CAPABILITIES] 1\n[HANDLE] {handle}")
        );
        machine.goto(&format!("sys://cap/describe?handle={handle}"));
        assert_eq!(
            machine.slice(),
            format!(
                "[SYSTEM_CHANNEL] sys://cap/describe\n[HANDLE] {handle}\n\
                 [ACCESS] {shown}\n[PATH] notes/a.md"
            )
        );
        assert_eq!(traps(&machine.goto("sys://cap/list")), []);
    }
}

#[test]
fn a_forged_handle_is_not_described() {
    let (mut machine, handle) = issued("r", "notes/a.md");
    for forged in [
        handle.replace("vfd://r/", "vfd://rw/"),
        handle.replace("a.md", "b.md"),
    ] {
        assert_ne!(forged, handle);
        machine.goto(&format!("sys://cap/describe?handle={forged}"));
        assert_eq!(
            machine.slice(),
            format!("[OS_TRAP: EACCES] UNKNOWN_CAPABILITY\nPointer: {forged}")
        );
        assert_eq!(traps(&machine.goto("sys://cap/list")), [Eacces]);
    }
}
