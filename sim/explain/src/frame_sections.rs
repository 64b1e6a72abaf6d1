//! A frame by its sections, found by their headings.

use serde::Serialize;

/// The headings, in the order in which a frame has them.
const HEADINGS: [&str; 5] = [
    "[OS_CONTRACT]",
    "[L1_TRACE_CACHE]",
    "[OS_CALL_STACK]",
    "[OBSERVED_SLICE]",
    "[OS_GUARD]",
];

/// One section of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameSection {
    /// The heading without its brackets.
    pub name: &'static str,
    /// The text below it.
    pub text: String,
    /// How many characters the text has.
    pub chars: usize,
}

/// Splits a frame at its headings. A heading that the observed slice repeats is part of the slice,
/// except the guard's, of which the last one counts.
#[must_use]
pub fn sections(frame: &str) -> Vec<FrameSection> {
    let mut starts = Vec::new();
    let mut from = 0;
    for heading in HEADINGS {
        let rest = &frame[from..];
        let found = match heading {
            "[OS_GUARD]" => rest.rfind(&format!("\n{heading}\n")).map(|at| at + 1),
            _ if rest.starts_with(&format!("{heading}\n")) => Some(0),
            _ => rest.find(&format!("\n{heading}\n")).map(|at| at + 1),
        };
        if let Some(at) = found {
            starts.push((from + at, heading));
            from += at + heading.len();
        }
    }
    let ends = starts.iter().skip(1).map(|(start, _)| *start);
    let ends: Vec<usize> = ends.chain([frame.len()]).collect();
    starts
        .iter()
        .zip(ends)
        .map(|(&(start, heading), end)| {
            let text = frame[start + heading.len()..end].trim_matches('\n');
            FrameSection {
                name: heading.trim_matches(['[', ']']),
                text: text.to_owned(),
                chars: text.chars().count(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_is_split_at_its_headings() {
        let frame = "[L1_TRACE_CACHE]\na\nb\n[OS_CALL_STACK]\nempty\n[OBSERVED_SLICE]\n\
            text\n[OS_CALL_STACK]\nis text here\n[OS_GUARD]\nnot yet\n[OS_GUARD]\nnow";
        let found = sections(frame);
        let names: Vec<_> = found.iter().map(|section| section.name).collect();
        assert_eq!(
            names,
            [
                "L1_TRACE_CACHE",
                "OS_CALL_STACK",
                "OBSERVED_SLICE",
                "OS_GUARD"
            ]
        );
        assert_eq!(found[0].text, "a\nb");
        assert_eq!(found[0].chars, 3);
        assert!(found[2].text.ends_with("[OS_GUARD]\nnot yet"));
        assert_eq!(found[3].text, "now");
    }

    #[test]
    fn text_without_headings_has_no_sections() {
        assert!(sections("").is_empty());
        assert!(sections("[OBSERVED_SLICE]").is_empty());
    }
}
