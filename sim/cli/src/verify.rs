//! `sim verify`: checks that recordings are whole and unchanged.
//!
//! Accepts finished and unfinished runs, and says which they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::existing;
use super::recordings::{Found, Recording, recordings};
use crate::terminal::looks::Looks;
use turingos_run::verify::{self, FileReport, Verdict};
use turingos_run::{RunEnd, RunFolder};

/// Verify runs, recordings of agents and TuringOS journals: one line for each file, exit 6 if anything is wrong.
///
/// Directories are searched. A file in them that is not a recording is named as skipped. A run without
/// a manifest is unfinished, and its last lines may be torn. Both are reported; neither is an error.
/// A journal is verified with the line chain NAME.journal.merkle.jsonl beside it.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct VerifyArgs {
    /// Directories of runs and recordings, TuringOS journals, and directories that hold some.
    #[arg(value_name = "FILE|DIRECTORY", required = true, value_parser = existing())]
    pub(crate) paths: Vec<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs the verb.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(
    arguments: &VerifyArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let mut totals = Totals::default();
    let (mut files, mut skipped) = (Vec::new(), Vec::new());
    for path in &arguments.paths {
        let (reports, rest) = verify_path(path);
        for report in reports {
            totals.count(&report.verdict);
            if arguments.json {
                files.push(Entry::of(report));
            } else if !looks.quiet {
                writeln!(out, "{}: {}", report.file, sentence(&report.verdict))?;
            }
        }
        for (path, reason) in rest {
            totals.skipped += 1;
            let file = path.display().to_string();
            if arguments.json {
                skipped.push(Skipped { file, reason });
            } else if !looks.quiet {
                writeln!(out, "{file}: skipped, {reason}")?;
            }
        }
    }
    if arguments.json {
        let report = Report {
            passed: totals.invalid == 0,
            verdict: totals.verdict(),
            files,
            skipped,
        };
        write_object("verify-report", &report, out)?;
    } else {
        writeln!(out, "{}", totals.line())?;
    }
    Ok(match totals.invalid {
        0 => Exit::Passed,
        _ => Exit::Corrupt,
    })
}

/// Every file of the recordings at a path with its verdict, and what was skipped.
fn verify_path(path: &Path) -> (Vec<FileReport>, Vec<(PathBuf, &'static str)>) {
    match recordings(path) {
        Ok(Found {
            recordings,
            skipped,
        }) => (
            recordings.iter().flat_map(verify_recording).collect(),
            skipped,
        ),
        Err(reason) => (vec![invalid(path, reason)], Vec::new()),
    }
}

/// Every file of a recording, with its verdict.
pub(super) fn verify_recording(recording: &Recording) -> Vec<FileReport> {
    match recording {
        Recording::Run(path) => within(path, verify::run(&RunFolder(path.clone()))),
        Recording::Exchanges(path) => {
            within(path, turingos_exchange::verify(&RunFolder(path.clone())))
        }
        Recording::Journal(path) => verify::journal(path),
        Recording::Unreadable(path, reason) => vec![invalid(path, reason.clone())],
    }
}

/// The reports of a directory's files, each with its whole path.
fn within(directory: &Path, mut reports: Vec<FileReport>) -> Vec<FileReport> {
    for report in &mut reports {
        report.file = directory.join(&report.file).display().to_string();
    }
    reports
}

fn invalid(path: &Path, reason: String) -> FileReport {
    FileReport {
        file: path.display().to_string(),
        verdict: Verdict::Invalid { line: None, reason },
    }
}

/// The verdicts on everything that was named.
#[derive(Default)]
struct Totals {
    files: u64,
    invalid: u64,
    unfinished: u64,
    skipped: u64,
}

impl Totals {
    fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Valid(_) => self.files += 1,
            // A manifest that is not there.
            Verdict::Unfinished(_) => self.unfinished += 1,
            Verdict::Invalid { .. } | Verdict::Unchecked { .. } => {
                self.files += 1;
                self.invalid += 1;
            }
        }
    }

    const fn verdict(&self) -> &'static str {
        match (self.invalid, self.unfinished) {
            (0, 0) => "valid",
            (0, _) => "unfinished",
            _ => "invalid",
        }
    }

    /// The last line: the verdict and how many files it is about.
    fn line(&self) -> String {
        let mut line = format!("{}  {} files", self.verdict().to_uppercase(), self.files);
        for (count, what) in [
            (self.invalid, "not valid"),
            (self.unfinished, "unfinished"),
            (self.skipped, "skipped"),
        ] {
            if count > 0 {
                let _ = write!(line, ", {count} {what}");
            }
        }
        line
    }
}

#[derive(Serialize)]
struct Report {
    passed: bool,
    verdict: &'static str,
    files: Vec<Entry>,
    skipped: Vec<Skipped>,
}

#[derive(Serialize)]
struct Skipped {
    file: String,
    reason: &'static str,
}

/// One file's verdict; what does not apply to it is left out.
#[derive(Default, Serialize)]
struct Entry {
    file: String,
    valid: bool,
    verdict: &'static str,
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
                verdict: "valid",
                counts: Some(facts.counts.into_iter().collect()),
                root: facts.root,
                note: facts.note,
                ..entry
            },
            Verdict::Unfinished(end) => Self {
                valid: true,
                verdict: "unfinished",
                note: Some(unfinished(end)),
                ..entry
            },
            Verdict::Invalid { line, reason } => Self {
                verdict: "invalid",
                line,
                reason: Some(reason),
                ..entry
            },
            Verdict::Unchecked { without } => Self {
                verdict: "unchecked",
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
