//! A small deterministic shell for one command line at a time.
//!
//! A line is parsed completely before anything runs. Every loop and stream is bounded, time is
//! virtual, and the exit codes are POSIX's: 2 for a syntax error, 127 for an unknown command,
//! 126 for a command that may not run, 124 for a time-out. The working directory is always the
//! root, and there are no variables and no background jobs.
//!
//! A redirection replaces its target when the command has ended, completely or not at all; until
//! then the command can still read the old content.

mod condition;
mod filters;
mod glob;
mod grammar;
mod grep;
mod lexer;
mod listing;
mod options;
mod output;
mod pipeline;
mod printing;
mod session;
mod sorting;
mod tree;

use turingos::manifold::CommandOutcome;

use output::Stream;
pub use output::{CUT_MARKER, SHOWN_LIMIT};
pub(crate) use session::Session;
pub use session::TIME_LIMIT_US;

/// The longest command line, in bytes.
pub const MAX_LINE_BYTES: usize = 4096;

/// The exit code of a syntax error.
const SYNTAX_EXIT: u8 = 2;

/// The exit code of a time-out.
const TIMEOUT_EXIT: u8 = 124;

/// Virtual microseconds that a line takes, and again each command it runs.
pub(crate) const COMMAND_US: u64 = 2_000;

/// Runs a line to its end.
pub(crate) fn run(line: &str, session: &mut Session<'_>) -> CommandOutcome {
    let mut shown = Shown {
        stdout: Stream::new(SHOWN_LIMIT),
        stderr: Stream::new(SHOWN_LIMIT),
    };
    let exit_code = run_line(line, session, &mut shown);
    session.elapsed_us = session.elapsed_us.max(COMMAND_US);
    CommandOutcome {
        exit_code,
        stdout: shown.stdout.into_shown(),
        stderr: shown.stderr.into_shown(),
        duration_us: session.elapsed_us,
    }
}

/// The output of the line so far.
struct Shown {
    stdout: Stream,
    stderr: Stream,
}

fn run_line(line: &str, session: &mut Session<'_>, shown: &mut Shown) -> u8 {
    let parsed = if line.len() > MAX_LINE_BYTES {
        Err(format!("line over {MAX_LINE_BYTES} bytes"))
    } else {
        lexer::tokens(line).and_then(grammar::parse)
    };
    let mut pipelines = match parsed {
        Ok(pipelines) => pipelines,
        Err(reason) => {
            shown.stderr.line(&["syntax error: ", &reason]);
            return SYNTAX_EXIT;
        }
    };
    let mut exit_code = 0;
    for pipeline in &mut pipelines {
        let runs = match pipeline.condition {
            grammar::Condition::Always => true,
            grammar::Condition::AfterSuccess => exit_code == 0,
            grammar::Condition::AfterFailure => exit_code != 0,
        };
        if runs {
            exit_code = pipeline::run(pipeline, session, shown);
        }
        if session.timed_out() {
            let seconds = (TIME_LIMIT_US / 1_000_000).to_string();
            shown.stderr.line(&["timed out after ", &seconds, " s"]);
            return TIMEOUT_EXIT;
        }
    }
    exit_code
}
