//! The commands of `sim run --workspace`, and limits of the system that end a run.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::shell::{output, sim};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn sandbox_of_a_seeded_run_is_in_the_header_and_printed() {
    let directory = TempDir::new().unwrap();
    for (flag, held) in [("auto", "landlock-"), ("none", "none")] {
        let [run, work] = ["run", "work"].map(|it| directory.path().join(format!("{it}-{flag}")));
        let (code, out, error) = sim(&[
            "run",
            "fault-recovery",
            "--out",
            text(&run),
            "--workspace",
            text(&work),
            "--sandbox",
            flag,
        ]);
        assert_eq!(code, Some(0), "{out}{error}");
        assert!(out.contains(&format!("  sandbox {held}")), "{out}");
        assert_eq!(
            error.contains("WARNING: no sandbox"),
            flag == "none",
            "{error}"
        );
        let header = fs::read_to_string(run.join("header.json")).unwrap();
        assert!(
            header.contains(&format!("\"sandbox\":\"{held}")),
            "{header}"
        );
        assert_eq!(
            sim(&[
                "schema",
                "check",
                "scenario-run-header.v1",
                text(&run.join("header.json"))
            ])
            .0,
            Some(0)
        );
        assert_eq!(sim(&["replay", text(&run)]).0, Some(0));
    }
    // A run in memory has no commands, so that its header says nothing of a sandbox.
    let run = directory.path().join("memory");
    sim(&["run", "fault-recovery", "--out", text(&run)]);
    let header = fs::read_to_string(run.join("header.json")).unwrap();
    assert!(!header.contains("sandbox"), "{header}");
    let (code, _, error) = sim(&["run", "fault-recovery", "--sandbox", "none"]);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("--workspace"), "{error}");
}

/// The signal of the file size limit used to end the process without a word.
#[test]
fn file_size_limit_is_an_error() {
    let directory = TempDir::new().unwrap();
    for (blocks, file) in [(200, "journal.jsonl"), (1, "header.json")] {
        let run = directory.path().join(format!("run-{blocks}"));
        let line = format!("ulimit -f {blocks}; exec \"$0\" soak --ticks 1200 --out \"$1\"");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_sim"), text(&run)]);
        let (code, out, error) = output(&mut command);
        assert_eq!(code, Some(7), "{out}{error}");
        assert!(
            error.contains(file) && error.contains("File too large"),
            "{error}"
        );
        // Nothing of it stands in the way.
        let again = ["soak", "--ticks", "1200", "--out", text(&run)];
        let resume = ["soak", "--resume", text(&run)];
        let (code, out, error) = match file {
            "header.json" => sim(&again),
            _ => sim(&resume),
        };
        assert_eq!(code, Some(0), "{out}{error}");
    }
}

/// What `kill -9` leaves before there is a header.
#[test]
fn directory_of_a_run_without_a_header_is_reusable() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("run");
    fs::create_dir(&run).unwrap();
    for name in ["journal.jsonl", "tape.jsonl", ".header.json.unfinished"] {
        fs::write(run.join(name), "").unwrap();
    }
    let arguments = ["soak", "--ticks", "20", "--out", text(&run)];
    let (code, _, error) = sim(&arguments);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(sim(&["verify", text(&run)]).0, Some(0));
}
