//! What `--json` prints, on success and on failure: one object, whose `format` names its schema.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;
use turingos_schema::{Checker, Schema};

use crate::shell::{Said, sim};

/// The one object of an output, checked against its schema.
fn object((_, out, err): &Said) -> Value {
    assert_eq!(out.lines().count(), 1, "{out}{err}");
    checked(out)
}

/// The object of a line, checked against its schema.
pub(crate) fn checked(line: &str) -> Value {
    let object: Value = serde_json::from_str(line).unwrap();
    let format = object["format"].as_str().expect("a format tag");
    let (shape, version) = format
        .strip_prefix("turingos.")
        .and_then(|name| name.split_once('/'))
        .unwrap();
    let schema = Schema::named(&format!("{shape}.v{version}")).expect(format);
    let violation = Checker::of(schema).violation(&object);
    assert!(violation.is_none(), "{format}: {violation:?}: {line}");
    object
}

#[test]
fn every_verb_prints_one_object_of_a_schema() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let reply = at("reply");
    fs::write(&reply, r#"{"q_next":"go on","a_t":{"op":"SYS_POP"}}"#).unwrap();
    fs::write(at("wrong"), "nothing").unwrap();
    for (format, words) in [
        (
            "soak-report",
            format!("soak --ticks 40 --check --out {}", at("soak")),
        ),
        ("finished-run", format!("soak --resume {}", at("soak"))),
        (
            "scenario-report",
            format!("run log-hunt --noise 5% --out {}", at("hunt")),
        ),
        ("finished-run", format!("run --resume {}", at("hunt"))),
        ("longrun-report", "longrun --seeds 0..1 --noise 0".into()),
        (
            "sweep-report",
            format!("sweep --seeds 0..2 --ticks 20 --out {}", at("sweep")),
        ),
        (
            "report-report",
            format!("report {} --out {}", at("sweep"), at("sweep.html")),
        ),
        (
            "sweep-comparison",
            format!(
                "sweep --seeds 0..1 --ticks 9 --against {}",
                env!("CARGO_BIN_EXE_sim")
            ),
        ),
        ("replay-report", format!("replay {}", at("soak"))),
        ("verify-report", format!("verify {}", at("soak"))),
        ("show-report", format!("show {}", at("soak"))),
        ("show-report", format!("show {} --tick 7", at("hunt"))),
        ("show-report", format!("show {} --traps", at("hunt"))),
        ("diff-report", format!("diff {} {}", at("soak"), at("soak"))),
        (
            "fork-report",
            format!(
                "fork {} --at 7 --reseed 3 --out {}",
                at("hunt"),
                at("forked")
            ),
        ),
        ("finished-run", format!("fork --resume {}", at("forked"))),
        (
            "fork-curve",
            format!("fork {} --at 3..5 --seeds 2", at("hunt")),
        ),
        (
            "report-report",
            format!(
                "report {} {} --out {}",
                at("soak"),
                at("hunt"),
                at("report.html")
            ),
        ),
        (
            "dataset-report",
            format!("dataset {} {} --out {}", at("soak"), at("hunt"), at("rows")),
        ),
        ("gate-report", "gate mutex opcodes".into()),
        ("decode-report", format!("decode {reply}")),
        ("schema-list", "schema list".into()),
        ("schema-document", "schema show scenario.v1".into()),
        (
            "schema-report",
            format!("schema check syscall-model.v4 {reply}"),
        ),
        ("system-prompt", "schema prompt".into()),
        ("new-report", format!("new mission {}", at("mission.md"))),
        ("lint-report", format!("lint {}", at("mission.md"))),
    ] {
        let words: Vec<_> = words.split(' ').chain(["--json"]).collect();
        let said = sim(&words);
        assert_eq!(said.0, Some(0), "{words:?}: {said:?}");
        let object = object(&said);
        assert_eq!(
            object["format"],
            format!("turingos.{format}/1"),
            "{words:?}"
        );
    }
    for words in [
        ["decode", &at("wrong"), "--json"].as_slice(),
        &["lint", "--as", "contract", &at("wrong"), "--json"],
        &[
            "schema",
            "check",
            "syscall-model.v4",
            &at("wrong"),
            "--json",
        ],
        &["verify", &at("wrong"), "--json"],
        &["run", "ordered-pipeline", "--agent", "clerk", "--json"],
    ] {
        let said = sim(words);
        assert_ne!(said.0, Some(0), "{words:?}");
        assert_eq!(object(&said)["passed"], false, "{words:?}");
    }
}

