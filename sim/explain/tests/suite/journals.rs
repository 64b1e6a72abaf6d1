//! Journals of TuringOS, shown from their tuples.

use turingos_explain::{JournalTick, journal_ticks};
use turingos_testkit::fuzzing::turingos_journal::Composer;

fn ticks(journal: &str) -> Vec<JournalTick> {
    let mut ticks = Vec::new();
    let count = journal_ticks(journal.as_bytes(), |tick| ticks.push(tick)).unwrap();
    assert_eq!(count, ticks.len() as u64);
    ticks
}

#[test]
fn traps_belong_to_the_tick_before_them() {
    let mut composer = Composer::default();
    composer.tuple("a frame\nof two lines", "SYS_GOTO", "notes");
    composer.trap("something failed");
    composer.line("BUS_ROUTE", "{\"lane\":\"P\",\"reason\":\"TRAP\"}");
    composer.tuple("", "SYS_EXEC", "ls");
    composer.foreign_tuple();
    composer.unrecoverable();
    let ticks = ticks(&composer.finish());
    let shown: Vec<String> = ticks
        .iter()
        .map(|tick| {
            let entry = &tick.entry;
            format!(
                "{} {} {} {:?} {}",
                entry.tick,
                entry.lane.unwrap_or("-"),
                entry.op.unwrap_or("-"),
                entry.traps,
                entry.status
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "0 - SYS_GOTO [\"CPU_FAULT\"] RUNNING",
            "1 P SYS_EXEC [] RUNNING",
            "2 - - [\"UNRECOVERABLE_LOOP\"] FAILED",
        ]
    );
    assert_eq!(ticks[0].traps[0].details, "something failed");
    assert_eq!(
        ticks[0].action,
        "{\"op\":\"SYS_GOTO\",\"pointer\":\"notes\"}"
    );
    assert_eq!(ticks[0].frame[0].text, "a frame\nof two lines");
    assert_eq!(ticks[2].foreign, Some("UNKNOWN_OPCODE"));
}

#[test]
fn damaged_journal_is_an_error() {
    let mut composer = Composer::default();
    composer.tuple("frame", "SYS_GOTO", "notes");
    let journal = composer.finish().replace("frame", "flame");
    assert!(journal_ticks(journal.as_bytes(), |_| {}).is_err());
}
