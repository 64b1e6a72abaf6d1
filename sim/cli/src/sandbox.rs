//! The flags for the commands of a workspace, and what starts them: this program itself.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use turingos::Digest;
use turingos_run::verify::{Verdict, run as verify};
use turingos_run::{RunDirectory, RunFolder, RunReader, Sandbox};
use turingos_workspace::{Launcher, Limits, SandboxChoice};

use super::choice::one_of;
use super::exit::{Exit, Failure};
use crate::terminal::looks::Looks;

/// This program, also after its file was replaced.
pub(crate) const THIS_PROGRAM: &str = "/proc/self/exe";

/// The longest time limit of a command: a day.
const MAX_COMMAND_MS: u64 = 86_400_000;

/// How the commands of a workspace run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub(crate) struct SandboxArgs {
    /// The sandbox of commands; auto is landlock, or else bwrap, or else none with a warning.
    #[arg(long, requires = "workspace", value_parser = one_of(SandboxChoice::ALL, SandboxChoice::name))]
    pub(crate) sandbox: Option<SandboxChoice>,
    /// Let commands use the network. Local sockets stay out of their reach.
    #[arg(long, requires = "workspace")]
    pub(crate) allow_network: bool,
    /// The time limit of a command; 120000 if absent.
    #[arg(
        long, value_name = "MILLISECONDS", requires = "workspace",
        value_parser = clap::value_parser!(u64).range(1..=MAX_COMMAND_MS),
    )]
    pub(crate) command_timeout_ms: Option<u64>,
}

impl SandboxArgs {
    /// The limits of a workspace.
    pub(crate) fn limits(&self) -> Limits {
        let limits = Limits::default();
        Limits {
            command_time: (self.command_timeout_ms)
                .map_or(limits.command_time, Duration::from_millis),
            ..limits
        }
    }

    /// The launcher of a run's commands. A resumed run keeps the sandbox that its header has.
    ///
    /// # Errors
    /// The sandbox does not work here, or holds less than the recorded one.
    pub(crate) fn launcher(&self, recorded: Option<Sandbox>) -> Result<Launcher, Failure> {
        let of_header = recorded.map(|sandbox| match sandbox {
            Sandbox::Landlock { .. } => SandboxChoice::Landlock,
            Sandbox::Bwrap { .. } => SandboxChoice::Bwrap,
            Sandbox::None => SandboxChoice::None,
        });
        let choice = self.sandbox.or(of_header).unwrap_or(SandboxChoice::Auto);
        let network = self.allow_network || recorded.is_some_and(Sandbox::has_network);
        let program = PathBuf::from(THIS_PROGRAM);
        let launcher = Launcher::find(program, choice, network).map_err(|error| {
            let advice = "choose another with --sandbox";
            Failure::new(Exit::System, format!("{error}; {advice}"))
        })?;
        let sandbox = launcher.sandbox();
        if let Some(recorded) = recorded.filter(|recorded| !sandbox.covers(*recorded)) {
            let message =
                format!("the run was begun in the sandbox {recorded}, but this one is {sandbox}");
            return Err(Failure::new(Exit::Usage, message));
        }
        warn(&launcher);
        Ok(launcher)
    }
}

/// Says loudly that nothing confines the commands.
fn warn(launcher: &Launcher) {
    if launcher.sandbox() != Sandbox::None {
        return;
    }
    let mut text = String::from(
        "WARNING: no sandbox: commands of this run can read and change everything that you can\n",
    );
    for reason in launcher.missing() {
        text += &format!("  {reason}\n");
    }
    // A lost terminal must not end a run.
    let _ = Looks::default().standard_error().write_all(text.as_bytes());
}

/// Checks the files of a run that has just finished: a command may have changed them. `genesis` is
/// the digest of its header.
///
/// # Errors
/// A file is not as it was written.
pub(crate) fn expect_untouched(run: &Path, genesis: Digest) -> Result<(), Failure> {
    let damaged = |file: &str, reason: &str| {
        let place = run.join(file);
        let message = format!(
            "{}: {reason}; the files of the run were changed while it was recorded, so they \
             cannot be trusted",
            place.display()
        );
        Err(Failure::new(Exit::System, message))
    };
    let header = RunReader::of(run).header_bytes();
    if !header.is_ok_and(|bytes| Digest::of(&bytes) == genesis) {
        return damaged(RunDirectory::HEADER, "it is not the header of this run");
    }
    for report in verify(&RunFolder(run.to_path_buf())) {
        match report.verdict {
            Verdict::Valid(_) => {}
            Verdict::Invalid { reason, .. } => return damaged(&report.file, &reason),
            _ => return damaged(&report.file, "it is missing"),
        }
    }
    Ok(())
}
