//! A run on disk as a replay reads it: header first, then journal and tape side by side.
//!
//! Never reads a file twice and never holds more than one line of each.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use turingos::Digest;

use super::Report;
use crate::run::prefix::{Ends, check_manifest, read_document};
use crate::run::tape::{Deck, Ending, TapeReader};
use crate::run::{Header, Manifest, RecordedJournal, RunDirectory, RunIoError};
use crate::soak;

/// A run that is being replayed.
#[derive(Debug)]
pub struct Recording {
    directory: PathBuf,
    header: Vec<u8>,
    journal: RecordedJournal,
    deck: Deck,
    manifest: Option<Manifest>,
}

/// What a header describes.
#[derive(Debug)]
pub enum Kind {
    /// Missions drawn from a seed, in a simulated world.
    Soak(Box<Header<soak::Settings>>),
}

impl Recording {
    /// Opens the run in `directory`.
    ///
    /// # Errors
    /// A file cannot be read, or the manifest is none.
    pub fn open(directory: &Path) -> Result<Self, RunIoError> {
        let header = read_document(&directory.join(RunDirectory::HEADER))?;
        let genesis = Digest::of(&header);
        let path = directory.join(RunDirectory::MANIFEST);
        let manifest = match path.exists() {
            false => None,
            true => Some(
                Manifest::from_bytes(&read_document(&path)?)
                    .map_err(|source| RunIoError::Document { path, source })?,
            ),
        };
        let tape = TapeReader::open(&directory.join(RunDirectory::TAPE), genesis)?;
        Ok(Self {
            directory: directory.to_path_buf(),
            journal: RecordedJournal::open(directory, genesis)?,
            deck: Deck::playing(tape, Ending::Stop),
            header,
            manifest,
        })
    }

    /// What kind of run it is.
    ///
    /// # Errors
    /// The header is not what this version writes.
    pub fn kind(&self) -> Result<Kind, RunIoError> {
        Ok(Kind::Soak(Box::new(self.read_header()?)))
    }

    fn read_header<C: Serialize + DeserializeOwned>(&self) -> Result<Header<C>, RunIoError> {
        Header::from_bytes(&self.header).map_err(|source| RunIoError::Document {
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
    /// The inputs or the record diverge, or a file is corrupt.
    pub fn hold(&mut self, record: &[u8]) -> Result<(), RunIoError> {
        if let Some(failure) = self.deck.failure() {
            return Err(failure);
        }
        self.journal.hold(record).map(|_| ())
    }

    /// Holds the end to journal, tape and manifest. `is_stopped` says that the replay was asked to
    /// stop before the end.
    ///
    /// # Errors
    /// Something is left that the replay did not come to, or the manifest tells of another run.
    pub fn finish<C>(mut self, header: &Header<C>, is_stopped: bool) -> Result<Report, RunIoError> {
        if !is_stopped {
            self.journal.expect_end()?;
            // The tape of a run that was killed may be ahead of its journal.
            let is_finished = self.manifest.is_some();
            self.deck
                .expect_end(if is_finished { u64::MAX } else { self.ticks() })?;
        }
        let ends = Ends {
            journal: self.journal.chain(),
            torn_bytes: self.journal.torn_bytes(),
            tape: self.deck.chain(),
            tape_torn_bytes: self.deck.torn_bytes(),
        };
        if let (Some(manifest), false) = (&self.manifest, is_stopped) {
            let path = self.directory.join(RunDirectory::MANIFEST);
            check_manifest(manifest, header, &ends, &path)?;
        }
        Ok(Report {
            run: header.scenario.clone().unwrap_or("soak".to_owned()),
            seed: header.seed,
            ticks: ends.journal.count(),
            tape_entries: ends.tape.count(),
            root: ends.journal.head(),
            whole: !is_stopped && self.manifest.is_some(),
            torn_bytes: ends.torn_bytes,
        })
    }
}
