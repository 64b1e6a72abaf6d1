//! `sim dataset` as a shell sees it: rows, where they come from, and what is left out.

mod journals;
mod refused;
mod runs;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use turingos_testkit::fuzzing::turingos_journal::Composer;

use crate::shell::{Said, sim};

struct Scene {
    directory: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn soak(&self, name: &str) -> String {
        let out = self.path(name).to_str().unwrap().to_owned();
        let line = [
            "soak",
            "--profile",
            "hostile",
            "--ticks",
            "120",
            "--quiet",
            "--out",
            &out,
        ];
        // So few ticks need not pass every gate.
        assert!(sim(&line).0.is_some_and(|code| code <= 1));
        out
    }

    fn journal(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs the verb into a directory of its own, with these words after it.
    fn dataset(&self, out: &str, words: &[&str]) -> Said {
        let out = self.path(out).to_str().unwrap().to_owned();
        sim(&[&["dataset", "--out", &out], words].concat())
    }

    fn read(&self, out: &str, name: &str) -> String {
        fs::read_to_string(self.path(out).join(name)).unwrap()
    }

    fn rows(&self, out: &str, name: &str) -> Vec<Value> {
        let text = self.read(out, name);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn composed() -> String {
    let mut composer = Composer::default();
    composer.tuple("one", "SYS_GOTO", "notes");
    composer.trap("first");
    composer.trap("second");
    composer.line("Tick", "-");
    composer.tuple("two", "SYS_WRITE", "payload");
    composer.trap("never answered");
    composer.finish()
}

#[test]
fn source_order_and_aliases_change_nothing() {
    let scene = Scene::new();
    let run = scene.soak("RUN");
    let a = scene.journal("x/a.journal.log", &composed());
    scene.journal("x/b.journal.log", &composed());
    let folder = scene.path("x").to_str().unwrap().to_owned();
    let twice = format!("{folder}/../x/a.journal.log");
    assert_eq!(scene.dataset("one", &[&run, &folder]).0, Some(0));
    assert_eq!(
        scene.dataset("two", &[&twice, &folder, &run, &a]).0,
        Some(0)
    );
    for name in ["policy.jsonl", "reflex.jsonl", "summary.md"] {
        let text = scene.read("one", name);
        assert_eq!(text, scene.read("two", name), "{name}");
        let machine = scene.directory.path().to_str().unwrap();
        assert!(!text.contains(machine), "{name}");
    }
    let summary = scene.read("one", "summary.md");
    assert!(
        summary.contains("| b.journal.log | turingos-journal | 2 | 3 | 0 | 0 |"),
        "{summary}"
    );
}

#[test]
fn duplicates_are_left_out_by_default() {
    let scene = Scene::new();
    let a = scene.journal("a.journal.log", &composed());
    let b = scene.journal("b.journal.log", &composed());
    let (_, out, _) = scene.dataset("once", &["--json", &a, &b]);
    let figures: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&figures["policy_rows"], &figures["policy_duplicates"]),
        (&2.into(), &2.into())
    );
    assert_eq!(
        (&figures["reflex_rows"], &figures["reflex_duplicates"]),
        (&2.into(), &2.into())
    );
    assert_eq!(scene.rows("once", "policy.jsonl").len(), 2);
    assert_eq!(
        scene.dataset("all", &["--keep-duplicates", &a, &b]).0,
        Some(0)
    );
    assert_eq!(scene.rows("all", "policy.jsonl").len(), 4);
    assert_eq!(scene.rows("all", "reflex.jsonl").len(), 4);
}
