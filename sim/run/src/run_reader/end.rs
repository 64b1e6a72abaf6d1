//! How a run ends, once its files were read: the manifest against the files beside it.

use std::fmt;

use super::RunReader;
use crate::chain_reader::FileEnd;
use crate::directory::RunDirectory;
use crate::error::RunIoError;
use crate::header::{Header, Profile};
use crate::kind::{Kind, with_header};
use crate::manifest::Manifest;
use crate::run_files::RunFiles;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// There is a manifest, and it agrees with every file beside it.
    Finished,
    /// There is no manifest: the process stopped, or is still at work.
    Unfinished {
        /// How many journal records are whole and valid.
        records: u64,
        /// How many bytes of a torn line follow them.
        torn_bytes: u64,
    },
}

impl RunEnd {
    /// True if the run has a manifest.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Finished)
    }
}

impl fmt::Display for RunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => f.write_str("finished"),
            Self::Unfinished {
                records,
                torn_bytes: 0,
            } => write!(f, "unfinished, {records} records valid"),
            Self::Unfinished {
                records,
                torn_bytes,
            } => write!(
                f,
                "unfinished, {records} records valid, {torn_bytes} bytes of a torn line left out"
            ),
        }
    }
}

/// How the files of a run end; nothing for a file that was not read or is not valid.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    /// The journal.
    pub journal: Option<FileEnd>,
    /// The tape.
    pub tape: Option<FileEnd>,
    /// The injections.
    pub injections: Option<FileEnd>,
    /// The trap frames.
    pub traps: Option<FileEnd>,
}

/// What a manifest repeats of its header.
#[derive(Clone, Copy, Debug)]
pub struct HeaderFacts {
    seed: u64,
    profile: Profile,
    ticks: u64,
}

impl<C> From<&Header<C>> for HeaderFacts {
    fn from(header: &Header<C>) -> Self {
        Self {
            seed: header.seed,
            profile: header.profile,
            ticks: header.ticks,
        }
    }
}

impl From<&Kind> for HeaderFacts {
    fn from(kind: &Kind) -> Self {
        with_header!(kind, header => Self::from(&**header))
    }
}

impl<F: RunFiles> RunReader<F> {
    /// Says how the run ends, once its files were read.
    ///
    /// # Errors
    /// The run is finished, but a file ends with a torn line or the manifest disagrees with it.
    pub fn judge(
        &self,
        header: HeaderFacts,
        manifest: Option<&Manifest>,
        ends: &Ends,
    ) -> Result<RunEnd, RunIoError> {
        let Some(manifest) = manifest else {
            return Ok(RunEnd::Unfinished {
                records: ends.journal.map_or(0, |end| end.chain.count()),
                torn_bytes: ends.journal.map_or(0, |end| end.torn_bytes),
            });
        };
        self.expect_whole(ends)?;
        self.agree("seed", manifest.seed(), header.seed)?;
        self.agree("profile", manifest.profile(), header.profile)?;
        if manifest.records() > header.ticks {
            self.agree("records, at most", manifest.records(), header.ticks)?;
        }
        if let Some(FileEnd { chain, .. }) = ends.journal {
            self.agree("records", manifest.records(), chain.count())?;
            self.agree("root", manifest.root(), chain.head())?;
        }
        if let Some(FileEnd { chain, .. }) = ends.tape {
            self.agree("tape entries", manifest.tape().entries, chain.count())?;
            self.agree("tape head", manifest.tape().head, chain.head())?;
        }
        if let Some(FileEnd { chain, .. }) = ends.injections {
            self.agree(
                "injections lines",
                manifest.injections().lines,
                chain.count(),
            )?;
            self.agree("injections head", manifest.injections().head, chain.head())?;
        }
        if let Some(FileEnd { chain, .. }) = ends.traps {
            self.agree("traps lines", manifest.traps().lines, chain.count())?;
            self.agree("traps head", manifest.traps().head, chain.head())?;
        }
        Ok(RunEnd::Finished)
    }

    /// Refuses a torn last line, which a finished run cannot have.
    ///
    /// # Errors
    /// There is one.
    pub(crate) fn expect_whole(&self, ends: &Ends) -> Result<(), RunIoError> {
        for (name, end) in [
            (RunDirectory::JOURNAL, ends.journal),
            (RunDirectory::TAPE, ends.tape),
            (RunDirectory::INJECTIONS, ends.injections),
            (RunDirectory::TRAPS, ends.traps),
        ] {
            if let Some(end) = end.filter(|end| end.torn_bytes > 0) {
                let path = self.files.path(name);
                let line = end.chain.count() + 1;
                return Err(RunIoError::Torn { path, line });
            }
        }
        Ok(())
    }

    /// Refuses a manifest that says something else than the files beside it.
    ///
    /// # Errors
    /// The two values differ.
    pub fn agree<T: PartialEq + ToString>(
        &self,
        claim: &'static str,
        claimed: T,
        found: T,
    ) -> Result<(), RunIoError> {
        if claimed == found {
            return Ok(());
        }
        Err(RunIoError::ManifestDisagrees {
            path: self.files.path(RunDirectory::MANIFEST),
            claim,
            claimed: claimed.to_string(),
            found: found.to_string(),
        })
    }
}
