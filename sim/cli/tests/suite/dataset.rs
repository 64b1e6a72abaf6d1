//! `sim dataset` as a shell sees it: rows, where they come from, and what is left out.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use turingos::Digest;
use turingos::isa::decode_canonical;
use turingos::journal::Chain;
use turingos_run::RunDirectory;
use turingos_testkit::corpus::turingos_journals::JournalExpectation;
use turingos_testkit::corpus::{Corpus, load};
use turingos_testkit::fuzzing::turingos_journal::{Composer, line_chain};

use crate::shell::sim;

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
    fn dataset(&self, out: &str, words: &[&str]) -> (Option<i32>, String, String) {
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

/// Every transition of the run in `run` is a row, with the texts whose digests are in the journal.
fn hold_to_journal(policy: &[Value], run: &Path) {
    let journal = fs::read_to_string(run.join(RunDirectory::JOURNAL)).unwrap();
    let name = run.file_name().unwrap().to_str().unwrap();
    let records: Vec<Value> = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].take())
        .collect();
    let decoded: Vec<_> = records
        .iter()
        .filter(|record| !record["op"].is_null())
        .collect();
    assert_eq!(policy.len(), decoded.len());
    let mut whole = 0;
    for (row, record) in policy.iter().zip(decoded) {
        let digest = |key: &str| Digest::of(row[key].as_str().unwrap().as_bytes()).to_string();
        assert_eq!(row["from"]["tick"], record["tick"]);
        assert_eq!(row["from"]["file"], format!("{name}/journal.jsonl"));
        assert_eq!(row["from"]["line"], record["tick"].as_u64().unwrap() + 1);
        assert_eq!(row["a_t"]["op"], record["op"]);
        assert_eq!(digest("q_t"), record["q"].as_str().unwrap());
        if let Some(slice) = whole_slice(row["s_t"].as_str().unwrap()) {
            let digest = Digest::of(slice.as_bytes()).to_string();
            assert_eq!(digest, record["slice"].as_str().unwrap());
            whole += 1;
        }
        let transition = serde_json::json!({"q_next": row["q_next"], "a_t": row["a_t"]});
        decode_canonical(transition.to_string().as_bytes()).unwrap();
    }
    assert!(2 * whole > policy.len(), "{whole} of {}", policy.len());
}

/// The observed slice in a frame that shows it whole, without the notes of traps.
fn whole_slice(frame: &str) -> Option<&str> {
    let (_, shown) = frame.split_once("\n\n[OBSERVED_SLICE]\n")?;
    let slice = shown
        .rsplit_once("\n\n[OS_GUARD]\n")
        .map_or(shown, |it| it.0);
    let slice = ["NO_PROGRESS", "PLAN_CONTRACT"]
        .iter()
        .fold(slice, |slice, trap| {
            let note = format!("\n\n[OS_TRAP: {trap}] ");
            slice.rsplit_once(&note).map_or(slice, |it| it.0)
        });
    let is_part = slice.starts_with("[PAGE_TABLE]") || frame.contains("[OS_SECTION_CLIPPED]");
    (!is_part).then_some(slice)
}

/// Real provider replies, with retries, streams and two lanes, replayed from the tapes.
#[test]
fn live_run_gives_rows() {
    let scene = Scene::new();
    let transcripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/transcripts");
    for (number, name) in ["kimi-streamed", "openai-streamed-chaos", "two-providers"]
        .into_iter()
        .enumerate()
    {
        let run = transcripts.join(name);
        let out = format!("out-{number}");
        let words = ["--keep-duplicates", run.to_str().unwrap()];
        let (code, said, err) = scene.dataset(&out, &words);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{said}");
        let policy = scene.rows(&out, "policy.jsonl");
        assert!(policy.len() >= 3, "{name}");
        hold_to_journal(&policy, &run);
        assert_eq!(scene.rows(&out, "reflex.jsonl").len(), 1, "{name}");
    }
}