#[test]
fn server_prints_one_object_at_the_start_and_one_at_the_end() {
    let (code, out, err) = sim(&["serve", "--chaos", "5%", "--for", "1", "--json"]);
    assert_eq!((code, out.lines().count()), (Some(0), 2), "{err}");
    let objects: Vec<_> = out.lines().map(checked).collect();
    assert_eq!(objects[0]["format"], "turingos.serve-start/1");
    assert_eq!(objects[0]["source"]["chaos_per_10000"], 500);
    assert_eq!(objects[1]["format"], "turingos.serve-end/1");
}

/// Without a result there still is an object, and it says what standard error says.
#[test]
fn failure_is_an_object_too() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(at("used")).unwrap();
    fs::write(at("used/note"), "mine").unwrap();
    for (exit, words) in [
        (2, vec!["soak", "--out", &at("used")]),
        (2, vec!["soak", "--ticks", "0"]),
        (2, vec!["sweep", "--seeds", "5..5"]),
        (2, vec!["sweep", "merge", &at("nowhere")]),
        (6, vec!["sweep", "merge", &at("used")]),
        (2, vec!["dance"]),
        (2, vec![]),
        (6, vec!["replay", &at("used")]),
        (6, vec!["run", &at("used/note")]),
        (6, vec!["serve", "--tape", &at("used/note")]),
        (2, vec!["dataset", &at("nowhere"), "--out", &at("rows")]),
        (2, vec!["gate", "mutex", "--corpus", &at("nowhere")]),
        (2, vec!["live", "log-hunt"]),
        (2, vec!["new", "scenario", &at("used/note")]),
        (6, vec!["report", &at("used"), "--out", &at("page.html")]),
        (2, vec!["report", &at("used"), "--out", &at("used/note")]),
    ] {
        let words: Vec<_> = words.into_iter().chain(["--json"]).collect();
        let said = sim(&words);
        assert_eq!(said.0, Some(exit), "{words:?}: {said:?}");
        let object = object(&said);
        assert_eq!(object["format"], "turingos.failure/1", "{words:?}");
        assert_eq!(object["exit"], exit, "{words:?}");
        assert_eq!(object["passed"], false);
        let message = object["message"].as_str().unwrap();
        assert_eq!(said.2, format!("sim: {message}\n"), "{words:?}");
    }
}

/// One exit code for a path that is not there, whichever verb is given it.
#[test]
fn missing_path_is_a_usage_error_of_every_verb() {
    let directory = TempDir::new().unwrap();
    let nowhere = directory.path().join("nowhere.json");
    let nowhere = nowhere.to_str().unwrap();
    let work = directory.path().join("work");
    let work = work.to_str().unwrap();
    let run = directory.path().join("run");
    let run = run.to_str().unwrap();
    for words in [
        ["soak", "--resume", nowhere].as_slice(),
        &["run", "--resume", nowhere],
        &["run", nowhere],
        &["replay", nowhere],
        &["verify", nowhere],
        &["dataset", nowhere, "--out", work],
        &["report", nowhere, "--out", work],
        &["decode", nowhere],
        &["schema", "check", "scenario.v1", nowhere],
        &["lint", nowhere],
        &["gate", "mutex", "--corpus", nowhere],
        &["serve", "--tape", nowhere],
        &[
            "live",
            nowhere,
            "--workspace",
            work,
            "--out",
            run,
            "--kind",
            "ollama",
            "--model",
            "m",
        ],
        &[
            "live",
            "log-hunt",
            "--workspace",
            work,
            "--out",
            run,
            "--settings",
            nowhere,
        ],
    ] {
        let (code, out, err) = sim(words);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{words:?}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.contains("nowhere.json"), "{err}");
    }
}
