//! The gate `manifold`: the same conformance cases in memory and in a real directory.

use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use turingos::Digest;
use turingos::manifold::{Manifold, WorldFaultCode};

use super::{Finding, Ledger};
use turingos_testkit::conformance::Case;
use turingos_workspace::{Limits, Workspace};
use turingos_world::{Quota, World};

/// Links out of a workspace that has a directory `outside` with a file `secret` beside it, each
/// with the path that leads through it.
const WAYS_OUT: [(&str, &str, &str); 4] = [
    ("file", "../outside/secret", "file"),
    ("directory", "../outside", "directory/secret"),
    ("parent", "..", "parent/outside/secret"),
    ("chain", "parent/outside", "chain/secret"),
];

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    for case in Case::all() {
        let outcome = case.check(&mut World::new(Quota::default()));
        judge(&mut ledger, "in memory", case.name, outcome);
    }
    let promises = ledger.checked;
    let kept = |ledger: &Ledger| ledger.checked.saturating_sub(ledger.failures.len());
    let in_memory = kept(&ledger);
    if let Err(error) = in_a_directory(&mut ledger) {
        let failure = format!("in a directory, no scratch directory: {error}");
        ledger.failures.push(failure);
    }
    let detail = format!(
        "in memory {in_memory} of {promises} promises kept, in a directory {} of {}",
        kept(&ledger).saturating_sub(in_memory),
        promises + 2,
    );
    ledger.finding("manifold", detail)
}

fn judge(ledger: &mut Ledger, world: &str, promise: &str, outcome: Result<(), String>) {
    ledger.expect(outcome.is_ok(), || {
        format!("{world}, {promise}: {}", outcome.err().unwrap_or_default())
    });
}

fn in_a_directory(ledger: &mut Ledger) -> io::Result<()> {
    let scratch = tempfile::tempdir()?;
    for (number, case) in Case::all().into_iter().enumerate() {
        let path = scratch.path().join(number.to_string());
        let outcome =
            create(&path, Limits::default()).and_then(|mut workspace| case.check(&mut workspace));
        judge(ledger, "in a directory", case.name, outcome);
    }
    let outcome = ways_out(scratch.path());
    judge(ledger, "in a directory", "no link leads out", outcome);
    let outcome = endless_command(scratch.path());
    judge(ledger, "in a directory", "no command is endless", outcome);
    scratch.close()
}

fn ways_out(scratch: &Path) -> Result<(), String> {
    let outside = scratch.join("outside");
    let inside = scratch.join("inside");
    let secret = outside.join("secret");
    let mut workspace = create(&inside, Limits::default())?;
    let prepared = std::fs::create_dir(&outside).and_then(|()| std::fs::write(&secret, "secret"));
    prepared.map_err(|error| error.to_string())?;
    for (link, target, way) in WAYS_OUT {
        symlink(target, inside.join(link)).map_err(|error| error.to_string())?;
        let path = way.parse().map_err(|error| format!("{way}: {error}"))?;
        let read = workspace.read(&path, &mut String::new());
        let written = workspace.write(&path, "changed", Digest::EMPTY, 0);
        for outcome in [read, written] {
            let code = outcome.map_err(|fault| fault.code);
            if code != Err(WorldFaultCode::Denied) {
                return Err(format!("{way} through a link to {target}: {code:?}"));
            }
        }
    }
    match std::fs::read_to_string(&secret) {
        Ok(content) if content == "secret" => Ok(()),
        found => Err(format!("a file outside was changed: {found:?}")),
    }
}

fn endless_command(scratch: &Path) -> Result<(), String> {
    let limits = Limits {
        command_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let mut workspace = create(&scratch.join("endless"), limits)?;
    let outcome = workspace.exec("sleep 60 & yes", 0);
    let in_time = outcome.duration_us < 30_000_000;
    if outcome.exit_code == 124 && in_time && outcome.stdout.len() < 2 * limits.output_bytes {
        Ok(())
    } else {
        Err(format!(
            "exit code {} after {} us with {} bytes",
            outcome.exit_code,
            outcome.duration_us,
            outcome.stdout.len()
        ))
    }
}

fn create(path: &Path, limits: Limits) -> Result<Workspace, String> {
    Workspace::create(path, limits).map_err(|error| error.to_string())
}
