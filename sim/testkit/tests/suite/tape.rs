//! Tapes on disk: what is written is read back, a cut costs at most the torn entry, a secret is
//! never written, and no changed byte goes unseen.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::Lane;
use turingos::journal::Chain;
use turingos_agents::{RawReply, Request, TransportFault};
use turingos_run::soak::{Settings, Soak, judge, on_virtual_time};
use turingos_run::tape::{
    Answer, CallEntry, Entry, Question, SecretScan, TapeReader, TapeWriter, WorldEntry,
};
use turingos_run::{Blame, Manifest, Profile, RunDirectory, RunIoError};
use turingos_testkit::fuzzing;

const GENESIS: Digest = Digest::EMPTY;

fn call(tick: u64, body: &[u8]) -> Entry {
    let request = Request {
        tick,
        lane: Lane::P,
        attempt: 0,
        system_prompt: "",
        q: "",
        frame: "",
    };
    let reply = RawReply {
        provider: Provider::Ollama,
        status: 200,
        retry_after_us: None,
        headers: Vec::new(),
        body: body.to_vec(),
    };
    Entry::Call(CallEntry::new(&request, b"{}".to_vec(), Ok(&reply), 5))
}

fn entries() -> Vec<Entry> {
    vec![
        call(0, b"first"),
        Entry::World(WorldEntry::new(
            0,
            Question::Read("a.txt".into()),
            Answer::Text("text \u{20ac}\n".into()),
        )),
        call(1, b"\xff\xfe"),
    ]
}

fn path(directory: &TempDir) -> PathBuf {
    directory.path().join("tape.jsonl")
}

fn write(path: &Path, entries: &[Entry]) -> Chain {
    let mut writer = TapeWriter::begin(File::create(path).unwrap(), path, GENESIS, None);
    for entry in entries {
        writer.append(entry).unwrap();
    }
    writer.chain()
}

fn read(path: &Path) -> Result<(Vec<Entry>, Chain, u64), RunIoError> {
    let mut tape = TapeReader::open(path, GENESIS)?;
    let mut entries = Vec::new();
    while let Some(entry) = tape.next_entry()? {
        entries.push(entry);
    }
    Ok((entries, tape.chain(), tape.torn_bytes()))
}

#[test]
fn append_writes_to_disk() {
    let directory = TempDir::new().unwrap();
    let path = path(&directory);
    let mut writer = TapeWriter::begin(File::create(&path).unwrap(), &path, GENESIS, None);
    let entries = entries();
    for count in 1..=entries.len() {
        writer.append(&entries[count - 1]).unwrap();
        let (back, chain, torn) = read(&path).unwrap();
        assert_eq!((&*back, torn), (&entries[..count], 0));
        assert_eq!(chain, writer.chain());
    }
}

#[test]
fn cut_tape_keeps_whole_entries() {
    let directory = TempDir::new().unwrap();
    let path = path(&directory);
    let entries = entries();
    let head = write(&path, &entries);
    let whole = fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let (kept, chain, torn) = read(&path).unwrap();
        assert_eq!(kept, entries[..kept.len()], "cut at {cut}");
        let mut tape = TapeReader::open(&path, GENESIS).unwrap();
        while tape.next_entry().unwrap().is_some() {}
        assert_eq!(tape.whole_bytes() + torn, cut as u64);

        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let mut writer = TapeWriter::resume(file, &path, chain, tape.whole_bytes(), None).unwrap();
        for entry in &entries[kept.len()..] {
            writer.append(entry).unwrap();
        }
        assert_eq!(writer.chain(), head);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn changed_byte_is_detected() {
    let directory = TempDir::new().unwrap();
    let path = path(&directory);
    let entries = entries();
    write(&path, &entries);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        match read(&path) {
            Ok((kept, _, torn)) => {
                assert_eq!(kept, entries[..2], "byte {at}");
                assert!(torn > 0);
            }
            Err(error) => assert_eq!(error.blame(), Blame::Recording, "byte {at}"),
        }
    }
}

