//! `sim lint`: judges files that people write, with the parser of the verb that reads them.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;
use turingos::contract::{CONTRACT_FILE, Contract};

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::live::arguments::read;
use super::paths::existing;
use turingos_run::providers::mission::mission;
use turingos_run::providers::settings::Settings;
use turingos_run::scenario::{MAX_SCENARIO_BYTES, Scenario};

/// Judge scenarios, missions, settings and contracts as the verbs that read them do.
///
/// One line for each file; exit 6 if any is refused.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct LintArgs {
    /// The files.
    #[arg(value_name = "FILE", required = true, value_parser = existing())]
    pub(crate) files: Vec<PathBuf>,
    /// What the files are; without it, .toml is settings, .json is a scenario if it has a `format`
    /// and a contract otherwise, and any other file is a mission.
    #[arg(long = "as", value_name = "KIND")]
    pub(crate) kind: Option<FileKind>,
    /// Print the verdicts as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A file that people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileKind {
    /// A mission with its world and its contract, for `sim run`.
    Scenario,
    /// A text that tells an agent what to do, for `sim live`.
    Mission,
    /// The providers, for `sim live --settings`.
    Settings,
    /// A plan of steps, as `.turingos.contract.json` in a workspace.
    Contract,
}

impl FileKind {
    /// Its name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Scenario => "scenario",
            Self::Mission => "mission",
            Self::Settings => "settings",
            Self::Contract => "contract",
        }
    }

    fn of(path: &Path, bytes: &[u8]) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let has_format = || {
            let read = serde_json::from_slice::<Value>(bytes);
            // A scenario that is not JSON is refused by its own reader, with the place.
            read.map_or(true, |document| document.get("format").is_some())
        };
        match ending {
            Some("toml") => Self::Settings,
            Some("json") if path.ends_with(CONTRACT_FILE) => Self::Contract,
            Some("json") if has_format() => Self::Scenario,
            Some("json") => Self::Contract,
            _ => Self::Mission,
        }
    }
}

#[derive(Serialize)]
struct Report {
    passed: bool,
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    file: String,
    kind: &'static str,
    passed: bool,
    detail: String,
}

/// Runs the verb.
///
/// # Errors
/// A file cannot be read, or standard output cannot be written.
pub(crate) fn run(arguments: &LintArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut report = Report {
        passed: true,
        files: Vec::new(),
    };
    for path in &arguments.files {
        // The longest of them; each reader refuses what is too long for it.
        let bytes = read(path, MAX_SCENARIO_BYTES)?;
        let kind = arguments.kind.unwrap_or_else(|| FileKind::of(path, &bytes));
        let judged = judge(kind, &bytes);
        let passed = judged.is_ok();
        let (Ok(detail) | Err(detail)) = judged;
        report.passed &= passed;
        let file = path.display().to_string();
        let kind = kind.name();
        if arguments.json {
            report.files.push(FileReport {
                file,
                kind,
                passed,
                detail,
            });
        } else {
            let verdict = if passed { "valid" } else { "invalid" };
            writeln!(out, "{file}: {verdict} {kind}: {detail}")?;
        }
    }
    if arguments.json {
        write_object("lint-report", &report, out)?;
    }
    Ok(match report.passed {
        true => Exit::Passed,
        false => Exit::Corrupt,
    })
}

/// What the file is in short, or why its reader refuses it.
pub(crate) fn judge(kind: FileKind, bytes: &[u8]) -> Result<String, String> {
    match kind {
        FileKind::Scenario => {
            let scenario = Scenario::parse(bytes).map_err(|error| error.to_string())?;
            let steps = scenario.contract().steps().len();
            Ok(format!("{}, {steps} steps", scenario.name()))
        }
        FileKind::Mission => {
            let text = std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))?;
            mission(text, None).map_err(|error| error.to_string())?;
            Ok(format!("{} lines", text.lines().count()))
        }
        FileKind::Settings => {
            let settings = Settings::parse(bytes).map_err(|fault| fault.to_string())?;
            let lanes = [("P", &settings.lanes.p), ("E", &settings.lanes.e)];
            let lanes =
                lanes.map(|(lane, it)| format!("lane {lane} at {}", it.connection.base_url));
            Ok(lanes.join(", "))
        }
        FileKind::Contract => {
            let contract = Contract::parse(bytes).map_err(|error| error.to_string())?;
            Ok(format!("{} steps", contract.steps().len()))
        }
    }
}
