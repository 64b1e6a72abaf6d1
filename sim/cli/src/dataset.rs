//! `sim dataset`: training rows from runs and TuringOS journals.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::existing;
use super::verify::{Recording, recordings, sentence};
use turingos_dataset::{
    Collector, JournalError, RunError, Summary, from_journal, from_run, shortest_names,
    write_summary,
};
use turingos_run::verify;
use turingos_run::{RunDirectory, RunFolder};

/// Write training rows: what a model did in a state, and what it did after a trap.
///
/// An unfinished run gives its valid records; the summary names it.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct DatasetArgs {
    /// Run directories, TuringOS journals, and directories that hold *.journal.log files.
    #[arg(value_name = "RUN|JOURNAL", required = true, value_parser = existing())]
    pub(crate) sources: Vec<PathBuf>,
    /// Write policy.jsonl, reflex.jsonl and summary.md into this directory, which must be new or
    /// empty.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: PathBuf,
    /// Keep duplicate rows.
    #[arg(long)]
    pub(crate) keep_duplicates: bool,
    /// Print the figures as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const POLICY: &str = "policy.jsonl";
const REFLEX: &str = "reflex.jsonl";
const SUMMARY: &str = "summary.md";

/// Runs the verb.
///
/// # Errors
/// A source does not verify or is not what it recorded, the directory is in use, or something
/// cannot be written. A failure leaves no file of the data set.
pub(crate) fn run(arguments: &DatasetArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    let sources = sources(&arguments.sources)?;
    for source in &sources {
        source.check()?;
    }
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
    if arguments.json {
        write_object("dataset-report", &summary, out)?;
    } else {
        for (name, rows, duplicates) in [
            (POLICY, summary.policy_rows, summary.policy_duplicates),
            (REFLEX, summary.reflex_rows, summary.reflex_duplicates),
        ] {
            let path = arguments.out.join(name);
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
        let path = arguments.out.join(SUMMARY);
        writeln!(out, "{}: the sources and their figures", path.display())?;
    }
    Ok(Exit::Passed)
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

    /// Verifies a run. A journal is verified while its rows are read.
    fn check(&self) -> Result<(), Failure> {
        let Recording::Run(path) = &self.recording else {
            return Ok(());
        };
        let reports = verify::run(&RunFolder(path.clone()));
        match reports.iter().find(|report| !report.verdict.is_valid()) {
            None => Ok(()),
            Some(report) => {
                let file = path.join(&report.file);
                let reason = sentence(&report.verdict);
                Err(Failure::new(
                    Exit::Corrupt,
                    format!("{}: {reason}", file.display()),
                ))
            }
        }
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
        found.extend(recordings(&whole).map_err(corrupt)?);
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
    let create = |name: &str| {
        let path = arguments.out.join(name);
        File::create_new(&path)
            .map(BufWriter::new)
            .map_err(|cause| Failure::of_file("create", &path, &cause))
    };
    let mut rows = Collector::new(create(POLICY)?, create(REFLEX)?, arguments.keep_duplicates);
    for source in sources {
        read_source(source, &mut rows)?;
    }
    let summary = rows.finish().map_err(Failure::from)?;
    let mut file = create(SUMMARY)?;
    write_summary(&summary, &mut file)
        .and_then(|()| file.flush())
        .map_err(|cause| Failure::of_file("write", &arguments.out.join(SUMMARY), &cause))?;
    Ok(summary)
}

fn read_source<W: Write>(source: &Source, rows: &mut Collector<W>) -> Result<(), Failure> {
    let open =
        |path: &Path| File::open(path).map_err(|cause| Failure::of_file("read", path, &cause));
    match &source.recording {
        Recording::Journal(path) => {
            rows.begin("turingos-journal", &source.name);
            from_journal(open(path)?, rows).map_err(|error| {
                let exit = match &error {
                    JournalError::Fault(_) => Exit::Corrupt,
                    _ => Exit::System,
                };
                Failure::new(exit, format!("{}: {error}", path.display()))
            })
        }
        Recording::Run(path) => {
            rows.begin("run", &format!("{}/{}", source.name, RunDirectory::JOURNAL));
            from_run(path, rows).map_err(|error| match error {
                RunError::Replay(error) => error.into(),
                error => Failure::new(Exit::System, error.to_string()),
            })
        }
    }
}
