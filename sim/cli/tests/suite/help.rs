//! Help, version, completions and manual pages.

use std::fs;

use tempfile::TempDir;

use crate::shell::sim;

const VERBS: &[&str] = &[
    "soak",
    "record",
    "replay",
    "run",
    "longrun",
    "sweep",
    "live",
    "gate",
    "decode",
    "schema",
    "serve",
    "verify",
    "show",
    "diff",
    "fork",
    "shrink",
    "report",
    "dataset",
    "new",
    "lint",
    "completions",
    "man",
];

#[test]
fn every_verb_has_help_an_example_and_a_version() {
    let (_, all, _) = sim(&["--help"]);
    for &verb in VERBS {
        assert!(all.contains(&format!("\n  {verb} ")), "{all}");
        let (code, help, err) = sim(&["help", verb]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{verb}");
        let example = format!("\nExample:\n  sim {verb} ");
        assert!(help.contains(&example), "{help}");
        for option in ["--verbose", "--quiet", "--color <WHEN>"] {
            assert!(help.contains(option), "{verb}: {help}");
        }
        assert!(
            help.lines().all(|line| line.chars().count() <= 100),
            "{help}"
        );
        assert_eq!(sim(&[verb, "--help"]), (Some(0), help, err));
        let (code, version, _) = sim(&[verb, "-V"]);
        assert_eq!(code, Some(0));
        assert!(version.starts_with(&format!("sim-{verb} ")), "{version}");
    }
}

#[test]
fn every_example_parses() {
    for &verb in VERBS {
        let (_, help, _) = sim(&["help", verb]);
        let example = help.split("Example:\n  sim ").nth(1).unwrap().trim_end();
        let words: Vec<_> = example
            .split(['\n', '>'])
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let scratch = TempDir::new().unwrap();
        for run in ["run-42", "again"] {
            fs::create_dir(scratch.path().join(run)).unwrap();
        }
        for read in ["run-42/header.json", "response.json", "mine.json"] {
            fs::write(scratch.path().join(read), "").unwrap();
        }
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sim"));
        // The last option shows help in place of running the verb, if all before it parse.
        let own = words.iter().position(|word| *word == "--");
        let (own, others) = words.split_at(own.unwrap_or(words.len()));
        command
            .args(own)
            .arg("--help")
            .args(others)
            .current_dir(scratch.path());
        let (code, out, err) = crate::shell::output(&mut command);
        assert_eq!(code, Some(0), "{example}: {err}");
        let usage = format!("\nUsage: sim {verb} ");
        assert!(out.contains(&usage), "{example}: {out}");
    }
}

#[test]
fn completions_and_manual_pages_come_from_the_same_definition() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = sim(&["completions", shell]);
        assert_eq!(code, Some(0));
        assert!(
            out.contains("longrun") && out.contains("max-cost-usd"),
            "{shell}"
        );
    }
    assert_eq!(sim(&["completions", "dos"]).0, Some(2));
    let (code, page, _) = sim(&["man"]);
    assert_eq!(code, Some(0));
    assert!(page.contains(".TH sim 1"), "{page}");
    let scratch = TempDir::new().unwrap();
    let pages = scratch.path().join("man");
    assert_eq!(sim(&["man", "--out", pages.to_str().unwrap()]).0, Some(0));
    assert!(pages.join("sim.1").exists());
    for &verb in VERBS {
        let page = fs::read_to_string(pages.join(format!("sim-{verb}.1"))).unwrap();
        assert!(page.contains(&format!("sim {verb} ")), "{page}");
    }
}
