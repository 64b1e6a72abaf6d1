//! How the output looks: the options that every verb has.

use std::io::{self, IsTerminal, StderrLock, StdoutLock};

use clap::{Args, ValueEnum};

use crate::terminal::output::Output;
use crate::terminal::{Show, takes_colour};

/// The options that every verb has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct Looks {
    /// Print the resolved configuration too.
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(crate) verbose: bool,
    /// Print the verdict only, in one line, and show no progress.
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Output",
        conflicts_with = "verbose"
    )]
    pub(crate) quiet: bool,
    /// When to use colour; `auto` is on a terminal, unless NO_COLOR is set.
    #[arg(
        long,
        global = true,
        help_heading = "Output",
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub(crate) color: Colour,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Looks {
    /// Standard output.
    pub(crate) fn standard_output(self) -> Output<StdoutLock<'static>> {
        let stdout = io::stdout();
        let has_colour = self.has_colour(stdout.is_terminal());
        Output::new(stdout.lock(), has_colour)
    }

    /// Standard error.
    pub(crate) fn standard_error(self) -> Output<StderrLock<'static>> {
        Output::new(io::stderr().lock(), false)
    }

    /// How progress is shown. `is_wanted` is false under `--json`.
    pub(crate) fn progress(self, is_wanted: bool) -> Show {
        match is_wanted && !self.quiet {
            true => Show::on_standard_error(self.color),
            false => Show::Nothing,
        }
    }

    fn has_colour(self, is_terminal: bool) -> bool {
        match self.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => is_terminal && takes_colour(),
        }
    }
}
