//! Starts commands through two stages of this program, so that they are confined and end with it.
//!
//! The *supervisor* is the parent of everything that a command starts, detached processes included,
//! and ends them all when the command has ended or this program is gone, however it went. The
//! second stage *confines* itself and then becomes the command. No stage runs a command unconfined
//! if the sandbox fails.

mod bwrap;
mod confine;
mod landlock_domain;
mod probe;
mod stage;
mod supervise;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use thiserror::Error;
use turingos_world::Sandbox;

use stage::Stage;

/// Programs, libraries and settings: what a sandbox lets commands read, where it exists.
const SYSTEM: [&str; 10] = [
    "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/etc", "/opt", "/nix",
];

/// Where the addresses of name servers are, often a link that leads out of [`SYSTEM`].
const RESOLVER: &str = "/etc/resolv.conf";

/// The sandbox to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxChoice {
    /// Landlock, or else `bwrap`, or else none.
    Auto,
    /// Landlock and a system call filter.
    Landlock,
    /// The program `bwrap`.
    Bwrap,
    /// None.
    None,
}

impl SandboxChoice {
    /// Every choice.
    pub const ALL: &'static [Self] = &[Self::Auto, Self::Landlock, Self::Bwrap, Self::None];

    /// The name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Landlock => "landlock",
            Self::Bwrap => "bwrap",
            Self::None => "none",
        }
    }
}

/// A sandbox that was asked for and does not hold here.
#[derive(Debug, Error)]
#[error("the sandbox {name} does not work here: {reason}")]
pub struct SandboxError {
    /// The sandbox.
    pub name: &'static str,
    /// Why it does not work.
    pub reason: String,
}

/// How commands are started: by which program, in which sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launcher {
    program: PathBuf,
    sandbox: Sandbox,
    missing: Vec<String>,
}

impl Launcher {
    /// Finds the sandbox of `choice` by trying it, with the network in it if `network` is true.
    /// `program` is an executable that calls [`launch`] first: usually this program itself.
    ///
    /// # Errors
    /// The sandbox was asked for and does not work.
    pub fn find(
        program: PathBuf,
        choice: SandboxChoice,
        network: bool,
    ) -> Result<Self, SandboxError> {
        let found = |sandbox, missing| Self {
            program: program.clone(),
            sandbox,
            missing,
        };
        let asked: &[SandboxChoice] = match choice {
            SandboxChoice::Auto => &[SandboxChoice::Landlock, SandboxChoice::Bwrap],
            SandboxChoice::None => &[],
            SandboxChoice::Landlock | SandboxChoice::Bwrap => &[choice],
        };
        let mut missing = Vec::new();
        for name in asked.iter().map(|it| it.name()) {
            match probe::ask(&program, name, network) {
                Ok(sandbox) => return Ok(found(sandbox, missing)),
                Err(reason) if choice == SandboxChoice::Auto => {
                    missing.push(format!("{name}: {reason}"));
                }
                Err(reason) => return Err(SandboxError { name, reason }),
            }
        }
        Ok(found(Sandbox::None, missing))
    }

    /// The sandbox that holds.
    #[must_use]
    pub const fn sandbox(&self) -> Sandbox {
        self.sandbox
    }

    /// The sandboxes that were tried in vain, each with the reason.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// The command that runs `words` in `workspace`. It ends them when its standard input closes.
    pub(super) fn command(&self, workspace: &Path, words: &[&OsStr]) -> Command {
        let stage = Stage::Supervise {
            sandbox: self.sandbox,
            workspace: workspace.to_path_buf(),
            words: words.iter().map(OsString::from).collect(),
        };
        stage.command(&self.program)
    }
}

/// Acts as a stage of a launcher if the arguments, the program's name first, say so. A program that
/// serves as a launcher calls this before anything else and exits with the code.
#[must_use]
pub fn launch(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter();
    let program = PathBuf::from(arguments.next()?);
    if arguments.next()? != stage::WORD {
        return None;
    }
    let code = match Stage::read(arguments) {
        Some(Stage::Probe {
            name,
            network,
            scratch,
        }) => probe::answer(&name, network, &scratch),
        Some(Stage::Supervise {
            sandbox,
            workspace,
            words,
        }) => supervise::run(&program, sandbox, workspace, words),
        Some(Stage::Confine(confinement)) => confine::run(&confinement),
        None => stage::fail(&"this word is kept for starting commands"),
    };
    Some(ExitCode::from(code))
}
