//! Writing a tape: each line reaches the operating system before what it records goes on.
//!
//! Gathers no lines, so a process that is killed leaves every line that was written and at most one
//! torn one. Never writes after a failed write. The tape is forced onto the disk when it is
//! finished.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use turingos::journal::Chain;
use turingos_run::{OpenFolder, RunIoError, abandon, claim, write_whole};

use crate::entry::{self, RecordedRequest, RecordedResponse};
use crate::header::Header;
use crate::manifest::{Manifest, Totals};
use crate::{MAX_LINE_BYTES, TapeDirectory};

/// The files that are empty before there is a header. The tape is locked.
const EMPTY: [&str; 1] = [TapeDirectory::EXCHANGES];

/// Records exchanges. It locks its directory until it is dropped.
#[derive(Debug)]
pub struct TapeWriter {
    folder: OpenFolder,
    file: File,
    chain: Chain,
    next: u64,
    open: BTreeSet<u64>,
    totals: Totals,
    record: Vec<u8>,
    line: Vec<u8>,
    has_failed: bool,
}

impl TapeWriter {
    /// Makes `path` a recording without exchanges. The directory is created with its parents; an
    /// empty one is used.
    ///
    /// # Errors
    /// The path holds something (nothing in it is touched), or the file system refuses.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RunIoError> {
        let (folder, file) = claim(path, &EMPTY)?;
        let written = write_whole(&folder, TapeDirectory::HEADER, &header.to_bytes());
        if let Err(error) = written {
            abandon(&folder, &EMPTY);
            return Err(error);
        }
        Ok(Self {
            folder,
            file,
            chain: Chain::new(header.genesis()),
            next: 0,
            open: BTreeSet::new(),
            totals: Totals::default(),
            record: Vec::new(),
            line: Vec::new(),
            has_failed: false,
        })
    }

    /// Writes a request before it is sent, and gives its number.
    ///
    /// # Errors
    /// The request is longer than any line, an earlier line could not be written, or the file
    /// system refuses. Nothing is written after any of them.
    pub fn request(&mut self, request: &RecordedRequest) -> Result<u64, RunIoError> {
        let number = self.next;
        self.record.clear();
        entry::write_request(number, request, &mut self.record);
        self.append()?;
        self.next = self.next.saturating_add(1);
        self.open.insert(number);
        Ok(number)
    }

    /// Writes the response to the request of that number, before its end reaches the agent.
    ///
    /// # Errors
    /// As [`TapeWriter::request`].
    ///
    /// # Panics
    /// If there is no such request, or its response is written already.
    pub fn response(&mut self, number: u64, response: &RecordedResponse) -> Result<(), RunIoError> {
        assert!(
            self.open.contains(&number),
            "request {number} is open until its response is written"
        );
        self.record.clear();
        entry::write_response(number, response, &mut self.record);
        self.append()?;
        self.open.remove(&number);
        self.totals.count(response);
        Ok(())
    }

    fn append(&mut self) -> Result<(), RunIoError> {
        let path = || self.folder.path_of(TapeDirectory::EXCHANGES);
        if self.has_failed {
            return Err(RunIoError::AfterFailure { path: path() });
        }
        // Assumed until the opposite is known: a line that went out in part must not go out again.
        self.has_failed = true;
        let mut chain = self.chain;
        self.line.clear();
        chain.append(&self.record, &mut self.line);
        if self.line.len() as u64 > MAX_LINE_BYTES {
            return Err(RunIoError::LineTooLong {
                path: path(),
                line: self.chain.count() + 1,
                limit: MAX_LINE_BYTES,
            });
        }
        let written = self.file.write_all(&self.line);
        written.map_err(|error| RunIoError::system("write", &path())(error))?;
        self.chain = chain;
        self.has_failed = false;
        self.forget_long_lines();
        Ok(())
    }

    /// Gives memory back that only a very long line needed.
    fn forget_long_lines(&mut self) {
        const KEPT_BYTES: usize = 1024 * 1024;
        for buffer in [&mut self.record, &mut self.line] {
            if buffer.capacity() > KEPT_BYTES {
                *buffer = Vec::new();
            }
        }
    }

    /// Where the tape stands: its head and how many lines there are.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.chain
    }

    /// How many requests there are.
    #[must_use]
    pub const fn requests(&self) -> u64 {
        self.next
    }

    /// How many requests have no response yet.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.open.len()
    }

    /// Forces the tape onto the disk and writes the manifest. `reproduce` is the command that
    /// replays the recording. A tape with unanswered requests stays unfinished: it gets none.
    ///
    /// # Errors
    /// The file system refuses, or an earlier line could not be written.
    pub fn finish(self, reproduce: String) -> Result<Option<Manifest>, RunIoError> {
        let path = self.folder.path_of(TapeDirectory::EXCHANGES);
        if self.has_failed {
            return Err(RunIoError::AfterFailure { path });
        }
        { self.file.sync_all() }.map_err(RunIoError::system("write", &path))?;
        if !self.open.is_empty() {
            return Ok(None);
        }
        let manifest = Manifest::new(self.chain, self.totals, reproduce);
        write_whole(&self.folder, TapeDirectory::MANIFEST, &manifest.to_bytes())?;
        Ok(Some(manifest))
    }

    /// Removes the recording, which has no exchange yet: its command could not be started.
    pub fn abandon(self) {
        assert_eq!(self.chain.count(), 0, "a recording with exchanges is kept");
        // An error leaves an empty recording behind, which says what it is.
        let _ = self.folder.remove(TapeDirectory::HEADER);
        abandon(&self.folder, &EMPTY);
    }
}
