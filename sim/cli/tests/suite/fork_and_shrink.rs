//! `sim fork` and `sim shrink`, as a shell sees them.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::shell::{self, sim_in, stdout};

fn sim(directory: &Path, line: &str) -> Output {
    sim_in(directory, line.split(' '))
}

/// The one line of standard error, if the exit code is `exit`.
fn stderr(output: &Output, exit: i32) -> String {
    let errors = shell::stderr(output, exit);
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A directory with a passing run and a failing one: a mission whose agent gets lost.
fn scene() -> TempDir {
    let scratch = tempfile::tempdir().unwrap();
    stdout(
        &sim(scratch.path(), "run log-hunt --noise 5% --out good"),
        0,
    );
    let lost = sim(scratch.path(), "fork good --at 6 --inject lost --out bad");
    assert!(matches!(lost.status.code(), Some(0 | 1)), "{lost:?}");
    scratch
}

#[test]
fn fork_is_written_replayed_verified_and_compared() {
    let scratch = scene();
    let at = scratch.path();
    let again = stdout(
        &sim(at, "fork good --at 5 --reseed 9 --out other --json"),
        0,
    );
    let again = json(&again);
    assert_eq!(again["format"], "turingos.fork-report/1");
    assert_eq!(again["edits"][0]["reseed"]["seed"], 9);
    assert_eq!(again["reproduce"], "sim replay other");
    let replayed = stdout(&sim(at, "replay other"), 0);
    assert!(replayed.contains("AS RECORDED"), "{replayed}");
    stdout(&sim(at, "verify other"), 0);
    stdout(&sim(at, "show other"), 0);
    let differs = stdout(&sim(at, "diff good other"), 1);
    assert!(differs.contains("first difference: tick"), "{differs}");
    let resumed = stdout(&sim(at, "fork --resume other"), 0);
    assert!(resumed.contains("has finished: PASSED"), "{resumed}");
    // A killed fork goes on where it stopped.
    let root = fs::read_to_string(at.join("other/journal.jsonl")).unwrap();
    let lines: Vec<_> = root.lines().take(8).collect();
    fs::write(at.join("other/journal.jsonl"), lines.join("\n") + "\n").unwrap();
    fs::remove_file(at.join("other/manifest.json")).unwrap();
    stdout(&sim(at, "fork --resume other"), 0);
    let whole = fs::read_to_string(at.join("other/journal.jsonl")).unwrap();
    assert_eq!(whole, root);
    stdout(&sim(at, "replay other"), 0);
}

#[test]
fn reply_is_taken_as_text_or_as_a_body() {
    let scratch = scene();
    let at = scratch.path();
    let text = r#"{"q_next":"mine","a_t":{"op":"SYS_PUSH","task":"look around"}}"#;
    fs::write(at.join("text"), text).unwrap();
    let body = serde_json::json!({
        "id": "m", "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    });
    fs::write(at.join("body"), body.to_string()).unwrap();
    for file in ["text", "body"] {
        let line = format!("fork good --at 4 --reply {file} --out {file}-run --json");
        let report = json(&String::from_utf8(sim(at, &line).stdout).unwrap());
        assert!(
            report["edits"][0]["reply"]["reply"][file].is_string()
                || report["edits"][0]["reply"]["reply"][file].is_object(),
            "{report}"
        );
        let shown = stdout(&sim(at, &format!("show {file}-run --tick 4")), 0);
        assert!(shown.contains("SYS_PUSH"), "{shown}");
    }
}

#[test]
fn curve_is_a_table_an_object_and_a_file() {
    let scratch = scene();
    let at = scratch.path();
    let shown = stdout(&sim(at, "fork good --at 2..5 --seeds 4"), 0);
    assert!(shown.contains("95% interval"), "{shown}");
    let object = stdout(
        &sim(at, "fork good --at 2..5 --seeds 4 --out curve.json --json"),
        0,
    );
    assert_eq!(fs::read_to_string(at.join("curve.json")).unwrap(), object);
    let object = json(&object);
    assert_eq!(object["format"], "turingos.fork-curve/1");
    assert_eq!(object["points"].as_array().unwrap().len(), 3);
    let message = stderr(
        &sim(at, "fork good --at 2..5 --seeds 4 --out curve.json"),
        2,
    );
    assert!(message.contains("curve.json exists"), "{message}");
}

#[test]
fn failing_run_shrinks_to_the_fault_that_it_needs() {
    let scratch = scene();
    let at = scratch.path();
    let report = stdout(&sim(at, "shrink bad --out small --corpus cases --json"), 0);
    assert_eq!(
        fs::read_to_string(at.join("small/shrink.json")).unwrap(),
        report
    );
    let report = json(&report);
    assert_eq!(report["format"], "turingos.shrink-report/1");
    assert_eq!(report["minimal"], true);
    assert_eq!(report["faults"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["faults"][0]["kind"], "lost");
    assert_eq!(report["faults"][0]["necessary"], true);
    assert_eq!(report["reproduce"], "sim replay small");
    // Steps of the mission that the failure does not need are gone, too.
    let steps = |run: &str, place: &str| {
        let header = json(&fs::read_to_string(at.join(run).join("header.json")).unwrap());
        let steps = header.pointer(place).and_then(Value::as_array);
        steps.expect("a contract has steps").len()
    };
    let contract = "scenario/contract/ordered_steps";
    let left = steps("small", &format!("/config/base/scenario/{contract}"));
    assert!(
        left < steps("good", &format!("/config/{contract}")),
        "{left}"
    );
    let parts = report["history"].as_array().unwrap();
    assert!(
        parts.iter().any(|step| step["stage"] == "parts"),
        "{report}"
    );
    // The kinds of which no fault remains are off, by name.
    let header = json(&fs::read_to_string(at.join("small/header.json")).unwrap());
    let edits = header["config"]["edits"].as_array().unwrap();
    assert_eq!(edits.last().unwrap()["off"], report["off"]);
    let off = report["off"].as_array().unwrap();
    assert!(off.len() > 40 && !off.contains(&"lost".into()), "{report}");
    let names = stdout(&sim(at, "-v shrink bad"), 0);
    assert!(names.contains("\noff: markdown_fence, "), "{names}");
    stdout(&sim(at, "replay small"), 0);
    stdout(&sim(at, "verify small"), 0);
    for (schema, file) in [
        ("fork-run-header.v1", "small/header.json"),
        ("shrink-report.v1", "small/shrink.json"),
    ] {
        stdout(&sim(at, &format!("schema check {schema} {file}")), 0);
    }
    // The regression case is the same run, below the corpus.
    #[expect(clippy::disallowed_methods, reason = "there is one entry")]
    let case = fs::read_dir(at.join("cases"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let case = format!("cases/{}", case.file_name().into_string().unwrap());
    assert!(case.starts_with("cases/halted-"), "{case}");
    stdout(&sim(at, &format!("replay {case}")), 0);
    // A smaller run cannot be made smaller.
    let again = json(&stdout(&sim(at, "shrink small --json"), 0));
    assert_eq!(again["smallest"]["faults"], 1);
    let text = stdout(&sim(at, "shrink bad"), 0);
    assert!(text.contains("MINIMAL  root"), "{text}");
    let ended = stdout(&sim(at, "shrink bad --max-runs 1"), 0);
    assert!(
        ended.contains("NOT MINIMAL: the search ended early"),
        "{ended}"
    );
}

#[test]
fn bad_input_is_one_line_and_nothing_is_written() {
    let scratch = scene();
    let at = scratch.path();
    let past = stderr(&sim(at, "fork good --at 9999 --reseed 1 --out no"), 2);
    assert!(
        past.contains("the run has no tick 9999: its last tick is"),
        "{past}"
    );
    let unknown = stderr(&sim(at, "fork good --at 1 --mute dreams --out no"), 2);
    assert!(unknown.contains("no such kind of fault"), "{unknown}");
    let none = stderr(&sim(at, "fork good --at 0 --mute torn_write --out no"), 2);
    assert!(none.contains("no torn_write begins at tick 0"), "{none}");
    let never = stderr(&sim(at, "fork good --at 0 --inject torn_write --out no"), 2);
    assert!(
        never.contains("torn_write cannot happen at tick 0"),
        "{never}"
    );
    stderr(&sim(at, "fork good --at 1 --out no"), 2);
    let past = stderr(&sim(at, "fork good --at 2..9999 --seeds 2 --out no"), 2);
    assert!(past.contains("the run has no tick 9998"), "{past}");
    let past = stderr(&sim(at, "show good --tick 9999"), 2);
    assert!(past.contains("9999"), "{past}");
    stderr(&sim(at, "fork good --at 1..4 --reseed 1 --out no"), 2);
    stderr(
        &sim(at, "fork good --at 1 --reseed 1 --mute loop --out no"),
        2,
    );
    let passed = stderr(&sim(at, "shrink good --out no"), 2);
    assert_eq!(
        passed,
        "sim: the run passed: there is no failure to shrink\n"
    );
    let journal = at.join("bad/journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("\"tick\":9,", "\"tick\":8,", 1)).unwrap();
    stderr(&sim(at, "fork bad --at 3 --reseed 1 --out no"), 6);
    stderr(&sim(at, "fork bad --at 2..4 --seeds 2 --out no"), 6);
    stderr(&sim(at, "shrink bad --out no --corpus no"), 6);
    assert!(!at.join("no").exists());
}