#[test]
fn hashed_line_that_is_not_an_entry() {
    let directory = TempDir::new().unwrap();
    let path = path(&directory);
    for (record, reason) in [
        ("{\"kind\":\"dream\"}", "line 1 is of no known kind"),
        (
            "{\"kind\":\"call\",\"tick\":1}",
            "line 1 is not a valid entry: missing field",
        ),
    ] {
        let mut line = Vec::new();
        Chain::new(GENESIS).append(record.as_bytes(), &mut line);
        fs::write(&path, &line).unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(error.blame(), Blame::Recording);
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn secret_stops_the_tape() {
    let secret = b"sk-live-0123456789";
    let scan = SecretScan::new(move |bytes: &[u8]| {
        let found = bytes.windows(secret.len()).any(|window| window == secret);
        found.then_some("a key")
    });
    let hidden = [b"\xff".as_slice(), secret].concat();
    for body in [secret.as_slice(), &hidden] {
        let directory = TempDir::new().unwrap();
        let path = path(&directory);
        let file = File::create(&path).unwrap();
        let mut writer = TapeWriter::begin(file, &path, GENESIS, Some(scan.clone()));
        writer.append(&call(0, b"harmless")).unwrap();
        let before = fs::read(&path).unwrap();
        let error = writer.append(&call(1, body)).unwrap_err();
        assert!(
            error.to_string().contains("the next line would hold a key"),
            "{error}"
        );
        assert!(
            writer.append(&call(2, b"harmless")).is_err(),
            "the run has stopped"
        );
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn full_disk_stops_the_tape() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let file = OpenOptions::new().write(true).open(full).unwrap();
    let mut writer = TapeWriter::begin(file, full, GENESIS, None);
    let error = writer.append(&call(0, b"")).unwrap_err();
    assert_eq!(error.blame(), Blame::System);
    let error = writer.append(&call(0, b"")).unwrap_err();
    assert!(error.to_string().ends_with("an earlier write failed"));
}

/// The files of a run of today, because a seed of the fuzzer is one of the day it was written.
#[test]
fn changed_bit_of_a_run_is_detected() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("RUN");
    let header = Settings::header(Profile::Routine, 3, 4);
    let writer = RunDirectory::create(&path, &header).unwrap();
    let mut soak = Soak::start_into(&header, writer);
    on_virtual_time(soak.drive()).unwrap();
    let outcome = soak.outcome();
    let gates = judge(&header, &outcome.tally);
    let manifest = Manifest::new(3, Profile::Routine, 4, outcome.root, "sim soak".into());
    let writer = soak.into_sink();
    writer.finish(&manifest.with_gates(gates)).unwrap();
    let files = [
        RunDirectory::HEADER,
        RunDirectory::JOURNAL,
        RunDirectory::TAPE,
        RunDirectory::MANIFEST,
    ]
    .map(|name| fs::read(path.join(name)).unwrap());
    let bytes = files.join(&0);
    turingos_run::read_prefix::<Settings>(&path).unwrap();
    fuzzing::run_files(&bytes);
    // The body changes one bit for each input; its other parts are the same for all of these.
    for _ in 0..3 {
        let changed = fs::read_to_string(path.join(RunDirectory::MANIFEST)).unwrap();
        let longer = changed.replace("sim soak", "sim soak ");
        fs::write(path.join(RunDirectory::MANIFEST), &longer).unwrap();
        let manifest = longer.into_bytes();
        let [header, journal, tape, _] = files.clone();
        fuzzing::run_files(&[header, journal, tape, manifest].join(&0));
    }
}

#[test]
fn transport_faults_have_the_names_of_the_tape() {
    for &fault in TransportFault::ALL {
        let text = serde_json::to_string(&fault).unwrap();
        assert_eq!(text, format!("\"{}\"", fault.name()));
    }
}
