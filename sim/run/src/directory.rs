//! The directory of a run: its files, and the order in which they are made.
//!
//! Never overwrites what is already there, and never leaves a half-written header or manifest under
//! its name: both are written beside and renamed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use super::error::RunIoError;
use super::header::{Header, RunConfig};
use super::left_behind;
use super::recorded_journal::RecordedJournal;
use super::run_reader::{Prefix, RunReader};
use super::tape::{Ending, TapeSession, TapeWriter};
use super::writer::RunWriter;

/// The names of a run's files.
#[derive(Clone, Copy, Debug)]
pub struct RunDirectory;

impl RunDirectory {
    /// The run header. A directory is a run if and only if it has this file.
    pub const HEADER: &'static str = "header.json";
    /// Every nondeterministic input, one line each.
    pub const TAPE: &'static str = "tape.jsonl";
    /// One line for each tick.
    pub const JOURNAL: &'static str = "journal.jsonl";
    /// One line for each tick in which a layer of the simulation failed on purpose; follows from the
    /// header and is there for people to read.
    pub const INJECTIONS: &'static str = "injections.jsonl";
    /// One line for each trap frame; follows from header and tape like the journal.
    pub const TRAPS: &'static str = "traps.jsonl";
    /// The result of the run; present once it has finished.
    pub const MANIFEST: &'static str = "manifest.json";

    /// Makes `path` a run with an empty tape and an empty journal.
    ///
    /// The directory is created with its parents; an empty one is used, and so is one that a killed
    /// process left before its run had a header. One that holds a run is refused as well as one
    /// that holds anything else: a run costs money or hours, so removing it is left to the user,
    /// and continuing it is [`RunDirectory::resume`].
    ///
    /// # Errors
    /// The path is not usable for a new run (nothing in it is touched), or the file system
    /// refuses.
    pub fn create<C: RunConfig>(path: &Path, header: &Header<C>) -> Result<RunWriter, RunIoError> {
        if path.exists() {
            refuse_unless_empty(path)?;
        } else {
            fs::create_dir_all(path).map_err(RunIoError::system("create", path))?;
        }
        let journal = path.join(Self::JOURNAL);
        let file = create_new(&journal)?;
        lock(&file, &journal)?;
        let rest = create_new(&path.join(Self::TAPE)).and_then(|tape| {
            let injections = create_new(&path.join(Self::INJECTIONS))?;
            let traps = create_new(&path.join(Self::TRAPS))?;
            write_whole(path, Self::HEADER, &header.to_bytes())?;
            Ok((tape, [injections, traps]))
        });
        match rest {
            Ok((tape, plain)) => {
                let tape_path = path.join(Self::TAPE);
                let tape = TapeWriter::begin(tape, &tape_path, header.genesis(), None);
                Ok(RunWriter::new(
                    path,
                    file,
                    plain,
                    TapeSession::recording(tape),
                ))
            }
            Err(error) => {
                // The first error is reported; what was made here should not stop a retry.
                for name in [Self::TAPE, Self::INJECTIONS, Self::TRAPS, Self::JOURNAL] {
                    let _ = fs::remove_file(path.join(name));
                }
                Err(error)
            }
        }
    }

    /// Resumes the run in `path` where its process stopped, or checks a finished one again. Accepts
    /// a finished and an unfinished run.
    ///
    /// Every file is verified first. The caller then runs everything from the first tick on: the
    /// writer compares each record with the journal until that has ended, cuts a torn line, and
    /// appends from there; the tape is played in the same way. Until then no file is changed.
    ///
    /// # Errors
    /// A file is corrupt or cannot be read, or another process is at work on the run.
    pub fn resume<C>(path: &Path) -> Result<(Prefix<C>, RunWriter), RunIoError>
    where
        C: RunConfig,
    {
        let journal = path.join(Self::JOURNAL);
        let run = RunReader::of(path);
        // A directory without a header is no run, which says more than a journal that is missing.
        run.header_bytes()?;
        let file = open_to_write(&journal)?;
        lock(&file, &journal)?;
        let prefix = run.read_whole()?;
        let genesis = prefix.header.genesis();
        let tape = path.join(Self::TAPE);
        let ending = match prefix.manifest {
            Some(_) => Ending::Stop,
            None => Ending::Record {
                file: open_to_write(&tape)?,
                journal_ticks: prefix.records,
                scan: None,
            },
        };
        let tape = TapeSession::playing(&tape, genesis, ending)?;
        let recorded = RecordedJournal::open(path, genesis)?;
        let is_finished = prefix.manifest.is_some();
        let writer = RunWriter::resume(path, file, recorded, tape, is_finished)?;
        Ok((prefix, writer))
    }
}

fn refuse_unless_empty(path: &Path) -> Result<(), RunIoError> {
    if !path.is_dir() {
        return Err(RunIoError::NotADirectory { path: path.into() });
    }
    if path.join(RunDirectory::HEADER).exists() {
        return Err(RunIoError::AlreadyARun { path: path.into() });
    }
    left_behind::clear(path)
}

fn open_to_write(path: &Path) -> Result<File, RunIoError> {
    OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(RunIoError::system("open", path))
}

/// Keeps every other process off the run until this one has ended, however it ends.
fn lock(journal: &File, path: &Path) -> Result<(), RunIoError> {
    match journal.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(RunIoError::Busy { path: path.into() }),
        Err(TryLockError::Error(error)) => Err(RunIoError::system("lock", path)(error)),
    }
}

/// Two processes that were given one directory: the second one fails here.
fn create_new(path: &Path) -> Result<File, RunIoError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(RunIoError::system("create", path))
}

/// Writes a file under another name, makes sure that it is on disk, and renames it.
pub(super) fn write_whole(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), RunIoError> {
    let path = directory.join(name);
    let unfinished = directory.join(format!(".{name}.unfinished"));
    let written = write_synchronised(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, &path))
        .and_then(|()| synchronise_directory(directory));
    written.map_err(|error| {
        let _ = fs::remove_file(&unfinished);
        RunIoError::system("write", &path)(error)
    })
}

fn write_synchronised(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A rename lasts once the directory has reached the disk; elsewhere than on Unix a directory
/// cannot be opened as a file, and renaming is left to the system.
fn synchronise_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()
    } else {
        Ok(())
    }
}
