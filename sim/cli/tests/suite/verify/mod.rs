//! `sim verify` as a shell sees it, and the files of a run with anything in them changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos::Digest;
use turingos::journal::Chain;
use turingos_agents::TransportFault;
use turingos_run::tape::{CallEntry, Entry};
use turingos_run::verify::{self, Verdict};
use turingos_run::{Manifest, RunDirectory, RunFolder};
use turingos_testkit::fuzzing::turingos_journal::{Composer, line_chain};

use crate::shell::sim;

type Files = BTreeMap<String, Vec<u8>>;

/// A soak in a directory of its own.
fn soaked(ticks: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    let out = directory.path().to_str().unwrap();
    let line = [
        "soak",
        "--profile",
        "hostile",
        "--quiet",
        "--ticks",
        ticks,
        "--out",
        out,
    ];
    assert_eq!(sim(&line).0, Some(0));
    directory
}

fn files_of(directory: &Path) -> Files {
    let read = |name: &str| (name.to_owned(), fs::read(directory.join(name)).unwrap());
    RunDirectory::FILES.map(read).into()
}

/// The same run with a tape that is not empty.
fn with_a_tape(mut files: Files) -> Files {
    let genesis = Digest::of(&files[RunDirectory::HEADER]);
    let mut tape = Chain::new(genesis);
    let mut lines = Vec::new();
    for tick in 0..2 {
        let request = turingos_agents::Request {
            tick,
            lane: turingos::dispatch::Lane::P,
            attempt: 0,
            system_prompt: "",
            q: "",
            frame: "",
        };
        let entry = CallEntry::new(&request, b"{}".to_vec(), Err(TransportFault::Reset), 5);
        let mut json = Vec::new();
        Entry::Call(entry).write_json(&mut json);
        tape.append(&json, &mut lines);
    }
    let manifest = Manifest::from_bytes(&files[RunDirectory::MANIFEST])
        .unwrap()
        .with_tape(tape);
    files.insert(RunDirectory::TAPE.into(), lines);
    files.insert(RunDirectory::MANIFEST.into(), manifest.to_bytes());
    files
}

fn bad_files(files: &Files) -> Vec<(String, Verdict)> {
    let reports = verify::run(files).into_iter();
    reports
        .filter(|report| !report.verdict.is_valid())
        .map(|report| (report.file, report.verdict))
        .collect()
}

#[test]
fn flipped_byte_in_any_run_file_is_found() {
    let directory = soaked("10");
    let files = with_a_tape(files_of(directory.path()));
    assert_eq!(bad_files(&files), []);
    assert!(
        files.values().all(|bytes| !bytes.is_empty()),
        "a file is empty"
    );
    for (name, bytes) in &files {
        let mut changed = files.clone();
        for at in 0..bytes.len() {
            let bit = 1 << (at % 7);
            changed.get_mut(name).unwrap()[at] ^= bit;
            assert_ne!(bad_files(&changed), [], "{bit:#x} at byte {at} of {name}");
            changed.get_mut(name).unwrap()[at] ^= bit;
        }
    }
}

/// Every file cut at every place, and every file gone: a run without a manifest has not finished.
#[test]
fn lost_tail_or_file_is_found() {
    let directory = soaked("4");
    let files = with_a_tape(files_of(directory.path()));
    for (name, bytes) in &files {
        let mut changed = files.clone();
        for length in (0..bytes.len()).step_by(7) {
            changed.insert(name.clone(), bytes[..length].to_vec());
            assert_ne!(bad_files(&changed), [], "{name} cut to {length} bytes");
        }
        changed.remove(name);
        let is_found = !bad_files(&changed).is_empty();
        assert_eq!(
            is_found,
            name != RunDirectory::MANIFEST,
            "{name} is missing"
        );
    }
}

