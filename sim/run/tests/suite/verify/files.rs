//! What the verdict on a valid file states, and how a bad file is named.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use turingos::Digest;
use turingos::journal::Chain;
use turingos_run::verify::{self, Facts, Verdict};
use turingos_run::{Gate, RunDirectory, RunEnd, RunFiles, RunFolder};

use super::{invalid, verdict, verdict_in};
use crate::in_memory::{
    Files, NAMES, TICKS, finished, manifest, rechained, record_into, records, text, unfinished,
};

fn counted(what: &'static str, count: usize) -> (&'static str, u64) {
    (what, count as u64)
}

#[test]
fn valid_files_state_their_counts_and_roots() {
    let files = finished();
    let manifest = manifest(&files);
    let valid = |counts: Vec<_>, root: Option<Digest>| {
        Verdict::Valid(Facts {
            counts,
            root: root.map(|root| root.to_string()),
            note: None,
        })
    };
    let all = records(&files);
    let traps: usize = { all.iter() }
        .map(|record| {
            let record: turingos::Record = serde_json::from_str(record).unwrap();
            record.traps.len()
        })
        .sum();
    assert!(traps > 20, "{traps}");
    let lines = |name: &str| text(&files, name).lines().count();
    let expected = [
        (RunDirectory::HEADER, Verdict::Valid(Facts::default())),
        (RunDirectory::TAPE, valid(vec![("entries", 0)], None)),
        (
            RunDirectory::JOURNAL,
            valid(
                vec![("records", TICKS), counted("traps", traps)],
                Some(manifest.root()),
            ),
        ),
        (
            RunDirectory::INJECTIONS,
            valid(
                vec![counted("lines", lines(RunDirectory::INJECTIONS))],
                None,
            ),
        ),
        (
            RunDirectory::TRAPS,
            valid(vec![counted("frames", lines(RunDirectory::TRAPS))], None),
        ),
        (
            RunDirectory::MANIFEST,
            valid(vec![counted("gates", manifest.gates().len())], None),
        ),
    ];
    let found: Vec<_> = { verify::run(&files).into_iter() }
        .map(|report| (report.file, report.verdict))
        .collect();
    assert_eq!(found, expected.map(|(name, it)| (name.to_owned(), it)));
}

#[test]
fn run_that_failed_a_gate_is_valid_and_says_so() {
    let mut files = finished();
    let failed = manifest(&files).with_gates(vec![Gate::judged("liveness", false, "")]);
    files.insert(RunDirectory::MANIFEST.to_owned(), failed.to_bytes());
    let Verdict::Valid(facts) = verdict(&files, RunDirectory::MANIFEST) else {
        panic!("the manifest agrees with its files");
    };
    assert_eq!(facts.counts, [("gates", 1)]);
    let note = "the run did not pass its gates".to_owned();
    assert_eq!(facts.note, Some(note));
}

#[test]
fn unfinished_run_says_how_far_it_got() {
    let end = |records, torn_bytes| {
        Verdict::Unfinished(Some(RunEnd::Unfinished {
            records,
            torn_bytes,
        }))
    };
    let mut files = unfinished();
    assert_eq!(verdict(&files, RunDirectory::MANIFEST), end(TICKS, 0));
    for name in &NAMES[1..5] {
        let whole = verdict(&files, name);
        files.get_mut(*name).unwrap().extend(b"{\"half");
        let (Verdict::Valid(whole), Verdict::Valid(torn)) = (whole, verdict(&files, name)) else {
            panic!("{name} of an unfinished run may be torn");
        };
        assert_eq!(whole.note, None);
        let note = "6 bytes of a torn line follow".to_owned();
        assert_eq!((torn.note, &torn.counts), (Some(note), &whole.counts));
    }
    assert_eq!(verdict(&files, RunDirectory::MANIFEST), end(TICKS, 6));
    // A journal that is not valid says nothing.
    let broken = [&files[RunDirectory::JOURNAL][1..], b"x\n"].concat();
    files.insert(RunDirectory::JOURNAL.to_owned(), broken);
    assert_eq!(
        verdict(&files, RunDirectory::MANIFEST),
        Verdict::Unfinished(None)
    );
}

