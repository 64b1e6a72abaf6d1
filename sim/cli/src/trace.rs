//! `--trace`: the timeline of a run while it goes, in the lines of `sim show`.

use std::io::{self, Write};

use crate::show::timeline_text::TimelineText;
use crate::terminal::looks::Looks;
use turingos_explain::TimelineEntry;
use turingos_run::Tick;

/// Prints the ticks of a run that goes on.
pub(crate) struct Trace<'o> {
    text: TimelineText,
    out: &'o mut dyn Write,
}

impl<'o> Trace<'o> {
    /// A trace, if it is wanted.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn begin(
        is_wanted: bool,
        looks: Looks,
        out: &'o mut dyn Write,
    ) -> io::Result<Option<Self>> {
        if !is_wanted {
            return Ok(None);
        }
        let text = TimelineText::begin(true, looks, out)?;
        Ok(Some(Self { text, out }))
    }

    /// Prints a tick, or folds it.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn take(&mut self, tick: &Tick<'_>) -> io::Result<()> {
        let entry = TimelineEntry::of(tick.committed, tick.injections);
        self.text.push(entry, self.out)
    }

    /// Prints what was held back.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn end(self) -> io::Result<()> {
        self.text.end(self.out)
    }
}
