//! Finding recordings: runs, agents' exchanges and TuringOS journals at a path, and in every directory below it.
//!
//! Follows no symbolic link below the path, and leaves nothing out without naming it.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};
use crate::shrink::SHRINK_FILE;
use turingos_exchange::{TapeDirectory, is_exchange_tape};
use turingos_run::RunDirectory;
use turingos_run::verify::{JOURNAL_ENDING, LINE_CHAIN_ENDING};

/// The deepest directory that is searched, counted from the path.
const MAX_DEPTH: usize = 64;

/// A recording at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recording {
    /// A run directory.
    Run(PathBuf),
    /// A recording of an agent's HTTP traffic.
    Exchanges(PathBuf),
    /// A file that should be a TuringOS journal.
    Journal(PathBuf),
    /// A directory that cannot be searched, and why.
    Unreadable(PathBuf, String),
}

impl Recording {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Run(path)
            | Self::Exchanges(path)
            | Self::Journal(path)
            | Self::Unreadable(path, _) => path,
        }
    }
}

/// The content of a path: its recordings, and what is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The recordings, in the order of their paths.
    pub(super) recordings: Vec<Recording>,
    /// The files and directories that do not belong to a recording, each with the reason.
    pub(super) skipped: Vec<(PathBuf, &'static str)>,
}

/// Whether a file of this name makes its directory a recording, even one that has lost its header.
fn is_of_recording(name: &str) -> bool {
    RunDirectory::FILES.contains(&name) || name == TapeDirectory::EXCHANGES
}

/// Refuses one file of a run, and an agent's recording, which has exchanges in the place of ticks.
/// `verb` takes runs only.
pub(super) fn expect_ticks(path: &Path, verb: &str) -> Result<(), Failure> {
    if path.is_file() && is_named_as_of_a_run(path) {
        let message = format!("{} {ONE_FILE}", path.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    if !is_exchange_tape(path) {
        return Ok(());
    }
    let path = path.display();
    let message = format!(
        "{path} is the recording of an agent, which has no ticks: `sim {verb}` takes runs; `sim show \
         {path}` shows it"
    );
    Err(Failure::new(Exit::Usage, message))
}

/// The recordings at a path, or the reason why there is none.
pub(super) fn recordings(path: &Path) -> Result<Found, String> {
    let mut found = Found::default();
    if path.is_dir() {
        return match search(path, 0, &mut found) {
            Ok(true) => Ok(found),
            Ok(false) => Err(format!("has no run and no *{JOURNAL_ENDING} file")),
            Err(error) => Err(format!("cannot be read: {error}")),
        };
    }
    if is_named_as_of_a_run(path) {
        return Err(ONE_FILE.into());
    }
    let name = path.file_name().and_then(|name| name.to_str());
    if name.is_some_and(|name| name.ends_with(LINE_CHAIN_ENDING)) {
        return Err("is the line chain of a journal; name the journal".into());
    }
    found.recordings.push(Recording::Journal(path.to_owned()));
    Ok(found)
}

/// What is wrong with the path of a single file of a run.
const ONE_FILE: &str = "is one file of a run; name the run's directory";

fn is_named_as_of_a_run(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(is_of_recording)
}

/// Searches a directory and those below it; true if there is a recording in it.
fn search(directory: &Path, depth: usize, found: &mut Found) -> io::Result<bool> {
    let entries = entries(directory)?;
    let names: Vec<String> = { entries.iter() }
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let before = found.recordings.len();
    let is_run = names.iter().any(|name| is_of_recording(name));
    if names.iter().any(|name| name == TapeDirectory::EXCHANGES) || is_exchange_tape(directory) {
        let path = directory.to_owned();
        found.recordings.push(Recording::Exchanges(path));
    } else if is_run {
        found.recordings.push(Recording::Run(directory.to_owned()));
    }
    for (entry, name) in entries.iter().zip(&names) {
        if is_of_recording(name) || (is_run && name == SHRINK_FILE) {
            continue;
        }
        let path = entry.path();
        let kind = entry.file_type()?;
        let journal = name.strip_suffix(LINE_CHAIN_ENDING);
        let journal = journal.map(|name| format!("{name}{JOURNAL_ENDING}"));
        if kind.is_symlink() {
            found.skipped.push((path, "a symbolic link"));
        } else if kind.is_dir() {
            search_below(path, depth, found);
        } else if name.ends_with(JOURNAL_ENDING) {
            found.recordings.push(Recording::Journal(path));
        } else if journal.is_none() {
            found.skipped.push((path, "not a recording"));
        } else if !journal.is_some_and(|journal| names.contains(&journal)) {
            found.skipped.push((path, "its journal is not beside it"));
        }
    }
    Ok(found.recordings.len() > before)
}

/// Searches a directory in another; one without a recording is skipped whole.
fn search_below(directory: PathBuf, depth: usize, found: &mut Found) {
    if depth == MAX_DEPTH {
        found.skipped.push((directory, "nested too deep"));
        return;
    }
    let skipped = found.skipped.len();
    match search(&directory, depth + 1, found) {
        Ok(true) => {}
        Ok(false) => {
            found.skipped.truncate(skipped);
            found.skipped.push((directory, "no recording in it"));
        }
        Err(error) => {
            let reason = format!("cannot be read: {error}");
            let unreadable = Recording::Unreadable(directory, reason);
            found.recordings.push(unreadable);
        }
    }
}

/// The entries of a directory, in the order of their names.
fn entries(directory: &Path) -> io::Result<Vec<DirEntry>> {
    #[expect(clippy::disallowed_methods, reason = "the entries are sorted below")]
    let entries = fs::read_dir(directory)?;
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}
