//! A recorded run as a regression test: record it once, replay it in a test of yours.
//!
//! `cargo run --package turingos-run --example replay_in_a_test [DIRECTORY]`

use std::error::Error;
use std::path::{Path, PathBuf};

use turingos_run::replay::Report;
use turingos_run::soak::Settings;
use turingos_run::{Profile, RunDirectory, RunIoError, Soak, on_virtual_time, replay};

/// Records 200 hostile ticks of seed 7 in `directory`, which must be new or empty.
fn record(directory: &Path) -> Result<(), RunIoError> {
    let header = Settings::header(Profile::Hostile, 7, 200);
    let mut soak = Soak::start_into(&header, RunDirectory::create(directory, &header)?);
    on_virtual_time(soak.drive())?;
    let manifest = soak.outcome().manifest(&header);
    soak.into_sink().finish(&manifest)
}

/// What a test of yours calls: every tick has to be as it was recorded.
///
/// # Panics
/// With the first difference, or with the file that is corrupt.
fn assert_replays(directory: &Path) -> Report {
    let report = replay(directory, None, |_ticks| {}).unwrap_or_else(|error| panic!("{error}"));
    assert!(report.whole, "the recorded run is unfinished");
    report
}

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let directory = match std::env::args_os().nth(1) {
        Some(directory) => PathBuf::from(directory),
        None => scratch.path().join("run"),
    };
    record(&directory)?;
    let report = assert_replays(&directory);
    println!("{} ticks as recorded, root {}", report.ticks, report.root);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // In a project of yours the recording is committed, and `record` is not part of the test.
    #[test]
    fn recorded_run_does_not_diverge() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("run");
        record(&directory).unwrap();
        assert_eq!(assert_replays(&directory).ticks, 200);
    }

    #[test]
    #[should_panic(expected = "journal.jsonl")]
    fn changed_record_is_found() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("run");
        record(&directory).unwrap();
        let journal = directory.join(RunDirectory::JOURNAL);
        let text = std::fs::read_to_string(&journal).unwrap();
        std::fs::write(&journal, text.replacen("SYS_GOTO", "SYS_HALT", 1)).unwrap();
        assert_replays(&directory);
    }
}
