//! Whether there is a terminal, how wide it is, and whether it takes colour.
//!
//! The answer changes how output looks; it never reaches a run.

pub(crate) mod looks;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod table;
pub(crate) mod verdict;

use std::io::{self, IsTerminal};

use terminal_size::{Width, terminal_size_of};

use crate::terminal::looks::Colour;

/// How progress can be shown on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// Not a terminal, or one that cannot move its cursor: no progress at all.
    Nothing,
    /// A terminal whose user wants no colour.
    Plain,
    /// A terminal with colour.
    Colour,
}

impl Show {
    /// The terminal at standard error of this process.
    #[must_use]
    pub(crate) fn on_standard_error(colour: Colour) -> Self {
        Self::decide(
            io::stderr().is_terminal(),
            variable("TERM").as_deref(),
            match colour {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => takes_colour(),
            },
        )
    }

    fn decide(is_terminal: bool, term: Option<&str>, has_colour: bool) -> Self {
        if !is_terminal || term.is_none_or(is_dumb) {
            Self::Nothing
        } else if has_colour {
            Self::Colour
        } else {
            Self::Plain
        }
    }
}

/// Whether a terminal of this process takes colour.
pub(crate) fn takes_colour() -> bool {
    wants_colour(variable("TERM").as_deref(), variable("NO_COLOR").as_deref())
}

/// `NO_COLOR` counts when it is set to anything but the empty string (no-color.org).
fn wants_colour(term: Option<&str>, no_colour: Option<&str>) -> bool {
    !term.is_none_or(is_dumb) && no_colour.is_none_or(str::is_empty)
}

fn is_dumb(term: &str) -> bool {
    term.is_empty() || term == "dumb"
}

/// The columns of the terminal at standard output; nothing if it goes elsewhere.
pub(crate) fn columns() -> Option<usize> {
    terminal_size_of(io::stdout()).map(|(Width(columns), _)| usize::from(columns))
}

fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the command line's looks, and nothing else, depend on the environment"
    )]
    let value = std::env::var_os(name);
    value.map(|value| value.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_needs_a_terminal() {
        let xterm = Some("xterm-256color");
        assert_eq!(Show::decide(true, xterm, true), Show::Colour);
        assert_eq!(Show::decide(true, xterm, false), Show::Plain);
        assert_eq!(Show::decide(true, Some("dumb"), true), Show::Nothing);
        assert_eq!(Show::decide(true, None, true), Show::Nothing);
        assert_eq!(Show::decide(false, xterm, true), Show::Nothing);
    }

    #[test]
    fn no_color_is_honoured() {
        let xterm = Some("xterm-256color");
        assert!(wants_colour(xterm, None));
        assert!(wants_colour(xterm, Some("")));
        assert!(!wants_colour(xterm, Some("1")));
        assert!(!wants_colour(Some("dumb"), None));
        assert!(!wants_colour(None, None));
    }
}
