//! A file that should be a journal of TuringOS, and the line chain beside it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Facts, FileReport, Verdict};
use crate::open_folder::open_regular;
use crate::turingos_journal::{Counts, FaultCode, JournalFault, verify, verify_line_chain};

/// How the names of such journals end. A directory is searched for them; a file may have any name.
pub const JOURNAL_ENDING: &str = ".journal.log";

/// How the name of the line chain of a journal ends, in place of [`JOURNAL_ENDING`].
pub const LINE_CHAIN_ENDING: &str = ".journal.merkle.jsonl";

/// Verifies the journal of TuringOS at `path`, and with it the line chain beside it, if there is
/// one.
#[must_use]
pub fn journal(path: &Path) -> Vec<FileReport> {
    let chain = line_chain_of(path).filter(|chain| chain.symlink_metadata().is_ok());
    let mut verdict = judged(open_regular(path).map(journal_file));
    if let (Verdict::Valid(facts), None) = (&mut verdict, &chain) {
        facts.note = Some("no line chain: hashes cover its tuples only".to_owned());
    }
    let mut reports = vec![report(path, verdict)];
    if let Some(chain) = chain {
        let files = open_regular(&chain).and_then(|lines| Ok((lines, open_regular(path)?)));
        let verdict = judged(files.map(|(lines, journal)| line_chain_file(lines, journal)));
        reports.push(report(&chain, verdict));
    }
    reports
}

/// Where the line chain of a journal is, if the journal has the name of one.
fn line_chain_of(journal: &Path) -> Option<PathBuf> {
    let name = journal
        .file_name()?
        .to_str()?
        .strip_suffix(JOURNAL_ENDING)?;
    Some(journal.with_file_name(format!("{name}{LINE_CHAIN_ENDING}")))
}

/// Verifies a journal of TuringOS by itself.
#[must_use]
pub fn journal_file(source: impl Read) -> Verdict {
    let journal = match verify(source, |_, _| ()) {
        Ok(journal) => journal,
        Err(fault) => return of_fault(&fault),
    };
    let Counts {
        lines,
        tuples,
        foreign_syscalls,
        traps,
        routes,
        others,
    } = journal.counts();
    let mut counts = vec![
        ("lines", lines),
        ("tuples", tuples),
        ("trap_frames", traps),
        ("routes", routes),
        ("other_lines", others),
    ];
    if foreign_syscalls > 0 {
        counts.push(("foreign_syscalls", foreign_syscalls));
    }
    Verdict::Valid(Facts {
        counts,
        root: journal.root().map(str::to_owned),
        note: None,
    })
}

/// Verifies a line chain together with its journal.
fn line_chain_file(chain: impl Read, journal: impl Read) -> Verdict {
    match verify_line_chain(chain, journal) {
        Ok(end) => Verdict::Valid(Facts {
            counts: vec![("lines", end.lines)],
            root: Some(end.head),
            note: None,
        }),
        Err(fault) => of_fault(&fault),
    }
}

fn of_fault(fault: &JournalFault) -> Verdict {
    let line = (fault.code != FaultCode::Empty).then_some(fault.line);
    Verdict::invalid(line, format_args!("{}: {}", fault.code, fault.detail))
}

fn judged(verdict: io::Result<Verdict>) -> Verdict {
    verdict.unwrap_or_else(|error| Verdict::invalid(None, format_args!("cannot be read: {error}")))
}

fn report(path: &Path, verdict: Verdict) -> FileReport {
    let file = path.display().to_string();
    FileReport { file, verdict }
}
