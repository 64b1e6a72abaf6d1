//! A journal that was written before, to hold a second run of the same inputs to.
//!
//! Never holds more than one line in memory.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use turingos::Digest;
use turingos::journal::Chain;

use super::chain_reader::{ChainReader, Step, record_of};
use super::directory::RunDirectory;
use super::divergence::Divergence;
use super::error::RunIoError;
use super::prefix::MAX_JOURNAL_LINE_BYTES;

/// The records of a run, one after another.
#[derive(Debug)]
pub struct RecordedJournal {
    lines: ChainReader<BufReader<File>>,
    /// The line of the next record, once it has been looked at.
    next: Option<Vec<u8>>,
    /// Where the journal stood before the next record: its chain and its bytes.
    before: (Chain, u64),
    spare: Vec<u8>,
    torn_bytes: u64,
}

/// What a journal says to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is the recorded one.
    Same,
    /// The journal has no record of this tick.
    Ended,
}

impl RecordedJournal {
    /// Opens the journal of the run in `directory`, whose header has the digest `genesis`.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(directory: &Path, genesis: Digest) -> Result<Self, RunIoError> {
        let path = directory.join(RunDirectory::JOURNAL);
        let lines = ChainReader::open(&path, genesis, MAX_JOURNAL_LINE_BYTES)?;
        Ok(Self {
            before: (lines.chain(), 0),
            lines,
            next: None,
            spare: Vec::with_capacity(1_280),
            torn_bytes: 0,
        })
    }

    /// Whether there is a record of the next tick.
    ///
    /// # Errors
    /// The journal cannot be read or does not verify.
    pub fn has_next(&mut self) -> Result<bool, RunIoError> {
        if self.next.is_some() {
            return Ok(true);
        }
        if self.torn_bytes > 0 {
            return Ok(false);
        }
        self.before = (self.lines.chain(), self.lines.whole_bytes());
        match self.lines.step()? {
            Step::Record(_) => {
                let spare = std::mem::take(&mut self.spare);
                self.next = Some(self.lines.take_line(spare));
            }
            Step::Torn(bytes) => self.torn_bytes = bytes,
            Step::End => {}
        }
        Ok(self.next.is_some())
    }

    /// Holds the next record, as its JSON text, to the journal.
    ///
    /// # Errors
    /// The journal cannot be read or does not verify, or its record is another.
    pub fn hold(&mut self, replayed: &[u8]) -> Result<Held, RunIoError> {
        self.has_next()?;
        let tick = self.chain().count();
        match self.next.take() {
            None => Ok(Held::Ended),
            Some(line) if record_of(&line) == replayed => {
                self.spare = line;
                Ok(Held::Same)
            }
            Some(line) => Err(RunIoError::Diverged(Box::new(Divergence::of_records(
                tick,
                record_of(&line),
                replayed,
            )))),
        }
    }

    /// Refuses a record that is left after the last tick of a run.
    ///
    /// # Errors
    /// There is one, or the journal cannot be read or does not verify.
    pub fn expect_end(&mut self) -> Result<(), RunIoError> {
        self.has_next()?;
        let tick = self.chain().count();
        match self.next.take() {
            None => Ok(()),
            Some(line) => Err(RunIoError::Diverged(Box::new(Divergence::of_records(
                tick,
                record_of(&line),
                b"",
            )))),
        }
    }

    /// Where the journal stands: its head and how many records were held.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        match self.next {
            Some(_) => self.before.0,
            None => self.lines.chain(),
        }
    }

    /// How many bytes the records held so far have.
    #[must_use]
    pub const fn whole_bytes(&self) -> u64 {
        match self.next {
            Some(_) => self.before.1,
            None => self.lines.whole_bytes(),
        }
    }

    /// How many bytes of a torn line were found at the end; 0 before the end.
    #[must_use]
    pub const fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }
}
