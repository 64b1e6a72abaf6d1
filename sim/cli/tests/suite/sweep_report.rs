//! `sim report` about a sweep.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::json_objects::checked;
use crate::shell::{Said, output};

fn sim(directory: &Path, words: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    output(command.args(words.split(' ')).current_dir(directory))
}

/// A directory with a sweep, `nightly`, in which runs failed.
fn scene() -> TempDir {
    let scratch = TempDir::new().unwrap();
    let sweep = "sweep --seeds 0..24 --scenario log-hunt --noise 80% --out nightly";
    let (code, out, err) = sim(scratch.path(), sweep);
    assert_eq!(code, Some(1), "{out}{err}");
    scratch
}

#[test]
fn report_has_verdict_failures_and_the_command_that_repeats_the_sweep() {
    let scratch = scene();
    let at = scratch.path();
    let (code, out, err) = sim(at, "report nightly --out nightly.html");
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.starts_with("FAILED  Sweep of seeds 0..24, ") && out.lines().count() == 2,
        "{out}"
    );
    let html = fs::read_to_string(at.join("nightly.html")).unwrap();
    let command = "sim sweep --seeds 0..24 --scenario log-hunt --profile routine --noise 0.8";
    for part in [
        "<b class=\"badge failed\">FAILED</b>",
        &format!("<pre>{command}</pre>"),
        "<pre>sim run log-hunt --seed ",
        "<b>Failed runs</b>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let again = command.replacen("sim ", "", 1) + " --out again";
    assert_eq!(sim(at, &again).0, Some(1));
    let read = |name: &str| fs::read(at.join(name)).unwrap();
    assert!(read("nightly/sweep.jsonl") == read("again/sweep.jsonl"));
    let (_, out, _) = sim(at, "report again --out again.html --json");
    let json: Value = checked(&out);
    assert_eq!(json["sweep"]["verdict"], "FAILED");
    assert_eq!(
        (&json["bytes"], &json["sweep"]["runs"]),
        (&html.len().into(), &24.into())
    );
    assert!(read("nightly.html") == read("again.html"));
}

#[test]
fn report_of_what_is_not_one_whole_sweep_is_refused() {
    let scratch = scene();
    let at = scratch.path();
    let refused = |words: &str, exit: i32, part: &str| {
        let (code, out, err) = sim(at, words);
        assert_eq!((code, out.as_str()), (Some(exit), ""), "{words}: {err}");
        assert!(err.contains(part), "{words}: {err}");
    };
    fs::write(at.join("there.html"), "mine").unwrap();
    refused("report nightly --out there.html", 2, "use --force");
    assert_eq!(
        sim(at, "report nightly --out there.html --force").0,
        Some(0)
    );
    refused(
        "report nightly nightly --out page.html",
        2,
        "name nothing else",
    );
    let shard = "sweep --seeds 0..4 --ticks 9 --shard 0/2 --out shards";
    assert_eq!(sim(at, shard).0, Some(0));
    refused(
        "report shards --out page.html",
        6,
        "run `sim sweep merge shards`",
    );
    let file = at.join("nightly/sweep.jsonl");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 20]).unwrap();
    refused(
        "report nightly --out page.html",
        6,
        "nightly/sweep.jsonl: cut short in line",
    );
    assert!(!at.join("page.html").exists());
}
