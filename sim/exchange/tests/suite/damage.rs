//! Recordings that are cut, changed or put together by others.

use turingos::Digest;
use turingos::journal::Chain;
use turingos_exchange::{Header, Tape, TapeDirectory, verify};
use turingos_run::verify::Verdict;

use crate::{Files, files, overlapping};

fn finished() -> Files {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tape");
    overlapping(&path)
        .finish("sim replay tape".into())
        .unwrap()
        .unwrap();
    files(&path)
}

fn is_valid(files: &Files) -> bool {
    let verdicts = verify(files);
    let is_valid = verdicts.iter().all(|report| report.verdict.is_valid());
    // Reading it judges as verifying it does.
    assert_eq!(Tape::read(files).is_ok(), is_valid, "{verdicts:?}");
    is_valid
}

#[test]
fn every_changed_byte_of_a_finished_recording_is_found() {
    let whole = finished();
    assert!(is_valid(&whole));
    for name in whole.keys() {
        for at in 0..whole[name].len() {
            let mut changed = whole.clone();
            changed.get_mut(name).unwrap()[at] ^= 1;
            assert!(!is_valid(&changed), "byte {at} of {name}");
        }
    }
}

#[test]
fn every_prefix_of_an_unfinished_recording_is_valid() {
    let mut cut = finished();
    cut.remove(TapeDirectory::MANIFEST);
    while cut
        .get_mut(TapeDirectory::EXCHANGES)
        .unwrap()
        .pop()
        .is_some()
    {
        assert!(is_valid(&cut));
        let [_, _, manifest] = &verify(&cut)[..] else {
            panic!("three files");
        };
        assert!(matches!(manifest.verdict, Verdict::Unfinished(Some(_))));
    }
}

#[test]
fn every_shorter_tape_of_a_finished_recording_is_found() {
    let mut cut = finished();
    while cut
        .get_mut(TapeDirectory::EXCHANGES)
        .unwrap()
        .pop()
        .is_some()
    {
        assert!(!is_valid(&cut));
    }
    cut.remove(TapeDirectory::EXCHANGES);
    assert!(!is_valid(&cut));
}

/// The verdict on the tape of these records, whose chain is as it should be.
fn verdict_on(records: &[&str]) -> String {
    let header = Header::new(Vec::new(), Vec::new()).to_bytes();
    let mut chain = Chain::new(Digest::of(&header));
    let mut lines = Vec::new();
    for record in records {
        chain.append(record.as_bytes(), &mut lines);
    }
    let files = Files::from([
        (TapeDirectory::HEADER.to_owned(), header),
        (TapeDirectory::EXCHANGES.to_owned(), lines),
    ]);
    assert!(!is_valid(&files));
    match &verify(&files)[1].verdict {
        Verdict::Invalid { line, reason } => format!("{}: {reason}", line.unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn records_out_of_place_are_named() {
    let request = |number: u64| {
        format!(
            r#"{{"number":{number},"request":{{"target":"a","method":"GET","path":"/","query":null,"headers":[],"body":{{"text":""}}}}}}"#
        )
    };
    let response = |number: u64| {
        format!(
            r#"{{"number":{number},"response":{{"status":200,"headers":[],"head_us":1,"chunks":[],"end":"whole","end_us":1,"origin":"upstream","injected":null,"note":null}}}}"#
        )
    };
    let (first, answer) = (request(0), response(0));
    for (records, expected) in [
        (vec![&*request(1)], "1: has request 1, expected 0"),
        (vec![&first, &first], "2: has request 0, expected 1"),
        (
            vec![&*answer],
            "1: has a response to request 0, which is not open",
        ),
        (
            vec![&first, &answer, &answer],
            "3: has a response to request 0, which is not open",
        ),
        (
            vec![r#"{"number":0}"#],
            "1: has not one of `request` and `response`",
        ),
        (
            vec![&*first.replace("\"number\":0", "\"number\": 0")],
            "1: is spelled in another way than this program writes it",
        ),
    ] {
        assert_eq!(verdict_on(&records), expected);
    }
    let other_spelling = "1: is spelled in another way than this program writes it";
    assert_eq!(
        verdict_on(&[&first.replace("\"query\":null,", "")]),
        other_spelling
    );
    for (from, to) in [
        ("\"text\":\"\"", "\"base64\":\"YQ==\""),
        ("\"method\"", "\"extra\":1,\"method\""),
        (
            "\"method\":\"GET\"",
            "\"method\":\"GET\",\"method\":\"GET\"",
        ),
    ] {
        let reason = verdict_on(&[&first.replace(from, to)]);
        assert!(reason.starts_with("1: is not an exchange: "), "{reason}");
    }
}
