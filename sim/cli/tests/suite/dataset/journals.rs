//! Rows from journals of TuringOS.

use serde_json::Value;
use turingos_testkit::corpus::turingos_journals::JournalExpectation;
use turingos_testkit::corpus::{Corpus, load};
use turingos_testkit::fuzzing::turingos_journal::Composer;

use super::{Scene, composed};

#[test]
fn journal_gives_policy_and_reflex_rows() {
    let scene = Scene::new();
    let journal = scene.journal("a.journal.log", &composed());
    let (code, out, err) = scene.dataset("out", &[&journal]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(
        out.contains("policy.jsonl: 2 rows, 0 duplicates left out\n"),
        "{out}"
    );
    let policy = scene.rows("out", "policy.jsonl");
    let first = serde_json::json!({
        "from": {"kind": "turingos-journal", "file": "a.journal.log", "line": 1, "tick": 0},
        "q_t": "q0", "s_t": "one", "d_t": "README.md", "q_next": "q1\nnotes",
        "a_t": {"op": "SYS_GOTO", "pointer": "notes"},
    });
    assert_eq!(policy[0], first);
    let reflex = scene.rows("out", "reflex.jsonl");
    let seen: Vec<_> = { reflex.iter() }
        .map(|row| {
            let details = row["trap_frame"]["details"].as_str().unwrap();
            (
                details,
                row["from"]["line"].clone(),
                row["from"]["tick"].clone(),
                row["a_t"]["op"].clone(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("first", 2.into(), 1.into(), "SYS_WRITE".into()),
            ("second", 3.into(), 1.into(), "SYS_WRITE".into()),
        ]
    );
    let summary = scene.read("out", "summary.md");
    for line in [
        "| a.journal.log | turingos-journal | 2 | 3 | 2 | 2 |",
        "| SYS_GOTO | 1 |",
        "| sys://trap/cpu_fault | 2 |",
        "| sys://trap/cpu_fault | RECORDING_ENDED | 1 |",
    ] {
        assert!(summary.contains(line), "{line}\n{summary}");
    }
}

#[test]
fn foreign_syscall_is_counted_and_left_out() {
    let scene = Scene::new();
    let cases = load::<JournalExpectation>(&Corpus::BuiltIn).unwrap();
    let mut cases = cases.iter();
    let case = cases.find(|case| case.name == "whole/foreign-syscall");
    let text = String::from_utf8(case.unwrap().input().into_owned()).unwrap();
    let journal = scene.journal("old.journal.log", &text);
    assert_eq!(scene.dataset("out", &[&journal]).0, Some(0));
    assert_eq!(scene.rows("out", "policy.jsonl").len(), 1);
    let summary = scene.read("out", "summary.md");
    let left_out = summary.split_once("## Transitions left out").unwrap().1;
    assert!(left_out.contains("| UNKNOWN_OPCODE | 1 |"), "{summary}");
}

#[test]
fn each_dropped_trap_has_its_reason() {
    let scene = Scene::new();
    let mut composer = Composer::default();
    composer.trap("before a foreign syscall");
    composer.foreign_tuple();
    for number in 0..300 {
        composer.trap(&format!("trap {number}"));
    }
    composer.tuple("s", "SYS_GOTO", "a");
    composer.trap("before a stop");
    composer.unrecoverable();
    composer.tuple("s", "SYS_GOTO", "b");
    composer.trap("at the end");
    let journal = scene.journal("a.journal.log", &composer.finish());
    let (code, out, _) = scene.dataset("out", &["--json", &journal]);
    assert_eq!(code, Some(0));
    let figures: Value = serde_json::from_str(&out).unwrap();
    let dropped = serde_json::json!({
        "sys://trap/cpu_fault": {
            "FOREIGN_SYSCALL": 1,
            "TOO_MANY_TRAPS": 44,
            "MACHINE_STOPPED": 1,
            "RECORDING_ENDED": 1,
        },
        "sys://trap/unrecoverable_loop": {"MACHINE_STOPPED": 1},
    });
    assert_eq!(figures["dropped_traps"], dropped);
    assert_eq!(figures["unanswered_traps"], 48);
    assert_eq!(figures["reflex_rows"], 256);
}

/// The recording system treats a blank optional operand as absent; such rows used to be lost.
#[test]
fn blank_optional_operand_is_dropped() {
    let scene = Scene::new();
    let cases = load::<JournalExpectation>(&Corpus::BuiltIn).unwrap();
    let mut cases = cases.iter();
    let case = cases.find(|case| case.name == "whole/blank-operands");
    let text = String::from_utf8(case.unwrap().input().into_owned()).unwrap();
    let journal = scene.journal("old.journal.log", &text);
    assert_eq!(scene.dataset("out", &[&journal]).0, Some(0));
    let actions: Vec<_> = { scene.rows("out", "policy.jsonl").into_iter() }
        .map(|mut row| row["a_t"].take())
        .collect();
    let expected = [
        serde_json::json!({"op": "SYS_WRITE", "payload": "x"}),
        serde_json::json!({"op": "SYS_MOVE"}),
        serde_json::json!({"op": "SYS_GIT_LOG", "path": "src"}),
    ];
    assert_eq!(actions, expected);
}
