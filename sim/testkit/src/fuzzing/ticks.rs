//! Whole ticks: a script of replies, failures, dropped ticks and world faults on two machines.

use turingos::journal::Record;

use super::machine::Machine;
use super::script::Script;

/// Input: a script, in the encoding of `script.rs`.
///
/// Properties: after every tick the invariants of a machine hold (`machine.rs`): one record per tick,
/// a frame for every trap, at most one effect and none on a trapped tick, halting only with evidence,
/// panic resets within their budget, bounded state. Opening and dropping ticks in between changes
/// neither records nor root.
///
/// # Panics
/// If a property does not hold.
pub fn ticks(bytes: &[u8]) {
    let _ = records(bytes);
}

/// Runs a script as [`ticks`] does and returns its records, for coverage checks.
///
/// # Panics
/// If a property of [`ticks`] does not hold.
#[must_use = "a caller that wants no records calls `ticks`"]
pub fn records(bytes: &[u8]) -> Vec<Record> {
    run(&Script::of(bytes))
}

/// Runs a script on two machines.
pub(super) fn run(script: &Script) -> Vec<Record> {
    let mut machine = Machine::boot(script);
    let mut twin = Machine::boot(script);
    let mut records = Vec::with_capacity(script.steps.len());
    for step in &script.steps {
        machine.advance(step);
        twin.advance(step);
        for _ in 0..step.drops {
            machine.open_and_drop(step);
        }
        let committed = machine.tick(step);
        assert_eq!(committed, twin.tick(step), "a dropped tick had an effect");
        assert!(machine.world() == twin.world(), "equal worlds diverged");
        machine.reboot_if_stopped();
        twin.reboot_if_stopped();
        records.push(committed.record);
    }
    assert_eq!(machine.root(), twin.root());
    records
}
