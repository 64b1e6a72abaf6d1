//! A run that is being written, or gone on with.
//!
//! Never appends to a journal whose records it has not been given again first, and never writes
//! after a failed write. A process that is killed leaves whole lines, apart from a torn last one.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::chain_reader::record_of;
use super::directory::{RunDirectory, write_whole};
use super::draws_chain::DrawsChain;
use super::error::RunIoError;
use super::line_writer::LineWriter;
use super::manifest::Manifest;
use super::recorded_journal::{Held, RecordedJournal};
use super::tape::{Deck, SecretScan};

/// Under which name what was drawn is written again, until the journal is gone on with.
const DRAWS_AGAIN: &str = ".injections.jsonl.unfinished";

/// A run that is being written.
#[derive(Debug)]
pub struct RunWriter {
    directory: PathBuf,
    journal: Journal,
    draws: LineWriter<File>,
    drawn: DrawsChain,
    deck: Deck,
    scan: Option<SecretScan>,
    /// The run has a manifest: there is nothing to append to.
    is_finished: bool,
}

#[derive(Debug)]
enum Journal {
    /// Records are appended.
    New(LineWriter<File>),
    /// Records are held to those of before; the file is what they are appended to afterwards.
    Old(Box<RecordedJournal>, File),
}

impl RunWriter {
    pub(super) fn new(directory: &Path, journal: File, draws: File, deck: Deck) -> Self {
        Self {
            directory: directory.to_path_buf(),
            journal: Journal::New(LineWriter::new(journal)),
            draws: LineWriter::new(draws),
            drawn: DrawsChain::default(),
            deck,
            scan: None,
            is_finished: false,
        }
    }

    pub(super) fn resume(
        directory: &Path,
        journal: File,
        recorded: RecordedJournal,
        deck: Deck,
        is_finished: bool,
    ) -> Result<Self, RunIoError> {
        let path = directory.join(DRAWS_AGAIN);
        let draws = File::create(&path).map_err(RunIoError::system("create", &path))?;
        Ok(Self {
            directory: directory.to_path_buf(),
            journal: Journal::Old(Box::new(recorded), journal),
            draws: LineWriter::new(draws),
            drawn: DrawsChain::default(),
            deck,
            scan: None,
            is_finished,
        })
    }

    /// The same run with a scan of every line of journal and tape.
    #[must_use]
    pub fn with_scan(mut self, scan: SecretScan) -> Self {
        self.deck.scan_with(&scan);
        self.scan = Some(scan);
        self
    }

    /// The run's tape, for whoever records on it or is played from it.
    #[must_use]
    pub fn deck(&self) -> Deck {
        self.deck.clone()
    }

    /// Takes one journal line as [`turingos::journal::Chain::append`] writes it, newline
    /// included. Lines go to disk when 64 KiB of them have gathered. In a run that is gone on with,
    /// each line has to be the recorded one as long as there is one.
    ///
    /// # Errors
    /// The tape has failed or diverged in this tick, the line is not the recorded one, the scan
    /// finds a secret in it, or the file system refuses. The journal keeps a valid prefix.
    ///
    /// # Panics
    /// If the line has no newline at its end, which is a bug of the caller.
    pub fn record_line(&mut self, line: &[u8]) -> Result<(), RunIoError> {
        // What the tape did not vouch for may not enter the journal.
        if let Some(failure) = self.deck.failure() {
            return Err(failure);
        }
        if let Journal::Old(recorded, _) = &mut self.journal {
            if recorded.hold(record_of(line))? == Held::Same {
                return Ok(());
            }
            self.go_on()?;
        }
        let path = self.directory.join(RunDirectory::JOURNAL);
        if let Some(secret) = self.scan.as_ref().and_then(|scan| scan.find(line)) {
            return Err(RunIoError::Secret { path, secret });
        }
        match &mut self.journal {
            Journal::New(journal) => journal.write_lines(line),
            Journal::Old(..) => Ok(()),
        }
        .map_err(RunIoError::system("write", &path))
    }

    /// From holding records to appending them: a torn line is cut, and what was drawn so far takes
    /// the place of what was written about it before.
    fn go_on(&mut self) -> Result<(), RunIoError> {
        let path = self.directory.join(RunDirectory::JOURNAL);
        let Journal::Old(recorded, file) = &mut self.journal else {
            return Ok(());
        };
        if self.is_finished {
            return Err(RunIoError::Finished { path });
        }
        let whole = recorded.whole_bytes();
        let appended = file
            .set_len(whole)
            .and_then(|()| file.seek(SeekFrom::Start(whole)))
            .and_then(|_| file.try_clone())
            .map_err(RunIoError::system("shorten", &path))?;
        self.journal = Journal::New(LineWriter::new(appended));
        let again = self.directory.join(DRAWS_AGAIN);
        fs::rename(&again, self.directory.join(RunDirectory::DRAWS))
            .map_err(RunIoError::system("rename", &again))
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
        if let Journal::New(journal) = &mut self.journal {
            let path = self.directory.join(RunDirectory::JOURNAL);
            journal
                .flush()
                .map_err(RunIoError::system("write", &path))?;
        }
        let flushed = self.draws.flush();
        flushed.map_err(|error| self.draws_error(error))
    }

    fn draws_error(&self, error: io::Error) -> RunIoError {
        RunIoError::system("write", &self.directory.join(RunDirectory::DRAWS))(error)
    }

    /// Completes the run: tape and journal reach the disk first, then the manifest appears whole,
    /// with the ends of the tape and of the draws in it. The manifest of a run that was finished before is left alone.
    ///
    /// # Errors
    /// Something is left on the tape or in the journal that this run did not come to, or the file
    /// system refuses, now or on an earlier line; there is no new manifest then.
    pub fn finish(mut self, manifest: &Manifest) -> Result<(), RunIoError> {
        self.deck.expect_end(u64::MAX)?;
        if let Journal::Old(recorded, _) = &mut self.journal {
            recorded.expect_end()?;
            if self.is_finished {
                let again = self.directory.join(DRAWS_AGAIN);
                return fs::remove_file(&again).map_err(RunIoError::system("remove", &again));
            }
            self.go_on()?;
        }
        self.flush()?;
        self.deck.synchronise()?;
        if let Journal::New(journal) = &self.journal {
            let path = self.directory.join(RunDirectory::JOURNAL);
            let synchronised = journal.sink().sync_all();
            synchronised.map_err(RunIoError::system("write", &path))?;
        }
        write_whole(
            &self.directory,
            RunDirectory::MANIFEST,
            &{ manifest.clone() }
                .with_tape(self.deck.chain())
                .with_draws(self.drawn.chain())
                .to_bytes(),
        )
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::error::Blame;
    use crate::tape::TapeWriter;
    use turingos::Digest;

    #[test]
    fn a_full_disk_is_told_with_path_and_cause() {
        let open = || File::options().write(true).open("/dev/full").unwrap();
        let path = Path::new("RUN/tape.jsonl");
        let tape = TapeWriter::begin(open(), path, Digest::EMPTY, None);
        let mut writer = RunWriter::new(Path::new("RUN"), open(), open(), Deck::recording(tape));
        writer.record_line(b"{}\n").unwrap();
        let error = writer.flush().unwrap_err();
        assert_eq!(error.blame(), Blame::System);
        assert_eq!(
            error.to_string(),
            "cannot write RUN/journal.jsonl: No space left on device (os error 28)"
        );
    }
}
