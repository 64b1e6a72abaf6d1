//! CONTENT_CONTRACT: a payload that says "the rest is as before" instead of being the rest.

use crate::byte_scan::find_at_pairs;

/// Markers matched without regard to ASCII case, grouped by the byte they begin with.
const MARKERS: [(u8, &[&str]); 6] = [
    (
        b'r',
        &[
            "rest of the code",
            "rest of the file",
            "rest of the function",
            "rest of code",
            "remaining code",
            "remaining lines unchanged",
        ],
    ),
    (
        b'.',
        &[
            "... existing",
            "...existing",
            "... rest",
            "... unchanged",
            "... omitted",
            "... same as before",
            "... (omitted",
        ],
    ),
    (
        b'/',
        &["/* ... */", "/*...*/", "/* … */", "/* rest unchanged */"],
    ),
    (0xe2, &["… existing", "… rest", "… unchanged", "… omitted"]),
    (0xe6, &["此处省略"]),
    (0xe4, &["以下省略", "代码省略", "中间省略"]),
];

/// The first omission marker in `payload`, if any.
#[must_use]
pub(crate) fn omission_marker(payload: &str) -> Option<&'static str> {
    let bytes = payload.as_bytes();
    find_at_pairs(bytes, may_begin_marker, |position| {
        marker_at_start(bytes.get(position..).unwrap_or_default())
    })
}

/// Looks at a byte and the second after it, which together seldom stand in ordinary text: a marker
/// begins with one of these pairs.
fn may_begin_marker(first: u8, third: u8) -> bool {
    let [first_letter, third_letter] = [first | 0x20, third | 0x20];
    ((first_letter == b'r') & ((third_letter == b's') | (third_letter == b'm')))
        | ((first == b'.') & (third == b'.'))
        | ((first == b'/') & ((third == b' ') | (third == b'.')))
        | ((first == 0xe2) & (third == 0xa6))
        | ((first == 0xe6) & (third == 0xa4))
        | ((first == 0xe4) & ((third == 0xa5) | (third == 0xa3) | (third == 0xad)))
}

fn marker_at_start(text: &[u8]) -> Option<&'static str> {
    let first = text.first()?.to_ascii_lowercase();
    let (_, markers) = MARKERS.iter().find(|(start, _)| *start == first)?;
    markers.iter().copied().find(|marker| {
        text.get(..marker.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(marker.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marker_is_found_anywhere_in_any_case() {
        for (first, markers) in MARKERS {
            for marker in markers {
                assert_eq!(marker.as_bytes()[0], first);
                let text = alloc::format!("line\n  // {}\n", marker.to_uppercase());
                assert!(omission_marker(&text).is_some(), "{marker}");
            }
        }
    }

    #[test]
    fn every_marker_is_found_at_every_offset_and_only_whole() {
        for marker in MARKERS.iter().flat_map(|(_, markers)| *markers) {
            for padding in 0..40 {
                let mut text = ". r, ".repeat(padding / 7) + &"x".repeat(padding % 7);
                text.push_str(marker);
                assert_eq!(omission_marker(&text), Some(*marker), "{text}");
                text.pop();
                assert_eq!(omission_marker(&text), None, "{text}");
                text.push_str(" and more text than a block");
                assert_eq!(omission_marker(&text), None, "{text}");
            }
        }
    }

    #[test]
    fn a_comment_that_stands_for_code_is_an_omission() {
        for text in [
            "fn main() { /* ... */ }",
            "a();\n/* rest unchanged */\n",
            "body { /*...*/ }",
        ] {
            assert!(omission_marker(text).is_some(), "{text}");
        }
    }

    #[test]
    fn ordinary_text_passes() {
        for text in [
            "",
            "rest",
            "wait... what",
            "for the rest of us",
            "存在",
            "/* the rest is tested below */ /* . */",
            "cd ../.. / ./a",
        ] {
            assert_eq!(omission_marker(text), None, "{text}");
        }
    }
}
