//! Usage errors in one line: what was wrong, what is allowed, where to read more.

use std::error::Error as _;
use std::ffi::OsString;

use clap::Parser;
use clap::error::{ContextKind, ErrorKind};

use super::exit::{Exit, Failure};

/// The result of parsing.
#[derive(Debug)]
pub(super) enum Parsed<P> {
    /// Something to do.
    Arguments(P),
    /// Help or the version: text for standard output.
    Text(String),
}

/// Parses the command line, the program's name first.
pub(super) fn parse<P: Parser>(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Parsed<P>, Failure> {
    match P::try_parse_from(arguments) {
        Ok(parsed) => Ok(Parsed::Arguments(parsed)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Parsed::Text(error.render().to_string()))
            }
            _ => Err(Failure::new(Exit::Usage, one_line(&error))),
        },
    }
}

/// clap knows what is wrong as a kind and its context; its own text has several paragraphs.
fn one_line(error: &clap::Error) -> String {
    let part = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let argument = part(ContextKind::InvalidArg);
    let value = part(ContextKind::InvalidValue);
    let mut line = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} needs a value"),
        ErrorKind::InvalidValue => format!("`{value}` is not a valid value for {argument}"),
        ErrorKind::ValueValidation => match error.source() {
            Some(reason) => format!("`{value}` is not a valid value for {argument}: {reason}"),
            None => format!("`{value}` is not a valid value for {argument}"),
        },
        ErrorKind::UnknownArgument => format!("unknown argument `{argument}`"),
        ErrorKind::InvalidSubcommand => {
            format!("unknown verb `{}`", part(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a verb is missing".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("{argument} is missing"),
        ErrorKind::ArgumentConflict => match part(ContextKind::PriorArg) {
            same if same == argument => format!("{argument} is given twice"),
            other => format!("{argument} cannot be used with {other}"),
        },
        kind => match argument.is_empty() {
            true => kind.to_string(),
            false => format!("{kind}: {argument}"),
        },
    };
    for (kind, before) in [
        (ContextKind::ValidValue, "allowed"),
        (ContextKind::ValidSubcommand, "allowed"),
        (ContextKind::SuggestedArg, "did you mean"),
        (ContextKind::SuggestedSubcommand, "did you mean"),
    ] {
        let names = part(kind);
        if !names.is_empty() {
            line += &format!("; {before}: {names}");
        }
    }
    line + "; see --help"
}
