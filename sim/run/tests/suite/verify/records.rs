//! Records that contradict one another, in a journal whose hashes all hold.

use turingos::journal::{Record, Status};
use turingos_run::RunDirectory;

use super::{invalid, verdict};
use crate::in_memory::{rechained, records, unfinished};

fn parsed(text: &str) -> Record {
    serde_json::from_str(text).unwrap()
}

fn written(record: &Record) -> String {
    let mut text = String::new();
    record.write_json(&mut text);
    text
}

/// The verdict on a journal whose record number `at` is another.
fn changed(at: usize, change: impl FnOnce(&mut Record)) -> turingos_run::verify::Verdict {
    let mut all = records(&unfinished());
    let mut record = parsed(&all[at]);
    change(&mut record);
    all[at] = written(&record);
    journal(&all)
}

fn journal(records: &[String]) -> turingos_run::verify::Verdict {
    let files = rechained(unfinished(), RunDirectory::JOURNAL, records);
    verdict(&files, RunDirectory::JOURNAL)
}

/// The number of the first record behind the beginning for which that holds.
fn first(holds: impl Fn(&Record) -> bool) -> usize {
    let all = records(&unfinished());
    let at = all.iter().skip(5).position(|text| holds(&parsed(text)));
    at.expect("a hostile soak has such a record") + 5
}

fn line(at: usize) -> Option<u64> {
    Some(at as u64 + 1)
}

/// Both readers of a record judge it: the quick one, and the one for texts with escapes.
#[test]
fn tick_out_of_order_is_named() {
    for (at, tick) in [(7, 8), (7, 6), (0, 1)] {
        let reason = format!("its tick is {tick}, expected {at}");
        let found = changed(at, |record| record.tick = tick);
        assert_eq!(found, invalid(line(at), reason.clone()));
        let found = changed(at, |record| {
            record.tick = tick;
            record.next.push('\\');
        });
        assert_eq!(found, invalid(line(at), reason));
    }
}

#[test]
fn record_has_an_opcode_or_a_fault() {
    let reason = "it must have an opcode or a fault, and not both";
    for escape in ["", "\\"] {
        let acted = first(|record| record.op.is_some());
        let both = changed(acted, |record| {
            record.fault = Some("SYNTAX".to_owned());
            record.next.push_str(escape);
        });
        assert_eq!(both, invalid(line(acted), reason));
        let neither = changed(acted, |record| {
            record.op = None;
            record.next.push_str(escape);
        });
        assert_eq!(neither, invalid(line(acted), reason));
    }
}

#[test]
fn route_has_the_class_of_the_opcode() {
    let reason = "the class in its route differs from the class of its opcode";
    let acted = first(|record| record.op.is_some());
    let lacking = changed(acted, |record| record.route.actual = None);
    assert_eq!(lacking, invalid(line(acted), reason));
    let faulted = first(|record| record.fault.is_some());
    let added = changed(faulted, |record| {
        record.route.actual = Some(record.route.predicted);
    });
    assert_eq!(added, invalid(line(faulted), reason));
}

#[test]
fn time_does_not_go_back() {
    let all = records(&unfinished());
    let before = parsed(&all[8]).time_us;
    assert!(before > 0);
    let reason = format!(
        "its time is {} us, before that of the tick before",
        before - 1
    );
    let found = changed(9, |record| record.time_us = before - 1);
    assert_eq!(found, invalid(line(9), reason));
    // Two ticks may have one time.
    let mut all = all;
    let mut record = parsed(&all[9]);
    record.time_us = before;
    all[9] = written(&record);
    assert!(journal(&all[..10]).is_valid());
}

#[test]
fn running_machine_continues_at_its_next_pointer() {
    let reason = "its pointer differs from the `next` of the tick before";
    let found = changed(9, |record| record.pointer = "elsewhere.txt".to_owned());
    assert_eq!(found, invalid(line(9), reason));
    // One that has stopped continues where it is booted.
    let stopped = first(|record| record.status != Status::Running);
    let all = records(&unfinished());
    assert_ne!(
        parsed(&all[stopped]).next,
        parsed(&all[stopped + 1]).pointer
    );
    let found = changed(stopped, |record| record.status = Status::Running);
    assert_eq!(found, invalid(line(stopped + 1), reason));
}

#[test]
fn record_has_one_spelling() {
    let mut all = records(&unfinished());
    let seventh = all[7].clone();
    for (from, to, reason) in [
        (
            "\"tick\":7",
            "\"tick\": 7",
            "its record is not in canonical form",
        ),
        (
            "\"clipped\"",
            "\"clapped\"",
            "its record is not a journal record: ",
        ),
    ] {
        all[7] = seventh.replacen(from, to, 1);
        assert_ne!(all[7], seventh);
        let turingos_run::verify::Verdict::Invalid {
            line,
            reason: found,
        } = journal(&all)
        else {
            panic!("{to} is refused");
        };
        assert_eq!(line, Some(8));
        assert!(found.starts_with(reason), "{found}");
    }
}
