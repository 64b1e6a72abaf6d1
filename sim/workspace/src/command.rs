//! Command lines, run by the system's shell in the workspace.
//!
//! A command does not inherit this program's environment; it sees only the variables set here, and
//! a `TMPDIR` of its own if there is a launcher.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use turingos::manifold::CommandOutcome;

use super::child::{self, End, Ended};
use super::{Limits, Workspace};
use turingos_world::shell::MAX_LINE_BYTES;

const SHELL: &str = "/bin/sh";

/// The search path for commands.
pub(super) const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The exit code of a line that is refused before the shell, the same as for a syntax error.
const SYNTAX_EXIT: u8 = 2;

/// The exit code of a time-out.
const TIMEOUT_EXIT: u8 = 124;

/// The exit code of a line whose shell did not start.
const NOT_STARTED_EXIT: u8 = 126;

/// The exit code of a command that the user interrupted.
const INTERRUPTED_EXIT: u8 = 130;

/// Added to the number of the signal that ended a command.
const SIGNAL_EXIT: u8 = 128;

/// Runs one line to its end.
pub(super) fn run(workspace: &Workspace, line: &str) -> CommandOutcome {
    if line.len() > MAX_LINE_BYTES {
        return refused(SYNTAX_EXIT, &format!("line over {MAX_LINE_BYTES} bytes"));
    }
    if !workspace.is_in_place() {
        return refused(NOT_STARTED_EXIT, "the workspace was moved or removed");
    }
    // Without `--`, a line that starts with a dash would be parsed as options.
    let words = [SHELL, "-c", "--", line].map(OsStr::new);
    let ended = match start(
        workspace,
        &words,
        [("HOME", &workspace.path)],
        workspace.limits.output_bytes,
    ) {
        Ok(ended) => ended,
        Err(error) => return refused(NOT_STARTED_EXIT, &error.to_string()),
    };
    let mut stderr = ended.stderr.into_text();
    let (exit_code, reason) = match ended.end {
        End::Exited(status) => (exit_code(status), None),
        End::TimedOut => {
            let limit = workspace.limits.command_time;
            (TIMEOUT_EXIT, Some(format!("timed out after {limit:?}")))
        }
        End::Interrupted => (INTERRUPTED_EXIT, Some("interrupted".to_owned())),
    };
    if let Some(reason) = reason {
        if !stderr.is_empty() && !stderr.ends_with('\n') {
            stderr.push('\n');
        }
        stderr += &format!("{reason}\n");
    }
    CommandOutcome {
        exit_code,
        stdout: ended.stdout.into_text(),
        stderr,
        duration_us: microseconds(ended.took),
    }
}

/// Runs a program in the workspace to its end, with the launcher of the workspace if it has one.
pub(super) fn start(
    workspace: &Workspace,
    words: &[&OsStr],
    environment: impl IntoIterator<Item = (&'static str, impl AsRef<OsStr>)>,
    output_bytes: usize,
) -> io::Result<Ended> {
    let (mut command, input) = match (&workspace.launcher, words) {
        (Some(launcher), words) => (
            launcher.command(&workspace.path, words),
            child::Input::Lifeline,
        ),
        (None, [program, arguments @ ..]) => {
            let mut command = Command::new(program);
            command.args(arguments);
            (command, child::Input::Empty)
        }
        (None, []) => return Err(io::ErrorKind::InvalidInput.into()),
    };
    command
        .current_dir(&workspace.path)
        .env_clear()
        .env("PATH", SEARCH_PATH)
        .env("LANG", "C.UTF-8")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .envs(environment);
    let limits = Limits {
        output_bytes,
        ..workspace.limits
    };
    child::run(&mut command, input, limits, &workspace.interrupt)
}

fn exit_code(status: ExitStatus) -> u8 {
    let by_signal = || {
        status
            .signal()
            .map(|signal| i32::from(SIGNAL_EXIT) + signal)
    };
    let code = status.code().or_else(by_signal).unwrap_or(i32::MAX);
    u8::try_from(code).unwrap_or(u8::MAX)
}

fn refused(exit_code: u8, reason: &str) -> CommandOutcome {
    CommandOutcome {
        exit_code,
        stdout: String::new(),
        stderr: format!("sh: {reason}\n"),
        duration_us: 0,
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
