//! Whether standard error is a terminal, and whether it takes colour.
//!
//! The answer changes how progress looks; it never reaches a run.

use std::io::IsTerminal;

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
    pub(crate) fn of_standard_error() -> Self {
        Self::decide(
            std::io::stderr().is_terminal(),
            variable("TERM").as_deref(),
            variable("NO_COLOR").as_deref(),
        )
    }

    /// `NO_COLOR` counts when it is set to anything but the empty string (no-color.org).
    fn decide(is_terminal: bool, term: Option<&str>, no_colour: Option<&str>) -> Self {
        if !is_terminal || term.is_none_or(|term| term.is_empty() || term == "dumb") {
            Self::Nothing
        } else if no_colour.is_some_and(|value| !value.is_empty()) {
            Self::Plain
        } else {
            Self::Colour
        }
    }
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
    fn progress_needs_a_terminal_and_colour_a_choice() {
        let xterm = Some("xterm-256color");
        assert_eq!(Show::decide(true, xterm, None), Show::Colour);
        assert_eq!(Show::decide(true, xterm, Some("")), Show::Colour);
        assert_eq!(Show::decide(true, xterm, Some("1")), Show::Plain);
        assert_eq!(Show::decide(true, Some("dumb"), None), Show::Nothing);
        assert_eq!(Show::decide(true, None, None), Show::Nothing);
        assert_eq!(Show::decide(false, xterm, None), Show::Nothing);
    }
}
