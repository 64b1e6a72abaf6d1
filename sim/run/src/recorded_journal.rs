//! The journal of an earlier run, to compare a second run of the same inputs with.
//!
//! Never holds more than what is read ahead in memory.

use turingos::Digest;
use turingos::journal::Chain;

use super::directory::RunDirectory;
use super::divergence::Divergence;
use super::error::RunIoError;
use super::open_folder::OpenFolder;
use super::read_ahead::ReadAhead;
use super::run_reader::MAX_JOURNAL_LINE_BYTES;

/// The records of a run, one after another.
#[derive(Debug)]
pub(crate) struct RecordedJournal {
    lines: ReadAhead,
}

/// How a record compares with the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    /// It is the recorded one.
    Equal,
    /// The journal has no record of this tick.
    Ended,
}

impl RecordedJournal {
    /// Opens the journal of the run in `folder`, whose header has the digest `genesis`.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn open(folder: &OpenFolder, genesis: Digest) -> Result<Self, RunIoError> {
        let name = RunDirectory::JOURNAL;
        let lines = ReadAhead::open(folder, name, genesis, MAX_JOURNAL_LINE_BYTES)?;
        Ok(Self { lines })
    }

    /// Whether there is a record of the next tick.
    ///
    /// # Errors
    /// The journal cannot be read or does not verify.
    pub(crate) fn has_next(&mut self) -> Result<bool, RunIoError> {
        Ok(self.lines.peek()?.is_some())
    }

    /// Compares the next record, given as its JSON text, with the journal's.
    ///
    /// # Errors
    /// The journal cannot be read or does not verify, or its record is another.
    pub(crate) fn verify_next(&mut self, replayed: &[u8]) -> Result<Verified, RunIoError> {
        let tick = self.chain().count();
        match self.lines.peek()? {
            None => Ok(Verified::Ended),
            Some(record) if record == replayed => {
                self.lines.advance();
                Ok(Verified::Equal)
            }
            Some(record) => Err(diverged(tick, record, replayed)),
        }
    }

    /// Refuses a record that is left after the last tick of a run.
    ///
    /// # Errors
    /// There is one, or the journal cannot be read or does not verify.
    pub(crate) fn expect_end(&mut self) -> Result<(), RunIoError> {
        let tick = self.chain().count();
        match self.lines.peek()? {
            None => Ok(()),
            Some(record) => Err(diverged(tick, record, b"")),
        }
    }

    /// The journal's head and how many records were verified.
    #[must_use]
    pub(crate) const fn chain(&self) -> Chain {
        self.lines.place().chain
    }

    /// How many bytes the verified records have.
    #[must_use]
    pub(crate) const fn whole_bytes(&self) -> u64 {
        self.lines.place().whole_bytes
    }

    /// How many bytes of a torn line were found at the end; 0 before the end.
    #[must_use]
    pub(crate) const fn torn_bytes(&self) -> u64 {
        self.lines.place().torn_bytes
    }
}

fn diverged(tick: u64, recorded: &[u8], replayed: &[u8]) -> RunIoError {
    RunIoError::Diverged(Box::new(Divergence::of_records(tick, recorded, replayed)))
}
