//! `--resume` of a run that has finished: one line that says so.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use turingos::Digest;

use super::exit::{Exit, Failure};
use super::json::write_object;
use turingos_run::Manifest;

#[derive(Serialize)]
struct Json<'a> {
    run: String,
    finished: bool,
    ticks: u64,
    root: Digest,
    passed: bool,
    reproduce: &'a str,
}

/// Says that the run in `directory` has nothing left to do, and ends as the run did.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_finished(
    directory: &Path,
    manifest: &Manifest,
    json: bool,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let (run, passed) = (directory.display().to_string(), manifest.passed());
    if json {
        let body = Json {
            run,
            finished: true,
            ticks: manifest.records(),
            root: manifest.root(),
            passed,
            reproduce: manifest.reproduce(),
        };
        write_object("finished-run", &body, out)?;
    } else {
        let verdict = if passed { "PASSED" } else { "FAILED" };
        writeln!(
            out,
            "{run} has finished: {verdict} after {} ticks, root {}; there is nothing to resume",
            manifest.records(),
            manifest.root()
        )?;
    }
    out.flush()?;
    Ok(match passed {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}
