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

use turingos::journal::ChainFault;

use crate::{RunEnd, RunIoError};

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

    /// The verdict on a file that has this error, without the path: the report names it beside.
    #[must_use]
    pub fn of_error(error: &RunIoError) -> Self {
        match error {
            RunIoError::Chain { fault, .. } => broken(*fault),
            RunIoError::TapeEntry { line, source, .. } => Self::invalid(Some(*line), source),
            RunIoError::BadLine { line, reason, .. } => Self::invalid(Some(*line), reason),
            RunIoError::Torn { line, .. } => {
                Self::invalid(Some(*line), "is torn, but the run is finished")
            }
            RunIoError::Missing { .. } | RunIoError::NoRun { .. } => {
                Self::invalid(None, "is missing")
            }
            RunIoError::NotAFile { reason, .. } => Self::invalid(None, reason),
            RunIoError::System { source, .. } => {
                Self::invalid(None, format_args!("cannot be read: {source}"))
            }
            RunIoError::Document { source, .. } => Self::invalid(None, source),
            RunIoError::UnknownHeader { source, known, .. } => Self::invalid(
                None,
                format_args!("{source}; the known kinds of runs are {known}"),
            ),
            RunIoError::ManifestDisagrees {
                claim,
                claimed,
                found,
                ..
            } => {
                let reason =
                    format_args!("{claim} says {claimed}, but the files beside it say {found}");
                Self::invalid(None, reason)
            }
            other => Self::invalid(None, other),
        }
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

fn broken(fault: ChainFault) -> Verdict {
    let line = fault.line.saturating_add(1);
    // The report names the line beside the reason.
    let reason = fault.to_string().replacen(&format!("line {line} "), "", 1);
    Verdict::invalid(Some(line), reason)
}
