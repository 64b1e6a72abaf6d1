//! A run on disk as a replay reads it: header first, then journal, trap frames and tape side by
//! side.
//!
//! Reads no file twice, and holds no more of one than what is read ahead.

use std::path::{Path, PathBuf};

use turingos::Digest;
use turingos::journal::Chain;

use super::Report;
use super::kind::Kind;
use crate::prefix::{Ends, check_manifest, read_document, read_header};
use crate::recorded_traps::RecordedTraps;
use crate::session::Tick;
use crate::tape::{Ending, TapeSession};
use crate::{
    Divergence, Gate, Header, Manifest, RecordedJournal, RunDirectory, RunIoError, Verified,
};

/// A run that is being replayed.
#[derive(Debug)]
pub struct Recording {
    directory: PathBuf,
    header: Vec<u8>,
    journal: RecordedJournal,
    traps: RecordedTraps,
    tape: TapeSession,
    manifest: Option<Manifest>,
}

impl Recording {
    /// Opens the run in `directory`.
    ///
    /// # Errors
    /// A file is missing or cannot be read, or the manifest is malformed.
    pub fn open(directory: &Path) -> Result<Self, RunIoError> {
        let header = read_header(directory)?;
        let genesis = Digest::of(&header);
        let path = directory.join(RunDirectory::MANIFEST);
        let manifest = match path.exists() {
            false => None,
            true => Some(
                Manifest::from_bytes(&read_document(&path)?)
                    .map_err(|source| RunIoError::Document { path, source })?,
            ),
        };
        let tape = directory.join(RunDirectory::TAPE);
        Ok(Self {
            directory: directory.to_path_buf(),
            journal: RecordedJournal::open(directory, genesis)?,
            traps: RecordedTraps::open(directory)?,
            tape: TapeSession::playing(&tape, genesis, Ending::Stop)?,
            header,
            manifest,
        })
    }

    /// What kind of run it is.
    ///
    /// # Errors
    /// The header is not what this version writes.
    pub fn kind(&self) -> Result<Kind, RunIoError> {
        Kind::of(&self.header).map_err(|source| RunIoError::Document {
            path: self.directory.join(RunDirectory::HEADER),
            source,
        })
    }

    /// The tape, to be played.
    pub const fn tape_mut(&mut self) -> &mut TapeSession {
        &mut self.tape
    }

    /// The part of the journal's chain that has been verified.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.journal.chain()
    }

    /// How many ticks have been verified.
    #[must_use]
    pub const fn ticks(&self) -> u64 {
        self.journal.chain().count()
    }

    /// Whether the journal has a record of the next tick.
    ///
    /// # Errors
    /// The journal is corrupt or cannot be read.
    pub fn has_next(&mut self) -> Result<bool, RunIoError> {
        self.journal.has_next()
    }

    /// Compares a replayed tick with the next recorded one.
    ///
    /// # Errors
    /// It differs, a file is corrupt, or the recorded run was finished without such a tick.
    pub fn verify_next(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        let (number, record) = (self.ticks(), tick.record.as_bytes());
        match self.journal.verify_next(record)? {
            Verified::Ended if self.is_finished() => Err(RunIoError::Diverged(Box::new(
                Divergence::of_records(number, b"", record),
            ))),
            Verified::Equal => {
                let frames = &tick.committed.trap_frames;
                self.traps.verify_next(frames, self.manifest.as_ref())
            }
            Verified::Ended => Ok(()),
        }
    }

    /// Whether the recorded run was finished.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.manifest.is_some()
    }

    /// Compares the verdict on a replay with the manifest, if there is one: the names of the gates
    /// and whether they hold, not the wording.
    ///
    /// # Errors
    /// They differ.
    pub fn expect_gates(&self, replayed: &[Gate]) -> Result<(), RunIoError> {
        let verdicts = |gates: &[Gate]| -> Vec<String> {
            let verdict = |gate: &Gate| format!("{} {}", gate.id, gate.pass);
            gates.iter().map(verdict).collect()
        };
        let Some(manifest) = &self.manifest else {
            return Ok(());
        };
        let (claimed, found) = (verdicts(manifest.gates()), verdicts(replayed));
        if claimed == found {
            return Ok(());
        }
        Err(RunIoError::ManifestDisagrees {
            path: self.directory.join(RunDirectory::MANIFEST),
            claim: "gates",
            claimed: claimed.join(", "),
            found: found.join(", "),
        })
    }

    /// Checks that journal and tape end here, and that the manifest says so.
    ///
    /// # Errors
    /// Journal or tape have more, or the manifest describes another run.
    pub fn expect_end<C>(&mut self, header: &Header<C>) -> Result<(), RunIoError> {
        self.journal.expect_end()?;
        // The tape of a run that was killed may be ahead of its journal.
        let is_finished = self.is_finished();
        self.tape
            .expect_end(if is_finished { u64::MAX } else { self.ticks() })?;
        let ends = Ends {
            journal: self.journal.chain(),
            torn_bytes: self.journal.torn_bytes(),
            tape: self.tape.chain(),
            tape_torn_bytes: self.tape.torn_bytes(),
        };
        let Some(manifest) = &self.manifest else {
            return Ok(());
        };
        let path = self.directory.join(RunDirectory::MANIFEST);
        check_manifest(manifest, header, &ends, &path)?;
        self.traps
            .expect_end(self.journal.chain().count(), manifest)
    }

    /// What has been replayed; `whole` says that it was verified to its end.
    #[must_use]
    pub fn report<C>(&self, header: &Header<C>, whole: bool) -> Report {
        Report {
            run: header.scenario.clone().unwrap_or("soak".to_owned()),
            seed: header.seed,
            ticks: self.ticks(),
            tape_entries: self.tape.chain().count(),
            root: self.journal.chain().head(),
            whole,
            torn_bytes: self.journal.torn_bytes(),
        }
    }
}
