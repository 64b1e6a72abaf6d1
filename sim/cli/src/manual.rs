//! `sim completions` and `sim man`: completions and manual pages, from the definition of the command
//! line itself.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::CommandLine;
use super::exit::{Exit, Failure};

/// Print the completions of a shell.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Print the manual page, or write the page of every verb.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct ManArgs {
    /// Write sim.1 and a page for each verb into this directory, which is made if need be.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: Option<PathBuf>,
}

/// Runs `sim completions`.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn completions(
    arguments: &CompletionsArgs,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut CommandLine::command(),
        "sim",
        &mut text,
    );
    out.write_all(&text)?;
    Ok(Exit::Passed)
}

/// Runs `sim man`.
///
/// # Errors
/// The directory cannot be made or written, or standard output cannot be written.
pub(crate) fn man(arguments: &ManArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    match &arguments.out {
        Some(directory) => {
            fs::create_dir_all(directory)
                .map_err(|cause| Failure::of_file("create", directory, &cause))?;
            clap_mangen::generate_to(CommandLine::command(), directory)
                .map_err(|cause| Failure::of_file("write", directory, &cause))?;
        }
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(CommandLine::command()).render(&mut text)?;
            out.write_all(&text)?;
        }
    }
    Ok(Exit::Passed)
}
