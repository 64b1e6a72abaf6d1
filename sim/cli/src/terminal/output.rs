//! Where text leaves the program: one escaping function for every line, verdicts in colour, and a
//! reader that goes away.
//!
//! One `writeln!` is one line. Whatever text it holds, a file name or a model's words, cannot begin
//! another line, move the cursor or reorder what stands beside it. `write_all` is for documents that
//! are printed byte for byte.

use std::fmt;
use std::io::{self, ErrorKind, Write};

use anstyle::{AnsiColor, Style};
use turingos_run::one_line::is_unsafe;

/// Standard output or standard error.
#[derive(Debug)]
pub(crate) struct Output<W> {
    to: W,
    has_colour: bool,
    is_closed: bool,
}

impl<W> Output<W> {
    /// Writes to `to`, with colour if that is wanted.
    pub(crate) const fn new(to: W, has_colour: bool) -> Self {
        Self {
            to,
            has_colour,
            is_closed: false,
        }
    }

    /// A closed pipe is not a failure: its reader has seen enough, and the exit code still says how the
    /// verb ended.
    fn unless_closed<T>(&mut self, done: io::Result<T>, instead: T) -> io::Result<T> {
        match done {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(instead)
            }
            done => done,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let written = self.to.write(bytes);
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let flushed = self.to.flush();
        self.unless_closed(flushed, ())
    }

    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        let text = text.to_string();
        let line = text.strip_suffix('\n');
        let mut shown = escaped(line.unwrap_or(&text));
        if self.has_colour {
            shown = painted(shown);
        }
        if line.is_some() {
            shown.push('\n');
        }
        self.write_all(shown.as_bytes())
    }
}

/// The text with everything escaped that acts on a terminal instead of being shown by it, in JSON's
/// spelling: a JSON document stays the same document.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                shown += &format!("\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default();

/// The words with which a verdict begins its line.
const VERDICTS: [(&str, Style); 9] = [
    ("pass", GOOD),
    ("PASSED", GOOD),
    ("AS RECORDED", GOOD),
    ("VALID", GOOD),
    ("FAIL", BAD),
    ("FAILED", BAD),
    ("INVALID", BAD),
    ("skip", OPEN),
    ("UNFINISHED", OPEN),
];

fn painted(line: String) -> String {
    let text = line.trim_start_matches(' ');
    for (word, style) in VERDICTS {
        if let Some(rest) = text.strip_prefix(word)
            && (rest.is_empty() || rest.starts_with(' '))
        {
            let indent = " ".repeat(line.len() - text.len());
            return format!("{indent}{style}{word}{style:#}{rest}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(has_colour: bool, write: impl FnOnce(&mut Output<Vec<u8>>)) -> String {
        let mut out = Output::new(Vec::new(), has_colour);
        write(&mut out);
        String::from_utf8(out.to).unwrap()
    }

    #[test]
    fn line_cannot_be_left() {
        let name = "a\u{1b}[2J\u{9b}1m\r\nb: valid\u{202e}\u{2028}\u{e0041}";
        let text = written(false, |out| writeln!(out, "{name}: invalid").unwrap());
        assert_eq!(
            text,
            "a\\u001b[2J\\u009b1m\\u000d\\u000ab: valid\\u202e\\u2028\\udb40\\udc41: invalid\n"
        );
    }

    #[test]
    fn escaped_json_is_the_same_document() {
        let value =
            serde_json::json!({"na\u{7f}me": "\u{1b}\u{202e}\u{feff}\u{e0041} ordinary é 漢 🙂"});
        let text = written(false, |out| writeln!(out, "{value}").unwrap());
        assert!(!text.trim_end().chars().any(is_unsafe), "{text}");
        assert!(text.contains("ordinary é 漢 🙂"));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }

    #[test]
    fn only_verdicts_at_the_start_of_a_line_have_colour() {
        let green = written(true, |out| writeln!(out, "  pass  gate").unwrap());
        assert_eq!(green, format!("  {GOOD}pass{GOOD:#}  gate\n"));
        for plain in ["passes", "pass: valid", "the gates PASSED"] {
            let text = written(true, |out| writeln!(out, "{plain}").unwrap());
            assert_eq!(text, format!("{plain}\n"));
        }
        let plain = written(false, |out| writeln!(out, "FAILED  root").unwrap());
        assert_eq!(plain, "FAILED  root\n");
    }

    #[test]
    fn closed_pipe_is_not_a_failure() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(ErrorKind::BrokenPipe.into())
            }
        }
        let mut out = Output::new(Closed, false);
        writeln!(out, "seed 42").unwrap();
        out.flush().unwrap();
        assert!(out.is_closed);
    }
}
