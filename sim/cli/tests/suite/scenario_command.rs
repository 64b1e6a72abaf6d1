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
        // Three rows of figures and a row of traps at each level.
        assert_eq!(out.matches(built_in.name).count(), 8, "{out}");
    }
    assert!(out.contains("noise 0\n") && out.contains("noise 0.1\n"));
    assert!(out.contains("pass  without-noise "));
    assert!(out.contains("skip  noise-1000-per-10000 "));
    let is_table = |line: &&str| line.starts_with("  ") && !line.contains("_");
    let widest = out
        .lines()
        .filter(is_table)
        .map(|line| line.chars().count());
    assert!(widest.max() <= Some(80), "{out}");
    let (code, markdown, _) = sim(&[&arguments[..], &["--markdown"]].concat());
    assert_eq!(code, Some(0));
    assert!(markdown.starts_with("### Noise 0\n"));
    assert_eq!(markdown.matches("| total |").count(), 2);
}

#[test]
fn longrun_json_is_one_repeatable_line() {
    let arguments = [
        "longrun",
        "--seeds",
        "4..6",
        "--noise",
        "0.3",
        "--min-pass",
        "0.1",
        "--json",
    ];
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

/// Everything failed, no gate was printed, and the exit code was 0.
#[test]
fn longrun_without_a_verdict_does_not_pass() {
    let arguments = ["longrun", "--seeds", "0..1", "--noise", "0.5"];
    let (code, out, err) = sim(&arguments);
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    assert!(
        out.ends_with("FAILED  no level was judged; give --min-pass SHARE\n"),
        "{out}"
    );
    assert!(out.contains("skip  noise-5000-per-10000 "), "{out}");
    let judged = |share: &str| {
        let (code, out, err) = sim(&[&arguments[..], &["--min-pass", share, "--json"]].concat());
        assert_eq!(err, "");
        let json: Value = serde_json::from_str(&out).unwrap();
        let verdict = json["gates"][0]["verdict"].clone();
        (code, verdict, json["passed"].clone())
    };
    assert_eq!(judged("1"), (Some(1), "fail".into(), false.into()));
    assert_eq!(judged("0"), (Some(0), "pass".into(), true.into()));
}

#[test]
fn longrun_is_compared_with_a_baseline() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("before.json");
    let file = path.to_str().unwrap();
    let plan = ["longrun", "--seeds", "0..2", "--noise", "0,0.05"];
    let with = |words: &[&str]| sim(&[&plan[..], words].concat());
    let (_, before, _) = with(&["--json"]);
    fs::write(&path, &before).unwrap();
    let (code, out, err) = with(&["--baseline", file]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains(" figures unchanged, 0 losses\n"), "{out}");

    // The earlier run had another figure in one place.
    let changed = |figure: &str, value: i64| {
        let mut json: Value = serde_json::from_str(&before).unwrap();
        let now = json["levels"][1]["total"][figure].as_i64().unwrap();
        json["levels"][1]["total"][figure] = (now + value).into();
        fs::write(&path, json.to_string()).unwrap();
    };
    changed("pointer_drift_per_10000", -7);
    let (code, out, _) = with(&["--baseline", file]);
    assert_eq!(code, Some(1), "{out}");
    let line = out.lines().find(|line| line.ends_with("  LOSS")).unwrap();
    assert!(
        line.contains("0.05   total") && line.contains("  +7  "),
        "{line}"
    );
    assert_eq!(
        with(&["--baseline", file, "--max-loss", "0.0007"]).0,
        Some(0)
    );
    let (code, out, _) = with(&["--baseline", file, "--json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["passed"]), (Some(1), &false.into()));
    let deltas = json["baseline"].as_array().unwrap();
    // Every figure of every row, changed or not.
    assert!(deltas.len() > 18 * 30, "{}", deltas.len());
    let losses = deltas.iter().filter(|delta| delta["loss"] == true);
    assert_eq!(losses.count(), 1);
    // A gain, and a figure that judges nothing.
    changed("pointer_drift_per_10000", 7);
    assert_eq!(with(&["--baseline", file]).0, Some(0));
    changed("failovers", -7);
    let (code, out, _) = with(&["--baseline", file]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("failovers"), "{out}");

    fs::write(&path, &before).unwrap();
    let other = [
        "longrun",
        "--seeds",
        "0..3",
        "--noise",
        "0,0.05",
        "--baseline",
        file,
    ];
    let (code, _, err) = sim(&other);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("its seeds are 0..2, those of this run are 0..3"),
        "{err}"
    );
    fs::write(&path, "{}").unwrap();
    let (code, _, err) = with(&["--baseline", file]);
    assert_eq!(code, Some(6));
    assert!(
        err.contains("not the output of `sim longrun --json`"),
        "{err}"
    );
}