/// Lines with a valid chain: a forger computed it anew.
#[test]
fn forged_record_is_found_at_its_line() {
    let directory = soaked("12");
    let files = files_of(directory.path());
    let journal = String::from_utf8(files[RunDirectory::JOURNAL].clone()).unwrap();
    let records: Vec<_> = journal
        .lines()
        .map(|line| line[84..line.len() - 1].to_owned())
        .collect();
    let forged = |at: usize, record: String| {
        let mut records = records.clone();
        records[at] = record;
        let mut files = files.clone();
        files.remove(RunDirectory::MANIFEST);
        let mut chain = Chain::new(Digest::of(&files[RunDirectory::HEADER]));
        let mut lines = Vec::new();
        for record in &records {
            chain.append(record.as_bytes(), &mut lines);
        }
        files.insert(RunDirectory::JOURNAL.into(), lines);
        match bad_files(&files).as_slice() {
            [] => None,
            [(name, Verdict::Invalid { line, reason })] => {
                assert_eq!(name, RunDirectory::JOURNAL);
                Some((line.unwrap(), reason.clone()))
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(forged(0, records[0].clone()), None);
    let fourth = &records[3];
    for (record, says) in [
        ("{}".to_owned(), "is not a journal record"),
        (
            fourth.replace("{\"tick\":3,", "{\"tick\":4,"),
            "its tick is 4, expected 3",
        ),
        (
            fourth.replace("{\"tick\":3,", "{\"tick\": 3,"),
            "is not in canonical form",
        ),
        (
            fourth.replace("\"pointer\":\"", "\"pointer\":\"x"),
            "its pointer differs from",
        ),
        (
            fourth.replace("\"failover\":", "\"extra\":1,\"failover\":"),
            "unknown field",
        ),
        (
            fourth.replace("\"time_us\":", "\"time_us\":0,\"x\":"),
            "is not a journal record",
        ),
    ] {
        assert_ne!(&record, fourth);
        let (line, reason) = forged(3, record).unwrap();
        assert_eq!(line, 4, "{reason}");
        assert!(reason.contains(says), "{reason}");
    }
}

#[test]
fn wrong_manifest_count_is_found() {
    let directory = soaked("40");
    let mut files = files_of(directory.path());
    let manifest = Manifest::from_bytes(&files[RunDirectory::MANIFEST]).unwrap();
    let mut counts = manifest.counts().clone();
    let (name, count) = counts
        .iter_mut()
        .find(|(name, _)| name.starts_with("SYS_"))
        .unwrap();
    let expected = format!(
        "{name} says {}, but the files beside it say {count}",
        *count + 1
    );
    *count += 1;
    let forged = manifest.with_counts(counts).to_bytes();
    files.insert(RunDirectory::MANIFEST.into(), forged);
    let [(_, Verdict::Invalid { reason, .. })] = &bad_files(&files)[..] else {
        panic!("{:?}", bad_files(&files));
    };
    assert_eq!(reason, &expected);
}

#[test]
fn one_line_per_file() {
    let directory = soaked("20");
    let run = directory.path().to_str().unwrap();
    let other = TempDir::new().unwrap();
    let mut composer = Composer::default();
    composer.tuple("s", "SYS_GOTO", "a");
    composer.trap("x");
    let journal = composer.finish();
    fs::write(other.path().join("b.journal.log"), &journal).unwrap();
    fs::write(other.path().join("a.journal.log"), &journal).unwrap();
    fs::write(other.path().join("notes.txt"), "not looked at").unwrap();
    let journals = other.path().to_str().unwrap();
    let (code, out, err) = sim(&["verify", run, journals]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 10, "{out}");
    assert_eq!(lines[0], format!("{run}/header.json: valid"));
    assert_eq!(lines[1], format!("{run}/tape.jsonl: valid, 0 entries"));
    assert!(
        lines[2].starts_with(&format!("{run}/journal.jsonl: valid, 20 records, ")),
        "{out}"
    );
    assert!(
        lines[4].starts_with(&format!("{run}/traps.jsonl: valid, ")),
        "{out}"
    );
    let counts = "2 lines, 1 tuples, 1 trap frames, 0 routes, 0 other lines, root ";
    assert!(
        lines[6].starts_with(&format!("{journals}/a.journal.log: valid, {counts}")),
        "{out}"
    );
    assert!(
        lines[7].starts_with(&format!("{journals}/b.journal.log: ")),
        "{out}"
    );
    let skipped = format!("{journals}/notes.txt: skipped, not a recording");
    assert_eq!(lines[8..], [&skipped, "VALID  8 files, 1 skipped"]);

    let (code, out, _) = sim(&["verify", "--json", run, journals]);
    assert_eq!((code, out.lines().count()), (Some(0), 1));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["passed"], true);
    assert_eq!(json["files"][2]["counts"]["records"], 20);
    assert_eq!(json["files"][6]["counts"]["trap_frames"], 1);
}

#[test]
fn bad_file_does_not_stop_the_others() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut composer = Composer::default();
    composer.tuple("s", "SYS_GOTO", "a");
    composer.tuple("s", "SYS_GOTO", "b");
    let journal = composer.finish();
    fs::write(path("empty.log"), "").unwrap();
    fs::write(path("garbage.log"), b"\x00\xff\x17garbage").unwrap();
    fs::write(path("cut.log"), &journal[..journal.len() - 9]).unwrap();
    fs::write(path("changed.log"), journal.replace("\"b\"", "\"c\"")).unwrap();
    fs::write(path("foreign.log"), "2026-01-31 INFO started\n").unwrap();
    fs::write(path("journal.jsonl"), "{}").unwrap();
    fs::write(path("good.log"), &journal).unwrap();
    fs::create_dir(path("nothing")).unwrap();
    for (name, says) in [
        ("empty.log", "EMPTY: the file is empty"),
        ("garbage.log", "line 1: NOT_UTF8: no UTF-8 from byte 2 on"),
        (
            "cut.log",
            "line 2: TORN_LINE: the last line has no line feed: writing it was cut short",
        ),
        ("changed.log", "line 2: BAD_LEAF_HASH: `leaf_hash` is "),
        ("foreign.log", "line 1: NOT_A_LINE: "),
        (
            "journal.jsonl",
            "is one file of a run; name the run's directory",
        ),
        ("nothing", "has no run and no *.journal.log file"),
    ] {
        let (code, out, err) = sim(&["verify", &path(name), &path("good.log")]);
        assert_eq!((code, err.as_str()), (Some(6), ""), "{out}");
        let (bad, good) = out.split_once('\n').unwrap();
        assert!(bad.starts_with(&format!("{}: {says}", path(name))), "{bad}");
        assert!(
            good.starts_with(&format!("{}: valid, ", path("good.log"))),
            "{good}"
        );
    }
    let (code, out, _) = sim(&["verify", "--json", &path("cut.log")]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["passed"]), (Some(6), &false.into()));
    assert_eq!(json["files"][0]["line"], 2);
}

