//! The arguments of a stage: written by the stage before it, and read by itself.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use turingos_world::Sandbox;

/// The first argument of every stage.
pub(super) const WORD: &str = "launch-command";

/// The exit code of a stage that could not start its command.
pub(super) const NOT_STARTED: u8 = 126;

/// A stage with everything that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Tries a sandbox and says what it holds.
    Probe {
        /// The sandbox.
        name: String,
        /// With the network in it.
        network: bool,
        /// An empty directory.
        scratch: PathBuf,
    },
    /// Watches over a command.
    Supervise {
        sandbox: Sandbox,
        workspace: PathBuf,
        /// The command: a program and its arguments.
        words: Vec<OsString>,
    },
    /// Confines itself and becomes the command.
    Confine(Confinement),
}

/// A command and what it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Confinement {
    pub(super) sandbox: Sandbox,
    pub(super) workspace: PathBuf,
    /// The directory for temporary files.
    pub(super) scratch: PathBuf,
    /// The process id of the supervisor.
    pub(super) supervisor: String,
    /// The command: a program and its arguments.
    pub(super) words: Vec<OsString>,
}

impl Stage {
    /// The command that runs this stage of `program`.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg(WORD);
        match self {
            Self::Probe {
                name,
                network,
                scratch,
            } => command
                .args(["probe", name, &network.to_string()])
                .arg(scratch),
            Self::Supervise {
                sandbox,
                workspace,
                words,
            } => command
                .args(["supervise", &sandbox.to_string()])
                .arg(workspace)
                .args(words),
            Self::Confine(it) => command
                .args(["confine", &it.sandbox.to_string()])
                .arg(&it.workspace)
                .arg(&it.scratch)
                .arg(&it.supervisor)
                .args(&it.words),
        };
        command
    }

    /// Reads the arguments after [`WORD`].
    pub(super) fn read(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut text = || arguments.next()?.into_string().ok();
        let kind = text()?;
        let name = text()?;
        match &*kind {
            "probe" => Some(Self::Probe {
                name,
                network: arguments.next()?.to_str()?.parse().ok()?,
                scratch: arguments.next()?.into(),
            }),
            "supervise" => Some(Self::Supervise {
                sandbox: name.parse().ok()?,
                workspace: arguments.next()?.into(),
                words: arguments.collect(),
            }),
            "confine" => Some(Self::Confine(Confinement {
                sandbox: name.parse().ok()?,
                workspace: arguments.next()?.into(),
                scratch: arguments.next()?.into(),
                supervisor: arguments.next()?.into_string().ok()?,
                words: arguments.collect(),
            })),
            _ => None,
        }
    }
}

/// Says why a command was not started, where its own errors go.
pub(super) fn fail(reason: &dyn Display) -> u8 {
    // Where standard error is gone, the exit code has to do.
    let _ = writeln!(std::io::stderr(), "sh: not started: {reason}");
    NOT_STARTED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_back() {
        let words = ["/bin/sh", "-c", "--", "echo a b"].map(OsString::from);
        for stage in [
            Stage::Probe {
                name: "bwrap".to_owned(),
                network: true,
                scratch: "/tmp/s".into(),
            },
            Stage::Supervise {
                sandbox: Sandbox::Landlock {
                    abi: 7,
                    network: true,
                },
                workspace: "/w x".into(),
                words: words.to_vec(),
            },
            Stage::Confine(Confinement {
                sandbox: Sandbox::None,
                workspace: "/w".into(),
                scratch: "/tmp/s".into(),
                supervisor: "17".to_owned(),
                words: words.to_vec(),
            }),
        ] {
            let command = stage.command(Path::new("sim"));
            let mut arguments = command.get_args().map(OsString::from);
            assert_eq!(arguments.next(), Some(WORD.into()));
            assert_eq!(Stage::read(arguments), Some(stage));
        }
        let other = ["confine", "landlock-7", "/w"].map(OsString::from);
        assert_eq!(Stage::read(other.into_iter()), None);
    }
}
