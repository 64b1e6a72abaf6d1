//! The file of a sweep: interrupted, resumed, altered, of another sweep.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use turingos_sweep::{Plan, SweepError, WHOLE_FILE, read_sweep};

use crate::stage::{keep, plan};

fn whole(plan: &Plan) -> (TempDir, Vec<u8>) {
    let directory = TempDir::new().unwrap();
    assert!(keep(directory.path(), plan, None, u64::MAX).unwrap());
    let bytes = fs::read(directory.path().join(WHOLE_FILE)).unwrap();
    (directory, bytes)
}

fn names(directory: &Path) -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the entries are sorted below")]
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| PathBuf::from(entry.unwrap().file_name()))
        .collect();
    names.sort();
    names
}

#[test]
fn interrupted_sweep_resumes_to_the_same_bytes() {
    let plan = plan(0..10);
    let (_, expected) = whole(&plan);
    let directory = TempDir::new().unwrap();
    let mut calls = 0;
    while !keep(directory.path(), &plan, None, 7).unwrap() {
        calls += 1;
        assert!(!directory.path().join(WHOLE_FILE).exists());
    }
    assert!((2..=4).contains(&calls), "{calls}");
    assert_eq!(names(directory.path()), [PathBuf::from(WHOLE_FILE)]);
    assert_eq!(
        fs::read(directory.path().join(WHOLE_FILE)).unwrap(),
        expected
    );
    // A finished one is left as it is.
    assert!(keep(directory.path(), &plan, None, 0).unwrap());
    assert_eq!(names(directory.path()), [PathBuf::from(WHOLE_FILE)]);
}

/// A killed process leaves lines that the saved ledger does not cover, the last one torn.
#[test]
fn lines_after_the_saved_ledger_are_run_again() {
    let plan = plan(0..10);
    let (_, expected) = whole(&plan);
    let directory = TempDir::new().unwrap();
    assert!(!keep(directory.path(), &plan, None, 6).unwrap());
    let part = directory.path().join("sweep.jsonl.part");
    let mut bytes = fs::read(&part).unwrap();
    let line = expected.split(|byte| *byte == b'\n').nth(7).unwrap();
    bytes.extend(line);
    bytes.extend(b"\n{\"seed\":3,\"subj");
    fs::write(&part, bytes).unwrap();
    assert!(keep(directory.path(), &plan, None, u64::MAX).unwrap());
    assert_eq!(
        fs::read(directory.path().join(WHOLE_FILE)).unwrap(),
        expected
    );
    // Killed before anything was saved: it starts over.
    let directory = TempDir::new().unwrap();
    let part = directory.path().join("sweep.jsonl.part");
    fs::write(&part, &expected[..40]).unwrap();
    assert!(keep(directory.path(), &plan, None, u64::MAX).unwrap());
    assert_eq!(
        fs::read(directory.path().join(WHOLE_FILE)).unwrap(),
        expected
    );
}

#[test]
fn altered_lines_of_an_unfinished_sweep_are_refused() {
    let plan = plan(0..10);
    let directory = TempDir::new().unwrap();
    assert!(!keep(directory.path(), &plan, None, 6).unwrap());
    let part = directory.path().join("sweep.jsonl.part");
    let text = fs::read_to_string(&part).unwrap();
    let altered = text.replacen("\"ticks\":60", "\"ticks\":61", 1);
    assert_ne!(altered, text);
    fs::write(&part, altered).unwrap();
    let error = keep(directory.path(), &plan, None, u64::MAX).unwrap_err();
    assert!(matches!(error, SweepError::Corrupt { .. }));
    assert!(error.to_string().contains("to start over"), "{error}");
}

#[test]
fn sweep_of_other_settings_is_not_mixed_in() {
    let first = plan(0..10);
    let directory = TempDir::new().unwrap();
    assert!(!keep(directory.path(), &first, None, 6).unwrap());
    let mut plain = plan(0..10);
    plain.swarm = false;
    for other in [plan(0..11), plain] {
        let error = keep(directory.path(), &other, None, u64::MAX).unwrap_err();
        assert!(matches!(error, SweepError::OtherSweep { .. }), "{error}");
    }
    assert!(keep(directory.path(), &first, None, u64::MAX).unwrap());
    let error = keep(directory.path(), &plan(0..11), None, u64::MAX).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("its seed range is 0..10, not 0..11"),
        "{error}"
    );
}

