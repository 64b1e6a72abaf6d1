//! A file to which runs are added.
//!
//! While the sweep runs there are two files beside its place: `NAME.part` with the lines so far and
//! `NAME.ledger` with what those lines reached, which is replaced as a whole. A process that is
//! killed loses the runs since the last replacement and nothing else.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::header::FileHeader;
use super::lines::{LineReader, LineWriter, MAX_LINE_BYTES, Place};
use super::{WHOLE_FILE, ledger_of, part_of, with_suffix};
use crate::error::SweepError;
use crate::ledger::Ledger;
use crate::line::RunLine;
use crate::shard::{Shard, ShardJobs};
use crate::summary::Totals;

/// A file to which runs are added.
#[derive(Debug)]
pub struct SweepFile {
    path: PathBuf,
    lines: LineWriter,
    /// How many runs it holds.
    done: u64,
    /// Runs and ticks since the ledger was saved.
    unsaved: (u64, u64),
}

/// A file that was opened for a sweep.
#[derive(Debug)]
pub enum Opened {
    /// It was finished before.
    Finished(Totals),
    /// It is new, or is resumed where it stopped.
    Unfinished(Box<SweepFile>, Totals),
}

impl SweepFile {
    /// The ledger is saved after so many runs or ticks: about every few seconds.
    const SAVE_RUNS: u64 = 4_096;
    const SAVE_TICKS: u64 = 500_000;

    /// Opens the file of this name in `directory`, which is made if need be.
    ///
    /// # Errors
    /// What is there is of another sweep, altered, or in use; or the system refuses.
    pub fn open(
        directory: &Path,
        header: &FileHeader,
        jobs: &ShardJobs,
    ) -> Result<Opened, SweepError> {
        fs::create_dir_all(directory).map_err(SweepError::io("make", directory))?;
        let name = header
            .shard()
            .map_or(WHOLE_FILE.to_owned(), Shard::file_name);
        let path = directory.join(name);
        let part = part_of(&path);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)
            .map_err(SweepError::io("write", &part))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(SweepError::Busy { path: part }),
            Err(fs::TryLockError::Error(cause)) => {
                return Err(SweepError::io("lock", &part)(cause));
            }
        }
        // Looked for once nobody else can finish it any more.
        if path.exists() {
            remove(&part)?;
            remove(&ledger_of(&path))?;
            return Ok(Opened::Finished(read_finished(&path, header, jobs)?));
        }
        let saved = read_saved(&ledger_of(&path))?;
        let length = { file.metadata() }
            .map_err(SweepError::io("read", &part))?
            .len();
        if length > 0 {
            expect_same_sweep(&part, &file, header)?;
        }
        let (file, totals) = match saved {
            Some(saved) => Self::resume(path, part, file, saved, jobs)?,
            None => (Self::begin(path, part, file, header)?, Totals::default()),
        };
        Ok(Opened::Unfinished(Box::new(file), totals))
    }

    fn begin(
        path: PathBuf,
        part: PathBuf,
        file: File,
        header: &FileHeader,
    ) -> Result<Self, SweepError> {
        (file.set_len(0))
            .and_then(|()| (&file).seek(SeekFrom::Start(0)))
            .map_err(SweepError::io("write", &part))?;
        let mut lines = LineWriter::at(&part, file, Place::START);
        lines.value(header)?;
        lines.flush()?;
        Ok(Self {
            path,
            lines,
            done: 0,
            unsaved: (0, 0),
        })
    }

    /// Takes the lines that the saved ledger covers, and cuts what follows.
    fn resume(
        path: PathBuf,
        part: PathBuf,
        file: File,
        saved: Saved,
        jobs: &ShardJobs,
    ) -> Result<(Self, Totals), SweepError> {
        let mut totals = Totals {
            ledger: saved.ledger,
            ..Totals::default()
        };
        let copy = file.try_clone().map_err(SweepError::io("read", &part))?;
        let mut reader = LineReader::of(&part, copy);
        reader.header()?;
        for job in 0..saved.jobs.min(jobs.count()) {
            let line = reader.run(jobs, job)?;
            if job < jobs.own() {
                totals.summary.add(&line);
            }
        }
        if reader.place() != saved.place || saved.jobs > jobs.count() {
            let ledger = ledger_of(&path);
            let what = format!(
                "its lines do not fit {}; remove both files to start over",
                ledger.display()
            );
            return Err(SweepError::corrupt(&part, what));
        }
        (file.set_len(saved.place.bytes))
            .and_then(|()| (&file).seek(SeekFrom::Start(saved.place.bytes)))
            .map_err(SweepError::io("write", &part))?;
        let lines = LineWriter::at(&part, file, saved.place);
        let file = Self {
            path,
            lines,
            done: saved.jobs,
            unsaved: (0, 0),
        };
        Ok((file, totals))
    }

    /// How many runs it holds.
    #[must_use]
    pub const fn done(&self) -> u64 {
        self.done
    }

    /// Adds the next run. `ledger` is that of all runs so far.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, line: &RunLine, ledger: &Ledger) -> Result<(), SweepError> {
        self.lines.value(line)?;
        self.done += 1;
        let (runs, ticks) = &mut self.unsaved;
        (*runs, *ticks) = (*runs + 1, ticks.saturating_add(line.ticks));
        if *runs >= Self::SAVE_RUNS || *ticks >= Self::SAVE_TICKS {
            self.save(ledger)?;
        }
        Ok(())
    }

    /// Makes what was added survive the process.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(&mut self, ledger: &Ledger) -> Result<(), SweepError> {
        self.lines.flush()?;
        let place = ledger_of(&self.path);
        let aside = with_suffix(&place, ".new");
        let saved = SavedRef {
            jobs: self.done,
            place: self.lines.place(),
            ledger,
        };
        let saved = serde_json::to_vec(&saved)
            .map_err(|error| SweepError::io("write", &place)(error.into()))?;
        fs::write(&aside, saved)
            .and_then(|()| fs::rename(&aside, &place))
            .map_err(SweepError::io("write", &place))?;
        self.unsaved = (0, 0);
        Ok(())
    }

    /// Seals the file and gives it its name. Every run must be in it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self, totals: &Totals) -> Result<PathBuf, SweepError> {
        let part = part_of(&self.path);
        self.lines.seal(totals)?;
        fs::rename(&part, &self.path).map_err(SweepError::io("write", &self.path))?;
        remove(&ledger_of(&self.path))?;
        Ok(self.path)
    }
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), SweepError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(SweepError::io("remove", path)(cause))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What is beside an unfinished file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    /// How many runs the lines hold.
    jobs: u64,
    /// Where they end, the header included.
    place: Place,
    ledger: Ledger,
}

