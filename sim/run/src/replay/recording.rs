//! A run on disk as a replay reads it: header first, then journal, trap frames and tape side by
//! side.
//!
//! Reads no file twice, and holds only the part that is read ahead.

use std::path::Path;

use turingos::Digest;
use turingos::journal::Chain;

use super::Report;
use crate::chain_reader::FileEnd;
use crate::recorded_journal::{RecordedJournal, Verified};
use crate::recorded_traps::RecordedTraps;
use crate::run_reader::Ends;
use crate::session::Tick;
use crate::tape::{Ending, TapeSession};
use crate::{
    Divergence, Gate, Header, Kind, Manifest, RunDirectory, RunFolder, RunIoError, RunReader,
};

/// A run that is being replayed.
#[derive(Debug)]
pub struct Recording {
    files: RunReader<RunFolder>,
    header: Vec<u8>,
    injections: FileEnd,
    journal: RecordedJournal,
    traps: RecordedTraps,
    tape: TapeSession,
    manifest: Option<Manifest>,
}

impl Recording {
    /// Opens the run in `directory`: accepts a finished and an unfinished one.
    ///
    /// # Errors
    /// A file is missing, corrupt or cannot be read.
    pub fn open(directory: &Path) -> Result<Self, RunIoError> {
        let files = RunReader::of(directory);
        let header = files.header_bytes()?;
        let genesis = Digest::of(&header);
        let manifest = files.manifest()?;
        let injections = files.injections()?;
        let tape = directory.join(RunDirectory::TAPE);
        Ok(Self {
            files,
            injections,
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
        self.files.kind_of(&self.header)
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
    /// and what they found, not the wording.
    ///
    /// # Errors
    /// They differ.
    pub(crate) fn expect_gates(&self, replayed: &[Gate]) -> Result<(), RunIoError> {
        let verdicts = |gates: &[Gate]| -> Vec<String> {
            let verdict = |gate: &Gate| format!("{} {}", gate.id, gate.verdict.name());
            gates.iter().map(verdict).collect()
        };
        let Some(manifest) = &self.manifest else {
            return Ok(());
        };
        let (claimed, found) = (verdicts(manifest.gates()), verdicts(replayed));
        let (claimed, found) = (claimed.join(", "), found.join(", "));
        self.files.agree("gates", claimed, found)
    }

    /// Checks that journal and tape end here, and that the manifest says so.
    ///
    /// # Errors
    /// Journal, tape or trap frames have more than the replay made, or the manifest disagrees.
    pub fn expect_end<C>(&mut self, header: &Header<C>) -> Result<(), RunIoError> {
        self.journal.expect_end()?;
        self.expect_whole()?;
        // The tape of a run that was killed may be ahead of its journal.
        let is_finished = self.is_finished();
        self.tape
            .expect_end(if is_finished { u64::MAX } else { self.ticks() })?;
        let Some(manifest) = &self.manifest else {
            return Ok(());
        };
        self.files
            .judge(header.into(), Some(manifest), &self.ends())?;
        self.traps
            .expect_end(self.journal.chain().count(), manifest)
    }

    /// Refuses a torn line of a finished run, as far as the files were read.
    pub(super) fn expect_whole(&self) -> Result<(), RunIoError> {
        if !self.is_finished() {
            return Ok(());
        }
        self.files.expect_whole(&self.ends())
    }

    fn ends(&self) -> Ends {
        Ends {
            journal: Some(FileEnd {
                chain: self.journal.chain(),
                torn_bytes: self.journal.torn_bytes(),
            }),
            tape: Some(FileEnd {
                chain: self.tape.chain(),
                torn_bytes: self.tape.torn_bytes(),
            }),
            injections: Some(self.injections),
            traps: None,
        }
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
            finished: self.is_finished(),
            torn_bytes: self.journal.torn_bytes(),
        }
    }
}
