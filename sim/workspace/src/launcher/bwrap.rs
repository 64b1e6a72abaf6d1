//! `bwrap`: namespaces in which only the system's programs, the workspace and a scratch directory
//! exist, with processes and a network of their own.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use turingos_world::Sandbox;

use super::{RESOLVER, SYSTEM};

/// The command that runs `program`, whose arguments are to follow, in namespaces. The workspace and
/// a scratch directory can be changed there.
pub(super) fn command([workspace, scratch]: [&Path; 2], network: bool, program: &OsStr) -> Command {
    let mut bwrap = Command::new("bwrap");
    bwrap.args(["--unshare-all", "--die-with-parent", "--new-session"]);
    if network {
        bwrap.arg("--share-net");
    }
    for path in SYSTEM {
        bwrap.args(["--ro-bind-try", path, path]);
    }
    bwrap.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
    if let Ok(resolver) = fs::canonicalize(RESOLVER)
        && network
    {
        bwrap.arg("--ro-bind-try").args([&resolver, &resolver]);
    }
    for path in [workspace, scratch] {
        bwrap.arg("--bind").args([path, path]);
    }
    bwrap.arg("--chdir").arg(workspace).arg("--").arg(program);
    bwrap
}

/// Runs nothing in such namespaces, to see whether they can be made.
pub(super) fn probe(scratch: &Path, network: bool) -> Result<Sandbox, String> {
    let output = command([scratch; 2], network, OsStr::new("/bin/sh"))
        .args(["-c", "! test -e /home"])
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(Sandbox::Bwrap { network }),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(said.lines().next().unwrap_or("bwrap failed").to_owned())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err("bwrap is not installed".to_owned())
        }
        Err(error) => Err(format!("cannot run bwrap: {error}")),
    }
}
