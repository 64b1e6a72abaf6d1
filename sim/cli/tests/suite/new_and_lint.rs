//! `sim new` and `sim lint` as a shell sees them.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::shell::sim;

const KINDS: [(&str, &str); 4] = [
    ("scenario", "mine.json"),
    ("mission", "mission.md"),
    ("settings", "providers.toml"),
    ("contract", "plan.json"),
];

#[test]
fn every_example_is_written_once_and_valid() {
    let directory = TempDir::new().unwrap();
    for (kind, name) in KINDS {
        let path = directory.path().join(name);
        let path = path.to_str().unwrap();
        let (code, out, err) = sim(&["new", kind, path]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{kind}");
        assert!(
            out.starts_with(&format!("{path}: an example of a {kind}\n")),
            "{out}"
        );
        let written = fs::read_to_string(path).unwrap();
        // JSON has no comments: its members are described on standard output.
        match kind {
            "scenario" => assert!(out.contains("\n  tick_limit "), "{out}"),
            "contract" => assert!(out.contains("\n  ordered_steps "), "{out}"),
            "mission" => assert!(written.contains("<!--"), "{written}"),
            _ => assert!(written.contains("\n# "), "{written}"),
        }
        let (code, out, err) = sim(&["lint", path]);
        assert_eq!(code, Some(0), "{out}{err}");
        assert!(out.starts_with(&format!("{path}: valid {kind}: ")), "{out}");
        let (code, _, err) = sim(&["new", kind, path]);
        assert_eq!(code, Some(2));
        assert!(err.contains("is there already"), "{err}");
        assert_eq!(fs::read_to_string(path).unwrap(), written);
    }
}

#[test]
fn example_of_a_scenario_passes() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("mine.json");
    let path = path.to_str().unwrap();
    assert_eq!(sim(&["new", "scenario", path]).0, Some(0));
    for noise in ["0", "5%"] {
        let (code, out, err) = sim(&["run", path, "--noise", noise]);
        assert_eq!(code, Some(0), "{out}{err}");
    }
}

/// The schema cannot say that a mission must be one of the files; `run` refuses it, and so does
/// `lint`.
#[test]
fn lint_refuses_what_run_refuses() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("mine.json");
    let name = path.to_str().unwrap();
    assert_eq!(sim(&["new", "scenario", name]).0, Some(0));
    let text = fs::read_to_string(&path).unwrap();
    let changed = text.replacen(
        "\"mission\": \"MISSION.md\"",
        "\"mission\": \"OTHER.md\"",
        1,
    );
    fs::write(&path, changed).unwrap();
    assert_eq!(sim(&["schema", "check", "scenario.v1", name]).0, Some(0));
    let (run, _, reason) = sim(&["run", name]);
    let (lint, out, _) = sim(&["lint", name]);
    assert_eq!((run, lint), (Some(6), Some(6)));
    let reason = reason.trim_end().rsplit_once("mine.json: ").unwrap().1;
    assert_eq!(out, format!("{name}: invalid scenario: {reason}\n"));
    let (code, out, _) = sim(&["lint", "--json", name]);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["passed"]), (Some(6), &false.into()));
    assert_eq!(json["files"][0]["detail"], reason);
}

#[test]
fn kind_of_a_file_follows_from_its_name_and_can_be_given() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("broken.json"), "{\"format\":").unwrap();
    fs::write(path(".turingos.contract.json"), "{\"enabled\":").unwrap();
    fs::write(path("note.txt"), "Do this.\n").unwrap();
    fs::write(path("wrong.toml"), "version = 1\n").unwrap();
    for (name, says) in [
        ("broken.json", "invalid scenario: NOT_JSON"),
        (".turingos.contract.json", "invalid contract: "),
        ("note.txt", "valid mission: 1 lines"),
        ("wrong.toml", "invalid settings: "),
    ] {
        let (_, out, _) = sim(&["lint", &path(name)]);
        assert!(out.starts_with(&format!("{}: {says}", path(name))), "{out}");
    }
    let (code, out, _) = sim(&["lint", "--as", "contract", &path("note.txt")]);
    assert_eq!(code, Some(6));
    assert!(out.contains("invalid contract: "), "{out}");
}
