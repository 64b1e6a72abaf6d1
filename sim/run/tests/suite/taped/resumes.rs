//! A run that was cut anywhere resumes to the same root, and repeats no recorded call.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos_run::soak::Settings;
use turingos_run::{Blame, RunDirectory, RunIoError};

use super::edited::copy;
use super::provider::{Scripted, short_encode};
use super::stage::{header, record, replay, world, write, write_ticks};

const TICKS: u64 = 8;

fn files(run: &Path) -> Vec<Vec<u8>> {
    [
        RunDirectory::HEADER,
        RunDirectory::TAPE,
        RunDirectory::JOURNAL,
        RunDirectory::MANIFEST,
    ]
    .map(|name| fs::read(run.join(name)).unwrap_or_default())
    .into()
}

/// Resumes the run in `path`. The world is the initial one: its changes are on the tape, and later
/// questions do not depend on them.
fn resume(path: &Path, oracle: Scripted) -> Result<(), RunIoError> {
    let (prefix, writer) = RunDirectory::resume::<Settings>(path)?;
    write(
        &prefix.header,
        writer,
        resumed_world(path),
        (oracle, short_encode),
    )
}

/// The same up to the last tick; returns tape and journal.
fn resume_ticks(path: &Path, oracle: Scripted) -> [Vec<u8>; 2] {
    let (prefix, writer) = RunDirectory::resume::<Settings>(path).unwrap();
    let world = resumed_world(path);
    let written = write_ticks(&prefix.header, writer, world, (oracle, short_encode));
    drop(written.unwrap());
    [RunDirectory::TAPE, RunDirectory::JOURNAL].map(|name| fs::read(path.join(name)).unwrap())
}

/// The world as the effects on the tape left it.
fn resumed_world(path: &Path) -> turingos_world::World {
    use turingos::Digest;
    use turingos::manifold::Manifold as _;
    use turingos_run::tape::{Answer, Entry, Question};
    let mut world = world();
    let mut log = String::new();
    for entry in super::edited::entries(path) {
        if let Entry::World(it) = entry
            && let (Question::Write { path, .. }, Answer::Written) = (it.question, it.answer)
        {
            let round = it.tick / 6;
            let content = match it.tick % 6 {
                1 => format!("round {round}\n"),
                _ => {
                    log.push_str(&format!("entry {round}\n"));
                    log.clone()
                }
            };
            let path = path.parse().unwrap();
            world.write(&path, &content, Digest::EMPTY, 0).unwrap();
        }
    }
    world
}

fn line_ends(bytes: &[u8]) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    ends.map(|(at, _)| at + 1).collect()
}

/// A run that stopped when its tape had `tape` bytes and its journal `journal`.
fn cut(whole: &Path, to: &Path, tape: usize, journal: usize) {
    if !to.exists() {
        copy(whole, to);
    }
    let _ = fs::remove_file(to.join(RunDirectory::MANIFEST));
    fs::copy(
        whole.join(RunDirectory::HEADER),
        to.join(RunDirectory::HEADER),
    )
    .unwrap();
    for (name, length) in [(RunDirectory::TAPE, tape), (RunDirectory::JOURNAL, journal)] {
        let bytes = fs::read(whole.join(name)).unwrap();
        fs::write(to.join(name), &bytes[..length]).unwrap();
    }
}

#[test]
fn cut_tape_resumes_to_the_same_root() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("WHOLE");
    record(&whole, TICKS, short_encode);
    let expected = files(&whole);
    let tape = line_ends(&expected[1]);
    let journal = line_ends(&expected[2]);
    // A journal that is as far as this tape can be.
    let records = journal[journal.len() - 2];
    let mut asked = Vec::new();
    for length in tape[tape.len() - 3]..=expected[1].len() {
        let run = directory.path().join("CUT");
        cut(&whole, &run, length, records);
        let oracle = Scripted::default();
        assert_eq!(
            resume_ticks(&run, oracle.clone()),
            expected[1..3],
            "tape cut at {length}"
        );
        asked.push(oracle.calls.get());
    }
    assert!(asked.iter().all(|calls| *calls <= 2), "{asked:?}");
    assert_eq!(asked.last(), Some(&0), "everything is on the tape");
}

