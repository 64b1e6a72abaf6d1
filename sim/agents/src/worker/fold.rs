//! Folds: what a worker keeps of a file that it reads line by line.
//!
//! A fold keeps one text, however long the file is.

use turingos::Digest;

use super::instruction::{Fold, Form, Instruction, Reading};
use crate::json_text::push_json_string;

/// The name of the file that lists a directory of a walked tree.
pub(super) const LISTING: &str = "LISTING";

/// The separator of the unread directories of a walk.
const PENDING_SEPARATOR: char = ';';

impl Fold {
    /// Adds one line to `value`; true if no further line can change it.
    pub(super) fn take(&self, line: &str, value: &mut String) -> bool {
        match self {
            Self::Text => {
                value.push_str(line);
                value.push('\n');
            }
            Self::Containing(text) => {
                if line.contains(text.as_str()) {
                    value.push_str(line);
                    value.push('\n');
                }
            }
            Self::First(text) => {
                if line.contains(text.as_str()) {
                    value.push_str(line);
                    value.push('\n');
                    return true;
                }
            }
            Self::Sum(column) => {
                let cell = line
                    .split([',', ' ', '\t'])
                    .filter(|cell| !cell.is_empty())
                    .nth(column - 1);
                if let Some(number) = cell.and_then(|cell| cell.parse::<i64>().ok()) {
                    *value = integer(value).saturating_add(number).to_string();
                }
            }
            Self::Count => *value = integer(value).saturating_add(1).to_string(),
            Self::Fingerprint => {
                *value = Digest::of_parts(&[value.as_bytes(), b"\n", line.as_bytes()]).short(32);
            }
            // A walk also needs its directory: see `walk`.
            Self::Walk | Self::Given(_) => {}
        }
        false
    }
}

fn integer(value: &str) -> i64 {
    value.parse().unwrap_or(0)
}

/// Adds one line of the listing of `directory` (relative to the walked root, with a trailing `/`
/// unless it is the root): a file to `value`, a directory to `pending`.
pub(super) fn walk(directory: &str, line: &str, value: &mut String, pending: &mut String) {
    let name = line.trim();
    if name.is_empty() {
        return;
    }
    if name.ends_with('/') {
        if !pending.is_empty() {
            pending.push(PENDING_SEPARATOR);
        }
        pending.push_str(directory);
        pending.push_str(name);
    } else {
        value.push_str(directory);
        value.push_str(name);
        value.push('\n');
    }
}

/// Removes the next directory from `pending`.
pub(super) fn next_directory(pending: &mut String) -> Option<String> {
    if pending.is_empty() {
        return None;
    }
    match pending.rfind(PENDING_SEPARATOR) {
        Some(at) => {
            let directory = pending[at + 1..].to_owned();
            pending.truncate(at);
            Some(directory)
        }
        None => Some(std::mem::take(pending)),
    }
}

impl Instruction {
    /// Adds the value of one reading to the text.
    pub(super) fn add(&self, reading: &Reading, value: &str, text: &mut String) {
        let value = match &reading.fold {
            Fold::Given(given) => given.as_str(),
            Fold::Sum(_) | Fold::Count if value.is_empty() => "0",
            _ => value,
        };
        match self.form {
            Form::Joined => {
                text.push_str(value);
                if matches!(reading.fold, Fold::Sum(_) | Fold::Count) {
                    text.push('\n');
                }
            }
            Form::Listed => {
                text.push_str(&reading.source);
                text.push(' ');
                text.push_str(value);
                text.push('\n');
            }
            Form::Verdict if text.is_empty() => {
                // An empty file has no fingerprint.
                text.push_str(if value.is_empty() { "empty" } else { value });
            }
            Form::Verdict => {
                let same = *text == if value.is_empty() { "empty" } else { value };
                text.clear();
                text.push_str(if same { "same\n" } else { "different\n" });
            }
            Form::Json => {
                text.push_str(if text.is_empty() { "{" } else { "," });
                push_string(text, &reading.key);
                text.push(':');
                match &reading.fold {
                    Fold::Sum(_) | Fold::Count => text.push_str(value),
                    _ => push_string(text, value.trim_end()),
                }
            }
        }
    }

    /// The final text, after every reading was added.
    pub(super) fn finish(&self, text: &str) -> String {
        match self.form {
            Form::Json => format!("{text}}}\n"),
            Form::Joined | Form::Listed | Form::Verdict => text.to_owned(),
        }
    }
}

/// Appends a JSON string.
pub(super) fn push_string(out: &mut String, text: &str) {
    let mut bytes = Vec::new();
    push_json_string(&mut bytes, text.as_bytes());
    out.push_str(&String::from_utf8_lossy(&bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(fold: &Fold, lines: &[&str]) -> String {
        let mut value = String::new();
        for line in lines {
            if fold.take(line, &mut value) {
                break;
            }
        }
        value
    }

    #[test]
    fn fold_values() {
        let lines = ["a,1,x", "b,20,y", "c,300,x", "d,none,x"];
        let x = || "x".to_owned();
        assert_eq!(
            folded(&Fold::Containing(x()), &lines),
            "a,1,x\nc,300,x\nd,none,x\n"
        );
        assert_eq!(folded(&Fold::First(x()), &lines), "a,1,x\n");
        assert_eq!(folded(&Fold::Sum(2), &lines), "321");
        assert_eq!(folded(&Fold::Count, &lines), "4");
        let other = ["a,1,x", "b,20,y", "d,none,x", "c,300,x"];
        assert_ne!(
            folded(&Fold::Fingerprint, &lines),
            folded(&Fold::Fingerprint, &other)
        );
    }

    #[test]
    fn walk_visits_every_directory_once() {
        let (mut value, mut pending) = (String::new(), String::new());
        for line in ["a.txt", "$d/", "e/"] {
            walk("", line, &mut value, &mut pending);
        }
        assert_eq!(next_directory(&mut pending).as_deref(), Some("e/"));
        walk("e/", "f.txt", &mut value, &mut pending);
        assert_eq!(next_directory(&mut pending).as_deref(), Some("$d/"));
        assert_eq!(next_directory(&mut pending), None);
        assert_eq!(value, "a.txt\ne/f.txt\n");
    }

    #[test]
    fn values_as_object_and_verdict() {
        let line = "put into r as JSON: \"n\" = count of a; \"t\" = text of b; \"g\" = \"x\"";
        let instruction = Instruction::parse(line).unwrap();
        let mut text = String::new();
        for (reading, value) in instruction.readings.iter().zip(["", "one\ntwo\n", ""]) {
            instruction.add(reading, value, &mut text);
        }
        assert_eq!(
            instruction.finish(&text),
            "{\"n\":0,\"t\":\"one\\ntwo\",\"g\":\"x\"}\n"
        );

        let instruction = Instruction::parse("compare a with b in c").unwrap();
        for (values, verdict) in [(["", ""], "same\n"), (["", "1"], "different\n")] {
            let mut text = String::new();
            for (reading, value) in instruction.readings.iter().zip(values) {
                instruction.add(reading, value, &mut text);
            }
            assert_eq!(instruction.finish(&text), verdict);
        }
    }
}