/// The same, to be written.
#[derive(Serialize)]
struct SavedRef<'a> {
    jobs: u64,
    place: Place,
    ledger: &'a Ledger,
}

/// Reads a finished file, which must be of this sweep.
fn read_finished(path: &Path, header: &FileHeader, jobs: &ShardJobs) -> Result<Totals, SweepError> {
    let mut reader = LineReader::open(path)?;
    expect(path, header, &reader.header()?.0)?;
    reader.rest(jobs, |_, _| {})
}

/// An unfinished file with a whole header must be of this sweep; one without is written from the
/// start.
fn expect_same_sweep(part: &Path, file: &File, header: &FileHeader) -> Result<(), SweepError> {
    let copy = file.try_clone().map_err(SweepError::io("read", part))?;
    let found = LineReader::of(part, copy).header();
    (&*file)
        .seek(SeekFrom::Start(0))
        .map_err(SweepError::io("read", part))?;
    match found {
        Ok((found, _)) => expect(part, header, &found),
        Err(SweepError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn expect(path: &Path, ours: &FileHeader, theirs: &FileHeader) -> Result<(), SweepError> {
    match ours.difference(theirs) {
        None => Ok(()),
        Some(what) => Err(SweepError::OtherSweep {
            path: path.to_owned(),
            what,
        }),
    }
}

fn read_saved(path: &Path) -> Result<Option<Saved>, SweepError> {
    let mut bytes = Vec::new();
    match turingos_run::open_regular(path) {
        Ok(file) => file.take(MAX_LINE_BYTES).read_to_end(&mut bytes),
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => Err(cause),
    }
    .map_err(SweepError::io("read", path))?;
    let saved = serde_json::from_slice(&bytes);
    saved
        .map(Some)
        .map_err(|error| SweepError::corrupt(path, format!("not a saved ledger: {error}")))
}
