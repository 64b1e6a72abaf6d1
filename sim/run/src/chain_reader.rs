//! The lines of a journal or a tape, one at a time, each verified by the hash chain.
//!
//! Never holds more than one line in memory, and never gives out a record that its chain does not
//! vouch for.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use turingos::Digest;
use turingos::journal::{Chain, ChainFaultCode};

use super::error::RunIoError;
use super::line_reader::{LineError, LineReader};
use super::open_folder::open_regular;

/// Reads a chained file from its first line on.
#[derive(Debug)]
pub struct ChainReader<R> {
    lines: LineReader<R>,
    path: PathBuf,
    chain: Chain,
    whole_bytes: u64,
    torn_bytes: u64,
}

/// How many bytes of a line come before its record.
const BEFORE_RECORD: usize = r#"{"hash":"","record":"#.len() + 64;

/// What comes next in a chained file.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A record that verifies: its bytes.
    Record(&'a [u8]),
    /// The last line is not whole: so many bytes of it are there.
    Torn(u64),
    /// The file ends after a whole line.
    End,
}

/// How a chained file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileEnd {
    /// The hash of the last whole line, and how many lines there are.
    pub chain: Chain,
    /// How many bytes of a torn line follow.
    pub torn_bytes: u64,
}

impl ChainReader<File> {
    /// Opens the file at `path`, whose chain begins at `genesis`. A line longer than
    /// `max_line_bytes` is refused.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path, genesis: Digest, max_line_bytes: u64) -> Result<Self, RunIoError> {
        let file = open_regular(path).map_err(in_file(path))?;
        Ok(Self::new(file, path, genesis, max_line_bytes))
    }
}

impl<R: Read> ChainReader<R> {
    /// Reads from `source`, which needs no buffer; `path` is only for errors.
    pub fn new(source: R, path: &Path, genesis: Digest, max_line_bytes: u64) -> Self {
        Self {
            lines: LineReader::new(
                source,
                usize::try_from(max_line_bytes).unwrap_or(usize::MAX),
            ),
            path: path.to_path_buf(),
            chain: Chain::new(genesis),
            whole_bytes: 0,
            torn_bytes: 0,
        }
    }

    /// The next line.
    ///
    /// The last line counts as torn if it has no newline or not the form of a line. A line that has
    /// the form but not the hash was changed.
    ///
    /// # Errors
    /// The file cannot be read, or a line that is not a torn last one does not verify.
    pub fn step(&mut self) -> Result<Step<'_>, RunIoError> {
        let (length, verified) = match self.lines.next_line() {
            Ok(None) => return Ok(Step::End),
            Ok(Some(line)) if line.is_whole => {
                let verified = self.chain.verify_line(line.bytes).map(|_| ());
                (line.bytes.len() as u64 + 1, verified)
            }
            // Only the end of the file ends a line without a newline.
            Ok(Some(line)) => {
                self.torn_bytes = line.bytes.len() as u64;
                return Ok(Step::Torn(self.torn_bytes));
            }
            Err(LineError::TooLong { .. }) => {
                let length = self.lines.skip_line().map_err(in_file(&self.path))?;
                (length, self.chain.verify_line(b"").map(|_| ()))
            }
            Err(LineError::System { source, .. }) => return Err(in_file(&self.path)(source)),
        };
        match verified {
            Ok(()) => {
                self.whole_bytes += length;
                let line = self.lines.current();
                Ok(Step::Record(&line[BEFORE_RECORD..line.len() - 1]))
            }
            Err(fault) => {
                let is_last = self.lines.is_at_end().map_err(in_file(&self.path))?;
                if is_last && fault.code == ChainFaultCode::BadFrame {
                    self.torn_bytes = length;
                    return Ok(Step::Torn(length));
                }
                Err(RunIoError::Chain {
                    path: self.path.clone(),
                    fault,
                })
            }
        }
    }

    /// Reads what is left and returns how the file ends.
    ///
    /// # Errors
    /// As [`ChainReader::step`].
    pub fn read_to_end(&mut self) -> Result<FileEnd, RunIoError> {
        while let Step::Record(_) = self.step()? {}
        Ok(self.end())
    }

    /// How the file ends, as far as it was read.
    #[must_use]
    pub const fn end(&self) -> FileEnd {
        FileEnd {
            chain: self.chain,
            torn_bytes: self.torn_bytes,
        }
    }

    /// Where the chain stands: its head and how many lines were read.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.chain
    }

    /// How many bytes the lines read so far have: where a torn line begins.
    #[must_use]
    pub const fn whole_bytes(&self) -> u64 {
        self.whole_bytes
    }

    /// How many bytes of a torn line were found at the end; 0 before the end.
    #[must_use]
    pub const fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// The file, as errors name it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn in_file(path: &Path) -> impl FnOnce(io::Error) -> RunIoError {
    RunIoError::system("read", path)
}
