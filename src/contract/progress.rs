//! How far a plan has come: the progress file read as an exact prefix of `DONE:<STEP>` lines.
//!
//! Never repairs and never skips a line: what does not fit is a fault that names its line.

use alloc::format;
use alloc::string::String;

use super::refusal::PlanFault;
use super::{Contract, Step};

/// The text before a step's name on its line of the progress file.
pub const DONE_PREFIX: &str = "DONE:";

/// What a progress file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many steps the file begins with, each on its exact line, in order.
    pub done: usize,
    /// The first line that fits no more, counted from 1, if the file is not an exact prefix.
    pub broken_line: Option<usize>,
}

/// What a change of the progress file that may be made amounts to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'c> {
    /// The step is declared done, which counts only if its file is ready.
    Done(&'c Step),
    /// A broken file goes back to all its lines that fit, from the first on.
    Repair,
}

impl Step {
    /// The step's exact line of the progress file, without its line end.
    #[must_use]
    pub fn progress_line(&self) -> String {
        format!("{DONE_PREFIX}{}", self.name)
    }

    /// What follows the step's line at the start of `text`; `None` if another line is there. A name is
    /// one line, so no line has to be cut out for it.
    fn after_line_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        let after = text
            .strip_prefix(DONE_PREFIX)?
            .strip_prefix(self.name.as_str())?;
        if after.is_empty() {
            return Some(after);
        }
        after.strip_prefix('\n')
    }
}

impl Contract {
    /// Reads a progress file. Lines end with a line feed, which the last one may lack; a file that
    /// is not there is an empty one.
    #[must_use]
    pub fn progress(&self, content: &str) -> Progress {
        let mut steps = self.steps.iter();
        let mut rest = content;
        let mut done = 0_usize;
        while !rest.is_empty() {
            let line_number = done.saturating_add(1);
            let Some(after) = steps.next().and_then(|step| step.after_line_in(rest)) else {
                return Progress {
                    done,
                    broken_line: Some(line_number),
                };
            };
            rest = after;
            done = line_number;
        }
        Progress {
            done,
            broken_line: None,
        }
    }

    /// What it means to replace the progress file's content `old` by `new`: one step more is done,
    /// or a broken file is an exact prefix again and has lost nothing that fitted.
    ///
    /// # Errors
    /// [`PlanFault`] if the plan does not allow it, whatever the files hold.
    pub(crate) fn change(&self, old: &str, new: &str) -> Result<Change<'_>, PlanFault> {
        let before = self.progress(old);
        let after = self.progress(new);
        let is_exact = after.broken_line.is_none();
        if is_exact
            && after.done == before.done.saturating_add(1)
            && let Some(step) = self.steps.get(before.done)
        {
            return Ok(Change::Done(step));
        }
        if before.broken_line.is_some() {
            return if is_exact && after.done == before.done {
                Ok(Change::Repair)
            } else {
                Err(PlanFault::Broken)
            };
        }
        // Every line is kept and one follows, so that one is wrong.
        if after.done == before.done && lines(new) == before.done.saturating_add(1) {
            Err(PlanFault::NotNextStep)
        } else {
            Err(PlanFault::NotAppend)
        }
    }
}

fn lines(content: &str) -> usize {
    content.split_terminator('\n').count()
}