#[test]
fn newer_version_and_missing_header_are_named() {
    let directory = soaked("3");
    let header = directory.path().join(RunDirectory::HEADER);
    let text = fs::read_to_string(&header).unwrap();
    fs::write(&header, text.replace("turingos.run/1", "turingos.run/2")).unwrap();
    let (code, out, _) = sim(&["verify", directory.path().to_str().unwrap()]);
    assert_eq!(code, Some(6));
    let lines: Vec<_> = out.lines().collect();
    assert!(
        lines[0].contains("is a newer version than `turingos.run/1`"),
        "{out}"
    );
    assert!(
        lines[2].ends_with("not checked, because header.json is not valid"),
        "{out}"
    );
    fs::remove_file(&header).unwrap();
    let reports = verify::run(&RunFolder(directory.path().to_owned()));
    let Verdict::Invalid { reason, .. } = &reports[0].verdict else {
        panic!("{reports:?}");
    };
    assert_eq!(reason, "is missing");
}

#[test]
fn unfinished_run_has_a_valid_prefix() {
    let directory = soaked("5");
    fs::remove_file(directory.path().join(RunDirectory::MANIFEST)).unwrap();
    let run = directory.path().to_str().unwrap();
    let (code, out, _) = sim(&["verify", run]);
    assert_eq!(code, Some(0), "{out}");
    assert!(
        out.ends_with(
            "manifest.json: missing: the run is unfinished, 5 records valid\n\
             UNFINISHED  5 files, 1 unfinished\n"
        ),
        "{out}"
    );
    let (code, json, _) = sim(&["verify", "--json", run]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["verdict"]), (Some(0), &"unfinished".into()));
    assert_eq!(json["files"][5]["verdict"], "unfinished");
    let journal = directory.path().join(RunDirectory::JOURNAL);
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() - 5]).unwrap();
    let (code, out, _) = sim(&["verify", run]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("journal.jsonl: valid, 4 records, "), "{out}");
    assert!(
        out.contains("missing: the run is unfinished, 4 records valid, "),
        "{out}"
    );
    // Anywhere but at the end a line that is not whole is corruption.
    fs::write(&journal, &bytes[5..]).unwrap();
    let (code, out, _) = sim(&["verify", run]);
    assert_eq!(code, Some(6), "{out}");
    assert!(
        out.contains("manifest.json: missing: the run is unfinished\n"),
        "{out}"
    );
    assert!(
        out.ends_with("INVALID  5 files, 1 not valid, 1 unfinished\n"),
        "{out}"
    );
}

