//! Verifying what is on disk: the files of a run, and journals of TuringOS.
//!
//! Never runs the kernel: a replay shows that a journal follows from its header and tape. Here
//! every byte is checked against the hashes, seals and forms that cover it.

mod journals;
mod record_view;
mod records;
mod run;

pub use journals::{JOURNAL_ENDING, journal_file};
pub use run::run;

use crate::RunEnd;

/// What was found of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// The file, as its caller names it; of a run, the name in its directory.
    pub file: String,
    /// What it was found to be.
    pub verdict: Verdict,
}

/// What a file was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything in it holds.
    Valid(Facts),
    /// The first thing that does not hold.
    Invalid {
        /// The line, from 1; a document has none.
        line: Option<u64>,
        /// What is wrong, one line for people.
        reason: String,
    },
    /// The manifest is missing: the run is unfinished. How far it got, if its journal is valid.
    Unfinished(Option<RunEnd>),
    /// Another file has to be valid first.
    Unchecked {
        /// The other file.
        without: &'static str,
    },
}

impl Verdict {
    /// True if everything in the file holds, or the file is a manifest that is not there yet.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        matches!(self, Self::Valid(_) | Self::Unfinished(_))
    }

    fn invalid(line: Option<u64>, reason: impl ToString) -> Self {
        Self::Invalid {
            line,
            reason: reason.to_string(),
        }
    }
}

/// What a valid file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// How many there are of each thing, in the order in which they are printed.
    pub counts: Vec<(&'static str, u64)>,
    /// Where its hash chain ends, if it has one and anything in it.
    pub root: Option<String>,
    /// What else there is to say, for people.
    pub note: Option<String>,
}
