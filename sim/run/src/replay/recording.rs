//! A run on disk as a replay reads it: header first, then journal and tape side by side.
//!
//! Never reads a file twice and never holds more of it than what is read ahead.

use std::path::{Path, PathBuf};

use turingos::Digest;

use super::Report;
use super::kind::Kind;
use crate::prefix::{Ends, check_manifest, read_document, read_header};
use crate::tape::{Deck, Ending};
use crate::{Divergence, Gate, Header, Held, Manifest, RecordedJournal, RunDirectory, RunIoError};

/// A run that is being replayed.
#[derive(Debug)]
pub struct Recording {
    directory: PathBuf,
    header: Vec<u8>,
    journal: RecordedJournal,
    deck: Deck,
    manifest: Option<Manifest>,
}

impl Recording {
    /// Opens the run in `directory`.
    ///
    /// # Errors
    /// A file cannot be read, or the manifest is none.
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
        Kind::of(&self.header).map_err(|source| RunIoError::Document {
            path: self.directory.join(RunDirectory::HEADER),
            source,
        })
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

    /// Holds the end to journal, tape and manifest.
    ///
    /// # Errors
    /// Something is left that the replay did not come to, or the manifest tells of another run.
    pub fn expect_end<C>(&mut self, header: &Header<C>) -> Result<(), RunIoError> {
        self.journal.expect_end()?;
        // The tape of a run that was killed may be ahead of its journal.
        let is_finished = self.is_finished();
        self.deck
            .expect_end(if is_finished { u64::MAX } else { self.ticks() })?;
        let ends = Ends {
            journal: self.journal.chain(),
            torn_bytes: self.journal.torn_bytes(),
            tape: self.deck.chain(),
            tape_torn_bytes: self.deck.torn_bytes(),
        };
        let Some(manifest) = &self.manifest else {
            return Ok(());
        };
        let path = self.directory.join(RunDirectory::MANIFEST);
        check_manifest(manifest, header, &ends, &path)
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
            torn_bytes: self.journal.torn_bytes(),
        }
    }
}
