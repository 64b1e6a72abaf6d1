//! The lines of a journal or a tape, one at a time, each held to the hash chain.
//!
//! Never holds more than one line in memory, and never gives out a record that its chain does not
//! vouch for.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use turingos::Digest;
use turingos::journal::{Chain, ChainFaultCode};

use super::error::RunIoError;

/// Reads a chained file from its first line on.
#[derive(Debug)]
pub struct ChainReader<R> {
    reader: R,
    path: PathBuf,
    chain: Chain,
    line: Vec<u8>,
    max_line_bytes: u64,
    whole_bytes: u64,
    torn_bytes: u64,
}

/// The record in a whole line with its newline: it stands between a text of fixed length and the
/// line's end.
#[must_use]
pub fn record_of(line: &[u8]) -> &[u8] {
    const BEFORE: usize = r#"{"hash":"","record":"#.len() + 64;
    line.get(BEFORE..line.len().saturating_sub(2))
        .unwrap_or_default()
}

/// What stands next in a chained file.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A record that verifies: its bytes.
    Record(&'a [u8]),
    /// The last line is not whole: so many bytes of it are there.
    Torn(u64),
    /// The file ends after a whole line.
    End,
}

impl ChainReader<BufReader<File>> {
    /// Opens the file at `path`, whose chain begins at `genesis`. A line longer than
    /// `max_line_bytes` is no line.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path, genesis: Digest, max_line_bytes: u64) -> Result<Self, RunIoError> {
        let file = File::open(path).map_err(RunIoError::system("read", path))?;
        let reader = BufReader::with_capacity(64 * 1024, file);
        Ok(Self::new(reader, path, genesis, max_line_bytes))
    }
}

impl<R: BufRead> ChainReader<R> {
    /// Reads from `reader`; `path` is only for errors.
    pub fn new(reader: R, path: &Path, genesis: Digest, max_line_bytes: u64) -> Self {
        Self {
            reader,
            path: path.to_path_buf(),
            chain: Chain::new(genesis),
            line: Vec::new(),
            max_line_bytes,
            whole_bytes: 0,
            torn_bytes: 0,
        }
    }

    /// The next line.
    ///
    /// The last line counts as torn if it has no newline or not the form of a line. A line that has
    /// the form but not the hash is no accident of writing.
    ///
    /// # Errors
    /// The file cannot be read, or a line that is not a torn last one does not verify.
    pub fn step(&mut self) -> Result<Step<'_>, RunIoError> {
        let length = self.read_line()?;
        if length == 0 {
            return Ok(Step::End);
        }
        let Some(whole) = self.line.strip_suffix(b"\n") else {
            // Only the end of the file ends a line without a newline.
            self.torn_bytes = length;
            return Ok(Step::Torn(length));
        };
        match self.chain.verify_line(whole) {
            Ok(record) => {
                self.whole_bytes += length;
                Ok(Step::Record(record))
            }
            Err(fault) => {
                let rest = self.reader.fill_buf();
                let is_last = rest
                    .map_err(RunIoError::system("read", &self.path))?
                    .is_empty();
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

    /// Reads up to and including the next newline and returns how many bytes that were. Of a line
    /// over the limit only its newline is kept, which makes it no line of a chain.
    fn read_line(&mut self) -> Result<u64, RunIoError> {
        read_line(&mut self.reader, &mut self.line, self.max_line_bytes)
            .map_err(RunIoError::system("read", &self.path))
    }
}

fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>, limit: u64) -> io::Result<u64> {
    line.clear();
    let mut length = 0;
    loop {
        let read = reader.by_ref().take(limit).read_until(b'\n', line)? as u64;
        length += read;
        let is_over = length > limit;
        let has_ended = read == 0 || line.ends_with(b"\n");
        if is_over {
            line.clear();
            line.extend(has_ended.then_some(b'\n').filter(|_| read > 0));
        }
        if has_ended {
            return Ok(length);
        }
    }
}
