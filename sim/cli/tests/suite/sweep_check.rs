//! Runs that a fresh process makes differently.
//!
//! The fresh process is the same program, so a difference is planted by putting a script in the place
//! of the program's file while the sweep runs.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Sweeps with every run made again by `script`, in which `$SIM` is the program.
fn checked_by(script: &str) -> (Option<i32>, String) {
    let scratch = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (program, other) = (scratch.path().join("sim"), scratch.path().join("other"));
    fs::hard_link(env!("CARGO_BIN_EXE_sim"), &program).unwrap();
    let script = format!("#!/bin/sh\nSIM={}\n{script}", env!("CARGO_BIN_EXE_sim"));
    fs::write(&other, script).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    let mut sweep = Command::new(&program)
        .args(["sweep", "--seeds", "0..120", "--ticks", "10"])
        .args(["--check-share", "1", "--no-swarm"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Once the opening is printed, the program knows the path of its file.
    let mut stdout = BufReader::new(sweep.stdout.take().unwrap());
    let mut out = String::new();
    stdout.read_line(&mut out).unwrap();
    fs::rename(&other, &program).unwrap();
    stdout.read_to_string(&mut out).unwrap();
    (sweep.wait().unwrap().code(), out)
}

#[test]
fn fresh_process_that_differs_is_exit_4_with_the_first_tick() {
    let (code, out) = checked_by(
        "case \" $* \" in
         *--emit-journal*) \"$SIM\" \"$@\" | sed '6s/./X/' ;;
         *) \"$SIM\" \"$@\" | sed 's/\"root\":\"..../\"root\":\"0000/' ;;
         esac",
    );
    assert_eq!(code, Some(4), "{out}");
    let line = { out.lines() }.find(|line| line.contains("nondeterminism: "));
    let line = line.unwrap();
    assert!(
        line.starts_with("FAIL  nondeterminism: a fresh process computed root 0000"),
        "{line}"
    );
    assert!(
        line.contains(", first at tick 5: sim soak --ticks 10 --seed "),
        "{line}"
    );
    assert!(out.contains("\nFAILED  0 of 120 runs failed, "), "{out}");
    assert!(out.ends_with(" differ in a fresh process\n"), "{out}");
}

/// The second run here has the journal of the fresh process, so only what earlier runs left in this
/// process can explain the first.
#[test]
fn run_that_differs_once_is_blamed_on_earlier_runs() {
    let (code, out) = checked_by(
        "case \" $* \" in
         *--emit-journal*) exec \"$SIM\" \"$@\" ;;
         *) \"$SIM\" \"$@\" | sed 's/\"root\":\"..../\"root\":\"0000/' ;;
         esac",
    );
    assert_eq!(code, Some(4), "{out}");
    assert!(out.contains("earlier runs left state behind"), "{out}");
    assert!(!out.contains("first at tick"), "{out}");
}
