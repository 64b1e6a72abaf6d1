//! One file that should be a journal of TuringOS.

use std::io::Read;

use super::{Facts, Verdict};
use crate::turingos_journal::{Counts, FaultCode, verify};

/// How the names of such journals end. A directory is searched for them; a file may have any name.
pub const JOURNAL_ENDING: &str = ".journal.log";

/// Verifies a journal of TuringOS.
#[must_use]
pub fn journal_file(source: impl Read) -> Verdict {
    let journal = match verify(source, |_, _| ()) {
        Ok(journal) => journal,
        Err(fault) => {
            let line = (fault.code != FaultCode::Empty).then_some(fault.line);
            return Verdict::invalid(line, format_args!("{}: {}", fault.code, fault.detail));
        }
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
