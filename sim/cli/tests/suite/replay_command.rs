//! `sim replay` and `sim soak --resume` as a shell sees them: matching, diverging and corrupt
//! recordings, and no socket.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use turingos::Digest;
use turingos::journal::Chain;
use turingos_run::{Manifest, RunDirectory};

use crate::shell::{output, sim};

fn replay(run: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    sim(&[&["replay", run.to_str().unwrap()], more].concat())
}

/// A soak of this many ticks on disk.
fn recorded(directory: &TempDir, name: &str, seed: &str) -> PathBuf {
    let path = directory.path().join(name);
    let out = path.to_str().unwrap();
    let (code, _, err) = sim(&["soak", "--ticks", "30", "--seed", seed, "--out", out]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    path
}

fn manifest(run: &Path) -> Manifest {
    Manifest::from_bytes(&fs::read(run.join(RunDirectory::MANIFEST)).unwrap()).unwrap()
}

#[test]
fn replays_as_recorded() {
    let directory = TempDir::new().unwrap();
    let run = recorded(&directory, "RUN", "7");
    let root = manifest(&run).root().to_string();
    let (code, out, err) = replay(&run, &[]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("soak  seed 7  30 ticks  0 tape entries"),
        "{out}"
    );
    assert!(out.contains("\nthe whole run\n"), "{out}");
    assert!(
        out.ends_with(&format!("AS RECORDED  root {root}\n")),
        "{out}"
    );

    let (code, out, _) = replay(&run, &["--json", "--stop-at", "12"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(json["passed"], true);
    assert_eq!(json["replay"]["ticks"], 12);
    assert_eq!(json["replay"]["whole"], false);
    assert_eq!(json["divergence"], serde_json::Value::Null);
}

/// Changes the record of a tick and computes the chain anew: a whole recording of a run that this
/// program does not make.
fn forge(run: &Path, tick: usize, edit: impl Fn(&str) -> String) {
    let genesis = Digest::of(&fs::read(run.join(RunDirectory::HEADER)).unwrap());
    let path = run.join(RunDirectory::JOURNAL);
    let mut read = Chain::new(genesis);
    let mut written = Chain::new(genesis);
    let mut lines = Vec::new();
    for (at, line) in fs::read(&path)
        .unwrap()
        .split(|byte| *byte == b'\n')
        .enumerate()
    {
        if line.is_empty() {
            break;
        }
        let record = std::str::from_utf8(read.verify_line(line).unwrap()).unwrap();
        let record = if at == tick {
            edit(record)
        } else {
            record.to_owned()
        };
        written.append(record.as_bytes(), &mut lines);
    }
    fs::write(&path, lines).unwrap();
    let old = manifest(run);
    let manifest = Manifest::new(
        old.seed(),
        old.profile(),
        written.count(),
        written.head(),
        old.reproduce().to_owned(),
    )
    .with_gates(old.gates().to_vec())
    .with_tape(Chain::new(genesis));
    fs::write(run.join(RunDirectory::MANIFEST), manifest.to_bytes()).unwrap();
}

#[test]
fn changed_record_is_a_divergence_by_field() {
    let directory = TempDir::new().unwrap();
    let run = recorded(&directory, "RUN", "7");
    forge(&run, 9, |record| {
        record.replace("\"next\":\"", "\"next\":\"else/")
    });
    let (code, out, err) = replay(&run, &[]);
    assert_eq!((code, err.as_str()), (Some(5), ""));
    assert!(
        out.starts_with("the replay leaves the recording at tick 9: RECORD_CHANGED: "),
        "{out}"
    );
    for part in [
        "\n  recorded {",
        "\n  replayed {",
        "\n  at /next\n    - \"else/",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert_eq!(out.matches("\n  at /").count(), 1, "{out}");

    let (code, out, _) = replay(&run, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(5));
    assert_eq!(json["passed"], false);
    assert_eq!(json["divergence"]["tick"], 9);
    assert_eq!(json["divergence"]["cause"], "RECORD_CHANGED");
    assert_eq!(json["divergence"]["differences"][0]["pointer"], "/next");
    // What comes before it is as recorded.
    assert_eq!(replay(&run, &["--stop-at", "9"]).0, Some(0));
    // A run that differs from its recording is not resumed either.
    fs::remove_file(run.join(RunDirectory::MANIFEST)).unwrap();
    let before = fs::read(run.join(RunDirectory::JOURNAL)).unwrap();
    let (code, _, err) = sim(&["soak", "--resume", run.to_str().unwrap()]);
    assert_eq!(code, Some(5), "{err}");
    assert!(err.contains("at tick 9"), "{err}");
    assert_eq!(fs::read(run.join(RunDirectory::JOURNAL)).unwrap(), before);
}

#[test]
fn corrupt_file_is_named_with_line_and_reason() {
    let directory = TempDir::new().unwrap();
    let run = recorded(&directory, "RUN", "7");
    let foreign = recorded(&directory, "FOREIGN", "8");
    let header = RunDirectory::HEADER;
    let journal = RunDirectory::JOURNAL;
    let tape = RunDirectory::TAPE;
    let manifest = RunDirectory::MANIFEST;
    let of = |run: &Path, name: &str| fs::read(run.join(name)).unwrap();
    let whole = |name: &str| of(&run, name);
    let newer = |name: &str, format: &str| {
        let text = String::from_utf8(whole(name)).unwrap();
        let newer = text.replace(&format!("{format}/1"), &format!("{format}/9"));
        newer
            .replace("\"seed\"", "\"novelty\":1,\"seed\"")
            .into_bytes()
    };
    let half = |name: &str| {
        let bytes = whole(name);
        bytes[..bytes.len() / 2].to_vec()
    };
    let lines = |name: &str, count: usize| -> Vec<u8> {
        let bytes = whole(name);
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        lines.take(count).flatten().copied().collect()
    };
    let twice = [lines(journal, 3), lines(journal, 1)].concat();
    for (name, bytes, reason) in [
        (header, Vec::new(), "not a valid document"),
        (header, b"garbage\n".to_vec(), "not a valid document"),
        (header, half(header), "not a valid document"),
        (header, vec![b' '; 2 << 20], "longer than"),
        (header, whole(manifest), "expected `turingos.run/1`"),
        (header, newer(header, "turingos.run"), "is a newer version"),
        (
            header,
            of(&foreign, header),
            "journal.jsonl: BROKEN_CHAIN: line 1 ",
        ),
        (
            journal,
            Vec::new(),
            "manifest.json: records says 30, but the files beside it say 0",
        ),
        (
            journal,
            b"garbage\n".to_vec(),
            "journal.jsonl: line 1 is torn, but the run is finished",
        ),
        (
            journal,
            b"garbage\nand more\n".to_vec(),
            "BAD_FRAME: line 1 ",
        ),
        (
            journal,
            lines(journal, 29),
            "records says 30, but the files beside it say 29",
        ),
        (journal, half(journal), "is torn, but the run is finished"),
        (journal, twice, "BROKEN_CHAIN: line 4 "),
        (journal, of(&foreign, journal), "BROKEN_CHAIN: line 1 "),
        (journal, b"\xff\xfe\0\0\n\n".to_vec(), "BAD_FRAME: line 1 "),
        (
            tape,
            b"garbage\n".to_vec(),
            "tape.jsonl: line 1 is torn, but the run is finished",
        ),
        (
            tape,
            b"garbage\ngarbage\n".to_vec(),
            "tape.jsonl: BAD_FRAME: line 1 ",
        ),
        (
            tape,
            lines(journal, 1),
            "tape.jsonl: line 1 is of no known kind",
        ),
        (manifest, Vec::new(), "manifest.json: not a valid document"),
        (
            manifest,
            newer(manifest, "turingos.manifest"),
            "is a newer version",
        ),
        (
            manifest,
            of(&foreign, manifest),
            "manifest.json: seed says 8",
        ),
    ] {
        let damaged = directory.path().join("DAMAGED");
        fs::create_dir_all(&damaged).unwrap();
        let (injections, traps) = (RunDirectory::INJECTIONS, RunDirectory::TRAPS);
        for name in [header, journal, tape, manifest, injections, traps] {
            fs::copy(run.join(name), damaged.join(name)).unwrap();
        }
        fs::write(damaged.join(name), &bytes).unwrap();
        let (code, out, err) = replay(&damaged, &[]);
        assert_eq!(
            (code, out.as_str()),
            (Some(6), ""),
            "{name} {reason}: {err}"
        );
        assert!(
            err.starts_with("sim: ") && err.lines().count() == 1,
            "{err}"
        );
        assert!(err.contains(reason), "{name} {reason}: {err}");
        let (code, _, err) = sim(&["soak", "--resume", damaged.to_str().unwrap()]);
        assert_eq!(code, Some(6), "{name} {reason}: {err}");
        assert_eq!(
            fs::read(damaged.join(name)).unwrap(),
            bytes,
            "left as it was"
        );
    }
}

#[test]
fn path_without_a_run_is_refused() {
    let directory = TempDir::new().unwrap();
    let (code, _, err) = replay(&directory.path().join("NOWHERE"), &[]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("NOWHERE` is not a valid value for <RUN>: no such file"),
        "{err}"
    );
    let file = directory.path().join("FILE");
    fs::write(&file, "no run").unwrap();
    for path in [directory.path(), &file] {
        let path = path.to_str().unwrap();
        for verb in [
            ["replay"].as_slice(),
            &["soak", "--resume"],
            &["run", "--resume"],
            &["serve", "--tape"],
        ] {
            if verb[0] == "serve" && path.ends_with("FILE") {
                // A tape that is a file of its own has no header.
                continue;
            }
            let (code, _, err) = sim(&[verb, &[path]].concat());
            assert_eq!(code, Some(6), "{verb:?}: {err}");
            let told = format!("{path} holds no run: there is no header.json in it");
            assert!(err.contains(&told), "{verb:?}: {err}");
        }
    }
    let (code, _, err) = sim(&["replay"]);
    assert_eq!(code, Some(2), "{err}");
    let (code, _, err) = sim(&["soak", "--resume", "RUN", "--seed", "3"]);
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn unfinished_run_replays_its_valid_prefix() {
    let directory = TempDir::new().unwrap();
    let run = recorded(&directory, "RUN", "7");
    let expected = fs::read(run.join(RunDirectory::JOURNAL)).unwrap();
    fs::remove_file(run.join(RunDirectory::MANIFEST)).unwrap();
    fs::write(
        run.join(RunDirectory::JOURNAL),
        &expected[..expected.len() - 100],
    )
    .unwrap();
    let (code, out, _) = replay(&run, &[]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("29 ticks") && out.contains("of a torn line left out"),
        "{out}"
    );
    let before = fs::read(run.join(RunDirectory::JOURNAL)).unwrap();
    assert_eq!(
        before.len(),
        expected.len() - 100,
        "a replay changes nothing"
    );

    let (code, out, err) = sim(&["soak", "--resume", run.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert_eq!(fs::read(run.join(RunDirectory::JOURNAL)).unwrap(), expected);
    assert_eq!(replay(&run, &[]).0, Some(0));
}

/// A replay has its directory, journal, injections, trap frames and tape open beside its three
/// standard streams. With no room for a ninth descriptor it succeeds; with no room for an eighth it
/// does not, which shows that the limit holds. A socket, or what a runtime needs to wait for one, would
/// be the ninth.
#[cfg(target_os = "linux")]
#[test]
fn replay_opens_no_socket() {
    let directory = TempDir::new().unwrap();
    let soak = recorded(&directory, "RUN", "7");
    let taped = directory.path().join("TAPED");
    let (run, work) = (taped.to_str().unwrap(), directory.path().join("WORK"));
    let workspace = work.to_str().unwrap();
    let started = [
        "run",
        "fault-recovery",
        "--out",
        run,
        "--workspace",
        workspace,
    ];
    assert_eq!(sim(&started).0, Some(0));
    let limited = |run: &Path, descriptors: u32| {
        let script = format!("ulimit -n {descriptors} && exec \"$0\" replay \"$1\"");
        let sim = env!("CARGO_BIN_EXE_sim");
        output(Command::new("sh").args(["-c", &script, sim, run.to_str().unwrap()]))
    };
    for run in [&soak, &taped] {
        let (code, out, err) = limited(run, 8);
        assert_eq!(code, Some(0), "{out}{err}");
        let (code, _, err) = limited(run, 7);
        assert_eq!(code, Some(7), "{err}");
        assert!(err.contains("Too many open files"), "{err}");
    }
}
