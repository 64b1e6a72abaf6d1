//! `sim sweep` as a shell and an engine call it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use turingos_schema::{Checker, Schema};

use crate::shell::{Said, output, sim};

/// A mission that fails with this much noise and some seeds.
const NOISY: [&str; 5] = ["sweep", "--scenario", "log-hunt", "--noise", "0.8"];

fn noisy(more: &[&str]) -> Said {
    sim(&[&NOISY, more].concat())
}

fn objects(out: &str) -> Vec<Value> {
    let object = |line: &str| -> Value {
        let object: Value = serde_json::from_str(line).unwrap();
        let shape = object["format"].as_str().unwrap().replace("turingos.", "");
        let shape = shape.replace("/1", ".v1");
        let violation = Checker::of(Schema::named(&shape).unwrap()).violation(&object);
        assert!(violation.is_none(), "{violation:?}: {line}");
        object
    };
    out.lines().map(object).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn failures_are_grouped_and_each_command_repeats_its_run() {
    let (code, out, err) = noisy(&["--seeds", "0..40", "--json"]);
    assert_eq!(code, Some(1), "{err}");
    let objects = objects(&out);
    let (report, failures) = objects.split_last().unwrap();
    assert!(!failures.is_empty());
    assert_eq!(
        (&report["runs"], &report["failed"]),
        (&40.into(), &failures.len().into())
    );
    // A fresh process confirmed each.
    assert_eq!(report["checked"], failures.len());
    let groups = report["groups"].as_array().unwrap();
    let runs: u64 = groups
        .iter()
        .map(|group| group["runs"].as_u64().unwrap())
        .sum();
    assert_eq!(usize::try_from(runs).unwrap(), failures.len());
    let ticks: Vec<_> = { groups.iter() }
        .map(|group| group["cheapest"][0]["ticks"].as_u64().unwrap())
        .collect();
    assert!(ticks.is_sorted(), "{ticks:?}");
    for failure in &failures[..2] {
        let command = failure["reproduce"].as_str().unwrap();
        let words: Vec<_> = command.split(' ').skip(1).chain(["--json"]).collect();
        let again: Value = serde_json::from_str(&sim(&words).1).unwrap();
        assert_eq!(
            (&again["root"], &again["passed"]),
            (&failure["root"], &false.into())
        );
    }
    let (code, text, _) = noisy(&["--seeds", "0..40", "-j", "1"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("failures, the cheapest first"), "{text}");
    assert!(text.contains("\nFAILED  "), "{text}");
    assert!(text.contains("  sim run log-hunt --seed "), "{text}");
}

#[test]
fn passing_sweep_counts_what_it_reached() {
    let (code, out, err) = sim(&["sweep", "--seeds", "0..3", "--ticks", "50", "--json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let report = &objects(&out)[0];
    let ledger = &report["ledger"];
    let points = ledger["points"].as_u64().unwrap();
    assert!(points >= 300);
    let never = ledger["never"].as_array().unwrap();
    assert!(!never.is_empty() && never.len() < usize::try_from(points).unwrap());
    let reached = &ledger["reached"]["opcode/SYS_WRITE/carried_out"];
    assert_eq!(reached["first_seed"], 0);
    let (_, out, _) = sim(&["sweep", "--seeds", "0..3", "--ticks", "50", "-v"]);
    assert!(out.contains("\n  never fault/REPLY_TOO_LARGE\n"), "{out}");
    let (_, out, _) = sim(&["sweep", "--seeds", "0..3", "--ticks", "50", "-q"]);
    assert_eq!(out, "PASSED  3 runs\n");
}

#[test]
fn limits_stop_a_sweep() {
    let (code, out, _) = noisy(&["--seeds", "0..500", "--max-failures", "2"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("stopped by --max-failures after"), "{out}");
    assert!(out.contains("FAILED  2 of "), "{out}");
    let soaks = ["sweep", "--seeds", "0..100000", "--ticks", "20"];
    let (code, out, _) = sim(&[&soaks[..], &["--until-quiet", "5"]].concat());
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("stopped by --until-quiet after"), "{out}");
    let (code, out, _) = sim(&[&soaks[..], &["--time-limit", "1s"]].concat());
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("stopped by --time-limit after"), "{out}");
}

#[test]
fn bad_arguments_say_what_is_allowed() {
    let out = TempDir::new().unwrap();
    let out = text(out.path());
    for (words, part) in [
        (vec!["--seeds", "5..5"], "such as 0..100"),
        (vec!["--seeds", "0..x"], "such as 0..100"),
        (vec![], "--seeds <A..B> is missing"),
        (
            vec!["--seeds", "0..9", "--shard", "9/8", "--out", out],
            "I from 0 to N-1",
        ),
        (
            vec!["--seeds", "0..9", "--shard", "auto", "--out", out],
            "no engine started",
        ),
        (vec!["--seeds", "0..9", "--shard", "1/2"], "--out"),
        (vec!["--seeds", "0..9", "--jobs", "0"], "from 1 to"),
        (vec!["--seeds", "0..9", "--time-limit", "5"], "such as 90s"),
        (
            vec!["--seeds", "0..9", "--scenario", "no-such"],
            "scenarios: ordered-pipeline",
        ),
        (vec!["--seeds", "0..9", "--noise", "5%"], "--scenario"),
        (
            vec![
                "--seeds",
                "0..9",
                "--scenario",
                "all",
                "--profile",
                "hostile",
                "--noise",
                "1%",
            ],
            "--noise applies to the routine profile only",
        ),
        (
            vec!["merge", "/nowhere/at/all"],
            "no such file or directory",
        ),
    ] {
        let words: Vec<_> = ["sweep"].into_iter().chain(words).collect();
        let (code, printed, err) = sim(&words);
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{words:?}: {err}");
        assert!(
            err.contains(part) && err.lines().count() == 1,
            "{words:?}: {err}"
        );
    }
    let (code, _, err) = sim(&["sweep", "merge", out]);
    assert_eq!(code, Some(6), "{err}");
    assert!(err.contains("no shard in it"), "{err}");
}

/// Runs a shard as an engine does: with its variable, and no number on the command line.
fn by_engine(directory: &Path, seeds: &str, index: u64, count: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command
        .args(NOISY)
        .args(["--seeds", seeds, "--out", text(directory)])
        .args(["--shard", &format!("auto/{count}"), "--overlap", "0.5"])
        .env("HQ_TASK_ID", index.to_string());
    command
}

#[test]
fn shards_of_an_engine_merge_into_the_sweep_of_one_machine() {
    let scratch = TempDir::new().unwrap();
    let (alone, shards) = (scratch.path().join("alone"), scratch.path().join("shards"));
    let (code, _, err) = noisy(&["--seeds", "0..30", "--out", text(&alone)]);
    assert_eq!(code, Some(1), "{err}");
    for index in 0..4 {
        let (code, out, err) = output(&mut by_engine(&shards, "0..30", index, 4));
        // A failing seed is a result, not a failed job.
        assert_eq!(code, Some(0), "{out}{err}");
        assert!(out.contains("COMPLETE"), "{out}");
    }
    let (code, out, _) = output(&mut by_engine(&shards, "0..30", 2, 4));
    assert_eq!(code, Some(0), "{out}");
    let (code, out, err) = sim(&["sweep", "merge", text(&shards), "--json"]);
    assert_eq!(code, Some(1), "{err}");
    let merged = &objects(&out)[0];
    assert_eq!(merged["merged"]["good"], 4);
    assert!(
        merged["merged"]["compared"].as_u64().unwrap() > 5,
        "{merged}"
    );
    let read = |directory: &Path| fs::read(directory.join("sweep.jsonl")).unwrap();
    assert!(read(&alone) == read(&shards));
    let file = text(&shards).to_owned() + "/sweep.jsonl";
    for line in fs::read_to_string(&file).unwrap().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let checker = Checker::of(Schema::named("sweep-file.v1").unwrap());
        assert_eq!(checker.violation(&value), None, "{line}");
    }

    let cut = shards.join("shard-1-of-4.jsonl");
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    fs::remove_file(shards.join("shard-3-of-4.jsonl")).unwrap();
    for partial in [&[][..], &["--partial"]] {
        let words = [&["sweep", "merge", text(&shards)][..], partial].concat();
        let (code, out, _) = sim(&words);
        assert_eq!(code, Some(6), "{out}");
        assert!(out.contains("shard-1-of-4.jsonl: "), "{out}");
        assert!(
            out.contains("shard-3-of-4.jsonl: shard 3/4 is missing"),
            "{out}"
        );
        let is_written = shards.join("sweep-partial.jsonl").exists();
        assert_eq!(is_written, !partial.is_empty(), "{out}");
    }
}

/// A shard that takes seconds.
fn long_shard(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command
        .args(["sweep", "--seeds", "0..60", "--profile", "hostile", "--out"])
        .args([text(directory), "--shard", "0/2"]);
    command
}

#[test]
fn shard_that_is_told_to_end_resumes_where_it_stopped() {
    let scratch = TempDir::new().unwrap();
    let at = |name: &str| scratch.path().join(name);
    let name = "shard-0-of-2.jsonl";
    for signal in ["-TERM", "-KILL"] {
        let directory = at(signal);
        let mut child = long_shard(&directory)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let part = directory.join(format!("{name}.part"));
        #[expect(clippy::disallowed_methods, reason = "another process is waited for")]
        let wait = || std::thread::sleep(Duration::from_millis(100));
        while !fs::metadata(&part).is_ok_and(|it| it.len() > 0) {
            wait();
        }
        wait();
        let id = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let status = child.wait().unwrap();
        assert!(!directory.join(name).exists(), "it was to be longer");
        if signal == "-TERM" {
            assert_eq!(status.code(), Some(7), "an engine would not run it again");
            let (code, out, err) = sim(&["sweep", "merge", text(&directory)]);
            assert_eq!(code, Some(6), "{out}");
            assert!(err.contains("no shard in it"), "{err}");
        }
        let saved = fs::read_to_string(directory.join(format!("{name}.ledger")));
        let saved: Value = serde_json::from_str(&saved.unwrap_or("{}".into())).unwrap();
        let done = saved["jobs"].as_u64().unwrap_or(0);
        let (code, out, err) = output(&mut long_shard(&directory));
        assert_eq!(code, Some(0), "{out}{err}");
        let resuming = format!("resuming after {done} runs");
        assert_eq!(out.contains(&resuming), done > 0, "{out}");
        assert_eq!(
            done > 0,
            signal == "-TERM",
            "{signal}: {done} runs were kept"
        );
    }
    let read = |signal| fs::read(at(signal).join(name)).unwrap();
    assert!(read("-TERM") == read("-KILL"));
}

#[test]
fn sweep_of_other_settings_is_refused() {
    let scratch = TempDir::new().unwrap();
    let out = text(scratch.path());
    let first = ["--seeds", "0..3", "--out", out];
    assert!(noisy(&first).0 < Some(2));
    let (code, _, err) = noisy(&[&first[..], &["--no-swarm"]].concat());
    assert_eq!(code, Some(2));
    assert!(err.contains("its swarm is true, not false"), "{err}");
    let (code, again, _) = noisy(&first);
    assert!(code < Some(2) && again.contains("3 runs"), "{again}");
}

/// A program that says what this one says, but for one seed.
fn build_that_differs(directory: &Path, from: &str, to: &str) -> String {
    let path = directory.join("other-sim");
    let sim = env!("CARGO_BIN_EXE_sim");
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in\n*' --seed 3 '*) {sim} \"$@\" | sed 's/{from}/{to}/' ;;\n\
         *) exec {sim} \"$@\" ;;\nesac\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    text(&path).to_owned()
}

#[test]
fn another_build_is_compared_seed_by_seed() {
    let scratch = TempDir::new().unwrap();
    let soaks = ["sweep", "--seeds", "0..6", "--ticks", "20"];
    let same = env!("CARGO_BIN_EXE_sim");
    let (code, out, err) = sim(&[&soaks[..], &["--against", same]].concat());
    assert_eq!(code, Some(0), "{err}");
    assert!(out.ends_with("SAME  roots of 6 runs\n"), "{out}");
    let other = build_that_differs(scratch.path(), "\"root\":\"..", "\"root\":\"00");
    let (code, out, _) = sim(&[&soaks[..], &["--against", &other, "--json"]].concat());
    assert_eq!(code, Some(1), "{out}");
    let objects = objects(&out);
    assert_eq!((objects.len(), &objects[0]["seed"]), (2, &3.into()));
    assert_eq!(
        (&objects[1]["other_roots"], &objects[1]["different"]),
        (&1.into(), &1.into())
    );
    let verdicts = ["--against", &other, "--compare", "verdicts"];
    let (code, out, _) = sim(&[&soaks[..], &verdicts].concat());
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("1 other roots, 0 other verdicts"), "{out}");
    let failing = build_that_differs(scratch.path(), "\"passed\":true", "\"passed\":false");
    let (code, out, _) = sim(&[&soaks[..], &["--program", &failing]].concat());
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("FAILED  1 of 6 runs failed"), "{out}");
    let (code, _, err) = sim(&[&soaks[..], &["--program", "/bin/true"]].concat());
    assert_eq!(code, Some(7));
    assert!(err.contains("is it a build of sim?"), "{err}");
}

#[test]
fn share_of_the_seeds_is_made_again_in_a_fresh_process() {
    let words = [
        "sweep",
        "--seeds",
        "0..20",
        "--ticks",
        "20",
        "--check-share",
        "1",
        "--json",
    ];
    let (code, out, err) = sim(&words);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(objects(&out)[0]["checked"], 20);
}

#[test]
fn junit_report_has_a_case_for_each_group() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("sweep.xml");
    let (_, out, _) = noisy(&["--seeds", "0..40", "--junit", text(&path), "--json"]);
    let groups = objects(&out).pop().unwrap()["groups"]
        .as_array()
        .unwrap()
        .len();
    let xml = fs::read_to_string(path).unwrap();
    assert_eq!(xml.matches("<failure ").count(), groups, "{xml}");
    assert!(
        xml.contains(&format!("tests=\"{}\" failures=\"{groups}\"", groups + 1)),
        "{xml}"
    );
    assert!(xml.contains("\nsim run log-hunt --seed "), "{xml}");
    assert_eq!(xml.matches('<').count(), xml.matches('>').count());
}
