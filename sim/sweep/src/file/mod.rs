//! The file of a sweep or of one shard: a header, one line a run, the ledger, and an end that seals
//! the lines before it.

mod header;
mod lines;
mod sweep_file;

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::SweepError;
use crate::line::RunLine;
use crate::summary::Totals;
pub use header::FileHeader;
pub(crate) use lines::{LineReader, LineWriter};
pub use sweep_file::{Opened, SweepFile};

/// The file of a sweep that has no shards, and of merged ones.
pub const WHOLE_FILE: &str = "sweep.jsonl";

/// Reads a finished file to its end: its lines must be the runs that its header names, and its end
/// must fit them. `path` names it in errors. `each` sees every run but those of another shard.
///
/// # Errors
/// The first thing that is wrong with the file, or it cannot be read.
pub fn read_sweep(
    path: &Path,
    input: impl Read,
    mut each: impl FnMut(&RunLine),
) -> Result<(FileHeader, Totals), SweepError> {
    let mut reader = LineReader::of(path, input);
    let (header, jobs) = reader.header()?;
    let own = jobs.own();
    let totals = reader.rest(&jobs, |job, line| {
        if job < own {
            each(line);
        }
    })?;
    Ok((header, totals))
}

/// Where the lines are while the sweep runs.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    with_suffix(path, ".part")
}

/// Where the ledger is while the sweep runs.
fn ledger_of(path: &Path) -> PathBuf {
    with_suffix(path, ".ledger")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
