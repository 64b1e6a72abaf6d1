//! The verdict on each file of a run.

mod claims;
mod files;
mod order;
mod records;

use turingos_run::verify::{self, FileReport, Verdict};

use crate::in_memory::Files;

/// The verdict on one file of a run.
fn verdict(files: &Files, name: &str) -> Verdict {
    verdict_in(&verify::run(files), name)
}

fn verdict_in(reports: &[FileReport], name: &str) -> Verdict {
    let report = reports.iter().find(|report| report.file == name);
    report.unwrap().verdict.clone()
}

fn invalid(line: Option<u64>, reason: impl Into<String>) -> Verdict {
    let reason = reason.into();
    Verdict::Invalid { line, reason }
}
