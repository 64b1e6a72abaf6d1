//! `sim report` and `--trace`, as a shell sees them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use turingos_run::{Gate, Manifest, RunDirectory};

fn sim(directory: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(words.split(' '))
        .current_dir(directory)
        .output()
        .unwrap()
}

/// Standard output and standard error, if the exit code is `exit`.
fn said(directory: &Path, words: &str, exit: i32) -> (String, String) {
    let output = sim(directory, words);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(exit), "{words}: {out}{err}");
    (out, err)
}

/// A directory with a run that fails, `bad`, and a run that passes, `good`.
fn scene() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    let at = scratch.path();
    said(at, "run log-hunt --noise 45% --seed 1 --quiet --out bad", 1);
    said(at, "run log-hunt --noise 5% --seed 1 --quiet --out good", 0);
    scratch
}

#[test]
fn report_has_verdict_command_and_failing_gate() {
    let scratch = scene();
    let at = scratch.path();
    let (out, _) = said(at, "report bad --out bad.html", 0);
    assert!(
        out.starts_with("A  FAILED  log-hunt, seed 1, 250 ticks\n"),
        "{out}"
    );
    let html = fs::read_to_string(at.join("bad.html")).unwrap();
    for part in [
        "<b class=\"badge failed\">FAILED</b>",
        "sim run log-hunt --seed 1 --noise 0.45 --agent worker --profile routine",
        "Gate halted: tick limit after 250 of 250 ticks",
        "Health of the lanes",
        "in full</h2>",
        "[OBSERVED_SLICE]",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let (again, _) = said(at, "report bad --out again.html --json", 0);
    let json: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(json["runs"][0]["verdict"], "FAILED");
    assert_eq!(json["bytes"], html.len());
    assert_eq!(html, fs::read_to_string(at.join("again.html")).unwrap());
}

#[test]
fn several_runs_are_compared_with_the_first() {
    let scratch = scene();
    let at = scratch.path();
    let (out, _) = said(at, "report good bad good --out all.html", 0);
    assert_eq!(out.lines().count(), 4, "{out}");
    let html = fs::read_to_string(at.join("all.html")).unwrap();
    for part in [
        "<h1>3 runs compared</h1>",
        "<h2>A and B</h2>",
        "/config/noise",
        "<h2>A and C</h2><p>Every record is the same.</p>",
        "members differ</summary>",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn forks_shrinks_and_curves_are_reported() {
    let scratch = tempfile::tempdir().unwrap();
    let at = scratch.path();
    let run = "run log-hunt --profile hostile --seed 2 --quiet --out failed";
    said(at, run, 3);
    said(at, "shrink failed --quiet --out smallest", 0);
    said(
        at,
        "fork failed --at 96..98 --seeds 2 --quiet --out curve.json",
        0,
    );
    let (out, _) = said(at, "report failed smallest curve.json --out page.html", 0);
    assert!(
        out.contains("B  FAILED  fork of log-hunt, seed 2, "),
        "{out}"
    );
    let html = fs::read_to_string(at.join("page.html")).unwrap();
    for part in [
        "<h2>How it was made small</h2>",
        "<h2>Where its fate turned</h2>",
        "Run A was continued",
        "<dt>forked from</dt>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let (_, err) = said(at, "report smallest curve.json --out other.html", 2);
    assert!(
        err.contains("curve.json: the run that was forked is not"),
        "{err}"
    );
    let account = at.join("smallest/shrink.json");
    let text = fs::read_to_string(&account).unwrap();
    fs::write(&account, text.replacen("\"minimal\"", "\"maximal\"", 1)).unwrap();
    let (_, err) = said(at, "report smallest --out other.html", 6);
    assert!(err.contains("shrink.json"), "{err}");
    assert!(!at.join("other.html").exists());
}

/// A fault that lasts twelve ticks is one fault.
#[test]
fn report_counts_the_faults_that_shrink_counts() {
    let scratch = tempfile::tempdir().unwrap();
    let at = scratch.path();
    let run = "run log-hunt --profile hostile --seed 2 --quiet --out failed";
    said(at, run, 3);
    let (shrunk, _) = said(at, "shrink failed --max-runs 1 --json", 0);
    let shrunk: Value = serde_json::from_str(&shrunk).unwrap();
    let faults = shrunk["original"]["faults"].as_u64().unwrap();
    said(at, "report failed --out page.html", 0);
    let html = fs::read_to_string(at.join("page.html")).unwrap();
    let figure = format!("<dd>{faults}</dd><dt>injected faults</dt>");
    assert!(html.contains(&figure), "{figure}");
    let (_, kinds) = html.split_once("<h2>Injected faults</h2>").unwrap();
    let (kinds, _) = kinds.split_once("</section>").unwrap();
    let counts = kinds.split("<b>").skip(1);
    let counts = counts.map(|rest| rest.split('<').next().unwrap().parse::<u64>().unwrap());
    assert_eq!(counts.sum::<u64>(), faults, "{kinds}");
    // The run shows injected noise in more ticks than faults begin in.
    let (shown, _) = said(at, "show failed --only injected --json", 0);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert!(shown["timeline"].as_array().unwrap().len() as u64 > faults);
}

/// An agent's recording has exchanges, not ticks; a journal alone is no run.
#[test]
fn what_is_no_run_is_named_as_what_it_is() {
    let scratch = scene();
    let at = scratch.path();
    said(at, "record --out tape -- true", 0);
    for words in [
        "report tape --out page.html",
        "report good tape --out page.html",
        "fork tape --at 0 --reseed 1 --out other",
        "shrink tape --out other",
    ] {
        let (_, err) = said(at, words, 2);
        assert!(
            err.starts_with("sim: tape is the recording of an agent"),
            "{err}"
        );
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    for file in ["good/journal.jsonl", "good/header.json"] {
        let (_, err) = said(at, &format!("report {file} --out page.html"), 2);
        assert_eq!(
            err,
            format!("sim: {file} is one file of a run; name the run's directory\n")
        );
    }
    assert!(!at.join("page.html").exists() && !at.join("other").exists());
}

#[test]
fn file_that_is_there_is_kept_unless_forced() {
    let scratch = scene();
    let at = scratch.path();
    fs::write(at.join("mine.html"), "mine").unwrap();
    let (_, err) = said(at, "report good --out mine.html", 2);
    assert_eq!(
        err,
        "sim: mine.html is there already; use --force to replace it\n"
    );
    assert_eq!(fs::read_to_string(at.join("mine.html")).unwrap(), "mine");
    said(at, "report good --out mine.html --force", 0);
    let replaced = fs::read_to_string(at.join("mine.html")).unwrap();
    assert!(replaced.starts_with("<!doctype html>"));
    said(at, "report good --out good --force", 2);
    said(at, "report good --out nowhere/x.html", 2);
    let many = ["good"; 13].join(" ");
    said(at, &format!("report {many} --out many.html"), 2);
    assert!(!at.join("many.html").exists());
}

/// What the page says about a run was computed again, so a forged file cannot be reported.
#[test]
fn corrupt_run_leaves_no_report() {
    let scratch = scene();
    let at = scratch.path();
    let traps = at.join("bad").join(RunDirectory::TRAPS);
    let text = fs::read_to_string(&traps).unwrap();
    fs::write(
        &traps,
        text.replacen("\"details\":\"", "\"details\":\"forged ", 1),
    )
    .unwrap();
    said(at, "report bad --out bad.html", 6);
    assert!(!at.join("bad.html").exists());
    let left: Vec<_> = walk(at)
        .into_iter()
        .filter(|name| name.contains("sim-report"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

/// The manifest claims more than its files can show.
#[test]
fn forged_verdict_is_not_reported() {
    let scratch = scene();
    let at = scratch.path();
    let path = at.join("bad").join(RunDirectory::MANIFEST);
    let manifest = Manifest::from_bytes(&fs::read(&path).unwrap()).unwrap();
    let gates = { manifest.gates().iter() }.map(|gate| Gate::judged(&gate.id, true, "forged"));
    let forged = manifest.clone().with_gates(gates.collect());
    fs::write(&path, forged.to_bytes()).unwrap();
    for words in ["report bad --out bad.html", "show bad"] {
        let (_, err) = said(at, words, 5);
        assert!(err.contains("gates"), "{err}");
    }
    assert!(!at.join("bad.html").exists());
}

fn walk(at: &Path) -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "the order does not matter")]
    let entries = fs::read_dir(at).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn trace_prints_the_lines_of_show() {
    let scratch = tempfile::tempdir().unwrap();
    let at = scratch.path();
    for (verb, run) in [
        ("soak --ticks 60 --profile hostile --seed 3", "soak"),
        ("run log-hunt --noise 20% --seed 3", "hunt"),
    ] {
        let traced = sim(at, &format!("{verb} --trace --out {run}"));
        let traced = String::from_utf8(traced.stdout).unwrap();
        let (shown, _) = said(at, &format!("show {run}"), 0);
        let (timeline, _) = shown.rsplit_once("AS RECORDED").unwrap();
        assert!(timeline.lines().count() > 10, "{timeline}");
        assert!(traced.contains(timeline), "{traced}\n---\n{timeline}");
    }
    said(at, "soak --trace --json", 2);
    said(at, "run log-hunt --trace --json", 2);
}
