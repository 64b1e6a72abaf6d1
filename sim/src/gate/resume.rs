//! The gate `resume`: a run cut at any byte of its last two records goes on to the same journal.
//!
//! It cuts files, not processes; a test kills real ones.

use std::fs;
use std::path::Path;

use super::{Finding, Ledger};
use crate::run::{Profile, RunDirectory, RunIoError, RunWriter};
use crate::soak::{Settings, Soak, on_virtual_time};

const TICKS: u64 = 4;

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    if let Err(error) = in_a_scratch_directory(&mut ledger) {
        ledger.expect(false, || error.to_string());
    }
    let detail = format!(
        "{} cuts within the last two of {TICKS} records",
        ledger.checked
    );
    ledger.finding("resume", detail)
}

fn in_a_scratch_directory(ledger: &mut Ledger) -> Result<(), RunIoError> {
    let here = Path::new("a scratch directory");
    let scratch = tempfile::tempdir().map_err(RunIoError::system("create", here))?;
    let run = scratch.path().join("run");
    let header = Settings::header(Profile::Hostile, 42, TICKS);
    run_to_the_end(&header, RunDirectory::create(&run, &header)?)?;
    let path = run.join(RunDirectory::JOURNAL);
    let whole = fs::read(&path).map_err(RunIoError::system("read", &path))?;
    let ends: Vec<usize> = (whole.iter().enumerate())
        .filter_map(|(at, byte)| (*byte == b'\n').then_some(at + 1))
        .collect();
    let Some([from, _, _]) = ends.last_chunk::<3>() else {
        ledger.expect(false, || "the journal has too few records".to_owned());
        return Ok(());
    };
    for cut in *from..=whole.len() {
        let kept = whole.get(..cut).unwrap_or_default();
        fs::write(&path, kept).map_err(RunIoError::system("write", &path))?;
        let (prefix, writer) = RunDirectory::resume::<Settings>(&run)?;
        run_to_the_end(&prefix.header, writer)?;
        let found = fs::read(&path).map_err(RunIoError::system("read", &path))?;
        ledger.expect(found == whole, || {
            format!("another journal after a cut at byte {cut}")
        });
    }
    scratch.close().map_err(RunIoError::system("remove", here))
}

fn run_to_the_end(
    header: &crate::run::Header<Settings>,
    mut writer: RunWriter,
) -> Result<(), RunIoError> {
    on_virtual_time(async {
        let mut soak = Soak::start(header);
        while soak.ticks() < header.ticks {
            soak.tick().await;
            writer.record_line(soak.line())?;
        }
        writer.flush()
    })
}
