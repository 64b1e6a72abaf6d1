//! Usage errors in one line: what was wrong, what is allowed, where to read more.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Parser};

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
pub(super) fn parse<P: Parser + CommandFactory>(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Parsed<P>, Failure> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let error = match P::try_parse_from(&arguments) {
        Ok(parsed) => return Ok(Parsed::Arguments(parsed)),
        Err(error) => error,
    };
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return Ok(Parsed::Text(error.render().to_string()));
    }
    let command = P::command();
    Err(Failure::new(
        Exit::Usage,
        one_line(&error, &command, &arguments),
    ))
}

fn one_line(error: &clap::Error, command: &Command, arguments: &[OsString]) -> String {
    // Verbs may have verbs of their own: the innermost one that was named is at fault.
    let mut place = command.get_name().to_owned();
    let mut verb = command;
    for word in arguments.iter().skip(1) {
        let Some(inner) = verb.find_subcommand(word) else {
            break;
        };
        place = format!("{place} {}", inner.get_name());
        verb = inner;
    }
    let mut parts = vec![complaint(error)];
    match error.kind() {
        ErrorKind::UnknownArgument if !verb.has_subcommands() => {
            parts.push(allowed(options(verb)));
        }
        ErrorKind::UnknownArgument
        | ErrorKind::InvalidSubcommand
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => parts.push(allowed(verbs(verb))),
        _ => {}
    }
    parts.push(format!("see `{place} --help`"));
    parts.join("; ")
}

/// clap's message without its usage and its pointer to `--help`, its paragraphs as clauses.
fn complaint(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a subcommand is missing".into();
    }
    let rendered = error.render().to_string();
    let text = rendered.strip_prefix("error: ").unwrap_or(&rendered);
    text.lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .map(|line| match line.strip_prefix("[possible values: ") {
            Some(values) => format!("allowed: {}", values.trim_end_matches(']')),
            None => line.to_string(),
        })
        .collect::<Vec<_>>()
        .join("; ")
}

fn allowed(names: Vec<String>) -> String {
    format!("allowed: {}", names.join(", "))
}

fn verbs(command: &Command) -> Vec<String> {
    command
        .get_subcommands()
        .map(|verb| verb.get_name().to_string())
        .collect()
}

fn options(verb: &Command) -> Vec<String> {
    verb.get_arguments()
        .filter(|argument| !argument.is_hide_set())
        .filter_map(|argument| argument.get_long())
        .map(|long| format!("--{long}"))
        .collect()
}