#[test]
fn run_end_is_told_to_people() {
    let unfinished = |torn_bytes| RunEnd::Unfinished {
        records: 7,
        torn_bytes,
    };
    for (end, told) in [
        (RunEnd::Finished, "finished"),
        (unfinished(0), "unfinished, 7 records valid"),
        (
            unfinished(3),
            "unfinished, 7 records valid, 3 bytes of a torn line left out",
        ),
    ] {
        assert_eq!(end.to_string(), told);
        assert_eq!(end.is_finished(), told == "finished");
    }
}

#[test]
fn torn_line_of_a_finished_run_is_invalid() {
    for name in &NAMES[1..5] {
        let mut files = finished();
        let lines = text(&files, name).lines().count() as u64;
        files.get_mut(*name).unwrap().extend(b"{\"half");
        let reason = "is torn, but the run is finished";
        assert_eq!(verdict(&files, name), invalid(Some(lines + 1), reason));
        // The manifest is compared with the other files.
        assert!(verdict(&files, RunDirectory::MANIFEST).is_valid());
    }
}

#[test]
fn files_that_follow_from_a_bad_header_are_not_checked() {
    let unchecked = Verdict::Unchecked {
        without: RunDirectory::HEADER,
    };
    assert!(!unchecked.is_valid());
    let mut files = finished();
    for bytes in [None, Some(b"{}\n".to_vec())] {
        match bytes {
            None => files.remove(RunDirectory::HEADER),
            Some(bytes) => files.insert(RunDirectory::HEADER.to_owned(), bytes),
        };
        for name in [
            RunDirectory::TAPE,
            RunDirectory::JOURNAL,
            RunDirectory::MANIFEST,
        ] {
            assert_eq!(verdict(&files, name), unchecked, "{name}");
        }
        for name in [RunDirectory::INJECTIONS, RunDirectory::TRAPS] {
            assert!(verdict(&files, name).is_valid(), "{name}");
        }
    }
}

#[test]
fn header_that_cannot_be_read_is_named() {
    let with = |change: &dyn Fn(&str) -> String| {
        let mut files = finished();
        let header = change(text(&files, RunDirectory::HEADER));
        files.insert(RunDirectory::HEADER.to_owned(), header.into_bytes());
        verdict(&files, RunDirectory::HEADER)
    };
    let known = "; the known kinds of runs are soak, scenario, live, fork";
    let kind = with(&|header| header.replace("\"kind\":\"soak\"", "\"kind\":\"dream\""));
    assert_eq!(kind, invalid(None, format!("its kind is `dream`{known}")));
    let newer = with(&|header| header.replace("turingos.run/1", "turingos.run/2"));
    let reason = "its format `turingos.run/2` is a newer version than `turingos.run/1`; update \
                  this program";
    assert_eq!(newer, invalid(None, format!("{reason}{known}")));
    let other = with(&|header| header.replace("turingos.run/1", "other/1"));
    let reason = "its format is `other/1`, expected `turingos.run/1`";
    assert_eq!(other, invalid(None, format!("{reason}{known}")));
    let spelled = with(&|header| header.replacen(',', ", ", 1));
    let reason = "not canonical from byte 27 on; it was edited or written by something else";
    assert_eq!(spelled, invalid(None, reason));
    let missing = {
        let mut files = finished();
        files.remove(RunDirectory::HEADER);
        verdict(&files, RunDirectory::HEADER)
    };
    assert_eq!(missing, invalid(None, "is missing"));
}

/// The limit is one of documents: no header comes near it.
#[test]
fn header_of_more_than_a_mebibyte_is_not_read() {
    let mut files = finished();
    for (length, reason) in [
        (1 << 20, "not a valid document: "),
        ((1 << 20) + 1, "longer than 1048576 bytes"),
    ] {
        files.insert(RunDirectory::HEADER.to_owned(), vec![b' '; length]);
        let Verdict::Invalid {
            line: None,
            reason: found,
        } = verdict(&files, RunDirectory::HEADER)
        else {
            panic!("blanks are no header");
        };
        assert!(found.starts_with(reason), "{length}: {found}");
    }
}

