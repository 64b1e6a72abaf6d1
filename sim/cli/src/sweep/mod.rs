//! `sim sweep`: many seeds on every core, alone or as one shard of many; and the merge of shards.

mod arguments;
mod comparison;
mod engine;
mod fresh;
mod junit;
mod merge;
mod report;
mod stop;

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use turingos::Digest;

use crate::exit::{Exit, Failure};
use crate::soak::report::Stopwatch;
use crate::sweep::fresh::Fresh;
use crate::sweep::report::{Closing, Report, write_failure_json, write_failure_text};
use crate::sweep::stop::Stop;
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
pub(crate) use arguments::SweepArgs;
use arguments::{RunArgs, SweepVerb};
use turingos_sweep::{
    Ended, FileHeader, Limits, Opened, Outline, Shard, ShardJobs, Sweep, SweepError, SweepFile,
    Totals, Watch, all_cores,
};

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        let exit = match &error {
            SweepError::OtherSweep { .. } => Exit::Usage,
            SweepError::Corrupt { .. } => Exit::Corrupt,
            SweepError::Io {
                path,
                cause,
                action,
            } => {
                return Self::of_file(action, path, cause);
            }
            // A later version's error is the system's until it has a code here.
            _ => Exit::System,
        };
        Self::new(exit, error.to_string())
    }
}

/// Runs the verb. A shard that is complete passes, even if seeds failed: an engine would run it
/// again otherwise.
///
/// # Errors
/// The arguments do not fit each other, a file of the sweep is of another one, altered or cannot be
/// written, or a second process cannot be started.
pub(crate) fn run(
    arguments: &SweepArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    match &arguments.verb {
        Some(SweepVerb::Merge(arguments)) => merge::run(arguments, looks, out),
        None if arguments.run.is_comparison() => comparison::run(&arguments.run, looks, out),
        None => sweep(&arguments.run, looks, out),
    }
}

fn sweep(arguments: &RunArgs, looks: Looks, out: &mut impl Write) -> Result<Exit, Failure> {
    let plan = arguments.plan()?;
    let shard = arguments.shard()?;
    let jobs = ShardJobs::of(
        &plan.seeds,
        plan.subjects.len() as u64,
        shard,
        arguments.overlap,
    );
    let stop = Stop::listen(arguments.time_limit)?;
    let fresh = Fresh::new(arguments.check_share)?;
    let outline = Outline::of(&plan).with_command(arguments.command(&plan));
    let report = Report {
        sweep: &outline,
        shard,
        looks,
        json: arguments.json,
    };
    let (file, totals) = match &arguments.out {
        None => (None, Totals::default()),
        Some(directory) => {
            let header = file_header(&outline, &fresh, shard, arguments.overlap)?;
            match SweepFile::open(directory, &header, &jobs)? {
                Opened::Unfinished(file, totals) => (Some(*file), totals),
                Opened::Finished(totals) => {
                    let closing = Closing::finished_before(&totals);
                    return finish(arguments, &report, &closing, out);
                }
            }
        }
    };
    let done = file.as_ref().map_or(0, SweepFile::done);
    if !arguments.json && !looks.quiet {
        report.write_opening(done, out)?;
        out.flush()?;
    }
    let runs_before = totals.summary.runs;
    let mut sweep = Sweep {
        plan: &plan,
        jobs: &jobs,
        totals,
        file,
        limits: Limits {
            max_failures: arguments.max_failures.map(Into::into),
            until_quiet: arguments.until_quiet.map(Into::into),
        },
    };
    let progress = Progress::of_runs(jobs.count() - done, looks.progress(!arguments.json));
    let failed = AtomicU64::new(0);
    let stopwatch = Stopwatch::start();
    let ended = sweep.run(
        arguments.jobs.unwrap_or_else(all_cores),
        &Watch {
            is_stopped: &|| stop.is_requested(),
            check: &|line| fresh.check(&plan, line, &stop),
            ended: &|has_failed| {
                if has_failed {
                    progress.note_failures(failed.fetch_add(1, Ordering::Relaxed) + 1);
                }
                progress.advance();
            },
        },
        |line| -> Result<(), Failure> {
            if line.failure.is_none() && line.differs.is_none() || looks.quiet {
                return Ok(());
            }
            progress.suspend(|| match arguments.json {
                true => write_failure_json(&outline, line, out),
                false => write_failure_text(&outline, line, out),
            })?;
            Ok(())
        },
    )?;
    let wall = stopwatch.elapsed();
    drop(progress);
    let Sweep { file, totals, .. } = sweep;
    let path = match (file, ended) {
        (Some(file), Ended::Complete) => Some(file.finish(&totals)?),
        _ => None,
    };
    let closing = Closing {
        totals: &totals,
        ended: Some(ended),
        was_interrupted: stop.was_interrupted(),
        is_kept: arguments.out.is_some(),
        runs_now: totals.summary.runs - runs_before,
        wall: Some(wall),
        checked: fresh.checked(),
        path: path.as_deref(),
        merged: None,
    };
    finish(arguments, &report, &closing, out)
}

/// Writes the reports, and gives the verdict as an exit code.
fn finish(
    arguments: &RunArgs,
    report: &Report<'_>,
    closing: &Closing<'_>,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if let Some(path) = &arguments.junit {
        junit::write(path, report.sweep, closing.totals)?;
    }
    report.write(closing, out)?;
    out.flush()?;
    Ok(closing.exit(report.shard))
}

/// The header of this sweep's file: the program is known by its bytes.
fn file_header(
    outline: &Outline,
    fresh: &Fresh,
    shard: Option<Shard>,
    overlap: u16,
) -> Result<FileHeader, Failure> {
    let header = FileHeader::new(outline.clone(), digest_of(fresh.program())?);
    Ok(match shard {
        Some(shard) => header.of_shard(shard, overlap),
        None => header,
    })
}

fn digest_of(program: &Path) -> Result<Digest, Failure> {
    let bytes = std::fs::read(program);
    let bytes = bytes.map_err(|cause| Failure::of_file("read", program, &cause))?;
    Ok(Digest::of(&bytes))
}
