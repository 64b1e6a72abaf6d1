//! Finds out whether a sandbox works, by entering it in a process of its own.

use std::io::Write as _;
use std::path::Path;

use turingos_world::Sandbox;

use super::stage::{NOT_STARTED, Stage};
use super::{bwrap, landlock_domain};
use crate::command::SEARCH_PATH;

/// Tries the sandbox `name` in a stage of `program`; otherwise the reason why it does not work.
pub(super) fn ask(program: &Path, name: &str, network: bool) -> Result<Sandbox, String> {
    let scratch =
        tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let stage = Stage::Probe {
        name: name.to_owned(),
        network,
        scratch: scratch.path().to_path_buf(),
    };
    let output = stage
        .command(program)
        .env_clear()
        .env("PATH", SEARCH_PATH)
        .output()
        .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim_end().parse() {
        Ok(sandbox) if output.status.success() => Ok(sandbox),
        _ => {
            let reason = String::from_utf8_lossy(&output.stderr);
            Err(reason.lines().next().unwrap_or("no reason").to_owned())
        }
    }
}

/// The stage: prints the sandbox that holds, or why there is none.
pub(super) fn answer(name: &str, network: bool, scratch: &Path) -> u8 {
    let found = match name {
        "landlock" => landlock_domain::probe(scratch, network),
        "bwrap" => bwrap::probe(scratch, network),
        other => Err(format!("no sandbox is called {other}")),
    };
    match found {
        Ok(sandbox) => match writeln!(std::io::stdout(), "{sandbox}") {
            Ok(()) => 0,
            Err(_) => NOT_STARTED,
        },
        Err(reason) => refused(&reason),
    }
}

fn refused(reason: &str) -> u8 {
    let _ = writeln!(std::io::stderr(), "{reason}");
    NOT_STARTED
}
