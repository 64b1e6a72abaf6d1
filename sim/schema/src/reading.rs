//! Checks the documents of a file: one JSON document, or one per line of a `.jsonl` file.
//!
//! Duplicate keys are refused here, because a schema sees only the last one. Only one document is in
//! memory at a time.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use super::{Checker, Violation};
use turingos_run::line_reader::LineReader;
use turingos_run::one_line::one_line;
use turingos_run::open_regular;
use turingos_run::strict_json::strict_value;
use turingos_run::tape::MAX_TAPE_LINE_BYTES;

/// The longest document, in bytes.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 16 * 1024 * 1024;

/// The longest line, in bytes: the limit of a tape.
pub const MAX_LINE_BYTES: u64 = MAX_TAPE_LINE_BYTES;

/// The result of checking a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every document is valid.
    Valid {
        /// The number of documents: 1, or the number of lines.
        documents: u64,
    },
    /// The first invalid document.
    Invalid {
        /// Its line, from 1, in a file of lines.
        line: Option<u64>,
        /// The violation.
        violation: Violation,
    },
    /// The file cannot be read, or contains something that is not a JSON document.
    Unreadable {
        /// The line, from 1, in a file of lines.
        line: Option<u64>,
        /// The reason, in one line.
        reason: String,
    },
}

/// Checks the documents of a file up to the first invalid one.
#[must_use]
pub fn check_file(checker: &Checker, path: &Path) -> Verdict {
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(cause) => return unreadable(None, &cause),
    };
    let is_lines = path.extension().is_some_and(|ending| ending == "jsonl");
    if is_lines {
        return check_lines(checker, file);
    }
    let mut bytes = Vec::new();
    match read_up_to(file, MAX_DOCUMENT_BYTES, &mut bytes) {
        Ok(()) => check_document(checker, &bytes, None).unwrap_or(Verdict::Valid { documents: 1 }),
        Err(cause) => unreadable(None, &cause),
    }
}

fn check_lines(checker: &Checker, source: impl Read) -> Verdict {
    let limit = usize::try_from(MAX_LINE_BYTES).unwrap_or(usize::MAX);
    let mut lines = LineReader::new(source, limit);
    let mut documents = 0;
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Verdict::Valid { documents },
            Err(error) => return unreadable(Some(error.line()), &error),
        };
        if let Some(verdict) = check_document(checker, line.bytes, Some(line.number)) {
            return verdict;
        }
        documents = line.number;
    }
}

/// The fault of a document, if there is one.
fn check_document(checker: &Checker, bytes: &[u8], line: Option<u64>) -> Option<Verdict> {
    let document = match strict_value(bytes) {
        Ok(document) => document,
        Err(cause) => return Some(unreadable(line, &cause)),
    };
    let violation = checker.violation(&document)?;
    Some(Verdict::Invalid { line, violation })
}

fn unreadable(line: Option<u64>, cause: &dyn fmt::Display) -> Verdict {
    Verdict::Unreadable {
        line,
        reason: one_line(&cause.to_string()),
    }
}

fn read_up_to(source: impl Read, limit: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    source.take(limit + 1).read_to_end(bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_long(limit));
    }
    Ok(())
}

fn too_long(limit: u64) -> io::Error {
    io::Error::other(format!("longer than {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;

    const POP: &str = r#"{"q_next":"go on","a_t":{"op":"SYS_POP"}}"#;

    fn lines(text: &[u8]) -> Verdict {
        let checker = Checker::of(Schema::named("syscall-canonical.v4").unwrap());
        check_lines(&checker, text)
    }

    fn reason(verdict: Verdict) -> (Option<u64>, String) {
        match verdict {
            Verdict::Unreadable { line, reason } => (line, reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn first_invalid_line() {
        assert_eq!(lines(b""), Verdict::Valid { documents: 0 });
        let two = format!("{POP}\n{POP}\n");
        assert_eq!(lines(two.as_bytes()), Verdict::Valid { documents: 2 });
        let bad = format!("{POP}\n{}\n", POP.replace("POP", "PEEP"));
        assert!(matches!(
            lines(bad.as_bytes()),
            Verdict::Invalid { line: Some(2), .. }
        ));
        let torn = format!("{POP}\n{}", &POP[..20]);
        assert_eq!(reason(lines(torn.as_bytes())).0, Some(2));
        let gap = format!("{POP}\n\n{POP}\n");
        assert_eq!(reason(lines(gap.as_bytes())).0, Some(2));
    }

    #[test]
    fn line_limit() {
        let long = vec![b' '; usize::try_from(MAX_LINE_BYTES).unwrap() + 1];
        assert_eq!(
            reason(lines(&long)),
            (Some(1), format!("is longer than {MAX_LINE_BYTES} bytes"))
        );
    }
}
