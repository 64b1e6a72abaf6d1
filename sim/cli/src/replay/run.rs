//! Runs a recorded run again offline, and compares it with its journal.
//!
//! Accepts a finished and an unfinished run. Writes nothing into the run and opens no socket: every
//! input is on the tape.

use std::io::Write;

use serde::Serialize;

use super::ReplayArgs;
use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::soak::report::Stopwatch;
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
use turingos_run::replay::{Report, replay};
use turingos_run::{Divergence, RunEnd, RunIoError};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    replay: Option<&'a Report>,
    divergence: Option<&'a Divergence>,
    wall_ms: u64,
}

/// Replays a run.
///
/// # Errors
/// A file of the run is corrupt or cannot be read, or the output cannot be written.
pub(super) fn run(
    arguments: &ReplayArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let stopwatch = Stopwatch::start();
    let progress = Progress::new(
        arguments.stop_at.unwrap_or_default(),
        looks.progress(arguments.stop_at.is_some() && !arguments.json),
    );
    let replayed = replay(&arguments.run, arguments.stop_at, |done| progress.set(done));
    drop(progress);
    let wall_ms = u64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (report, divergence) = match replayed {
        Ok(report) => (Some(report), None),
        Err(RunIoError::Diverged(divergence)) => (None, Some(divergence)),
        Err(error) => return Err(error.into()),
    };
    if arguments.json {
        let json = Json {
            passed: divergence.is_none(),
            replay: report.as_ref(),
            divergence: divergence.as_deref(),
            wall_ms,
        };
        write_object("replay-report", &json, out)?;
    } else {
        if let Some(divergence) = &divergence {
            let shown = if looks.quiet { 1 } else { usize::MAX };
            for line in divergence.lines().iter().take(shown) {
                writeln!(out, "{line}")?;
            }
        }
        if let Some(report) = &report {
            if !looks.quiet {
                write_text(report, arguments.stop_at, wall_ms, out)?;
            }
            writeln!(out, "AS RECORDED  root {}", report.root)?;
        }
    }
    out.flush()?;
    Ok(match divergence {
        Some(_) => Exit::Divergence,
        None => Exit::Passed,
    })
}

fn write_text(
    report: &Report,
    stop_at: Option<u64>,
    wall_ms: u64,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let extent = match report.end() {
        _ if stop_at == Some(report.ticks) => format!("stopped after {} ticks", report.ticks),
        RunEnd::Finished => "the whole run".to_owned(),
        end @ RunEnd::Unfinished { .. } if report.continues => {
            format!("{end}; the run goes on after them")
        }
        end @ RunEnd::Unfinished { .. } => {
            format!("{end}; the run ends with them, but its manifest is missing")
        }
    };
    writeln!(
        out,
        "{}  seed {}  {} ticks  {} tape entries  {wall_ms} ms",
        report.run, report.seed, report.ticks, report.tape_entries
    )?;
    writeln!(out, "{extent}")?;
    Ok(())
}
