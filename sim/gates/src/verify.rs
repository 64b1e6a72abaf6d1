//! The gate `verify`: recordings, damaged and whole.

use std::collections::BTreeMap;

use super::{Finding, Ledger};
use turingos_run::soak::{Settings, Soak, judge, on_virtual_time};
use turingos_run::verify;
use turingos_run::{DrawsChain, Manifest, Profile, RunDirectory};
use turingos_testkit::corpus::turingos_journals::JournalExpectation;
use turingos_testkit::corpus::{Corpus, LoadError, load};

const SEED: u64 = 42;
const TICKS: u64 = 8;

pub(super) fn gate(corpus: &Corpus) -> Result<Finding, LoadError> {
    let journals = load::<JournalExpectation>(corpus)?;
    let mut ledger = Ledger::default();
    for case in &journals {
        ledger.hold("turingos-journals", case);
    }
    let files = small_run();
    ledger.expect(is_valid(&files), || {
        "a run as it was written is not valid".to_owned()
    });
    let has_draws = files
        .get(RunDirectory::DRAWS)
        .is_some_and(|draws| !draws.is_empty());
    ledger.expect(has_draws, || "nothing was drawn in the run".to_owned());
    let bytes = flip_every_byte(files, &mut ledger);
    let detail = format!(
        "{} journals; each of {bytes} bytes of a run flipped",
        journals.len()
    );
    Ok(ledger.finding("verify", detail))
}

fn is_valid(files: &BTreeMap<String, Vec<u8>>) -> bool {
    verify::run(files)
        .iter()
        .all(|file| file.verdict.is_valid())
}

fn flip_every_byte(mut files: BTreeMap<String, Vec<u8>>, ledger: &mut Ledger) -> usize {
    let lengths: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (name.clone(), bytes.len()))
        .collect();
    let mut bytes = 0;
    for (name, length) in lengths {
        for at in 0..length {
            let flip = |files: &mut BTreeMap<String, Vec<u8>>| {
                if let Some(byte) = files.get_mut(&name).and_then(|file| file.get_mut(at)) {
                    *byte ^= 1 << (at % 8);
                }
            };
            flip(&mut files);
            ledger.expect(!is_valid(&files), || {
                format!("bit {} of byte {at} of {name} goes unseen", at % 8)
            });
            flip(&mut files);
        }
        bytes += length;
    }
    bytes
}

/// A run of a few ticks with something in every file that a soak writes.
fn small_run() -> BTreeMap<String, Vec<u8>> {
    let header = Settings::header(Profile::Hostile, SEED, TICKS);
    let header_bytes = header.to_bytes();
    let mut drawn = DrawsChain::default();
    let (mut journal, mut draws) = (Vec::new(), Vec::new());
    let outcome = on_virtual_time(async {
        let mut soak = Soak::start(&header);
        while soak.ticks() < TICKS {
            soak.tick().await;
            journal.extend_from_slice(soak.line());
            if let Some(line) = soak.draws_line() {
                drawn.line(line.trim_end().as_bytes());
                draws.extend_from_slice(line.as_bytes());
            }
        }
        soak.finish()
    });
    let manifest = Manifest::new(
        SEED,
        Profile::Hostile,
        TICKS,
        outcome.root,
        "sim soak".into(),
    )
    .with_gates(judge(&header, &outcome.tally))
    .with_tape(turingos::journal::Chain::new(header.genesis()))
    .with_draws(drawn.chain());
    [
        (RunDirectory::HEADER, header_bytes),
        (RunDirectory::TAPE, Vec::new()),
        (RunDirectory::JOURNAL, journal),
        (RunDirectory::DRAWS, draws),
        (RunDirectory::MANIFEST, manifest.to_bytes()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}
