//! The page about a sweep.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use turingos::Digest;

use super::{ReportArgs, Target};
use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::terminal::looks::Looks;
use turingos_sweep::SweepReport;

/// What is printed about it with `--json`.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    title: String,
    verdict: &'static str,
    program: Digest,
    seeds: &'a str,
    runs: u64,
    failed: u64,
    differing: u64,
}

/// The directory of a sweep, if there is one among the paths.
pub(super) fn among(paths: &[PathBuf]) -> Result<Option<&Path>, Failure> {
    let Some(path) = paths.iter().find(|path| SweepReport::is_in(path)) else {
        return Ok(None);
    };
    match paths.len() {
        1 => Ok(Some(path)),
        _ => Err(Failure::new(
            Exit::Usage,
            format!(
                "{} holds a sweep, which has a report of its own; name nothing else",
                path.display()
            ),
        )),
    }
}

/// Writes the page about the sweep in `directory`.
pub(super) fn run(
    arguments: &ReportArgs,
    directory: &Path,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let target = Target::of(arguments)?;
    let report = SweepReport::read(directory)?;
    let html = report.to_html();
    target.write(html.as_bytes())?;
    let verdict = match report.passed() {
        true => "PASSED",
        false => "FAILED",
    };
    let summary = &report.totals().summary;
    if arguments.json {
        let json = super::Json {
            passed: true,
            file: arguments.out.display().to_string(),
            bytes: html.len(),
            sha256: Digest::of(html.as_bytes()),
            runs: Vec::new(),
            sweep: Some(Json {
                title: report.title(),
                verdict,
                program: report.header().program(),
                seeds: &report.header().sweep().seeds,
                runs: summary.runs,
                failed: summary.failed,
                differing: summary.differing,
            }),
        };
        write_object("report-report", &json, out)?;
    } else {
        if !looks.quiet {
            let (title, runs, failed) = (report.title(), summary.runs, summary.failed);
            writeln!(out, "{verdict}  {title}, {failed} of {runs} runs failed")?;
        }
        let path = arguments.out.display();
        writeln!(out, "{path}: written, {} bytes", html.len())?;
    }
    out.flush()?;
    Ok(Exit::Passed)
}
