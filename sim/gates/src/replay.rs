//! The gate `replay`: recorded runs replay to the same records, and changed ones do not.
//!
//! Seeded runs, runs recorded over loopback right now, and the committed transcripts.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Finding, Ledger, recordings};
use turingos_run::replay::replay;
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::verify;
use turingos_run::{Blame, Profile, RunDirectory, RunFolder, RunIoError};
use turingos_testkit::corpus::{Corpus, LoadError};

const TICKS: u64 = 120;
const SEEDS: [u64; 3] = [1, 42, 77];

pub(super) fn gate(corpus: &Corpus) -> Result<Finding, LoadError> {
    let mut ledger = Ledger::default();
    let detail = match tempfile::tempdir() {
        Ok(scratch) => {
            let committed = transcripts(corpus, scratch.path(), &mut ledger)?;
            let recorded = recorded(scratch, &mut ledger);
            recorded.map(|detail| format!("{committed}, {detail}"))
        }
        Err(error) => Err(error),
    };
    Ok(match detail {
        Ok(detail) => ledger.finding("replay", detail),
        Err(error) => {
            ledger.expect(false, || format!("no scratch directory: {error}"));
            ledger.finding("replay", String::new())
        }
    })
}

/// Verifies and replays every committed run.
fn transcripts(corpus: &Corpus, scratch: &Path, ledger: &mut Ledger) -> Result<String, LoadError> {
    let committed = corpus.transcripts(scratch)?;
    let held = committed.iter().filter(|run| transcript(run, ledger));
    let held = held.count();
    Ok(format!("{held} of {} transcripts", committed.len()))
}

/// Verifies and replays a committed run.
fn transcript(run: &Path, ledger: &mut Ledger) -> bool {
    let reports = verify::run(&RunFolder(run.to_path_buf()));
    let is_valid = reports.iter().all(|file| file.verdict.is_valid());
    let replayed = replay(run, None, |_| ());
    let is_whole = is_valid && replayed.as_ref().is_ok_and(|report| report.whole);
    ledger.expect(is_whole, || match replayed {
        Ok(_) if !is_valid => format!("{}: not valid", run.display()),
        Ok(report) => format!("{}: only {} ticks", run.display(), report.ticks),
        Err(error) => format!("{}: {error}", run.display()),
    });
    is_whole
}

/// Records and replays runs below `scratch`.
fn recorded(scratch: TempDir, ledger: &mut Ledger) -> std::io::Result<String> {
    let mut same = 0;
    for &profile in Profile::ALL {
        for seed in SEEDS {
            let run = scratch.path().join(format!("{profile}-{seed}"));
            let replayed = record(&run, profile, seed).and_then(|()| replay(&run, None, |_| ()));
            let is_whole = replayed.as_ref().is_ok_and(|report| report.whole);
            same += u64::from(is_whole);
            ledger.expect(is_whole, || match replayed {
                Ok(report) => format!("{profile} {seed}: only {} ticks", report.ticks),
                Err(error) => format!("{profile} {seed}: {error}"),
            });
        }
    }
    let recorded = recordings::check(scratch.path(), ledger);
    let changed = changed_bytes(&scratch.path().join("routine-42"), ledger)?;
    scratch.close()?;
    Ok(format!(
        "{same} of {} seeded runs, {recorded} of {} recordings from connections; {changed} changed \
         bytes noticed",
        Profile::ALL.len() * SEEDS.len(),
        recordings::RUNS
    ))
}

fn record(run: &Path, profile: Profile, seed: u64) -> Result<(), RunIoError> {
    let header = Settings::header(profile, seed, TICKS);
    let mut soak = Soak::start_into(&header, RunDirectory::create(run, &header)?);
    on_virtual_time(soak.drive())?;
    let outcome = soak.outcome();
    soak.into_sink().finish(&outcome.manifest(&header))
}

/// Changes a byte here and there in header and journal; a replay has to refuse each.
fn changed_bytes(run: &Path, ledger: &mut Ledger) -> std::io::Result<u64> {
    let mut noticed = 0;
    for name in [RunDirectory::HEADER, RunDirectory::JOURNAL] {
        let path = run.join(name);
        let whole = fs::read(&path)?;
        for at in (0..whole.len()).step_by(whole.len() / 20) {
            let mut changed = whole.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 1;
            }
            fs::write(&path, &changed)?;
            let refused = replay(run, None, |_| ())
                .is_err_and(|error| matches!(error.blame(), Blame::Recording | Blame::Program));
            noticed += u64::from(refused);
            ledger.expect(refused, || {
                format!("{name}: a changed byte {at} is not noticed")
            });
        }
        fs::write(&path, &whole)?;
    }
    Ok(noticed)
}
