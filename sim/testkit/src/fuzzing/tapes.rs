//! Tapes and whole runs: they round-trip, and every changed byte is detected.

use std::collections::BTreeMap;
use std::path::Path;

use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::Lane;
use turingos::journal::Chain;

use super::mixed;
use turingos_agents::{RawReply, Request, TransportFault};
use turingos_run::soak::Settings;
use turingos_run::tape::{Answer, CallEntry, Entry, Question, TapeReader, WorldEntry};
use turingos_run::{Prefix, RunDirectory, RunIoError, RunReader};

const GENESIS: Digest = Digest::EMPTY;

/// Input: a tape, also used as one record of a tape and as the source of entries.
///
/// Properties: a parsed record serializes to the same bytes. Entries with any bodies round-trip;
/// with one bit flipped, the tape is corrupt or its last line torn.
///
/// # Panics
/// If a property does not hold.
pub fn tape(bytes: &[u8]) {
    // Arbitrary bytes as a tape give an error or no entry, not a panic.
    let _ = read(bytes);
    let mut scratch = Vec::new();
    if let Ok(entry) = Entry::read_json(bytes, &mut scratch) {
        let mut written = Vec::new();
        entry.write_json(&mut written);
        assert_eq!(written, bytes, "parsed, but serialized differently");
    }

    let entries: Vec<Entry> = (bytes.split(|byte| *byte == b'\n').take(6))
        .enumerate()
        .map(|(number, text)| entry_of(number, text))
        .collect();
    let mut chain = Chain::new(GENESIS);
    let mut whole = Vec::new();
    for entry in &entries {
        let mut record = Vec::new();
        entry.write_json(&mut record);
        chain.append(&record, &mut whole);
    }
    let (back, head) = read(&whole).expect("a written tape can be read");
    assert_eq!((&back, head), (&entries, chain), "read back differently");

    let choice = mixed(bytes);
    let at = choice % whole.len();
    whole[at] ^= 1 << (choice / 8 % 8);
    if let Ok((fewer, _)) = read(&whole) {
        // Only the form of the last line may have suffered: then it counts as torn.
        let kept = entries.len() - 1;
        assert_eq!(
            fewer,
            entries[..kept],
            "a flipped bit at byte {at} goes unseen"
        );
    }
}

/// An entry of a kind chosen by `number`, with `text` in every field that takes bytes.
fn entry_of(number: usize, text: &[u8]) -> Entry {
    let choice = mixed(text).wrapping_add(number);
    let tick = number as u64;
    let words = String::from_utf8_lossy(text).into_owned();
    let request = Request {
        tick,
        lane: if choice.is_multiple_of(2) {
            Lane::P
        } else {
            Lane::E
        },
        attempt: 0,
        system_prompt: "",
        q: "",
        frame: "",
    };
    let reply = RawReply {
        provider: Provider::ALL[choice % 3],
        status: 200,
        retry_after_us: choice.is_multiple_of(3).then_some(tick),
        headers: vec![
            ("retry-after".into(), words.clone()),
            (words.clone(), "1".into()),
        ],
        body: text.to_vec(),
    };
    match choice % 4 {
        0 => Entry::Call(CallEntry::new(&request, text.to_vec(), Ok(&reply), 1)),
        1 => {
            let fault = TransportFault::ALL[choice / 4 % 3];
            Entry::Call(CallEntry::new(&request, text.to_vec(), Err(fault), 1))
        }
        2 => Entry::World(WorldEntry::new(
            tick,
            Question::Read(words.clone()),
            Answer::Text(words),
        )),
        _ => Entry::World(WorldEntry::new(
            tick,
            Question::List {
                directory: None,
                limit: 1,
            },
            Answer::Names(vec![words]),
        )),
    }
}

fn read(bytes: &[u8]) -> Result<(Vec<Entry>, Chain), RunIoError> {
    let mut tape = TapeReader::new(bytes, Path::new("tape.jsonl"), GENESIS);
    let mut entries = Vec::new();
    while let Some(entry) = tape.next_entry()? {
        entries.push(entry);
    }
    Ok((entries, tape.chain()))
}

/// The files of a run, header, journal, tape and manifest, with a zero byte between each two.
///
/// Properties: of a finished run that is read, no file can lose its last byte or have a bit flipped
/// without an error.
///
/// # Panics
/// If the property does not hold.
pub fn run_files(bytes: &[u8]) {
    let files: Vec<Vec<u8>> = (bytes.splitn(4, |byte| *byte == 0))
        .map(<[u8]>::to_vec)
        .collect();
    let Ok([header, journal, tape, manifest]) = <[Vec<u8>; 4]>::try_from(files) else {
        return;
    };
    let Ok(prefix) = read_run(&[&header, &journal, &tape, &manifest]) else {
        return;
    };
    assert_eq!((prefix.torn_bytes, prefix.tape_torn_bytes), (0, 0));
    let choice = mixed(bytes);
    for changed in 0..4 {
        let mut files = [
            header.clone(),
            journal.clone(),
            tape.clone(),
            manifest.clone(),
        ];
        let file = &mut files[changed];
        if file.is_empty() {
            continue;
        }
        let at = choice % file.len();
        let last = file.pop();
        let parts = files.each_ref().map(Vec::as_slice);
        assert!(
            read_run(&parts).is_err(),
            "file {changed} without its last byte"
        );
        files[changed].extend(last);
        files[changed][at] ^= 1 << (choice / 8 % 8);
        let parts = files.each_ref().map(Vec::as_slice);
        if let Ok(other) = read_run(&parts) {
            // Gates, counts and the command of a manifest are for people: no other file has them.
            assert!(
                changed == 3 && other.manifest != prefix.manifest,
                "a flipped bit at byte {at} of file {changed} goes unseen"
            );
        }
    }
}

fn read_run(files: &[&[u8]; 4]) -> Result<Prefix<Settings>, RunIoError> {
    let [header, journal, tape, manifest] = files.map(<[u8]>::to_vec);
    let files = BTreeMap::from([
        (RunDirectory::HEADER.to_owned(), header),
        (RunDirectory::JOURNAL.to_owned(), journal),
        (RunDirectory::TAPE.to_owned(), tape),
        (RunDirectory::INJECTIONS.to_owned(), Vec::new()),
        (RunDirectory::MANIFEST.to_owned(), manifest),
    ]);
    RunReader::new(files).read_whole()
}
