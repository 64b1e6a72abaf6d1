//! `sim dataset`: training rows from runs and TuringOS journals.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::existing;
use super::recordings::{Recording, recordings};
use super::verify::{sentence, verify_recording};
use crate::terminal::looks::Looks;
use turingos_dataset::{
    Collector, JournalError, RunError, Summary, from_journal, from_run, shortest_names,
    write_summary,
};
use turingos_run::one_line::one_line;
use turingos_run::{RunDirectory, open_regular};

/// Write training rows: what a model did in a state, and what it did after a trap.
///
/// Directories are searched. A bad recording is reported and skipped; none of its rows is written.
/// An unfinished run gives its valid records; the summary names it.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct DatasetArgs {
    /// Run directories, TuringOS journals, and directories that hold some.
    #[arg(value_name = "RUN|JOURNAL|DIRECTORY", required = true, value_parser = existing())]
    pub(crate) sources: Vec<PathBuf>,
    /// Write policy.jsonl, reflex.jsonl and summary.md into this directory, which must be new or
    /// empty.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: PathBuf,
    /// Keep duplicate rows.
    #[arg(long)]
    pub(crate) keep_duplicates: bool,
    /// Stop at the first bad recording and write nothing.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Fail unless there are at least this many policy rows.
    #[arg(long, value_name = "ROWS", default_value_t = 0)]
    pub(crate) min_policy: u64,
    /// Fail unless there are at least this many reflex rows.
    #[arg(long, value_name = "ROWS", default_value_t = 0)]
    pub(crate) min_reflex: u64,
    /// Print the figures as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

const POLICY: &str = "policy.jsonl";
const REFLEX: &str = "reflex.jsonl";
const SUMMARY: &str = "summary.md";

/// Runs the verb. Exit 1 if the data set is empty or smaller than asked for.
///
/// # Errors
/// There is nothing at a path, the directory is in use, something cannot be written, or with
/// `--strict` a source is bad. A failure leaves no file of the data set.
pub(crate) fn run(
    arguments: &DatasetArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let sources = sources(&arguments.sources)?;
    let made = prepare(&arguments.out)?;
    let summary = write_files(&sources, arguments).inspect_err(|_| {
        // The first error is reported; what was made here should not stop a retry.
        for name in [POLICY, REFLEX, SUMMARY] {
            let _ = fs::remove_file(arguments.out.join(name));
        }
        if made {
            let _ = fs::remove_dir(&arguments.out);
        }
    })?;
    let shortage = shortage(&summary, arguments);
    if arguments.json {
        let json = Json {
            passed: shortage.is_none(),
            shortage: shortage.as_deref(),
            unanswered_traps: summary.figures.unanswered_traps(),
            summary: &summary,
        };
        write_object("dataset-report", &json, out)?;
    } else {
        if !looks.quiet {
            write_text(&summary, &arguments.out, out)?;
        }
        let figures = &summary.figures;
        match &shortage {
            Some(shortage) => writeln!(out, "FAILED  {shortage}")?,
            None => writeln!(
                out,
                "PASSED  {} policy rows, {} reflex rows",
                figures.policy_rows, figures.reflex_rows
            )?,
        }
    }
    Ok(match shortage {
        None => Exit::Passed,
        Some(_) => Exit::Failed,
    })
}

#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    /// What the set lacks, if it is not enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortage: Option<&'a str>,
    unanswered_traps: u64,
    #[serde(flatten)]
    summary: &'a Summary,
}

fn write_text(summary: &Summary, directory: &Path, out: &mut impl Write) -> io::Result<()> {
    for source in &summary.bad_sources {
        writeln!(out, "{}: skipped: {}", source.file, source.reason)?;
    }
    let figures = &summary.figures;
    for (name, rows, duplicates) in [
        (POLICY, figures.policy_rows, figures.policy_duplicates),
        (REFLEX, figures.reflex_rows, figures.reflex_duplicates),
    ] {
        let path = directory.join(name);
        writeln!(
            out,
            "{}: {rows} rows, {duplicates} duplicates left out",
            path.display()
        )?;
    }
    for source in &summary.sources {
        if let Some(unfinished) = &source.unfinished {
            writeln!(out, "{}: {unfinished}", source.file)?;
        }
    }
    let path = directory.join(SUMMARY);
    let (read, bad) = (summary.sources.len(), summary.bad_sources.len());
    writeln!(
        out,
        "{}: {read} sources and their figures, {bad} bad sources skipped",
        path.display()
    )
}

/// What the data set lacks, if it is not enough.
fn shortage(summary: &Summary, arguments: &DatasetArgs) -> Option<String> {
    let figures = &summary.figures;
    if figures.policy_rows + figures.reflex_rows == 0 {
        return Some("the data set is empty: no source has a row".to_owned());
    }
    [
        ("policy", figures.policy_rows, arguments.min_policy),
        ("reflex", figures.reflex_rows, arguments.min_reflex),
    ]
    .into_iter()
    .find(|(_, rows, least)| rows < least)
    .map(|(kind, rows, least)| {
        format!("the data set has {rows} {kind} rows, --min-{kind} asks for {least}")
    })
}

/// One recording and its name in the data set.
struct Source {
    recording: Recording,
    name: String,
}

impl Source {
    fn path(&self) -> &Path {
        self.recording.path()
    }

    /// Its kind and its name in the rows.
    fn labels(&self) -> (&'static str, String) {
        match self.recording {
            Recording::Exchanges(_) => ("exchanges", self.name.clone()),
            Recording::Run(_) => ("run", format!("{}/{}", self.name, RunDirectory::JOURNAL)),
            Recording::Journal(_) | Recording::Unreadable(..) => {
                ("turingos-journal", self.name.clone())
            }
        }
    }

