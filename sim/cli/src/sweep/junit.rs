//! A JUnit report: one suite, one case for each subject and one for each group of failures.
//!
//! A case for each seed would be a file that grows with the sweep and that nobody can read.

use std::fmt::Write as _;
use std::path::Path;

use crate::exit::Failure;
use turingos_sweep::{Outline, Totals};

/// Writes the report.
pub(super) fn write(path: &Path, sweep: &Outline, totals: &Totals) -> Result<(), Failure> {
    let text = document(sweep, totals);
    std::fs::write(path, text).map_err(|cause| Failure::of_file("write", path, &cause))
}

fn document(sweep: &Outline, totals: &Totals) -> String {
    let groups = totals.summary.groups();
    let cases = sweep.subjects.len() + groups.len();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut line = |indent: usize, line: String| {
        let _ = writeln!(text, "{:indent$}{line}", "");
    };
    line(
        0,
        format!(
            "<testsuite name=\"sim sweep\" tests=\"{cases}\" failures=\"{}\">",
            groups.len()
        ),
    );
    for subject in &sweep.subjects {
        let name = escaped(&format!("{}: seeds {}", subject.name, sweep.seeds));
        line(
            2,
            format!("<testcase classname=\"sweep\" name=\"{name}\"/>"),
        );
    }
    for (failure, group) in groups {
        let name = escaped(&failure.to_string());
        line(
            2,
            format!("<testcase classname=\"failures\" name=\"{name}\">"),
        );
        let message = format!(
            "{} runs, the first with seed {}",
            group.runs, group.first_seed
        );
        line(
            4,
            format!("<failure type=\"{name}\" message=\"{message}\">"),
        );
        for run in &group.cheapest {
            line(0, escaped(&sweep.command(run.seed, run.subject)));
        }
        line(4, "</failure>".to_owned());
        line(2, "</testcase>".to_owned());
    }
    line(0, "</testsuite>".to_owned());
    text
}

/// A text that XML can hold; it has no form for control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            it if it.is_control() || matches!(it, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}')
            }
            it => escaped.push(it),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            escaped("a\"><x y='1'>&\u{1b}\n"),
            "a&quot;&gt;&lt;x y='1'&gt;&amp;\u{fffd}\u{fffd}"
        );
    }
}
