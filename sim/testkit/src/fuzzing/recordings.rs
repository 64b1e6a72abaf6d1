//! Recordings: one spelling for each document, and every changed byte is detected.

use turingos::Digest;
use turingos::journal::{Chain, ChainFault, Record};

use super::mixed;
use turingos_run::soak::Settings;
use turingos_run::{Header, Manifest};

/// A `header.json` or a `manifest.json`.
///
/// Properties: a parsed document serializes to the same bytes, and is refused with one byte more or
/// less.
///
/// # Panics
/// If a property does not hold.
pub fn run_header(bytes: &[u8]) {
    let header = |bytes: &[u8]| Header::<Settings>::from_bytes(bytes).map(|read| read.to_bytes());
    let manifest = |bytes: &[u8]| Manifest::from_bytes(bytes).map(|read| read.to_bytes());
    let read = [header(bytes).ok(), manifest(bytes).ok()];
    for written in read.iter().flatten() {
        assert_eq!(written, bytes, "parsed, but serialized differently");
        let longer = [bytes, b"\n"].concat();
        for other in [&bytes[..bytes.len() - 1], &longer] {
            assert!(header(other).is_err() && manifest(other).is_err());
        }
    }
    assert!(
        read.iter().flatten().count() <= 1,
        "a header and a manifest in one"
    );
}

/// Input: a journal, also used as the source of the records of another.
///
/// Properties: a chain over any records verifies and ends at the same head. It does not verify with
/// one bit flipped, a line before the last removed, or two lines swapped. A parsed record
/// serializes to a record that parses as the same.
///
/// # Panics
/// If a property does not hold.
pub fn journal(bytes: &[u8]) {
    // Arbitrary bytes as a journal give an error, not a panic.
    let _ = verify(bytes);
    check_record(bytes);
    let records: Vec<Vec<u8>> = bytes
        .split(|byte| *byte == b'\n')
        .take(8)
        .map(|text| [b"{", text, b"}"].concat())
        .collect();
    let mut chain = Chain::new(GENESIS);
    let lines: Vec<Vec<u8>> = records
        .iter()
        .map(|record| {
            let mut line = Vec::new();
            chain.append(record, &mut line);
            line
        })
        .collect();
    let whole = lines.concat();
    assert_eq!(
        verify(&whole),
        Ok(chain),
        "what was written does not verify"
    );

    let choice = mixed(bytes);
    let mut flipped = whole;
    let at = choice % flipped.len();
    flipped[at] ^= 1 << (choice / 8 % 8);
    assert!(verify(&flipped).is_err(), "a flipped bit at byte {at}");
    if let [.., last, _] = &*lines {
        let mut exchanged = lines.clone();
        exchanged.swap(lines.len() - 2, lines.len() - 1);
        assert!(verify(&exchanged.concat()).is_err(), "exchanged lines");
        let mut dropped = lines.clone();
        dropped.retain(|line| line != last);
        assert!(verify(&dropped.concat()).is_err(), "a dropped line");
    }
}

const GENESIS: Digest = Digest::EMPTY;

fn verify(journal: &[u8]) -> Result<Chain, ChainFault> {
    let mut chain = Chain::new(GENESIS);
    for line in journal.split_inclusive(|byte| *byte == b'\n') {
        chain.verify_line(line.strip_suffix(b"\n").unwrap_or(line))?;
    }
    Ok(chain)
}

fn check_record(bytes: &[u8]) {
    if let Ok(record) = serde_json::from_slice::<Record>(bytes) {
        let mut text = String::new();
        record.write_json(&mut text);
        let again = serde_json::from_str::<Record>(&text).expect("what is written is a record");
        assert_eq!(again, record, "{text}");
    }
}