#[test]
fn cut_journal_resumes_to_the_same_root() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("WHOLE");
    record(&whole, TICKS, short_encode);
    let expected = files(&whole);
    let journal = line_ends(&expected[2]);
    for length in journal[journal.len() - 3]..=expected[2].len() {
        let run = directory.path().join("CUT");
        cut(&whole, &run, expected[1].len(), length);
        let oracle = Scripted::default();
        assert_eq!(
            resume_ticks(&run, oracle.clone()),
            expected[1..3],
            "journal cut at {length}"
        );
        assert_eq!(oracle.calls.get(), 0);
    }
}

#[test]
fn run_cut_after_any_entry_replays_and_resumes() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("WHOLE");
    record(&whole, TICKS, short_encode);
    let expected = files(&whole);
    let records = super::edited::entries(&whole);
    for (entry, end) in records.iter().zip(line_ends(&expected[1])) {
        let run = directory.path().join("CUT");
        // The journal has every tick before the entry's own.
        let ticks = usize::try_from(entry.tick()).unwrap();
        let journal = line_ends(&expected[2]).get(ticks.wrapping_sub(1)).copied();
        cut(&whole, &run, end, journal.unwrap_or(0));
        let report = replay(&run, short_encode).unwrap();
        assert_eq!((report.ticks, report.whole), (entry.tick(), false));
        // It resumes to the end and writes its manifest.
        resume(&run, Scripted::default()).unwrap();
        assert_eq!(files(&run), expected);
    }
}

#[test]
fn resuming_a_finished_run_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("RUN");
    record(&run, TICKS, short_encode);
    let before = files(&run);
    let oracle = Scripted::default();
    resume(&run, oracle.clone()).unwrap();
    assert_eq!(files(&run), before);
    assert_eq!(oracle.calls.get(), 0);
}

#[test]
fn journal_ahead_of_its_tape_is_corrupt() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("WHOLE");
    record(&whole, TICKS, short_encode);
    let expected = files(&whole);
    let tape = line_ends(&expected[1]);
    let run = directory.path().join("CUT");
    cut(&whole, &run, tape[tape.len() / 2], expected[2].len());
    let before = files(&run);
    let error = resume(&run, Scripted::default()).unwrap_err();
    assert_eq!(error.blame(), Blame::Recording, "{error}");
    assert!(
        error.to_string().contains("but the journal has 8 records"),
        "{error}"
    );
    assert_eq!(files(&run), before);
}

#[test]
fn changed_byte_stops_resume_before_writing() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("WHOLE");
    record(&whole, TICKS, short_encode);
    let expected = files(&whole);
    let run = directory.path().join("CUT");
    for name in [
        RunDirectory::HEADER,
        RunDirectory::TAPE,
        RunDirectory::JOURNAL,
    ] {
        cut(&whole, &run, expected[1].len(), expected[2].len());
        let path = run.join(name);
        let mut bytes = fs::read(&path).unwrap();
        // A changed digit of a header may be another header, which only the journal contradicts.
        let third = bytes.len() / 3;
        let quote = bytes[third..].iter().position(|byte| *byte == b'"');
        bytes[third + quote.unwrap()] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let before = files(&run);
        let error = resume(&run, Scripted::default()).unwrap_err();
        assert_eq!(error.blame(), Blame::Recording, "{name}: {error}");
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(files(&run), before);
    }
}

#[test]
fn locked_run_is_refused() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("RUN");
    let writer = RunDirectory::create(&run, &header(3)).unwrap();
    let error = RunDirectory::resume::<Settings>(&run).unwrap_err();
    assert!(
        error.to_string().ends_with("is in use by another process"),
        "{error}"
    );
    drop(writer);
    assert!(RunDirectory::resume::<Settings>(&run).is_ok());
}
