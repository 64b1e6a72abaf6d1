//! The gate `replay`: recorded runs replay to the same records, and changed ones do not.

use std::fs;
use std::path::Path;

use super::{Finding, Ledger};
use crate::replay::replay;
use crate::run::{Blame, Manifest, Profile, RunDirectory, RunIoError};
use crate::soak::{Settings, Soak, judge, on_virtual_time};

const TICKS: u64 = 120;
const SEEDS: [u64; 3] = [1, 42, 77];

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    match in_a_scratch_directory(&mut ledger) {
        Ok(detail) => ledger.finding("replay", detail),
        Err(error) => {
            ledger.expect(false, || format!("no scratch directory: {error}"));
            ledger.finding("replay", String::new())
        }
    }
}

fn in_a_scratch_directory(ledger: &mut Ledger) -> std::io::Result<String> {
    let scratch = tempfile::tempdir()?;
    let mut same = 0;
    for profile in Profile::ALL {
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
    let changed = changed_bytes(&scratch.path().join("routine-42"), ledger)?;
    scratch.close()?;
    Ok(format!(
        "{same} of {} runs as recorded, {changed} changed bytes noticed",
        Profile::ALL.len() * SEEDS.len()
    ))
}

fn record(run: &Path, profile: Profile, seed: u64) -> Result<(), RunIoError> {
    let header = Settings::header(profile, seed, TICKS);
    let mut writer = RunDirectory::create(run, &header)?;
    let outcome = on_virtual_time(async {
        let mut soak = Soak::start(&header);
        while soak.ticks() < TICKS {
            soak.tick().await;
            writer.record_line(soak.line())?;
        }
        Ok::<_, RunIoError>(soak.finish())
    })?;
    let manifest = Manifest::new(seed, profile, TICKS, outcome.root, "sim soak".to_owned());
    writer.finish(&manifest.with_gates(judge(&header, &outcome.tally)))
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
                format!("{name}: a changed byte {at} goes unseen")
            });
        }
        fs::write(&path, &whole)?;
    }
    Ok(noticed)
}
