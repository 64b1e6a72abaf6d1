//! `sim run` and `sim longrun` as a shell sees them.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;
use turingos_run::read_prefix;
use turingos_run::scenario::{BuiltIn, Settings};

use crate::shell::sim;

#[test]
fn report_begins_with_seed_and_ends_with_command() {
    let (code, out, err) = sim(&["run", "capability-only", "--seed", "7", "--noise", "0.05"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("seed 7  scenario capability-only  profile routine"));
    assert!(out.contains("PASSED  root "));
    assert!(!out.contains("config {"), "{out}");
    let last = "reproduce: sim run capability-only --seed 7 --noise 0.05 --agent worker \
                --profile routine";
    assert_eq!(out.lines().last(), Some(last));
}

#[test]
fn run_is_written_and_read_back() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("run");
    let shown = path.to_str().unwrap();
    let arguments = [
        "run", "log-hunt", "--noise", "0.1", "--out", shown, "--json",
    ];
    let (code, out, _) = sim(&arguments);
    assert_eq!(code, Some(0), "{out}");
    let json: Value = serde_json::from_str(&out).unwrap();
    let prefix = read_prefix::<Settings>(&path).unwrap();
    assert_eq!(prefix.head.to_string(), json["root"].as_str().unwrap());
    assert_eq!(prefix.records, json["ticks"].as_u64().unwrap());
    assert_eq!(prefix.header.config.scenario.name(), "log-hunt");
    assert!(prefix.manifest.unwrap().passed());
    assert!(fs::metadata(path.join("injections.jsonl")).unwrap().len() > 0);
    let (code, _, err) = sim(&arguments);
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn scenario_file_is_accepted() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("mine.json");
    fs::write(&path, BuiltIn::named("ordered-pipeline").unwrap().text).unwrap();
    let (_, by_name, _) = sim(&["run", "ordered-pipeline", "--json"]);
    let (code, by_file, _) = sim(&["run", path.to_str().unwrap(), "--json"]);
    let root = |text: &str| serde_json::from_str::<Value>(text).unwrap()["root"].clone();
    assert_eq!((code, root(&by_name)), (Some(0), root(&by_file)));
}

#[test]
fn unknown_scenario_lists_the_known_ones() {
    let (code, out, err) = sim(&["run", "ordered-pipelines"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    for built_in in BuiltIn::ALL {
        assert!(err.contains(built_in.name), "{err}");
    }
    assert_eq!(err.lines().count(), 1);
}

#[test]
fn malformed_file_names_its_place() {
    let directory = TempDir::new().unwrap();
    let text = BuiltIn::named("ordered-pipeline").unwrap().text;
    for (name, changed, place) in [
        ("cut.json", text[..text.len() / 2].to_owned(), "NOT_JSON"),
        (
            "key.json",
            text.replacen("\"about\"", "\"abuot\"", 1),
            "UNKNOWN_KEY at the document",
        ),
        (
            "contract.json",
            text.replacen("\"progress_file\": \"", "\"progress_file\": \"../", 1),
            "BAD_CONTRACT at /contract/progress_file",
        ),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, changed).unwrap();
        let (code, out, err) = sim(&["run", path.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (Some(6), ""), "{err}");
        assert!(err.contains(name) && err.contains(place), "{err}");
    }
}

#[test]
fn failed_run_exits_1() {
    let arguments = ["run", "ordered-pipeline", "--agent", "clerk"];
    let (code, out, _) = sim(&arguments);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("FAILED") && out.contains("reproduce: sim run ordered-pipeline"));
}

#[test]
fn noise_is_a_share_of_the_routine_profile() {
    let (code, _, err) = sim(&["run", "log-hunt", "--noise", "5"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("a share is a number from 0 to 1"), "{err}");
    let (code, _, err) = sim(&["run", "log-hunt", "--noise", "0.1", "--profile", "hostile"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("routine profile"), "{err}");
}

#[test]
fn longrun_prints_a_table_per_noise_level() {
    let arguments = ["longrun", "--seeds", "0..2", "--noise", "0,10%"];
    let (code, out, err) = sim(&arguments);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for built_in in BuiltIn::ALL {
        // A row of figures and a row of traps at each level.
        assert_eq!(out.matches(built_in.name).count(), 4, "{out}");
    }
    assert!(out.contains("noise 0\n") && out.contains("noise 0.1\n"));
    assert!(out.contains("without-noise"));
    let (code, markdown, _) = sim(&[&arguments[..], &["--markdown"]].concat());
    assert_eq!(code, Some(0));
    assert!(markdown.starts_with("### Noise 0\n"));
    assert_eq!(markdown.matches("| total |").count(), 2);
}

#[test]
fn longrun_json_is_one_repeatable_line() {
    let arguments = ["longrun", "--seeds", "4..6", "--noise", "0.3", "--json"];
    let (code, out, _) = sim(&arguments);
    assert_eq!((code, out.lines().count()), (Some(0), 1));
    assert_eq!(sim(&arguments).1, out);
    let json: Value = serde_json::from_str(&out).unwrap();
    let level = &json["levels"][0];
    assert_eq!(level["noise_per_10000"], 3_000);
    assert_eq!(
        level["scenarios"].as_array().unwrap().len(),
        BuiltIn::ALL.len()
    );
    assert_eq!(level["total"]["runs"], 16);
    assert_eq!(level["total"]["route_coverage_per_10000"], 10_000);
    assert!(level["total"]["traps"]["CPU_FAULT"].as_u64() > Some(0));
}
