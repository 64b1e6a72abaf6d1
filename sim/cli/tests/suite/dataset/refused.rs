//! Sources that give no rows, and places that take none.

use std::fs;

use serde_json::Value;
use turingos_testkit::fuzzing::turingos_journal::{Composer, line_chain};

use super::{Scene, composed};

#[test]
fn failure_leaves_no_file_and_overwrites_none() {
    let scene = Scene::new();
    let good = scene.journal("a.journal.log", &composed());
    fs::create_dir(scene.path("used")).unwrap();
    fs::write(scene.path("used/notes.txt"), "mine").unwrap();
    let (code, _, err) = scene.dataset("used", &[&good]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("is not empty; choose another directory"),
        "{err}"
    );
    let (code, _, err) = scene.dataset("a.journal.log", &[&good]);
    assert_eq!(code, Some(2), "{err}");

    let bad = scene.journal("b.journal.log", &composed().replace("\"two\"", "\"too\""));
    let (code, out, err) = scene.dataset("new", &["--strict", &good, &bad]);
    assert_eq!((code, out.as_str()), (Some(6), ""));
    assert!(
        err.contains("b.journal.log: line 5: BAD_LEAF_HASH: "),
        "{err}"
    );
    assert!(!scene.path("new").exists());
    let (code, _, err) = scene.dataset("new", &[&format!("{good}.missing")]);
    assert_eq!(code, Some(2));
    assert!(err.contains("no such file or directory"), "{err}");
}

#[test]
fn bad_recording_is_reported_counted_and_skipped() {
    let scene = Scene::new();
    scene.journal("all/a.journal.log", &composed());
    let bad = composed().replace("\"two\"", "\"too\"");
    scene.journal("all/deep/b.journal.log", &bad);
    scene.journal("all/deep/c.journal.log", &composed());
    let changed = composed().replace("\"first\"", "\"fierce\"");
    scene.journal("all/deep/d.journal.log", &changed);
    scene.journal("all/deep/d.journal.merkle.jsonl", &line_chain(&composed()));
    let all = scene.path("all").to_str().unwrap().to_owned();
    let (code, out, err) = scene.dataset("out", &["--keep-duplicates", &all]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    // Two good journals in two directories.
    assert_eq!(scene.rows("out", "policy.jsonl").len(), 4);
    let lines: Vec<_> = out.lines().collect();
    assert!(
        lines[0].starts_with("b.journal.log: skipped: line 5: BAD_LEAF_HASH: "),
        "{out}"
    );
    let chain = "d.journal.log: skipped: d.journal.merkle.jsonl: line 2: LINE_MISMATCH: ";
    assert!(lines[1].starts_with(chain), "{out}");
    assert!(
        lines[4].ends_with("summary.md: 2 sources and their figures, 2 bad sources skipped"),
        "{out}"
    );
    let summary = scene.read("out", "summary.md");
    assert!(
        summary.contains("\n## Sources left out\n\n- b.journal.log: line 5: "),
        "{summary}"
    );
    assert!(
        !summary.contains(scene.directory.path().to_str().unwrap()),
        "{summary}"
    );

    let (code, out, err) = scene.dataset("strict", &["--strict", &all]);
    assert_eq!((code, out.as_str()), (Some(6), ""));
    assert!(
        err.contains("b.journal.log: line 5: BAD_LEAF_HASH"),
        "{err}"
    );
    assert!(!scene.path("strict").exists());
}

#[test]
fn reason_is_kept_where_a_name_has_a_line_feed() {
    let scene = Scene::new();
    scene.journal("all/good.journal.log", &composed());
    let bad = composed().replace("\"two\"", "\"too\"");
    scene.journal("all/ba\nd.journal.log", &bad);
    let all = scene.path("all").to_str().unwrap().to_owned();
    let (_, out, _) = scene.dataset("out", &[&all]);
    let first = out.lines().next().unwrap();
    assert!(
        first.contains(": skipped: line 5: BAD_LEAF_HASH: "),
        "{out}"
    );
    assert!(!first.contains(&all), "{out}");
}

#[test]
fn empty_or_small_set_does_not_pass() {
    let scene = Scene::new();
    let mut composer = Composer::default();
    composer.trap("never answered");
    let empty = scene.journal("empty.journal.log", &composer.finish());
    let (code, out, err) = scene.dataset("empty", &[&empty]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    assert!(
        out.ends_with("FAILED  the data set is empty: no source has a row\n"),
        "{out}"
    );

    let journal = scene.journal("a.journal.log", &composed());
    let least = ["--min-policy", "2", "--min-reflex", "2"];
    assert_eq!(
        scene
            .dataset("enough", &[&least[..], &[&journal]].concat())
            .0,
        Some(0)
    );
    for (number, kind) in ["policy", "reflex"].into_iter().enumerate() {
        let flag = format!("--min-{kind}");
        let words = [&flag, "3", "--json", &journal];
        let (code, out, err) = scene.dataset(&format!("few-{number}"), &words);
        assert_eq!((code, err.as_str()), (Some(1), ""));
        let says = format!("the data set has 2 {kind} rows, --min-{kind} asks for 3");
        let figures: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(figures["shortage"], says);
        assert_eq!(figures["passed"], false);
    }
}