    /// A failure's message without the path, which says more of this machine than the name.
    fn reason(&self, message: &str) -> String {
        let path = self.path();
        let folder = path.parent().unwrap_or(path).display().to_string();
        let short = message.replace(&format!("{folder}/"), "");
        let own = path.file_name().unwrap_or_default().display().to_string();
        one_line(short.strip_prefix(&format!("{own}: ")).unwrap_or(&short))
    }
}

/// The recordings at every path, each once, in the order of their names.
fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let corrupt =
            |reason: String| Failure::new(Exit::Corrupt, format!("{}: {reason}", path.display()));
        // One recording may be named in two ways.
        let whole =
            fs::canonicalize(path).map_err(|error| corrupt(format!("cannot be read: {error}")))?;
        found.extend(recordings(&whole).map_err(corrupt)?.recordings);
    }
    let paths: Vec<_> = found
        .iter()
        .map(|recording| recording.path().to_owned())
        .collect();
    let mut sources: Vec<_> = { found.into_iter() }
        .zip(shortest_names(&paths))
        .map(|(recording, name)| Source { recording, name })
        .collect();
    sources.sort_by(|left, right| (&left.name, left.path()).cmp(&(&right.name, right.path())));
    sources.dedup_by(|left, right| left.path() == right.path());
    Ok(sources)
}

/// Makes the directory if it is not there; true if it did.
fn prepare(directory: &Path) -> Result<bool, Failure> {
    if !directory.exists() {
        fs::create_dir_all(directory)
            .map_err(|cause| Failure::of_file("create", directory, &cause))?;
        return Ok(true);
    }
    let refused = |what| {
        let message = format!("{} {what}; choose another directory", directory.display());
        Err(Failure::new(Exit::Usage, message))
    };
    if !directory.is_dir() {
        return refused("is not a directory");
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "asks only whether there is an entry, so that their order does not matter"
    )]
    let mut entries =
        fs::read_dir(directory).map_err(|cause| Failure::of_file("read", directory, &cause))?;
    match entries.next() {
        None => Ok(false),
        Some(_) => refused("is not empty"),
    }
}

fn write_files(sources: &[Source], arguments: &DatasetArgs) -> Result<Summary, Failure> {
    let path = |name: &str| arguments.out.join(name);
    let create = |name: &str| {
        let path = path(name);
        File::create_new(&path).map_err(|cause| Failure::of_file("create", &path, &cause))
    };
    let (policy, reflex) = (create(POLICY)?, create(REFLEX)?);
    let mut rows = Collector::new(
        BufWriter::new(&policy),
        BufWriter::new(&reflex),
        arguments.keep_duplicates,
    );
    for source in sources {
        let (kind, file) = source.labels();
        rows.begin(kind, &file);
        match read_source(source, &mut rows) {
            Ok(()) => {}
            Err(Stop::Fatal(failure)) => return Err(failure),
            Err(Stop::Bad(failure)) if arguments.strict => return Err(failure),
            Err(Stop::Bad(failure)) => rows.skip_source(source.reason(&failure.message))?,
        }
    }
    let data = rows.finish()?;
    for (name, file, bytes) in [
        (POLICY, &policy, data.policy_bytes),
        (REFLEX, &reflex, data.reflex_bytes),
    ] {
        file.set_len(bytes)
            .map_err(|cause| Failure::of_file("write", &path(name), &cause))?;
    }
    let mut file = BufWriter::new(create(SUMMARY)?);
    write_summary(&data.summary, &mut file)
        .and_then(|()| file.flush())
        .map_err(|cause| Failure::of_file("write", &path(SUMMARY), &cause))?;
    Ok(data.summary)
}

/// Why a source gives no rows.
enum Stop {
    /// The source is to blame.
    Bad(Failure),
    /// The rows cannot be written.
    Fatal(Failure),
}

/// Verifies a source and reads its rows.
fn read_source<W: Write + io::Seek>(source: &Source, rows: &mut Collector<W>) -> Result<(), Stop> {
    let reports = verify_recording(&source.recording);
    if let Some(report) = reports.iter().find(|report| !report.verdict.is_valid()) {
        let message = format!("{}: {}", report.file, sentence(&report.verdict));
        return Err(Stop::Bad(Failure::new(Exit::Corrupt, message)));
    }
    let not_written = |error: io::Error| {
        let message = format!("cannot write the rows: {error}");
        Stop::Fatal(Failure::new(Exit::System, message))
    };
    match &source.recording {
        Recording::Unreadable(..) => Ok(()),
        Recording::Exchanges(path) => {
            let path = path.display();
            let message = format!("{path}: a recording of an agent's calls, which has no ticks");
            Err(Stop::Bad(Failure::new(Exit::Failed, message)))
        }
        Recording::Journal(path) => {
            let file = open_regular(path)
                .map_err(|cause| Stop::Bad(Failure::of_file("read", path, &cause)))?;
            from_journal(file, rows).map_err(|error| match error {
                JournalError::Output(error) => not_written(error),
                error => {
                    let message = format!("{}: {error}", path.display());
                    Stop::Bad(Failure::new(Exit::Corrupt, message))
                }
            })
        }
        Recording::Run(path) => from_run(path, rows).map_err(|error| match error {
            RunError::Replay(error) => Stop::Bad(error.into()),
            RunError::Output(error) => not_written(error),
            error => Stop::Bad(Failure::new(Exit::Corrupt, error.to_string())),
        }),
    }
}
