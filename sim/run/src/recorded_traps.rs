//! The trap frames of an earlier run, to compare a replay's with.
//!
//! The lines hold no hash. Only the manifest vouches for them, so a difference in a finished run is
//! corruption if the file is not the manifest's, and a divergence if it is.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use turingos::trap::TrapFrame;

use crate::directory::RunDirectory;
use crate::divergence::Divergence;
use crate::error::RunIoError;
use crate::line_chain::LineChain;
use crate::line_reader::{LineError, LineReader};
use crate::manifest::Manifest;

/// The trap frames of a run, one after another.
#[derive(Debug)]
pub(crate) struct RecordedTraps {
    path: PathBuf,
    lines: LineReader<File>,
    chain: LineChain,
    replayed: Vec<u8>,
}

impl RecordedTraps {
    /// Opens the trap frames of the run in `directory`.
    pub(crate) fn open(directory: &Path) -> Result<Self, RunIoError> {
        let path = directory.join(RunDirectory::TRAPS);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RunIoError::Missing { path });
            }
            Err(error) => return Err(RunIoError::system("read", &path)(error)),
        };
        Ok(Self {
            path,
            lines: LineReader::new(file, TrapFrame::MAX_BYTES),
            chain: LineChain::default(),
            replayed: Vec::new(),
        })
    }

    /// Compares the trap frames of one tick with the next recorded ones.
    pub(crate) fn verify_next(
        &mut self,
        frames: &[TrapFrame],
        manifest: Option<&Manifest>,
    ) -> Result<(), RunIoError> {
        for frame in frames {
            self.replayed.clear();
            let written = serde_json::to_writer(&mut self.replayed, frame);
            written.expect("numbers and text are always JSON");
            let recorded = match next_line(&mut self.lines, &self.path, manifest.is_some())? {
                Some(line) if line == self.replayed => {
                    self.chain.line(line);
                    continue;
                }
                Some(line) => Some(line.to_vec()),
                // The process was killed before it had written as far as its journal.
                None if manifest.is_none() => return Ok(()),
                None => None,
            };
            self.expect_manifest(recorded.as_deref(), manifest)?;
            let recorded = recorded.unwrap_or_default();
            let divergence = Divergence::of_trap_frames(frame.tick, &recorded, &self.replayed);
            return Err(RunIoError::Diverged(Box::new(divergence)));
        }
        Ok(())
    }

    /// Checks that a finished run has no further trap frame after `ticks` ticks, and that its
    /// manifest says so.
    pub(crate) fn expect_end(&mut self, ticks: u64, manifest: &Manifest) -> Result<(), RunIoError> {
        let line = next_line(&mut self.lines, &self.path, true)?;
        let left = line.map(<[u8]>::to_vec);
        self.expect_manifest(left.as_deref(), Some(manifest))?;
        match left {
            None => Ok(()),
            Some(recorded) => {
                let divergence = Divergence::of_trap_frames(ticks, &recorded, b"");
                Err(RunIoError::Diverged(Box::new(divergence)))
            }
        }
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
        let (claimed, found) = (manifest.traps(), self.chain.chain());
        if (claimed.lines, claimed.head) == (found.count(), found.head()) {
            return Ok(());
        }
        Err(RunIoError::ManifestDisagrees {
            path: self.path.with_file_name(RunDirectory::MANIFEST),
            claim: "traps",
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
