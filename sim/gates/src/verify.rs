//! The gate `verify`: recordings, damaged and whole.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;

use super::{Finding, Ledger};
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::verify;
use turingos_run::{Profile, RunDirectory};
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
    let files = match small_run() {
        Ok(files) => files,
        Err(error) => {
            ledger.expect(false, || format!("no run: {error}"));
            BTreeMap::new()
        }
    };
    ledger.expect(is_valid(&files), || {
        "a run as it was written is not valid".to_owned()
    });
    let has_draws = files
        .get(RunDirectory::INJECTIONS)
        .is_some_and(|injections| !injections.is_empty());
    ledger.expect(has_draws, || "nothing was injected in the run".to_owned());
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
                format!("bit {} of byte {at} of {name} is not noticed", at % 8)
            });
            flip(&mut files);
        }
        bytes += length;
    }
    bytes
}

/// The files of a run of a few ticks; none of those that a soak fills is empty.
fn small_run() -> Result<BTreeMap<String, Vec<u8>>, Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let run = scratch.path().join("run");
    let header = Settings::header(Profile::Hostile, SEED, TICKS);
    let mut soak = Soak::start_into(&header, RunDirectory::create(&run, &header)?);
    on_virtual_time(soak.drive())?;
    let outcome = soak.outcome();
    soak.into_sink().finish(&outcome.manifest(&header))?;
    let mut files = BTreeMap::new();
    for name in RunDirectory::FILES {
        files.insert(name.to_owned(), fs::read(run.join(name))?);
    }
    Ok(files)
}
