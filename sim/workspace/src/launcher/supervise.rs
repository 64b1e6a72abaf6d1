//! The supervisor: the parent of a command and of everything that the command detaches.
//!
//! Its standard input is the lifeline: it closes when the command has to end, also if the process
//! that holds the other end is killed.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, kill_process, pidfd_open,
    set_child_subreaper, wait,
};
use turingos_world::Sandbox;

use super::stage::{Confinement, Stage, fail};

/// How often orphans that have ended are taken off the system's table.
const REAP_INTERVAL: Duration = Duration::from_millis(500);

/// The pause between two rounds of killing.
const KILL_INTERVAL: Duration = Duration::from_millis(1);

/// The most rounds of killing: a process that cannot be killed must not hold up the run.
const KILL_ROUNDS: usize = 1_000;

/// Added to the number of the signal that ended a command.
const SIGNAL_EXIT: i32 = 128;

/// Runs a command and ends everything that it left; the command's exit code.
pub(super) fn run(
    program: &Path,
    sandbox: Sandbox,
    workspace: PathBuf,
    words: Vec<OsString>,
) -> u8 {
    supervise(program, sandbox, workspace, words).unwrap_or_else(|error| fail(&error))
}

fn supervise(
    program: &Path,
    sandbox: Sandbox,
    workspace: PathBuf,
    words: Vec<OsString>,
) -> io::Result<u8> {
    let own = getpid();
    set_child_subreaper(Some(own))?;
    let scratch = tempfile::Builder::new()
        .prefix("turingos-command-")
        .tempdir()?;
    let stage = Stage::Confine(Confinement {
        sandbox,
        workspace,
        scratch: scratch.path().to_path_buf(),
        supervisor: own.to_string(),
        words,
    });
    let mut command: Command = stage.command(program);
    let child = command
        .env("TMPDIR", scratch.path())
        .stdin(Stdio::null())
        .spawn()?;
    let status = until_end(Pid::from_child(&child));
    end_descendants(own);
    // What a command leaves in its scratch directory cannot be its failure.
    let _ = scratch.close();
    Ok(status?.map_or(u8::MAX, exit_code))
}

/// Waits until the command has ended; `None` if the lifeline closed first.
fn until_end(command: Pid) -> io::Result<Option<WaitStatus>> {
    let handle = pidfd_open(command, PidfdFlags::empty())?;
    let lifeline = rustix::stdio::stdin();
    let interval = Timespec::try_from(REAP_INTERVAL).map_err(io::Error::other)?;
    loop {
        let mut watched = [
            PollFd::new(&handle, PollFlags::IN),
            PollFd::new(&lifeline, PollFlags::IN),
        ];
        match poll(&mut watched, Some(&interval)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_cut = !watched[1].revents().is_empty();
        if let Some(status) = reap(command) {
            return Ok(Some(status));
        }
        if is_cut {
            return Ok(None);
        }
    }
}

/// Takes every child that has ended off the system's table; the status of `command` if it is one.
fn reap(command: Pid) -> Option<WaitStatus> {
    let mut found = None;
    while let Ok(Some((process, status))) = wait(WaitOptions::NOHANG) {
        if process == command {
            found = Some(status);
        }
    }
    found
}

/// Kills every descendant. An orphan becomes a child of this process, so that none is missed.
fn end_descendants(own: Pid) {
    for _ in 0..KILL_ROUNDS {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => break,
                // There is no child any more.
                Err(_) => return,
            }
        }
        for process in descendants(own) {
            // It may have ended meanwhile.
            let _ = kill_process(process, Signal::KILL);
        }
        if let Ok(interval) = Timespec::try_from(KILL_INTERVAL) {
            let _ = poll(&mut [], Some(&interval));
        }
    }
}

/// Every process that descends from `own`, nearest first.
fn descendants(own: Pid) -> Vec<Pid> {
    let parents = parents();
    let mut found = vec![own];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        let children = parents.iter().filter(|(_, it)| *it == parent);
        found.extend(children.map(|(child, _)| *child));
    }
    found.split_off(1)
}

/// Every process with its parent.
#[expect(
    clippy::disallowed_methods,
    reason = "the order of the processes does not matter: all of them are ended"
)]
fn parents() -> Vec<(Pid, Pid)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let process = entry.file_name().to_str()?.parse().ok()?;
            let status = fs::read(entry.path().join("stat")).ok()?;
            Some((Pid::from_raw(process)?, parent_of(&status)?))
        })
        .collect()
}

/// The parent in a line of `/proc/PID/stat`: the second field after the name in parentheses, which
/// may hold anything.
fn parent_of(stat: &[u8]) -> Option<Pid> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    Pid::from_raw(rest.split_ascii_whitespace().nth(1)?.parse().ok()?)
}

fn exit_code(status: WaitStatus) -> u8 {
    let by_signal = || (status.terminating_signal()).map(|signal| SIGNAL_EXIT + signal);
    let code = status.exit_status().or_else(by_signal);
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_is_read_behind_a_hostile_name() {
        let stat = b"12 (a) S 99 ) (b) R 34 12 12 0";
        assert_eq!(parent_of(stat), Pid::from_raw(34));
        assert_eq!(parent_of(b"12 (a"), None);
        assert_eq!(parent_of(b"1 (init) S 0 1 1"), None);
    }
}