#[test]
fn altered_or_cut_file_is_refused() {
    let plan = plan(0..4);
    let (directory, bytes) = whole(&plan);
    let path = directory.path().join(WHOLE_FILE);
    let mut tried = 0;
    // Each byte that is flipped, and each length, in steps that meet every kind of line.
    for at in (0..bytes.len()).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        for bad in [flipped, bytes[..at].to_vec()] {
            fs::write(&path, &bad).unwrap();
            assert!(keep(directory.path(), &plan, None, 0).is_err(), "byte {at}");
            tried += 1;
        }
    }
    assert!(tried > 40);
    fs::write(&path, [&bytes[..], b"{}\n"].concat()).unwrap();
    assert!(keep(directory.path(), &plan, None, 0).is_err());
    fs::write(&path, &bytes).unwrap();
    assert!(keep(directory.path(), &plan, None, 0).unwrap());
}

/// serde takes each of these for the same value, and the schema refuses them.
#[test]
fn line_in_another_spelling_is_refused() {
    let plan = plan(0..4);
    let (_, bytes) = whole(&plan);
    let text = String::from_utf8(bytes).unwrap();
    let read = |text: &str| read_sweep(Path::new("x"), text.as_bytes(), |_| {});
    assert!(read(&text).is_ok());
    let line = text.lines().nth(1).unwrap();
    let root = line.split('"').nth(9).unwrap();
    let array = format!("[0,0,60,\"{root}\",0]");
    let object = line.replacen(',', ",\"failure\":null,", 1);
    for other in [
        array,
        object,
        line.replacen(':', ": ", 1),
        line.replacen("\"seed\"", "\"s\\u0065ed\"", 1),
    ] {
        let error = read(&text.replacen(line, &other, 1)).unwrap_err();
        assert!(
            error.to_string().contains("line 2 is not written as sim"),
            "{other}: {error}"
        );
    }
    let far = format!(
        "{{\"seed\":0,\"subject\":0,\"ticks\":60,\"root\":\"{root}\",\"off\":{}}}",
        1_u64 << 53
    );
    let error = read(&text.replacen(line, &far, 1)).unwrap_err();
    assert!(
        error.to_string().contains("line 2 turns off a kind"),
        "{error}"
    );
}

#[test]
fn header_that_cannot_be_true_is_refused() {
    let plan = plan(0..4);
    let (_, bytes) = whole(&plan);
    let text = String::from_utf8(bytes).unwrap();
    let start = text.find("\"subjects\":[").unwrap();
    let end = text.find("],\"kinds\"").unwrap();
    let without_subjects = text.replacen(&text[start..end], "\"subjects\":[", 1);
    let kinds = format!("\"kinds\":[{}", "\"x\",".repeat(60));
    for (forged, part) in [
        (without_subjects, "no subjects"),
        (text.replacen("\"0..4\"", "\"4..0\"", 1), "expected A..B"),
        (text.replacen("\"0..4\"", "\"00..4\"", 1), "expected A..B"),
        (text.replacen("file/1", "file/9", 1), "its format is"),
        (
            text.replacen("\"kinds\":[", &kinds, 1),
            "more than 53 kinds",
        ),
        (
            text.replacen("]}}\n", "]},\"overlap\":7}\n", 1),
            "a shard needs an overlap",
        ),
        (
            text.replacen("]}}\n", "]},\"shard\":\"0/2\",\"overlap\":10001}\n", 1),
            "a shard needs an overlap",
        ),
    ] {
        assert_ne!(forged, text, "{part}");
        let error = read_sweep(Path::new("x"), forged.as_bytes(), |_| {}).unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn file_in_use_is_refused() {
    let plan = plan(0..4);
    let directory = TempDir::new().unwrap();
    let part = directory.path().join("sweep.jsonl.part");
    let other = fs::File::create(part).unwrap();
    other.try_lock().unwrap();
    let error = keep(directory.path(), &plan, None, u64::MAX).unwrap_err();
    assert!(matches!(error, SweepError::Busy { .. }), "{error}");
    drop(other);
    assert!(keep(directory.path(), &plan, None, u64::MAX).unwrap());
}
