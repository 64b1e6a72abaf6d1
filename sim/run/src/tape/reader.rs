//! Reading a tape: one entry at a time, each verified, parsed and canonical, or an error with its
//! line.
//!
//! Never holds more than one entry in memory.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use turingos::Digest;
use turingos::journal::Chain;

use super::MAX_TAPE_LINE_BYTES;
use super::entry::Entry;
use crate::chain_reader::{ChainReader, FileEnd, Step};
use crate::error::RunIoError;

/// Reads a tape from its first entry on.
#[derive(Debug)]
pub struct TapeReader<R> {
    lines: ChainReader<R>,
    scratch: Vec<u8>,
}

impl TapeReader<File> {
    /// Opens the tape at `path`, whose chain begins at `genesis`.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path, genesis: Digest) -> Result<Self, RunIoError> {
        Ok(Self::over(ChainReader::open(
            path,
            genesis,
            MAX_TAPE_LINE_BYTES,
        )?))
    }
}

impl<R: Read> TapeReader<R> {
    /// Reads from `source`, which needs no buffer; `path` is only for errors.
    pub fn new(source: R, path: &Path, genesis: Digest) -> Self {
        Self::over(ChainReader::new(source, path, genesis, MAX_TAPE_LINE_BYTES))
    }

    const fn over(lines: ChainReader<R>) -> Self {
        Self {
            lines,
            scratch: Vec::new(),
        }
    }

    /// The next entry; `None` at the end or at a torn last line.
    ///
    /// # Errors
    /// The file cannot be read, a line does not verify, or its record is no entry.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, RunIoError> {
        let read = match self.lines.step()? {
            Step::Torn(_) | Step::End => return Ok(None),
            Step::Record(record) => Entry::read_json(record, &mut self.scratch),
        };
        read.map(Some).map_err(|source| RunIoError::TapeEntry {
            path: self.lines.path().to_path_buf(),
            line: self.lines.chain().count(),
            source: Box::new(source),
        })
    }

    /// Reads what is left and returns how the tape ends.
    ///
    /// # Errors
    /// As [`TapeReader::next_entry`].
    pub fn read_to_end(&mut self) -> Result<FileEnd, RunIoError> {
        while self.next_entry()?.is_some() {}
        Ok(self.end())
    }

    /// How the tape ends, as far as it was read.
    #[must_use]
    pub const fn end(&self) -> FileEnd {
        self.lines.end()
    }

    /// The tape's head and how many entries were read.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.lines.chain()
    }

    /// How many bytes the entries read so far have.
    #[must_use]
    pub const fn whole_bytes(&self) -> u64 {
        self.lines.whole_bytes()
    }

    /// How many bytes of a torn line were found at the end; 0 before the end.
    #[must_use]
    pub const fn torn_bytes(&self) -> u64 {
        self.lines.torn_bytes()
    }
}
