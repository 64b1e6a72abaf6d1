//! Running the agent: a process group of its own, the signals that end it, and its exit code.
//!
//! On a terminal the agent stays in this program's process group, because only that group may read
//! from it; the terminal then sends Ctrl-C to both.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal as Kill, kill_process, kill_process_group};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::environment::variable;
use crate::exit::{Exit, Failure};

/// The time that an agent has to end after a signal; then it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// Added to the number of the signal that ended an agent.
const SIGNAL_EXIT: i32 = 128;

/// A command that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentCommand {
    program: PathBuf,
    words: Vec<String>,
}

impl AgentCommand {
    /// Finds the program of a command, as a shell does: by its path, or in the folders of `PATH`.
    ///
    /// # Errors
    /// There is no such program, or it may not be run.
    pub(crate) fn find(words: &[String]) -> Result<Self, Failure> {
        let folders = variable("PATH").unwrap_or_default();
        Self::find_in(words, &folders)
    }

    fn find_in(words: &[String], folders: &OsString) -> Result<Self, Failure> {
        let usage = |message| Failure::new(Exit::Usage, message);
        let [name, ..] = words else {
            return Err(usage("there is no command behind `--`".to_owned()));
        };
        let program = if name.contains('/') {
            let path = PathBuf::from(name);
            match is_program(&path) {
                true => Some(path),
                false if path.exists() => {
                    return Err(usage(format!("{name}: not an executable file")));
                }
                false => None,
            }
        } else {
            let mut places = std::env::split_paths(folders).map(|folder| folder.join(name));
            places.find(|place| is_program(place))
        };
        match program {
            Some(program) => Ok(Self {
                program,
                words: words.to_vec(),
            }),
            None => Err(usage(format!("{name}: command not found"))),
        }
    }

    /// The command's words, its program first as it was typed.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// Starts it with these variables besides those of this program's environment. Must be called
    /// inside a tokio runtime with I/O enabled.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn start(&self, variables: &[(String, OsString)]) -> Result<Agent, Failure> {
        let watch = |kind| {
            let refused =
                |cause| Failure::new(Exit::System, format!("cannot watch for signals: {cause}"));
            signal(kind).map_err(refused)
        };
        let signals = [
            (Kill::INT, watch(SignalKind::interrupt())?),
            (Kill::TERM, watch(SignalKind::terminate())?),
            (Kill::HUP, watch(SignalKind::hangup())?),
        ];
        let mut command = Command::new(&self.program);
        command.arg0(&self.words[0]).args(&self.words[1..]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let has_group = !io::stdin().is_terminal();
        if has_group {
            command.process_group(0);
        }
        let mut child = command.spawn().map_err(|cause| {
            let name = &self.words[0];
            Failure::new(Exit::Usage, format!("cannot start {name}: {cause}"))
        })?;
        let pid = Pid::from_child(&child);
        let waiting = tokio::task::spawn_blocking(move || child.wait());
        Ok(Agent {
            pid,
            has_group,
            signals,
            ended: Box::pin(async move { waiting.await.map_err(io::Error::other)? }),
        })
    }
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// An agent that runs.
pub(crate) struct Agent {
    pid: Pid,
    has_group: bool,
    signals: [(Kill, Signal); 3],
    ended: Pin<Box<dyn Future<Output = io::Result<ExitStatus>> + Send>>,
}

impl Agent {
    /// Waits until it has ended, and gives its exit code: 128 and the signal's number, if a signal
    /// ended it. Signals to this program are passed on to it; if it does not end within ten
    /// seconds, or at the second signal, it is killed.
    ///
    /// # Errors
    /// The system does not say how it ended.
    pub(crate) async fn ended(&mut self) -> Result<u8, Failure> {
        let mut deadline = None;
        loop {
            let [interrupts, terminations, hang_ups] = &mut self.signals;
            let signal = tokio::select! {
                biased;
                status = &mut self.ended => {
                    if deadline.is_some() && self.has_group {
                        // Jobs in the background of a shell ignore an interrupt.
                        self.send(Kill::TERM);
                    }
                    return exit_code(status);
                }
                _ = interrupts.1.recv() => interrupts.0,
                _ = terminations.1.recv() => terminations.0,
                _ = hang_ups.1.recv() => hang_ups.0,
                () = at(deadline) => Kill::KILL,
            };
            let signal = match deadline {
                Some(_) => Kill::KILL,
                None => signal,
            };
            deadline.get_or_insert_with(|| tokio::time::Instant::now() + GRACE);
            if signal == Kill::KILL {
                deadline = Some(tokio::time::Instant::now() + GRACE);
            }
            self.send(signal);
        }
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        self.send(Kill::KILL);
    }

    fn send(&self, signal: Kill) {
        // It may have ended by itself in the meantime.
        let _ = match (self.has_group, signal) {
            (true, signal) => kill_process_group(self.pid, signal),
            // The terminal has sent it already.
            (false, Kill::INT) => Ok(()),
            (false, signal) => kill_process(self.pid, signal),
        };
    }
}

async fn at(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn exit_code(status: io::Result<ExitStatus>) -> Result<u8, Failure> {
    let status = status.map_err(|cause| {
        Failure::new(Exit::System, format!("cannot wait for the agent: {cause}"))
    })?;
    let by_signal = status.signal().map(|signal| SIGNAL_EXIT + signal);
    let code = status.code().or(by_signal);
    Ok(code
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(name: &str, folders: &str) -> Result<PathBuf, String> {
        let found = AgentCommand::find_in(&[name.to_owned()], &folders.into());
        found.map(|it| it.program).map_err(|failure| {
            assert_eq!(failure.exit, Exit::Usage);
            failure.message
        })
    }

    #[test]
    fn programs_are_found_as_a_shell_finds_them() {
        assert_eq!(find("sh", "/nowhere:/bin"), Ok("/bin/sh".into()));
        assert_eq!(find("/bin/sh", ""), Ok("/bin/sh".into()));
        for (name, reason) in [
            ("no-such-agent", "no-such-agent: command not found"),
            ("/bin", "/bin: not an executable file"),
            ("/no/such/agent", "/no/such/agent: command not found"),
            ("/etc/passwd", "/etc/passwd: not an executable file"),
        ] {
            assert_eq!(find(name, "/bin"), Err(reason.into()));
        }
        assert!(AgentCommand::find_in(&[], &OsString::new()).is_err());
    }
}
