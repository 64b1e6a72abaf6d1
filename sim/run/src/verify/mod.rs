//! Verifying what is on disk: the files of a run, and journals of TuringOS.
//!
//! Never runs the kernel: a replay shows that a journal follows from its header and tape. Here
//! every byte is checked against the hashes, seals and forms that cover it.

mod journals;
mod record_view;
mod records;
mod run;

pub use journals::{JOURNAL_ENDING, LINE_CHAIN_ENDING, journal, journal_file};
pub use run::run;

use crate::RunEnd;

/// The verdict on one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// The file, as its caller names it; of a run, the name in its directory.
    pub file: String,
    /// The verdict.
    pub verdict: Verdict,
}

/// A verdict on a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything in it is valid.
    Valid(Facts),
    /// The first fault.
    Invalid {
        /// The line, from 1; a document has none.
        line: Option<u64>,
        /// What is wrong, one line for people.
        reason: String,
    },
    /// The manifest is missing: the run is unfinished. How far it got, if its journal is valid.
    Unfinished(Option<RunEnd>),
    /// It was not checked because another file is not valid.
    Unchecked {
        /// The other file.
        without: &'static str,
    },
}

impl Verdict {
    /// True if the file is valid, or is the manifest that an unfinished run lacks.
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

/// The content of a valid file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Counts by name, in print order.
    pub counts: Vec<(&'static str, u64)>,
    /// Where its hash chain ends, if it has one and anything in it.
    pub root: Option<String>,
    /// A remark for people.
    pub note: Option<String>,
}
