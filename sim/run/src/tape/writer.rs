//! Writing a tape: each entry reaches the operating system before it is used.
//!
//! Gathers no lines: an entry is one write, so a process that is killed at any moment leaves every
//! entry that was used, and at most one torn line. The operating
//! system may still lose the last entries if the power fails, because an entry is not forced onto
//! the disk; the tape as a whole is, when the run ends. Never writes after a failed write, and never
//! writes a line in which the scan finds a secret.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use turingos::Digest;
use turingos::journal::Chain;

use super::entry::{CallOutcome, Entry};
use super::{Body, MAX_TAPE_LINE_BYTES, SecretScan};
use crate::error::RunIoError;

/// Appends entries to a tape.
#[derive(Debug)]
pub struct TapeWriter {
    file: File,
    path: PathBuf,
    chain: Chain,
    bytes: u64,
    scan: Option<SecretScan>,
    record: Vec<u8>,
    line: Vec<u8>,
    has_failed: bool,
}

impl TapeWriter {
    /// Begins a tape in `file`, which is empty; `path` is its name for errors. `genesis` is the
    /// digest of the run's header, or of another document that the tape belongs to.
    #[must_use]
    pub fn begin(file: File, path: &Path, genesis: Digest, scan: Option<SecretScan>) -> Self {
        Self::after(file, path, (Chain::new(genesis), 0), scan)
    }

    /// Continues a tape whose lines so far are `chain`, of so many bytes; `file` is at its end.
    fn after(
        file: File,
        path: &Path,
        (chain, bytes): (Chain, u64),
        scan: Option<SecretScan>,
    ) -> Self {
        Self {
            file,
            path: path.to_path_buf(),
            chain,
            bytes,
            scan,
            record: Vec::new(),
            line: Vec::new(),
            has_failed: false,
        }
    }

    /// Cuts the tape in `file` after its first `whole_bytes`, which are the lines of `chain`, and
    /// continues from there.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn resume(
        mut file: File,
        path: &Path,
        chain: Chain,
        whole_bytes: u64,
        scan: Option<SecretScan>,
    ) -> Result<Self, RunIoError> {
        file.set_len(whole_bytes)
            .and_then(|()| file.seek(SeekFrom::Start(whole_bytes)))
            .map_err(RunIoError::system("shorten", path))?;
        Ok(Self::after(file, path, (chain, whole_bytes), scan))
    }

    /// Writes one entry. When this returns, the operating system has it.
    ///
    /// # Errors
    /// The scan finds a secret, the entry is longer than any line, or the file system refuses.
    /// Nothing of the entry is written in the first two cases; nothing is ever written after any
    /// of them.
    pub fn append(&mut self, entry: &Entry) -> Result<(), RunIoError> {
        if self.has_failed {
            return Err(RunIoError::AfterFailure {
                path: self.path.clone(),
            });
        }
        // Assumed until the opposite is known: a line that went out in part must not go out again.
        self.has_failed = true;
        self.record.clear();
        entry.write_json(&mut self.record);
        self.line.clear();
        let mut chain = self.chain;
        chain.append(&self.record, &mut self.line);
        self.check(entry)?;
        self.file
            .write_all(&self.line)
            .map_err(RunIoError::system("write", &self.path))?;
        self.chain = chain;
        self.bytes += self.line.len() as u64;
        self.has_failed = false;
        Ok(())
    }

    fn check(&self, entry: &Entry) -> Result<(), RunIoError> {
        // The scan would not recognise base64 or escaped text in the line.
        let found = self.scan.as_ref().and_then(|scan| {
            scan.find(&self.line)
                .or_else(|| bodies(entry).into_iter().find_map(|body| scan.find(body)))
        });
        if let Some(secret) = found {
            return Err(RunIoError::Secret {
                path: self.path.clone(),
                secret,
            });
        }
        if self.line.len() as u64 > MAX_TAPE_LINE_BYTES {
            return Err(RunIoError::LineTooLong {
                path: self.path.clone(),
                line: self.chain.count() + 1,
                limit: MAX_TAPE_LINE_BYTES,
            });
        }
        Ok(())
    }

    /// Has every further entry scanned.
    pub(crate) fn scan_with(&mut self, scan: SecretScan) {
        self.scan = Some(scan);
    }

    /// The kind of the first secret in `bytes`, if they are scanned and there is one.
    pub(crate) fn secret_in(&self, bytes: &[u8]) -> Option<&'static str> {
        self.scan.as_ref()?.find(bytes)
    }

    /// The tape's head and how many entries it has.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.chain
    }

    /// How many bytes its lines have.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Forces the tape onto the disk.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn synchronise(&self) -> Result<(), RunIoError> {
        self.file
            .sync_all()
            .map_err(RunIoError::system("write", &self.path))
    }
}

/// The raw bytes of an entry that its line may not show as they are.
fn bodies(entry: &Entry) -> Vec<&[u8]> {
    let Entry::Call(call) = entry else {
        return Vec::new();
    };
    let mut bodies = vec![call.request()];
    if let CallOutcome::Reply(reply) = &call.outcome {
        let Body(body) = &reply.body;
        bodies.push(body);
    }
    bodies
}
