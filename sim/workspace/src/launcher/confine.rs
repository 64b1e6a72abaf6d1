//! Confines this process and makes it the command.
//!
//! In this order: the death signal, so that the command never outlives its supervisor; a session of
//! its own, so that no terminal reaches it; limits; the sandbox.

use std::convert::Infallible;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::process::{
    Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
    setsid,
};
use turingos_world::Sandbox;

use super::stage::{Confinement, fail};
use super::{bwrap, landlock_domain};
use crate::git::MISSING_EXIT;

/// The largest file that a command can make, in bytes.
const FILE_BYTES: u64 = 4 << 30;

/// Becomes the command; the exit code if that failed.
pub(super) fn run(confinement: &Confinement) -> u8 {
    match become_command(confinement) {
        Ok(never) => match never {},
        Err(Failure::Missing) => u8::try_from(MISSING_EXIT).unwrap_or(u8::MAX),
        Err(Failure::Other(reason)) => fail(&reason),
    }
}

enum Failure {
    /// The program of the command is not installed.
    Missing,
    Other(String),
}

fn become_command(confinement: &Confinement) -> Result<Infallible, Failure> {
    prepare(&confinement.supervisor).map_err(|error| Failure::Other(error.to_string()))?;
    let [program, arguments @ ..] = &*confinement.words else {
        return Err(Failure::Other("there is no command".to_owned()));
    };
    let mut command = match confinement.sandbox {
        Sandbox::Bwrap { network } => {
            let directories = [&*confinement.workspace, &*confinement.scratch];
            bwrap::command(directories, network, program)
        }
        Sandbox::Landlock { abi, network } => {
            let directories = [&*confinement.workspace, &*confinement.scratch];
            let held = landlock_domain::enter(directories, network).map_err(Failure::Other)?;
            if held < abi {
                let reason = format!("Landlock holds version {held}, not {abi}");
                return Err(Failure::Other(reason));
            }
            Command::new(program)
        }
        Sandbox::None => Command::new(program),
    };
    let error = command.args(arguments).exec();
    match error.kind() {
        io::ErrorKind::NotFound => Err(Failure::Missing),
        _ => Err(Failure::Other(error.to_string())),
    }
}

fn prepare(supervisor: &str) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The supervisor may have ended before that.
    if getppid().is_none_or(|parent| parent.to_string() != supervisor) {
        return Err(io::Error::other("the supervisor has ended"));
    }
    setsid()?;
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, FILE_BYTES)
}

/// Lowers a limit, for this process and its children, for good.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let most = Some(maximum.map_or(most, |maximum| maximum.min(most)));
    let limit = Rlimit {
        current: most,
        maximum: most,
    };
    Ok(setrlimit(resource, limit)?)
}
