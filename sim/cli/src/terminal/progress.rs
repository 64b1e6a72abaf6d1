//! A progress bar on standard error.
//!
//! Never writes to standard output, and draws only on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::Show;

const PLAIN: &str = "{bar:40} {pos}/{len} {msg}, {per_sec}, {eta} left";
const COLOUR: &str = "{bar:40.cyan} {pos}/{len} {msg}, {per_sec}, {eta} left";

/// Shows how many ticks or runs are done. Removes itself when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Ticks between two updates: drawing costs more than a tick does.
    const STRIDE: u64 = 256;

    /// A bar for `ticks` ticks.
    #[must_use]
    pub(crate) fn new(ticks: u64, show: Show) -> Self {
        Self::counting(ticks, "ticks", show)
    }

    /// A bar for `runs` runs.
    #[must_use]
    pub(crate) fn of_runs(runs: u64, show: Show) -> Self {
        Self::counting(runs, "runs", show)
    }

    fn counting(count: u64, unit: &'static str, show: Show) -> Self {
        let template = match show {
            Show::Nothing => return Self::hidden(),
            Show::Plain => PLAIN,
            Show::Colour => COLOUR,
        };
        let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
        Self {
            bar: bar.with_style(style(template)).with_message(unit),
        }
    }

    fn hidden() -> Self {
        Self {
            bar: ProgressBar::hidden(),
        }
    }

    /// Says how many ticks are done. May be called for every tick.
    pub(crate) fn set(&self, done: u64) {
        if done.is_multiple_of(Self::STRIDE) {
            self.bar.set_position(done);
        }
    }

    /// Says how many runs have failed so far. May be called from any thread.
    pub(crate) fn note_failures(&self, failed: u64) {
        self.bar.set_message(format!("runs, {failed} failed"));
    }

    /// Writes something while the bar is out of the way.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Says that one more is done. May be called from any thread.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("both templates are constants, and a test parses them")
        .progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_parse() {
        let _ = (style(PLAIN), style(COLOUR));
    }

    #[test]
    fn unwanted_bar_is_hidden() {
        let progress = Progress::new(10, Show::Nothing);
        progress.set(256);
        assert!(progress.bar.is_hidden());
    }
}
