//! A run on disk as a replay reads it: header first, then journal and tape side by side.
//!
//! Never reads a file twice and never holds more of it than what is read ahead.

use std::path::Path;

use turingos::Digest;

use super::Report;
use crate::chain_reader::FileEnd;
use crate::run_reader::Ends;
use crate::tape::{Deck, Ending};
use crate::{
    Divergence, Gate, Header, Held, Kind, Manifest, RecordedJournal, RunDirectory, RunFolder,
    RunIoError, RunReader,
};

/// A run that is being replayed.
#[derive(Debug)]
pub struct Recording {
    files: RunReader<RunFolder>,
    header: Vec<u8>,
    draws: FileEnd,
    journal: RecordedJournal,
    deck: Deck,
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
        let draws = files.draws()?;
        let tape = directory.join(RunDirectory::TAPE);
        Ok(Self {
            files,
            draws,
            journal: RecordedJournal::open(directory, genesis)?,
            deck: Deck::playing(&tape, genesis, Ending::Stop)?,
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
    #[must_use]
    pub fn deck(&self) -> Deck {
        self.deck.clone()
    }

    /// How many ticks have been held to the journal.
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

    /// Holds the record of the next tick, as its JSON text, to the journal.
    ///
    /// # Errors
    /// The inputs or the record diverge, a file is corrupt, or the recorded run was finished
    /// without such a tick.
    pub fn hold(&mut self, record: &[u8]) -> Result<(), RunIoError> {
        if let Some(failure) = self.deck.failure() {
            // What the tape lost with its last line explains a divergence.
            self.expect_whole()?;
            return Err(failure);
        }
        let tick = self.ticks();
        match self.journal.hold(record)? {
            Held::Ended if self.is_finished() => Err(RunIoError::Diverged(Box::new(
                Divergence::of_records(tick, b"", record),
            ))),
            Held::Same | Held::Ended => Ok(()),
        }
    }

    /// Whether the recorded run was finished.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.manifest.is_some()
    }

    /// Holds what a replay was judged to the manifest, if there is one: the names of the gates and
    /// whether they hold, not how that is put into words.
    ///
    /// # Errors
    /// They are others.
    pub fn expect_gates(&self, replayed: &[Gate]) -> Result<(), RunIoError> {
        let verdicts = |gates: &[Gate]| -> Vec<String> {
            let verdict = |gate: &Gate| format!("{} {}", gate.id, gate.pass);
            gates.iter().map(verdict).collect()
        };
        let Some(manifest) = &self.manifest else {
            return Ok(());
        };
        let (claimed, found) = (verdicts(manifest.gates()), verdicts(replayed));
        let (claimed, found) = (claimed.join(", "), found.join(", "));
        self.files.agree("gates", claimed, found)
    }

    /// Holds the end to journal, tape and manifest.
    ///
    /// # Errors
    /// Something is left that the replay did not do, or the manifest disagrees with it.
    pub fn expect_end<C>(&mut self, header: &Header<C>) -> Result<(), RunIoError> {
        self.journal.expect_end()?;
        self.expect_whole()?;
        // The tape of a run that was killed may be ahead of its journal.
        let is_finished = self.is_finished();
        self.deck
            .expect_end(if is_finished { u64::MAX } else { self.ticks() })?;
        let manifest = self.manifest.as_ref();
        self.files.judge(header.into(), manifest, &self.ends())?;
        Ok(())
    }

    /// Refuses a torn line of a finished run, as far as the files were read.
    fn expect_whole(&self) -> Result<(), RunIoError> {
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
                chain: self.deck.chain(),
                torn_bytes: self.deck.torn_bytes(),
            }),
            draws: Some(self.draws),
        }
    }

    /// What has been replayed; `whole` says that it was held to its end.
    #[must_use]
    pub fn report<C>(&self, header: &Header<C>, whole: bool) -> Report {
        Report {
            run: header.scenario.clone().unwrap_or("soak".to_owned()),
            seed: header.seed,
            ticks: self.ticks(),
            tape_entries: self.deck.chain().count(),
            root: self.journal.chain().head(),
            whole,
            finished: self.is_finished(),
            torn_bytes: self.journal.torn_bytes(),
        }
    }
}
