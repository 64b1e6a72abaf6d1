//! `sim verify`: checks that recordings are whole and unchanged.
//!
//! Accepts finished and unfinished runs, and says which they are.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::existing;
use turingos_run::verify::{self, FileReport, JOURNAL_ENDING, Verdict};
use turingos_run::{RunDirectory, RunEnd, RunFolder};

/// Verify runs and TuringOS journals: one line for each file, exit 6 if anything is wrong.
///
/// A run without a manifest is unfinished, and its last lines may be torn. Both are reported;
/// neither is an error.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct VerifyArgs {
    /// Run directories, TuringOS journals, and directories that hold *.journal.log files.
    #[arg(value_name = "FILE|DIRECTORY", required = true, value_parser = existing())]
    pub(crate) paths: Vec<PathBuf>,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs the verb.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(arguments: &VerifyArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut report = Report {
        passed: true,
        files: Vec::new(),
    };
    for path in &arguments.paths {
        for found in verify_path(path) {
            report.passed &= found.verdict.is_valid();
            if arguments.json {
                report.files.push(Entry::of(found));
            } else {
                writeln!(out, "{}: {}", found.file, sentence(&found.verdict))?;
            }
        }
    }
    if arguments.json {
        write_object("verify-report", &report, out)?;
    }
    Ok(if report.passed {
        Exit::Passed
    } else {
        Exit::Corrupt
    })
}

/// A recording at a path.
pub(super) enum Recording {
    /// A run directory.
    Run(PathBuf),
    /// A file that should be a TuringOS journal.
    Journal(PathBuf),
}

impl Recording {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Run(path) | Self::Journal(path) => path,
        }
    }
}

/// The names that make a directory a run, even one that has lost its header.
const RUN_FILES: [&str; 6] = [
    RunDirectory::HEADER,
    RunDirectory::TAPE,
    RunDirectory::JOURNAL,
    RunDirectory::INJECTIONS,
    RunDirectory::TRAPS,
    RunDirectory::MANIFEST,
];

/// The recordings at a path, in order, or the reason why there is none.
pub(super) fn recordings(path: &Path) -> Result<Vec<Recording>, String> {
    if !path.is_dir() {
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| RUN_FILES.contains(&name)) {
            return Err("is one file of a run; name the run's directory".into());
        }
        return Ok(vec![Recording::Journal(path.to_owned())]);
    }
    if RUN_FILES.iter().any(|name| path.join(name).exists()) {
        return Ok(vec![Recording::Run(path.to_owned())]);
    }
    let journals = journals_in(path).map_err(|error| format!("cannot be read: {error}"))?;
    if journals.is_empty() {
        return Err(format!("has no run and no *{JOURNAL_ENDING} file"));
    }
    Ok(journals.into_iter().map(Recording::Journal).collect())
}

fn journals_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    #[expect(clippy::disallowed_methods, reason = "the paths are sorted below")]
    let entries = fs::read_dir(directory)?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.ends_with(JOURNAL_ENDING)) && !path.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Every file of the recordings at a path, with its verdict.
pub(super) fn verify_path(path: &Path) -> Vec<FileReport> {
    let invalid = |path: &Path, reason| {
        let verdict = Verdict::Invalid { line: None, reason };
        let file = path.display().to_string();
        FileReport { file, verdict }
    };
    let recordings = match recordings(path) {
        Ok(recordings) => recordings,
        Err(reason) => return vec![invalid(path, reason)],
    };
    let verify = |recording| match recording {
        Recording::Run(path) => {
            let mut reports = verify::run(&RunFolder(path.clone()));
            for report in &mut reports {
                report.file = path.join(&report.file).display().to_string();
            }
            reports
        }
        Recording::Journal(path) => vec![match File::open(&path) {
            Ok(file) => FileReport {
                file: path.display().to_string(),
                verdict: verify::journal_file(file),
            },
            Err(error) => invalid(&path, format!("cannot be read: {error}")),
        }],
    };
    recordings.into_iter().flat_map(verify).collect()
}

#[derive(Serialize)]
struct Report {
    passed: bool,
    files: Vec<Entry>,
}

/// One file's verdict; what does not apply to it is left out.
#[derive(Default, Serialize)]
struct Entry {
    file: String,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<BTreeMap<&'static str, u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Entry {
    fn of(found: FileReport) -> Self {
        let entry = Self {
            file: found.file,
            ..Self::default()
        };
        match found.verdict {
            Verdict::Valid(facts) => Self {
                valid: true,
                counts: Some(facts.counts.into_iter().collect()),
                root: facts.root,
                note: facts.note,
                ..entry
            },
            Verdict::Unfinished(end) => Self {
                valid: true,
                note: Some(unfinished(end)),
                ..entry
            },
            Verdict::Invalid { line, reason } => Self {
                line,
                reason: Some(reason),
                ..entry
            },
            Verdict::Unchecked { without } => Self {
                reason: Some(unchecked(without)),
                ..entry
            },
        }
    }
}

fn unfinished(end: Option<RunEnd>) -> String {
    end.map_or_else(|| "unfinished".to_owned(), |end| end.to_string())
}

fn unchecked(without: &str) -> String {
    format!("not checked, because {without} is not valid")
}

pub(super) fn sentence(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Valid(facts) => {
            let mut parts = vec!["valid".to_owned()];
            for (what, count) in &facts.counts {
                parts.push(format!("{count} {}", what.replace('_', " ")));
            }
            parts.extend(facts.root.as_ref().map(|root| format!("root {root}")));
            parts.extend(facts.note.clone());
            parts.join(", ")
        }
        Verdict::Unfinished(end) => format!("missing: the run is {}", unfinished(*end)),
        Verdict::Invalid { line, reason } => match line {
            Some(line) => format!("line {line}: {reason}"),
            None => reason.clone(),
        },
        Verdict::Unchecked { without } => unchecked(without),
    }
}
