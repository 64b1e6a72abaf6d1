//! Two runs compared.

use std::path::Path;

use turingos_explain::{Comparison, compare};
use turingos_run::on_virtual_time;

use crate::recorded::{log_hunt, soak};

fn compared(a: &Path, b: &Path) -> Comparison {
    on_virtual_time(compare([a, b], 5, |_| {})).unwrap()
}

#[test]
fn run_is_the_same_as_its_repetition() {
    let scratch = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| soak(scratch.path(), name, 42, 60));
    let comparison = compared(&a, &b);
    assert!(comparison.is_same());
    assert!(comparison.headers.is_empty());
    assert_eq!(comparison.ticks, [60, 60]);
    assert_eq!(comparison.roots[0], comparison.roots[1]);
}

#[test]
fn longer_run_parts_where_the_shorter_ends() {
    let scratch = tempfile::tempdir().unwrap();
    let short = soak(scratch.path(), "short", 42, 60);
    let long = soak(scratch.path(), "long", 42, 70);
    let comparison = compared(&short, &long);
    let pointers: Vec<_> = comparison
        .headers
        .iter()
        .map(|it| it.pointer.as_str())
        .collect();
    assert_eq!(pointers, ["/ticks"]);
    let parting = comparison.parting.unwrap();
    assert_eq!(parting.tick, 60);
    assert!(parting.entries[0].is_empty());
    assert_eq!(parting.entries[1].len(), 5);
    assert_eq!(parting.meeting, None);
}

#[test]
fn other_seed_and_other_kind_part_and_say_where() {
    let scratch = tempfile::tempdir().unwrap();
    let one = soak(scratch.path(), "one", 1, 40);
    let two = soak(scratch.path(), "two", 2, 40);
    let comparison = compared(&one, &two);
    let parting = comparison.parting.unwrap();
    assert!(!parting.differences.is_empty());
    assert_eq!(parting.entries[0][0].tick, parting.tick);
    let scenario = log_hunt(scratch.path());
    let other = compared(&one, &scenario);
    assert!(other.headers.iter().any(|it| it.pointer == "/kind"));
    assert_eq!(other.parting.unwrap().tick, 0);
}
