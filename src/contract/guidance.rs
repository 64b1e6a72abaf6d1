//! The contract's section of the frame, one item a line.
//!
//! Names the next step and what blocks it, never what a file should hold.

use alloc::string::String;
use core::fmt::Write as _;

use super::{Blocker, Contract, Step};
use crate::pointer::{Pointer, WorkspacePath};

/// What the section has to say besides the plan itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stand<'c> {
    /// A step is next.
    Next {
        /// Which, counted from 1.
        number: usize,
        /// The step itself.
        step: &'c Step,
        /// What blocks it.
        blocker: Option<Blocker>,
    },
    /// Every step is done.
    Complete {
        /// The first required file that is not there.
        missing: Option<&'c WorkspacePath>,
    },
}

impl Contract {
    /// Writes the section's text to `out`.
    pub(crate) fn guide(&self, stand: Stand<'_>, out: &mut String) {
        let all = self.steps.len();
        // Writing to a String cannot fail.
        let _ = match stand {
            Stand::Next {
                number,
                step,
                blocker,
            } => {
                let (status, reason) = match blocker {
                    Some(blocker) => ("BLOCKED", blocker.name()),
                    None => ("READY", "(none)"),
                };
                let file = step.file.as_ref().map_or("(none)", WorkspacePath::as_str);
                let _ = write!(
                    out,
                    "[STEP] {number} of {all}\n[NEXT_STEP] {}\n[STEP_FILE] {file}\n\
                     [STATUS] {status}\n[REASON] {reason}\n",
                    step.name,
                );
                // Where there are steps, there is a file for their progress.
                if let Some(path) = &self.progress_file {
                    let pointer = Pointer::Append(path.clone());
                    let _ = writeln!(out, "[PROGRESS_POINTER] {pointer}");
                }
                write!(out, "[PROGRESS_LINE] {}", step.progress_line())
            }
            Stand::Complete { missing } => {
                let _ = write!(
                    out,
                    "[STEP] {all} of {all}\n[NEXT_STEP] (complete)\n[REQUIRED_FILES] "
                );
                match missing {
                    Some(path) => write!(out, "missing {path}"),
                    None => write!(out, "(all present)"),
                }
            }
        };
    }
}
