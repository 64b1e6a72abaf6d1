//! TuringOS journals: real recordings where they are at hand, and what is found in changed ones.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use turingos_run::turingos_journal::{Counts, Journal, JournalFault, verify};
use turingos_testkit::fuzzing::turingos_journal::Composer;

fn read(bytes: &[u8]) -> Result<Journal, JournalFault> {
    verify(bytes, |_, _| ())
}

fn composed() -> String {
    let mut composer = Composer::default();
    composer.tuple("a \"frame\"\nof two lines", "SYS_GOTO", "notes");
    composer.line("Tick", "d:README.md -> d':notes");
    composer.tuple("", "SYS_WRITE", "payload");
    composer.trap("something \\ failed");
    composer.line("BUS_ROUTE", "{\"lane\":\"P\",\"reason\":\"TRAP\"}");
    composer.tuple("\u{1f600} [OBSERVED_SLICE]", "SYS_EXEC", "ls");
    composer.finish()
}

/// Real recordings stand beside the repository on some machines; they are no part of it.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces");
    let names = [
        "dirty",
        "lazarus",
        "panic_budget",
        "realworld",
        "synthetic",
        "thrashing",
    ];
    let paths = names.map(|name| folder.join(format!("{name}.journal.log")));
    paths.into_iter().filter(|path| path.exists()).collect()
}

#[test]
fn real_recordings_verify() {
    let expected = [
        ("dirty", 24, 12, 0),
        ("lazarus", 24, 12, 0),
        ("panic_budget", 13, 0, 12),
        ("realworld", 36, 6, 7),
        ("synthetic", 8, 4, 0),
        ("thrashing", 20, 6, 2),
    ];
    for path in recordings() {
        let journal = verify(File::open(&path).unwrap(), |_, _| ());
        let counts = journal.unwrap().counts();
        let name = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .split('.')
            .next()
            .unwrap();
        let found = (name, counts.lines, counts.tuples, counts.traps);
        assert!(expected.contains(&found), "{found:?}");
        assert_eq!((counts.foreign_syscalls, counts.routes), (0, 0), "{name}");
    }
}

#[test]
fn flipped_byte_of_a_recording_is_located() {
    for path in recordings()
        .iter()
        .filter(|path| path.ends_with("synthetic.journal.log"))
    {
        flip_every_byte_of_tuples(&fs::read(path).unwrap());
    }
}

/// No hash vouches for the time and the kind of a line: the JSON begins behind them.
fn flip_every_byte_of_tuples(bytes: &[u8]) -> usize {
    let mut start = 0;
    let mut flips = 0;
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        if line[27..].starts_with(b"[REPLAY_TUPLE] {") {
            for at in 42..line.len() {
                let mut flipped = bytes.to_vec();
                flipped[start + at] ^= 1;
                assert_eq!(read(&flipped).unwrap_err().line, number, "{at}");
                flips += 1;
            }
        }
        start += line.len();
    }
    flips
}

#[test]
fn flipped_bytes_of_a_composed_journal_are_detected() {
    let journal = composed();
    let counts = read(journal.as_bytes()).unwrap().counts();
    let expected = Counts {
        lines: 6,
        tuples: 3,
        foreign_syscalls: 0,
        traps: 1,
        routes: 1,
        others: 1,
    };
    assert_eq!(counts, expected);
    assert!(flip_every_byte_of_tuples(journal.as_bytes()) > 1_500);
}
