//! `sim report`: a page about one run, about several side by side, or about a sweep.
//!
//! The file is written whole or not at all.

mod sweep;

use std::fs::Permissions;
use std::io::{Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use turingos::Digest;

use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::paths::existing;
use crate::recordings::expect_ticks;
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
use turingos_explain::{
    ForkCurve, JournalError, Labelled, MAX_DOCUMENT_BYTES, Report, RunSummary, compare,
    examine_journal, examine_run,
};
use turingos_run::{on_virtual_time, open_regular};

/// Write a report about runs or a sweep as one HTML file, without script and without anything from outside.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct ReportArgs {
    /// The directories of runs, or journals of TuringOS, each compared with the first one; and fork
    /// curves of these runs, as `sim fork --seeds` writes them. Or the directory of one sweep.
    #[arg(value_name = "RUN", required = true, value_parser = existing())]
    pub(crate) runs: Vec<PathBuf>,
    /// Write the report into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace the file if it is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print what was written as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How many ticks of each run a comparison shows.
const COMPARED_TICKS: usize = 10;

/// What is printed with `--json`.
#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    file: String,
    bytes: usize,
    sha256: Digest,
    runs: Vec<JsonRun<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sweep: Option<sweep::Json<'a>>,
}

/// One run of a report.
#[derive(Serialize)]
struct JsonRun<'a> {
    label: &'a str,
    title: String,
    verdict: &'static str,
    ticks: u64,
    root: Option<Digest>,
}

/// Runs the verb.
///
/// # Errors
/// The file is there already or cannot be written, a run is corrupt, cannot be read or differs from
/// its recording, or standard output cannot be written.
pub(crate) fn run(
    arguments: &ReportArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if let Some(directory) = sweep::among(&arguments.runs)? {
        return sweep::run(arguments, directory, looks, out);
    }
    for path in &arguments.runs {
        expect_ticks(path, "report")?;
    }
    let (runs, curves) = sorted(&arguments.runs)?;
    if runs.len() > Report::MAX_RUNS {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "{} runs are too many for one report: at most {}",
                runs.len(),
                Report::MAX_RUNS
            ),
        ));
    }
    let target = Target::of(arguments)?;
    let mut report = Report::default();
    for path in &runs {
        let progress = Progress::new(0, looks.progress(!arguments.json));
        let subject = examine(path, &progress)?;
        let first = { report.runs().first() }.and(runs.first());
        let comparison = match first {
            Some(first) if first.is_dir() && path.is_dir() => {
                let shown = |tick| progress.set(tick);
                let compared = compare([first, path], COMPARED_TICKS, shown);
                Some(on_virtual_time(compared)?)
            }
            _ => None,
        };
        report.push(subject, comparison);
    }
    for (path, curve) in curves {
        if !report.push_curve(curve) {
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "{}: the run that was forked is not among these runs; name it too",
                    path.display()
                ),
            ));
        }
    }
    let html = report.to_html();
    target.write(html.as_bytes())?;
    if arguments.json {
        let json = Json {
            passed: true,
            file: arguments.out.display().to_string(),
            bytes: html.len(),
            sha256: Digest::of(html.as_bytes()),
            runs: report.runs().iter().map(json_run).collect(),
            sweep: None,
        };
        write_object("report-report", &json, out)?;
    } else {
        if !looks.quiet {
            for Labelled { label, subject } in report.runs() {
                let (verdict, title) = (subject.verdict.name(), subject.title());
                writeln!(out, "{label}  {verdict}  {title}, {} ticks", subject.ticks)?;
            }
        }
        let path = arguments.out.display();
        writeln!(out, "{path}: written, {} bytes", html.len())?;
    }
    out.flush()?;
    Ok(Exit::Passed)
}

fn json_run(run: &Labelled) -> JsonRun<'_> {
    JsonRun {
        label: &run.label,
        title: run.title(),
        verdict: run.subject.verdict.name(),
        ticks: run.subject.ticks,
        root: run.subject.root,
    }
}

/// Fork curves, each with its file.
type Curves<'a> = Vec<(&'a PathBuf, ForkCurve)>;

/// The runs, and the fork curves among the paths.
fn sorted(paths: &[PathBuf]) -> Result<(Vec<&PathBuf>, Curves<'_>), Failure> {
    let mut runs = Vec::new();
    let mut curves = Vec::new();
    for path in paths {
        if !path.is_file() || path.extension().is_none_or(|ending| ending != "json") {
            runs.push(path);
            continue;
        }
        let mut bytes = Vec::new();
        open_regular(path)
            .and_then(|file| file.take(MAX_DOCUMENT_BYTES).read_to_end(&mut bytes))
            .map_err(|cause| Failure::of_file("read", path, &cause))?;
        let curve = ForkCurve::from_bytes(&bytes).map_err(|reason| {
            let path = path.display();
            Failure::new(
                Exit::Corrupt,
                format!("{path} is not a fork curve: {reason}"),
            )
        })?;
        curves.push((path, curve));
    }
    Ok((runs, curves))
}

fn examine(path: &Path, progress: &Progress) -> Result<RunSummary, Failure> {
    if path.is_dir() {
        let examined = examine_run(path, |tick| progress.set(tick));
        return Ok(on_virtual_time(examined)?);
    }
    examine_journal("journal of TuringOS", || open_regular(path)).map_err(|error| match error {
        JournalError::File(cause) => Failure::of_file("read", path, &cause),
        JournalError::Journal(fault) => {
            let place = format!("{}: line {}", path.display(), fault.line);
            Failure::new(
                Exit::Corrupt,
                format!("{place}: {}: {}", fault.code, fault.detail),
            )
        }
    })
}

/// Where the report goes.
struct Target<'a> {
    path: &'a Path,
    folder: PathBuf,
    replaces: bool,
}

impl<'a> Target<'a> {
    /// The target, checked before runs are carried out.
    fn of(arguments: &'a ReportArgs) -> Result<Self, Failure> {
        let path = arguments.out.as_path();
        let shown = path.display();
        let usage = |message: String| Err(Failure::new(Exit::Usage, message));
        if path.is_dir() {
            return usage(format!("{shown} is a directory; name a file"));
        }
        if path.symlink_metadata().is_ok() && !arguments.force {
            return usage(format!(
                "{shown} is there already; use --force to replace it"
            ));
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        if !folder.is_dir() {
            let folder = folder.display();
            return usage(format!("{folder} is not a directory; make it first"));
        }
        Ok(Self {
            path,
            folder,
            replaces: arguments.force,
        })
    }

    /// Writes the file aside and gives it its name.
    fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let written = tempfile::Builder::new()
            .prefix(".sim-report-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&self.folder)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                let named = match self.replaces {
                    true => file.persist(self.path),
                    false => file.persist_noclobber(self.path),
                };
                named.map(drop).map_err(|refused| refused.error)
            });
        written.map_err(|cause| Failure::of_file("write", self.path, &cause))
    }
}
