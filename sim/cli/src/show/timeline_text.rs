//! A timeline as it is printed: a heading, then a line a tick, uneventful ticks folded.

use std::io::{self, Write};

use crate::show::timeline_table;
use crate::terminal::looks::Looks;
use turingos_explain::{Fold, Line, TimelineEntry};

/// A timeline that is being printed, line by line.
#[derive(Debug)]
pub(crate) struct TimelineText {
    fold: Option<Fold>,
    lines: Vec<Line>,
    is_quiet: bool,
}

impl TimelineText {
    /// Writes the heading, unless only the verdict is wanted.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn begin(
        folds: bool,
        looks: Looks,
        out: &mut (impl Write + ?Sized),
    ) -> io::Result<Self> {
        if !looks.quiet {
            writeln!(out, "{}", timeline_table::heading())?;
        }
        Ok(Self {
            fold: folds.then(Fold::default),
            lines: Vec::new(),
            is_quiet: looks.quiet,
        })
    }

    /// Writes the line of a tick, or holds it back.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn push(
        &mut self,
        entry: TimelineEntry,
        out: &mut (impl Write + ?Sized),
    ) -> io::Result<()> {
        match &mut self.fold {
            Some(fold) => fold.push(entry, &mut self.lines),
            None => self.lines.push(Line::Tick(Box::new(entry))),
        }
        self.write(out)
    }

    /// Writes what is held back, and an empty line.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn end(mut self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        if let Some(fold) = &mut self.fold {
            fold.flush(&mut self.lines);
        }
        self.write(out)?;
        if !self.is_quiet {
            writeln!(out)?;
        }
        Ok(())
    }

    fn write(&mut self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        for line in self.lines.drain(..) {
            if !self.is_quiet {
                writeln!(out, "{}", timeline_table::line(&line))?;
            }
        }
        Ok(())
    }
}
