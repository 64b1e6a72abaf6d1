//! `sim shrink`: the smallest run that fails in the same way.

mod report;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use turingos_explain::{Bounds, Candidate, NotShrinkable, RecordedRun, Shrunk, shrink};
use turingos_run::{
    AnyRun, Header, Kind, Manifest, RunDirectory, RunIoError, RunWriter, fork, on_virtual_time,
};

use crate::exit::{Exit, Failure};
use crate::interrupted::Interrupted;
use crate::paths::existing;
use crate::recordings::expect_ticks;
use crate::shrink::report::Report;
use crate::soak::whole_number;
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;

/// The name of the search's account, beside the files of the run that it found.
pub(crate) const SHRINK_FILE: &str = "shrink.json";

/// Find the smallest run that fails in the same way.
///
/// Takes out injected faults, then ticks, then parts of the scenario (steps of its contract among
/// them), and turns kinds of fault off of which none remains, as long as the same gate fails
/// for the same trap and cause. Without any one of the faults that remain the run does not fail so.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct ShrinkArgs {
    /// The directory of the run that failed.
    #[arg(value_name = "RUN", value_parser = existing())]
    pub(crate) run: PathBuf,
    /// Write the smallest run into this directory, which must be new or empty, with an account of
    /// the search beside its files.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: Option<PathBuf>,
    /// Write the smallest run as a regression case: into a new directory below this one, named after
    /// the failure.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) corpus: Option<PathBuf>,
    /// Make at most so many runs. Ctrl-C ends the search, too, and keeps the best so far.
    #[arg(long, value_name = "COUNT", default_value = "20000", value_parser = max_runs)]
    pub(crate) max_runs: u64,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn max_runs(text: &str) -> Result<u64, String> {
    whole_number(text)
        .filter(|count| *count > 0)
        .ok_or(format!("a whole number from 1 to {}", u64::MAX))
}

/// Runs the verb.
///
/// # Errors
/// The run passed, is corrupt, or cannot be run with other faults; or something cannot be written.
pub(crate) fn run(
    arguments: &ShrinkArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    expect_ticks(&arguments.run, "shrink")?;
    let recorded = RecordedRun::open(&arguments.run)?;
    if let Some(path) = &arguments.out {
        expect_new(path)?;
    }
    let interrupted = Interrupted::listen()?;
    let progress = Progress::of_runs(arguments.max_runs, looks.progress(!arguments.json));
    let bounds = Bounds {
        max_runs: arguments.max_runs,
        is_stopped: &|| interrupted.is_set(),
        ran: &|| progress.advance(),
    };
    let original = recorded.original().clone();
    let shrunk = shrink(&recorded, original, recorded.failure(), &bounds);
    drop(progress);
    let (header, manifest, written) = write(arguments, &recorded, &shrunk)?;
    let report = Report {
        recorded: &recorded,
        shrunk: &shrunk,
        header: &header,
        manifest: &manifest,
        written: &written,
    };
    for directory in &written {
        let path = directory.join(SHRINK_FILE);
        let mut bytes = Vec::new();
        report.write_json(&mut bytes)?;
        fs::write(&path, bytes).map_err(|cause| Failure::of_file("write", &path, &cause))?;
    }
    match arguments.json {
        true => report.write_json(out)?,
        false => report.write_text(looks, out)?,
    }
    out.flush()?;
    Ok(Exit::Passed)
}

impl From<NotShrinkable> for Failure {
    fn from(error: NotShrinkable) -> Self {
        match error {
            NotShrinkable::Run(error) => error.into(),
            NotShrinkable::Kind(_)
            | NotShrinkable::Passed
            | NotShrinkable::OnlyLive { .. }
            | NotShrinkable::WholeOnly { .. } => Self::new(Exit::Usage, error.to_string()),
            NotShrinkable::Diverged { .. } => Self::new(Exit::Divergence, error.to_string()),
        }
    }
}

/// A search may take long: its place is judged before.
fn expect_new(path: &Path) -> Result<(), Failure> {
    if path.join(RunDirectory::HEADER).exists() {
        return Err(RunIoError::AlreadyARun { path: path.into() }.into());
    }
    if path.exists() && !path.is_dir() {
        return Err(RunIoError::NotADirectory { path: path.into() }.into());
    }
    Ok(())
}

/// Runs the smallest run once more, into every place that was asked for.
fn write(
    arguments: &ShrinkArgs,
    recorded: &RecordedRun,
    shrunk: &Shrunk,
) -> Result<(Header<fork::Config>, Manifest, Vec<PathBuf>), Failure> {
    let header = header(recorded, &shrunk.best)?;
    let mut places = Vec::new();
    places.extend(arguments.out.clone());
    if let Some(corpus) = &arguments.corpus {
        places.push(corpus.join(report::case_name(recorded)));
    }
    let mut manifest = None;
    for place in &places {
        let writer = RunDirectory::create(place, &header)?;
        // The first place is the one that the report speaks of.
        manifest = manifest.or(Some(record(&header, Some(place), writer)?));
    }
    let manifest = match manifest {
        Some(manifest) => manifest,
        None => {
            let kind = Kind::Fork(Box::new(header.clone()));
            let mut run = AnyRun::of(&kind, ());
            on_virtual_time(run.drive())?;
            run.manifest(&kind, None)?
        }
    };
    Ok((header, manifest, places))
}

fn header(recorded: &RecordedRun, best: &Candidate) -> Result<Header<fork::Config>, Failure> {
    recorded.header(best).ok_or_else(|| {
        Failure::new(
            Exit::Divergence,
            "the smallest run has no header; this is a bug",
        )
    })
}

fn record(
    header: &Header<fork::Config>,
    place: Option<&Path>,
    writer: RunWriter,
) -> Result<Manifest, Failure> {
    let kind = Kind::Fork(Box::new(header.clone()));
    let mut run = AnyRun::of(&kind, writer);
    on_virtual_time(run.drive())?;
    let manifest = run.manifest(&kind, place)?;
    run.into_sink().finish(&manifest)?;
    Ok(manifest)
}
