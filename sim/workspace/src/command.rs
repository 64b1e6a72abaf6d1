//! Command lines, run by the system's shell in the workspace.
//!
//! A command does not inherit this program's environment; it sees only the variables set here.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use turingos::manifold::CommandOutcome;

use super::{Workspace, child};
use turingos_world::shell::MAX_LINE_BYTES;

const SHELL: &str = "/bin/sh";

/// The search path for commands.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The exit code of a line that is refused before the shell, the same as for a syntax error.
const SYNTAX_EXIT: u8 = 2;

/// The exit code of a time-out.
const TIMEOUT_EXIT: u8 = 124;

/// The exit code of a line whose shell did not start.
const NOT_STARTED_EXIT: u8 = 126;

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
    let mut shell = Command::new(SHELL);
    // Without `--`, a line that starts with a dash would be parsed as options.
    shell.args(["-c", "--", line]);
    prepare(&mut shell, workspace);
    shell.env("HOME", &workspace.path);
    let limits = workspace.limits;
    let ended = match child::run(&mut shell, limits.command_time, limits.output_bytes) {
        Ok(ended) => ended,
        Err(error) => return refused(NOT_STARTED_EXIT, &error.to_string()),
    };
    let exit_code = ended.status.map_or(TIMEOUT_EXIT, exit_code);
    let mut stderr = ended.stderr.into_text();
    if ended.status.is_none() {
        if !stderr.is_empty() && !stderr.ends_with('\n') {
            stderr.push('\n');
        }
        stderr += &format!("timed out after {:?}\n", limits.command_time);
    }
    CommandOutcome {
        exit_code,
        stdout: ended.stdout.into_text(),
        stderr,
        duration_us: microseconds(ended.took),
    }
}

/// Sets the directory and the environment of a process that a workspace starts.
pub(super) fn prepare(command: &mut Command, workspace: &Workspace) {
    command
        .current_dir(&workspace.path)
        .env_clear()
        .env("PATH", SEARCH_PATH)
        .env("LANG", "C.UTF-8")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC");
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
