//! Writing a run: the directory, its files, and the order in which they come to be.
//!
//! Never overwrites or continues what is already there, and never leaves a half-written header or
//! manifest under its name: both are written beside and renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::draws_chain::DrawsChain;
use super::error::RunIoError;
use super::header::Header;
use super::line_writer::LineWriter;
use super::manifest::Manifest;
use super::tape::TapeWriter;

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
    /// One line for each tick in which a layer of the simulation went wrong on purpose; follows
    /// from the header, proves nothing, and is there to be read.
    pub const DRAWS: &'static str = "draws.jsonl";
    /// What the run came to; present once it has finished.
    pub const MANIFEST: &'static str = "manifest.json";

    /// Makes `path` a run with an empty tape and an empty journal.
    ///
    /// The directory is created with its parents; an empty one is used. One that holds a run is
    /// refused as well as one that holds anything else: a run costs money or hours, so removing
    /// it is left to the user, and continuing it is an operation of its own.
    ///
    /// # Errors
    /// The path is not usable for a new run (nothing in it is touched), or the file system
    /// refuses.
    pub fn create<C: Serialize>(path: &Path, header: &Header<C>) -> Result<RunWriter, RunIoError> {
        if path.exists() {
            refuse_unless_empty(path)?;
        } else {
            fs::create_dir_all(path).map_err(RunIoError::system("create", path))?;
        }
        let journal = path.join(Self::JOURNAL);
        let file = create_new(&journal)?;
        let rest = create_new(&path.join(Self::TAPE)).and_then(|tape| {
            let draws = create_new(&path.join(Self::DRAWS))?;
            write_whole(path, Self::HEADER, &header.to_bytes())?;
            Ok((tape, draws))
        });
        match rest {
            Ok((tape, draws)) => Ok(RunWriter {
                directory: path.to_path_buf(),
                path: journal,
                journal: LineWriter::new(file),
                draws: LineWriter::new(draws),
                drawn: DrawsChain::new(header.genesis()),
                tape: TapeWriter::begin(tape, &path.join(Self::TAPE), header.genesis(), None),
            }),
            Err(error) => {
                // The first error is the one to tell; what was made here should not stop a retry.
                for name in [Self::TAPE, Self::DRAWS, Self::JOURNAL] {
                    let _ = fs::remove_file(path.join(name));
                }
                Err(error)
            }
        }
    }
}

/// A run that is being written.
///
/// A process that is killed leaves a journal of whole lines, apart from a torn last one.
#[derive(Debug)]
pub struct RunWriter {
    directory: PathBuf,
    path: PathBuf,
    journal: LineWriter<File>,
    draws: LineWriter<File>,
    drawn: DrawsChain,
    tape: TapeWriter,
}

impl RunWriter {
    /// Takes one journal line as [`turingos::journal::Chain::append`] writes it, newline
    /// included. Lines go to disk when 64 KiB of them have gathered.
    ///
    /// # Errors
    /// The file system refuses. Nothing is written after that: the journal keeps a valid prefix.
    ///
    /// # Panics
    /// If the line has no newline at its end, which is a bug of the caller.
    pub fn record_line(&mut self, line: &[u8]) -> Result<(), RunIoError> {
        self.journal
            .write_lines(line)
            .map_err(RunIoError::system("write", &self.path))
    }

    /// Takes one line about what was drawn in a tick, newline included.
    ///
    /// # Errors
    /// The file system refuses.
    ///
    /// # Panics
    /// If the line has no newline at its end, which is a bug of the caller.
    pub fn draws_line(&mut self, line: &[u8]) -> Result<(), RunIoError> {
        let written = self.draws.write_lines(line);
        self.drawn.line(line.strip_suffix(b"\n").unwrap_or(line));
        written.map_err(|error| self.draws_error(error))
    }

    /// Hands every line so far to the operating system.
    ///
    /// # Errors
    /// The file system refuses, now or on an earlier line.
    pub fn flush(&mut self) -> Result<(), RunIoError> {
        self.journal
            .flush()
            .map_err(RunIoError::system("write", &self.path))?;
        let flushed = self.draws.flush();
        flushed.map_err(|error| self.draws_error(error))
    }

    fn draws_error(&self, error: io::Error) -> RunIoError {
        RunIoError::system("write", &self.directory.join(RunDirectory::DRAWS))(error)
    }

    /// Completes the run: tape and journal reach the disk first, then the manifest appears whole,
    /// with the ends of the tape and of the draws in it.
    ///
    /// # Errors
    /// The file system refuses, now or on an earlier line; there is no manifest then.
    pub fn finish(mut self, manifest: &Manifest) -> Result<(), RunIoError> {
        self.flush()?;
        self.tape.synchronise()?;
        self.journal
            .sink()
            .sync_all()
            .map_err(RunIoError::system("write", &self.path))?;
        write_whole(
            &self.directory,
            RunDirectory::MANIFEST,
            &{ manifest.clone() }
                .with_tape(self.tape.chain())
                .with_draws(self.drawn.chain())
                .to_bytes(),
        )
    }
}

fn refuse_unless_empty(path: &Path) -> Result<(), RunIoError> {
    if !path.is_dir() {
        return Err(RunIoError::NotADirectory { path: path.into() });
    }
    if path.join(RunDirectory::HEADER).exists() {
        return Err(RunIoError::AlreadyARun { path: path.into() });
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "asks only whether there is an entry, so that their order does not matter"
    )]
    let mut entries = fs::read_dir(path).map_err(RunIoError::system("read", path))?;
    match entries.next() {
        None => Ok(()),
        Some(Ok(_)) => Err(RunIoError::NotEmpty { path: path.into() }),
        Some(Err(error)) => Err(RunIoError::system("read", path)(error)),
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
fn write_whole(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), RunIoError> {
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::run::error::Blame;
    use turingos::Digest;

    #[test]
    fn a_full_disk_is_told_with_path_and_cause() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut writer = RunWriter {
            directory: PathBuf::from("RUN"),
            path: PathBuf::from("RUN/journal.jsonl"),
            journal: LineWriter::new(full.try_clone().unwrap()),
            draws: LineWriter::new(full.try_clone().unwrap()),
            drawn: DrawsChain::new(turingos::Digest::EMPTY),
            tape: TapeWriter::begin(full, Path::new("RUN/tape.jsonl"), Digest::EMPTY, None),
        };
        writer.record_line(b"{}\n").unwrap();
        let error = writer.flush().unwrap_err();
        assert_eq!(error.blame(), Blame::System);
        assert_eq!(
            error.to_string(),
            "cannot write RUN/journal.jsonl: No space left on device (os error 28)"
        );
    }
}
