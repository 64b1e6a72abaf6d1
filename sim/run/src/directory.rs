//! The directory of a run: its files, and the order in which they are made.
//!
//! Never overwrites what is already there, and never leaves a half-written header or manifest under
//! its name: both are written beside and renamed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use turingos::Digest;

use super::error::RunIoError;
use super::header::{Header, RunConfig};
use super::left_behind;
use super::line_file::unfinished;
use super::open_folder::OpenFolder;
use super::recorded_journal::RecordedJournal;
use super::run_reader::{Prefix, RunReader};
use super::tape::{Ending, SecretScan, TapeSession, TapeWriter};
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

    /// Every file of a finished run.
    pub const FILES: [&'static str; 6] = [
        Self::HEADER,
        Self::TAPE,
        Self::JOURNAL,
        Self::INJECTIONS,
        Self::TRAPS,
        Self::MANIFEST,
    ];

    /// The files that are empty before there is a header. The journal is locked.
    const EMPTY: [&'static str; 4] = [Self::JOURNAL, Self::TAPE, Self::INJECTIONS, Self::TRAPS];

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
        let (folder, file) = claim(path, &Self::EMPTY)?;
        let rest = create_new(&folder, Self::TAPE).and_then(|tape| {
            let injections = create_new(&folder, Self::INJECTIONS)?;
            let traps = create_new(&folder, Self::TRAPS)?;
            write_whole(&folder, Self::HEADER, &header.to_bytes())?;
            Ok((tape, [injections, traps]))
        });
        match rest {
            Ok((tape, plain)) => {
                let tape_path = folder.path_of(Self::TAPE);
                let tape = TapeWriter::begin(tape, &tape_path, header.genesis(), None);
                Ok(RunWriter::new(
                    folder,
                    file,
                    plain,
                    TapeSession::recording(tape),
                ))
            }
            Err(error) => {
                // The first error is reported; what was made here should not stop a retry.
                abandon(&folder, &Self::EMPTY);
                Err(error)
            }
        }
    }

    /// Makes `path` a run of this header whose tape begins with that of `parent` before tick `at`.
    /// The caller runs everything from the first tick on; what the tape lacks is recorded.
    ///
    /// # Errors
    /// As [`RunDirectory::create`]; the parent's tape is corrupt or cannot be read, or `scan` finds a
    /// secret on it.
    pub fn create_after<C: RunConfig>(
        path: &Path,
        header: &Header<C>,
        (parent, at): (&Path, u64),
        scan: Option<SecretScan>,
    ) -> Result<RunWriter, RunIoError> {
        let parent = RunReader::of(parent);
        let mut prefix = parent.tape(Digest::of(&parent.header_bytes()?))?;
        let (folder, journal) = claim(path, &Self::EMPTY)?;
        let (genesis, tape_path) = (header.genesis(), folder.path_of(Self::TAPE));
        let made = create_new(&folder, Self::TAPE).and_then(|file| {
            let injections = create_new(&folder, Self::INJECTIONS)?;
            let traps = create_new(&folder, Self::TRAPS)?;
            let mut tape = TapeWriter::begin(file, &tape_path, genesis, scan.clone());
            while let Some(entry) = prefix.next_entry()?.filter(|entry| entry.tick() < at) {
                tape.append(&entry)?;
            }
            tape.synchronise()?;
            write_whole(&folder, Self::HEADER, &header.to_bytes())?;
            Ok([injections, traps])
        });
        let plain = made.inspect_err(|_| abandon(&folder, &Self::EMPTY))?;
        let ending = Ending::Record {
            file: open_to_write(&folder, Self::TAPE)?,
            journal_ticks: 0,
            scan,
        };
        let tape = TapeSession::playing(&folder, genesis, ending)?;
        Ok(RunWriter::new(folder, journal, plain, tape))
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
        // "Not a run" says more than "the journal is missing".
        RunReader::of(path).header_bytes()?;
        let folder = open(path)?;
        let file = open_to_write(&folder, Self::JOURNAL)?;
        lock(&file, &folder.path_of(Self::JOURNAL))?;
        let prefix = RunReader::new(folder.clone()).read_whole()?;
        let genesis = prefix.header.genesis();
        let ending = match prefix.manifest {
            Some(_) => Ending::Stop,
            None => Ending::Record {
                file: open_to_write(&folder, Self::TAPE)?,
                journal_ticks: prefix.records,
                scan: None,
            },
        };
        let tape = TapeSession::playing(&folder, genesis, ending)?;
        let recorded = RecordedJournal::open(&folder, genesis)?;
        let is_finished = prefix.manifest.is_some();
        let writer = RunWriter::resume(folder, file, recorded, tape, is_finished)?;
        Ok((prefix, writer))
    }
}

/// Makes `path` an empty directory and locks it for this process until the file that is returned is
/// closed: the first of `names`, which are empty before there is a header. The directory is created
/// with its parents; an empty one is used, and so is one that a killed process left before its
/// recording had a header.
///
/// # Errors
/// The path holds something (nothing in it is touched), another process is at work in it, or the
/// file system refuses.
pub fn claim(path: &Path, names: &[&str]) -> Result<(OpenFolder, File), RunIoError> {
    if path.exists() {
        refuse_unless_empty(path)?;
        left_behind::clear(path, names)?;
    } else {
        fs::create_dir_all(path).map_err(RunIoError::system("create", path))?;
    }
    let folder = open(path)?;
    let file = create_new(&folder, names[0])?;
    lock(&file, &folder.path_of(names[0]))?;
    Ok((folder, file))
}

/// Removes the empty files of a recording that could not be begun, so that they stop no retry.
pub fn abandon(folder: &OpenFolder, names: &[&str]) {
    for name in names.iter().rev() {
        // The error that stopped the recording is the one to report.
        let _ = folder.remove(name);
    }
}

fn refuse_unless_empty(path: &Path) -> Result<(), RunIoError> {
    if !path.is_dir() {
        return Err(RunIoError::NotADirectory { path: path.into() });
    }
    if path.join(RunDirectory::HEADER).exists() {
        return Err(RunIoError::AlreadyARun { path: path.into() });
    }
    Ok(())
}

fn open(path: &Path) -> Result<OpenFolder, RunIoError> {
    OpenFolder::open(path).map_err(RunIoError::system("open", path))
}

fn open_to_write(folder: &OpenFolder, name: &str) -> Result<File, RunIoError> {
    { folder.write(name) }.map_err(RunIoError::system("open", &folder.path_of(name)))
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
fn create_new(folder: &OpenFolder, name: &str) -> Result<File, RunIoError> {
    { folder.create_new(name) }.map_err(RunIoError::system("create", &folder.path_of(name)))
}

/// Writes a file under another name, makes sure that it is on disk, and renames it. The rename lasts
/// once the directory has reached the disk.
///
/// # Errors
/// The file system refuses.
pub fn write_whole(folder: &OpenFolder, name: &str, bytes: &[u8]) -> Result<(), RunIoError> {
    let beside = unfinished(name);
    let written = write_synchronised(folder, &beside, bytes)
        .and_then(|()| folder.rename(&beside, name))
        .and_then(|()| folder.synchronise());
    written.map_err(|error| {
        let _ = folder.remove(&beside);
        RunIoError::system("write", &folder.path_of(name))(error)
    })
}

fn write_synchronised(folder: &OpenFolder, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = folder.create_again(name)?;
    file.write_all(bytes)?;
    file.sync_all()
}
