//! A run on disk as a replay reads it: header first, then journal, trap frames and tape side by
//! side.
//!
//! Reads no file twice, and holds only the part that is read ahead.

use std::path::{Path, PathBuf};

use turingos::Digest;
use turingos::journal::Chain;

use super::Report;
use crate::chain_reader::FileEnd;
use crate::open_folder::OpenFolder;
use crate::recorded_journal::{RecordedJournal, Verified};
use crate::recorded_lines::{INJECTIONS, RecordedLines, TRAPS};
use crate::run_reader::{Ends, HeaderFacts};
use crate::session::Tick;
use crate::tape::{Ending, TapeSession};
use crate::{Divergence, Kind, Manifest, RunIoError, RunReader};

/// A run that is being replayed.
#[derive(Debug)]
pub struct Recording {
    files: RunReader<OpenFolder>,
    header: Vec<u8>,
    journal: RecordedJournal,
    injections: RecordedLines,
    traps: RecordedLines,
    tape: TapeSession,
    manifest: Option<Manifest>,
}

impl Recording {
    /// Opens the run in `directory`: accepts a finished and an unfinished one.
    ///
    /// # Errors
    /// A file is missing, corrupt or cannot be read.
    pub fn open(directory: &Path) -> Result<Self, RunIoError> {
        let header = RunReader::of(directory).header_bytes()?;
        let folder = OpenFolder::open(directory).map_err(RunIoError::system("read", directory))?;
        let files = RunReader::new(folder.clone());
        let genesis = Digest::of(&header);
        let manifest = files.manifest()?;
        Ok(Self {
            files,
            journal: RecordedJournal::open(&folder, genesis)?,
            injections: RecordedLines::open(&folder, INJECTIONS)?,
            traps: RecordedLines::open(&folder, TRAPS)?,
            tape: TapeSession::playing(&folder, genesis, Ending::Stop)?,
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

    /// Does what is played to the world behind the session as well, which becomes what the recorded
    /// one was.
    #[must_use]
    pub fn carried_out(mut self) -> Self {
        self.tape.carry_out();
        self
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
            Verified::Equal => self.verify_derived(number, tick),
            Verified::Ended => Ok(()),
        }
    }

    fn verify_derived(&mut self, number: u64, tick: &Tick<'_>) -> Result<(), RunIoError> {
        let manifest = self.manifest.as_ref();
        if !tick.injections.is_empty() {
            self.injections
                .verify_next(number, tick.injections, manifest)?;
        }
        for frame in &tick.committed.trap_frames {
            self.traps.verify_next(number, frame, manifest)?;
        }
        Ok(())
    }

    /// Whether the recorded run was finished.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.manifest.is_some()
    }

    /// The directory that the run was recorded in, if the command in its manifest names one.
    pub fn recorded_in(&self) -> Option<PathBuf> {
        self.manifest.as_ref()?.recorded_in()
    }

    /// Compares what the manifest claims of the run, if there is one, with that of the replay.
    ///
    /// # Errors
    /// They differ.
    pub fn expect_claims(&self, derived: &Manifest) -> Result<(), RunIoError> {
        let Some(manifest) = &self.manifest else {
            return Ok(());
        };
        let (claimed, derived) = (manifest.claims(), derived.claims());
        if claimed == derived {
            return Ok(());
        }
        let divergence = Divergence::of_claims(self.ticks(), claimed, derived);
        Err(RunIoError::Diverged(Box::new(divergence)))
    }

    /// Checks that the journal ends here, and that the manifest says so.
    ///
    /// # Errors
    /// It has more than the replay made, or the manifest disagrees.
    pub fn expect_last_record(&mut self, header: impl Into<HeaderFacts>) -> Result<(), RunIoError> {
        self.journal.expect_end()?;
        self.expect_whole()?;
        let journal = self.ends().journal;
        let ends = Ends {
            journal,
            ..Ends::default()
        };
        let manifest = self.manifest.as_ref();
        if self
            .files
            .judge(header.into(), manifest, &ends)?
            .is_finished()
        {
            return Ok(());
        }
        // The tape of a run that was killed may be ahead of its journal.
        self.tape.expect_end(self.ticks())
    }

    /// Checks that every file of a finished run ends here, and that the manifest says so. What a
    /// scenario's outcome reads is on the tape too, so it is asked for before.
    ///
    /// # Errors
    /// A file has more than the replay made, or the manifest disagrees.
    pub fn expect_end(&mut self, header: impl Into<HeaderFacts>) -> Result<(), RunIoError> {
        let header = header.into();
        self.expect_last_record(header)?;
        let Some(manifest) = &self.manifest else {
            return Ok(());
        };
        self.tape.expect_end(u64::MAX)?;
        self.expect_whole()?;
        self.files.judge(header, Some(manifest), &self.ends())?;
        let ticks = self.journal.chain().count();
        self.injections.expect_end(ticks, manifest)?;
        self.traps.expect_end(ticks, manifest)
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
            // Compared line by line.
            injections: None,
            traps: None,
        }
    }

    /// What has been replayed of this run and seed; `whole` says that it was verified to its end.
    #[must_use]
    pub fn report(&self, run: String, seed: u64, whole: bool) -> Report {
        Report {
            run,
            seed,
            ticks: self.ticks(),
            tape_entries: self.tape.chain().count(),
            root: self.journal.chain().head(),
            whole,
            finished: self.is_finished(),
            torn_bytes: self.journal.torn_bytes(),
            continues: false,
        }
    }
}
