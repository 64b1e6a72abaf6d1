//! The injections or trap frames of an earlier run, to compare a replay's with.
//!
//! The lines hold no hash. Only the manifest vouches for them, so a difference in a finished run is
//! corruption if the file is not the manifest's, and a divergence if it is.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;
use turingos::trap::TrapFrame;

use crate::directory::RunDirectory;
use crate::divergence::{Cause, Divergence};
use crate::error::RunIoError;
use crate::line_chain::LineChain;
use crate::line_reader::{LineError, LineReader};
use crate::manifest::{LinesAnchor, Manifest};
use crate::open_folder::OpenFolder;
use crate::run_reader::MAX_INJECTIONS_LINE_BYTES;

/// A file whose lines follow from header and tape.
#[derive(Debug)]
pub(crate) struct Derived {
    name: &'static str,
    /// What the manifest calls its lines.
    claim: &'static str,
    /// One line, for people.
    line: &'static str,
    cause: Cause,
    max_line_bytes: usize,
    anchor: fn(&Manifest) -> LinesAnchor,
}

/// What went wrong on purpose.
pub(crate) const INJECTIONS: Derived = Derived {
    name: RunDirectory::INJECTIONS,
    claim: "injections",
    line: "an injection",
    cause: Cause::InjectionChanged,
    max_line_bytes: MAX_INJECTIONS_LINE_BYTES,
    anchor: Manifest::injections,
};

/// The trap frames.
pub(crate) const TRAPS: Derived = Derived {
    name: RunDirectory::TRAPS,
    claim: "traps",
    line: "a trap frame",
    cause: Cause::TrapFrameChanged,
    max_line_bytes: TrapFrame::MAX_BYTES,
    anchor: Manifest::traps,
};

/// The lines of such a file, one after another.
#[derive(Debug)]
pub(crate) struct RecordedLines {
    of: Derived,
    path: PathBuf,
    lines: LineReader<File>,
    chain: LineChain,
    replayed: Vec<u8>,
}

impl RecordedLines {
    /// Opens that file of the run in `folder`.
    pub(crate) fn open(folder: &OpenFolder, of: Derived) -> Result<Self, RunIoError> {
        let path = folder.path_of(of.name);
        let file = folder.read(of.name).map_err(RunIoError::not_read(&path))?;
        Ok(Self {
            lines: LineReader::new(file, of.max_line_bytes),
            of,
            path,
            chain: LineChain::default(),
            replayed: Vec::new(),
        })
    }

    /// Compares the next line of a replay, of this tick, with the next recorded one.
    pub(crate) fn verify_next(
        &mut self,
        tick: u64,
        line: &impl Serialize,
        manifest: Option<&Manifest>,
    ) -> Result<(), RunIoError> {
        self.replayed.clear();
        let written = serde_json::to_writer(&mut self.replayed, line);
        written.expect("numbers and text are always JSON");
        let recorded = match next_line(&mut self.lines, &self.path, manifest.is_some())? {
            Some(line) if line == self.replayed => {
                self.chain.line(line);
                return Ok(());
            }
            Some(line) => Some(line.to_vec()),
            // The process was killed before it had written as far as its journal.
            None if manifest.is_none() => return Ok(()),
            None => None,
        };
        self.expect_manifest(recorded.as_deref(), manifest)?;
        Err(self.diverged(tick, &recorded.unwrap_or_default(), &self.replayed))
    }

    /// Checks that a finished run has no further line after `ticks` ticks, and that its manifest
    /// says so.
    pub(crate) fn expect_end(&mut self, ticks: u64, manifest: &Manifest) -> Result<(), RunIoError> {
        let line = next_line(&mut self.lines, &self.path, true)?;
        let left = line.map(<[u8]>::to_vec);
        self.expect_manifest(left.as_deref(), Some(manifest))?;
        match left {
            None => Ok(()),
            Some(recorded) => Err(self.diverged(ticks, &recorded, b"")),
        }
    }

    fn diverged(&self, tick: u64, recorded: &[u8], replayed: &[u8]) -> RunIoError {
        let Derived { line, cause, .. } = self.of;
        let divergence = Divergence::of_derived_lines(tick, (cause, line), recorded, replayed);
        RunIoError::Diverged(Box::new(divergence))
    }

    /// Reads the rest of the file after the line `next`, and compares the whole with the manifest.
    fn expect_manifest(
        &mut self,
        next: Option<&[u8]>,
        manifest: Option<&Manifest>,
    ) -> Result<(), RunIoError> {
        let Some(manifest) = manifest else {
            return Ok(());
        };
        if let Some(next) = next {
            self.chain.line(next);
        }
        while let Some(line) = next_line(&mut self.lines, &self.path, true)? {
            self.chain.line(line);
        }
        let (claimed, found) = ((self.of.anchor)(manifest), self.chain.chain());
        if (claimed.lines, claimed.head) == (found.count(), found.head()) {
            return Ok(());
        }
        Err(RunIoError::ManifestDisagrees {
            path: self.path.with_file_name(RunDirectory::MANIFEST),
            claim: self.of.claim,
            claimed: format!("{} lines up to {}", claimed.lines, claimed.head),
            found: format!("{} lines up to {}", found.count(), found.head()),
        })
    }
}

/// The next line. A torn last line is none, but in a finished run it is corruption.
fn next_line<'l>(
    lines: &'l mut LineReader<File>,
    path: &Path,
    is_finished: bool,
) -> Result<Option<&'l [u8]>, RunIoError> {
    let malformed = |line, reason: String| RunIoError::BadLine {
        path: path.to_path_buf(),
        line,
        reason,
    };
    match lines.next_line() {
        Ok(Some(line)) if line.is_whole => Ok(Some(line.bytes)),
        Ok(Some(line)) if is_finished => Err(malformed(line.number, "is torn".to_owned())),
        Ok(_) => Ok(None),
        Err(LineError::System { source, .. }) => Err(RunIoError::system("read", path)(source)),
        Err(error) => Err(malformed(error.line(), error.to_string())),
    }
}
