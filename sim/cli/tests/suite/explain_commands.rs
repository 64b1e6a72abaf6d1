//! `sim show` and `sim diff`, as a shell sees them.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::shell::{sim_in, stderr, stdout};

fn sim(directory: &Path, arguments: &[&str]) -> Output {
    sim_in(directory, arguments.iter().copied())
}

/// A directory with two hostile runs of different seeds, `a` and `b`.
fn runs() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    for (name, seed) in [("a", "42"), ("b", "7")] {
        let soak = [
            "soak",
            "--ticks",
            "60",
            "--profile",
            "hostile",
            "--seed",
            seed,
        ];
        let output = sim(scratch.path(), &[&soak[..], &["--out", name]].concat());
        assert!(
            output.status.code().is_some_and(|code| code <= 1),
            "{output:?}"
        );
    }
    scratch
}

#[test]
fn timeline_ends_with_the_root_and_fits() {
    let scratch = runs();
    let shown = stdout(&sim(scratch.path(), &["show", "a"]), 0);
    assert!(shown.contains("AS RECORDED  60 ticks, root "), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 110),
        "{shown}"
    );
    let trapped = stdout(&sim(scratch.path(), &["show", "a", "--only", "traps"]), 0);
    assert!(trapped.lines().count() < shown.lines().count());
    let around = stdout(
        &sim(scratch.path(), &["show", "a", "--around", "30", "--json"]),
        0,
    );
    let around: Value = serde_json::from_str(&around).unwrap();
    assert_eq!(around["format"], "turingos.show-report/1");
    assert_eq!(around["timeline"].as_array().unwrap().len(), 21);
    assert_eq!(around["timeline"][0]["tick"], 20);
}

#[test]
fn tick_is_shown_with_its_frame_its_reply_and_its_traps() {
    let scratch = runs();
    let soak = "soak --ticks 400 --profile hostile --seed 42 --out long";
    sim(scratch.path(), &soak.split(' ').collect::<Vec<_>>());
    let json = stdout(&sim(scratch.path(), &["show", "long", "--json"]), 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    let entries = json["timeline"].as_array().unwrap();
    // Faults of which the decoder knows the byte.
    let refused = entries
        .iter()
        .find(|entry| entry["fault"] == "TRUNCATED" || entry["fault"] == "SYNTAX");
    let tick = refused.unwrap()["tick"].to_string();
    let shown = stdout(&sim(scratch.path(), &["show", "long", "--tick", &tick]), 0);
    for part in [
        "route     lane",
        "[OBSERVED_SLICE]",
        "refused   ",
        "^ byte ",
        "CPU_FAULT",
    ] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    let traps = stdout(&sim(scratch.path(), &["show", "long", "--traps"]), 0);
    assert!(traps.contains(&format!("tick {tick}, ")), "{traps}");
}

#[test]
fn killed_run_is_shown_as_far_as_it_goes() {
    let scratch = runs();
    let run = scratch.path().join("a");
    std::fs::remove_file(run.join("manifest.json")).unwrap();
    let journal = std::fs::read(run.join("journal.jsonl")).unwrap();
    std::fs::write(run.join("journal.jsonl"), &journal[..journal.len() - 20]).unwrap();
    let shown = stdout(&sim(scratch.path(), &["show", "a"]), 0);
    assert!(shown.contains("unfinished, 59 records valid"), "{shown}");
}

#[test]
fn bad_input_of_show_is_one_line() {
    let scratch = runs();
    let past = stderr(&sim(scratch.path(), &["show", "a", "--tick", "60"]), 2);
    assert_eq!(past, "sim: the run has no tick 60: its last tick is 59\n");
    stderr(&sim(scratch.path(), &["show", "a", "--only", "dreams"]), 2);
    let journal = scratch.path().join("a/journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replacen("\"tick\":5", "\"tick\":6", 1)).unwrap();
    stderr(&sim(scratch.path(), &["show", "a"]), 6);
}

#[test]
fn journals_of_turingos_are_shown_from_their_tuples() {
    use turingos_testkit::fuzzing::turingos_journal::Composer;
    let scratch = tempfile::tempdir().unwrap();
    let mut composer = Composer::default();
    composer.tuple("the frame", "SYS_GOTO", "notes");
    composer.trap("it failed");
    std::fs::write(scratch.path().join("x.journal.log"), composer.finish()).unwrap();
    let shown = stdout(&sim(scratch.path(), &["show", "x.journal.log"]), 0);
    assert!(shown.contains("SYS_GOTO CPU_FAULT"), "{shown}");
    assert!(shown.contains("1 ticks of a TuringOS journal"), "{shown}");
    let tick = stdout(
        &sim(scratch.path(), &["show", "x.journal.log", "--tick", "0"]),
        0,
    );
    assert!(
        tick.contains("the frame") && tick.contains("it failed"),
        "{tick}"
    );
    stderr(
        &sim(scratch.path(), &["show", "x.journal.log", "--tick", "1"]),
        2,
    );
}

#[test]
fn difference_is_exit_1_and_sameness_0() {
    let scratch = runs();
    let same = stdout(&sim(scratch.path(), &["diff", "a", "a"]), 0);
    assert!(same.contains("headers   the same"), "{same}");
    assert!(same.contains("SAME  root"), "{same}");
    let different = stdout(&sim(scratch.path(), &["diff", "a", "b"]), 1);
    for part in [
        "/seed  A 42  B 7",
        "first difference: tick",
        "A from there",
        "DIFFERENT",
    ] {
        assert!(
            different.contains(part),
            "{part} is missing in\n{different}"
        );
    }
    let json = stdout(&sim(scratch.path(), &["diff", "a", "b", "--json"]), 1);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["format"], "turingos.diff-report/1");
    assert_eq!(json["passed"], false);
    assert_eq!(json["headers"][0]["pointer"], "/seed");
}
