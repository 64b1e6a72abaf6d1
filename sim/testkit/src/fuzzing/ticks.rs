//! Whole ticks: a script of replies, failures, dropped ticks and world faults on two machines.

use turingos::journal::Record;

use super::machine::Machine;
use super::script::Script;

/// A script, as bytes; see the mapping in `script.rs`.
///
/// Properties: after every tick, the laws of a machine hold (`machine.rs`): one record a tick, a
/// frame for every trap, at most one effect and none on a trapped tick, halting only with evidence,
/// panic resets within their budget, everything bounded. A machine whose ticks were opened and
/// dropped again stays equal to one whose ticks were not, record by record and to the root.
///
/// # Panics
/// If a property does not hold.
pub fn ticks(bytes: &[u8]) {
    let _ = records(bytes);
}

/// Runs a script as [`ticks`] does and returns its records, to show what a script reaches.
///
/// # Panics
/// If a property of [`ticks`] does not hold.
#[must_use = "a caller that wants no records calls `ticks`"]
pub fn records(bytes: &[u8]) -> Vec<Record> {
    let script = Script::of(bytes);
    let mut machine = Machine::boot(&script);
    let mut twin = Machine::boot(&script);
    let mut records = Vec::with_capacity(script.steps.len());
    for step in &script.steps {
        machine.advance(step);
        twin.advance(step);
        for _ in 0..step.drops {
            machine.open_and_drop(step);
        }
        let committed = machine.tick(step);
        assert_eq!(committed, twin.tick(step), "a dropped tick left a trace");
        assert!(machine.world() == twin.world(), "equal worlds went apart");
        machine.reboot_if_stopped();
        twin.reboot_if_stopped();
        records.push(committed.record);
    }
    assert_eq!(machine.root(), twin.root());
    records
}