#[test]
fn missing_file_is_named() {
    for name in &NAMES[1..5] {
        for mut files in [finished(), unfinished()] {
            files.remove(*name);
            assert_eq!(verdict(&files, name), invalid(None, "is missing"), "{name}");
        }
    }
}

#[test]
fn broken_chain_is_named_with_its_line() {
    for (from, to, reason) in [
        (
            "{\"tick\":7,",
            "{\"tick\":8,",
            "BROKEN_CHAIN: does not hash to what it says after the lines before",
        ),
        (
            "{\"hash\"",
            "{\"hush\"",
            "BAD_FRAME: is not of the form {\"hash\":\"…\",\"record\":{…}}",
        ),
    ] {
        let mut files = finished();
        let journal = text(&files, RunDirectory::JOURNAL);
        let mut lines: Vec<_> = journal.lines().map(str::to_owned).collect();
        lines[7] = lines[7].replacen(from, to, 1);
        let bytes = lines.iter().map(|line| format!("{line}\n"));
        let bytes = bytes.collect::<String>().into_bytes();
        files.insert(RunDirectory::JOURNAL.to_owned(), bytes);
        assert_eq!(
            verdict(&files, RunDirectory::JOURNAL),
            invalid(Some(8), reason)
        );
    }
}

#[test]
fn tape_line_that_is_no_entry_is_named() {
    let entry = "{\"kind\":\"world\",\"tick\":0,\"question\":{\"read\":\"a\"},\
                 \"answer\":{\"text\":\"\"}}";
    let records = [entry.to_owned(), "{\"kind\":\"dream\"}".to_owned()];
    let files = rechained(unfinished(), RunDirectory::TAPE, &records);
    let reason = "is of no known kind: its first member is neither \"kind\":\"call\" nor \
                  \"kind\":\"world\"";
    assert_eq!(
        verdict(&files, RunDirectory::TAPE),
        invalid(Some(2), reason)
    );
    // A whole tape has a root and is compared with the manifest.
    let files = rechained(unfinished(), RunDirectory::TAPE, &records[..1]);
    let mut chain = Chain::new(Digest::of(&files[RunDirectory::HEADER]));
    chain.append(entry.as_bytes(), &mut Vec::new());
    let Verdict::Valid(facts) = verdict(&files, RunDirectory::TAPE) else {
        panic!("the entry is canonical");
    };
    assert_eq!(facts.counts, [("entries", 1)]);
    assert_eq!(facts.root, Some(chain.head().to_string()));
}

#[test]
fn something_else_in_place_of_a_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    record_into(directory.path());
    for name in NAMES {
        let path = directory.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let reports = verify::run(&RunFolder(directory.path().to_owned()));
        assert_eq!(
            verdict_in(&reports, name),
            invalid(None, "not a regular file"),
            "{name}"
        );
        std::fs::remove_dir(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
}

/// Files of which one cannot be opened, or fails when it is read.
struct Failing {
    files: BTreeMap<String, Vec<u8>>,
    name: &'static str,
    opens: bool,
}

impl RunFiles for Failing {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        match (name == self.name, self.opens) {
            (false, _) => self.files.open(name),
            (true, false) => Err(io::Error::other("no such luck")),
            (true, true) => Ok(Some(Box::new(BadDisk))),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new("RUN").join(name)
    }
}

struct BadDisk;

impl Read for BadDisk {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("no such luck"))
    }
}

#[test]
fn file_that_the_system_refuses_is_named() {
    for name in NAMES {
        for opens in [false, true] {
            let files: Files = finished();
            let failing = Failing { files, name, opens };
            assert_eq!(
                verdict_in(&verify::run(&failing), name),
                invalid(None, "cannot be read: no such luck"),
                "{name}"
            );
        }
    }
}