/// A corrupted run below the directory used to be passed over without a word.
#[test]
fn directory_is_searched_and_nothing_is_passed_over() {
    let root = TempDir::new().unwrap();
    let path = |name: &str| root.path().join(name);
    let shown = |name: &str| path(name).to_str().unwrap().to_owned();
    for name in ["runs/bad", "runs/good"] {
        let out = shown(name);
        let line = ["soak", "--ticks", "30", "--quiet", "--out", &out];
        assert!(sim(&line).0.is_some_and(|code| code <= 1));
    }
    let traps = path("runs/bad/injections.jsonl");
    fs::write(&traps, "no injection\n").unwrap();
    let mut composer = Composer::default();
    composer.tuple("s", "SYS_GOTO", "a");
    composer.trap("details");
    let journal = composer.finish();
    fs::create_dir_all(path("logs/old")).unwrap();
    fs::write(path("logs/old/a.journal.log"), &journal).unwrap();
    fs::write(
        path("logs/old/a.journal.merkle.jsonl"),
        line_chain(&journal),
    )
    .unwrap();
    fs::write(
        path("logs/old/b.journal.merkle.jsonl"),
        line_chain(&journal),
    )
    .unwrap();
    fs::create_dir_all(path("notes/deep")).unwrap();
    fs::write(path("notes/deep/todo.txt"), "").unwrap();
    fs::write(path("runs/good/notes.txt"), "").unwrap();
    std::os::unix::fs::symlink(path("runs"), path("link")).unwrap();

    let (code, out, err) = sim(&["verify", root.path().to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (Some(6), ""), "{out}");
    let said = |name: &str, says: &str| {
        let line = format!("{}: {says}", shown(name));
        assert!(out.contains(&line), "{line}\n{out}");
    };
    said("runs/bad/injections.jsonl", "line 1: ");
    said("runs/good/manifest.json", "valid, ");
    said("logs/old/a.journal.log", "valid, 2 lines, ");
    said("logs/old/a.journal.merkle.jsonl", "valid, 2 lines, root ");
    said(
        "logs/old/b.journal.merkle.jsonl",
        "skipped, its journal is not beside it\n",
    );
    said("notes", "skipped, no recording in it\n");
    said("runs/good/notes.txt", "skipped, not a recording\n");
    said("link", "skipped, a symbolic link\n");
    assert!(
        out.ends_with("INVALID  14 files, 1 not valid, 4 skipped\n"),
        "{out}"
    );

    fs::remove_dir_all(path("runs/bad")).unwrap();
    let (code, out, _) = sim(&["verify", "--json", root.path().to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["verdict"]), (Some(0), &"valid".into()));
    assert_eq!(json["files"].as_array().unwrap().len(), 8);
    assert_eq!(json["skipped"][0]["file"], shown("link"));
    assert_eq!(json["skipped"][0]["reason"], "a symbolic link");
}

#[test]
fn journal_is_verified_with_its_line_chain() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut composer = Composer::default();
    composer.tuple("s", "SYS_GOTO", "a");
    composer.trap("the disk is full");
    let journal = composer.finish();
    fs::write(path("a.journal.log"), &journal).unwrap();
    let (code, out, _) = sim(&["verify", &path("a.journal.log")]);
    assert_eq!(code, Some(0), "{out}");
    assert!(
        out.contains(", no line chain: hashes cover its tuples only\n"),
        "{out}"
    );

    fs::write(path("a.journal.merkle.jsonl"), line_chain(&journal)).unwrap();
    let (code, out, _) = sim(&["verify", &path("a.journal.log")]);
    assert_eq!(code, Some(0), "{out}");
    assert!(!out.contains("no line chain"), "{out}");
    assert!(out.ends_with("VALID  2 files\n"), "{out}");

    // A frame that no tuple covers.
    fs::write(
        path("a.journal.log"),
        journal.replace("disk is full", "disk is fine"),
    )
    .unwrap();
    let (code, out, _) = sim(&["verify", &path("a.journal.log")]);
    assert_eq!(code, Some(6), "{out}");
    let (first, second) = out.split_once('\n').unwrap();
    assert!(first.contains("a.journal.log: valid, "), "{out}");
    assert!(
        second.contains("a.journal.merkle.jsonl: line 2: LINE_MISMATCH: "),
        "{out}"
    );

    let (code, out, _) = sim(&["verify", &path("a.journal.merkle.jsonl")]);
    assert_eq!(code, Some(6));
    assert!(
        out.contains("is the line chain of a journal; name the journal"),
        "{out}"
    );
}

/// Opening a pipe that nobody writes to would wait for ever.
#[test]
fn pipe_is_not_read_as_a_journal() {
    let directory = TempDir::new().unwrap();
    let pipe = directory.path().join("a.journal.log");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [&pipe, directory.path()] {
        let (code, out, _) = sim(&["verify", path.to_str().unwrap()]);
        assert_eq!(code, Some(6), "{out}");
        assert!(out.contains("cannot be read: not a regular file"), "{out}");
    }
}