#[test]
fn run_rows_hold_frame_and_reply() {
    let scene = Scene::new();
    let run = scene.soak("RUN");
    let (code, out, err) = scene.dataset("out", &["--keep-duplicates", &run]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    hold_to_journal(&scene.rows("out", "policy.jsonl"), Path::new(&run));
    let reflex = scene.rows("out", "reflex.jsonl");
    assert!(reflex.len() > 10, "{}", reflex.len());
    for row in reflex {
        // A trap that only adds to the frame is answered in its own tick, any other later.
        let trapped = row["trap_frame"]["tick"].as_u64().unwrap();
        let answered = row["from"]["tick"].as_u64().unwrap();
        let base = row["trap_frame"]["trap_base"].as_str().unwrap();
        let is_soft = ["page_fault", "no_progress", "eacces"]
            .iter()
            .any(|it| base.ends_with(it));
        assert_eq!(row["from"]["line"], trapped + 1);
        assert!(
            if is_soft {
                answered >= trapped
            } else {
                answered > trapped
            },
            "{row}"
        );
    }
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

/// A run with a valid chain that does not follow from its header.
#[test]
fn changed_run_is_a_divergence_at_its_tick() {
    let scene = Scene::new();
    let run = scene.soak("RUN");
    let path = Path::new(&run).join(RunDirectory::JOURNAL);
    let header = fs::read(Path::new(&run).join(RunDirectory::HEADER)).unwrap();
    let mut chain = Chain::new(Digest::of(&header));
    let mut lines = Vec::new();
    for (tick, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
        let mut record = line[84..line.len() - 1].to_owned();
        if tick == 50 {
            let (before, _) = record.split_once("\"reply\":\"").unwrap();
            let reply = Digest::of(b"another reply");
            let after = &record[before.len() + 9 + 64..];
            record = format!("{before}\"reply\":\"{reply}{after}");
        }
        chain.append(record.as_bytes(), &mut lines);
    }
    fs::write(&path, lines).unwrap();
    fs::remove_file(Path::new(&run).join(RunDirectory::MANIFEST)).unwrap();
    assert_eq!(sim(&["verify", &run]).0, Some(0));
    let (code, _, err) = scene.dataset("out", &["--strict", &run]);
    assert_eq!(code, Some(5), "{err}");
    assert!(err.contains("tick 50"), "{err}");
    assert!(!scene.path("out").exists());

    // Its rows up to tick 50 were written, and are taken back.
    let journal = scene.journal("z.journal.log", &composed());
    assert_eq!(scene.dataset("alone", &[&journal]).0, Some(0));
    let (code, out, _) = scene.dataset("both", &[&journal, &run]);
    assert_eq!(code, Some(0), "{out}");
    for name in ["policy.jsonl", "reflex.jsonl"] {
        assert_eq!(
            scene.read("both", name),
            scene.read("alone", name),
            "{name}"
        );
    }
    assert!(out.contains("RUN/journal.jsonl: skipped: "), "{out}");
    assert!(out.contains("tick 50"), "{out}");
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

#[test]
fn scenario_run_gives_rows() {
    let scene = Scene::new();
    let scenario =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/scenarios/fault-recovery.json");
    let (scenario, run) = (scenario.to_str().unwrap(), scene.path("RUN"));
    let run = run.to_str().unwrap();
    assert_eq!(sim(&["run", scenario, "--quiet", "--out", run]).0, Some(0));
    let (code, out, _) = sim(&["verify", run]);
    assert_eq!(code, Some(0), "{out}");
    assert_eq!(scene.dataset("out", &["--keep-duplicates", run]).0, Some(0));
    let journal = fs::read_to_string(Path::new(run).join(RunDirectory::JOURNAL)).unwrap();
    let decoded = journal
        .lines()
        .filter(|line| line.contains("\"fault\":null"))
        .count();
    assert_eq!(scene.rows("out", "policy.jsonl").len(), decoded);
    assert!(!scene.rows("out", "reflex.jsonl").is_empty());
}
