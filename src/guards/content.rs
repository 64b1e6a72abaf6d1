//! CONTENT_CONTRACT: a payload that says "the rest is as before" instead of being the rest.

/// Markers matched without regard to ASCII case, grouped by the byte they begin with so that one
/// pass over the payload finds any of them.
const MARKERS: [(u8, &[&str]); 5] = [
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
    (0xe2, &["… existing", "… rest", "… unchanged", "… omitted"]),
    (0xe6, &["此处省略"]),
    (0xe4, &["以下省略", "代码省略", "中间省略"]),
];

/// The first omission marker in `payload`, if any.
#[must_use]
pub fn omission_marker(payload: &str) -> Option<&'static str> {
    let bytes = payload.as_bytes();
    for (position, byte) in bytes.iter().enumerate() {
        // Few bytes of ordinary text begin a marker.
        let candidates = match byte.to_ascii_lowercase() {
            first @ (b'r' | b'.' | 0xe2 | 0xe4 | 0xe6) => MARKERS
                .iter()
                .find(|(start, _)| *start == first)
                .map_or(&[][..], |(_, markers)| *markers),
            _ => continue,
        };
        let rest = bytes.get(position..).unwrap_or_default();
        let found = candidates.iter().find(|marker| {
            rest.get(..marker.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(marker.as_bytes()))
        });
        if let Some(marker) = found {
            return Some(marker);
        }
    }
    None
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
    fn ordinary_text_passes() {
        for text in ["", "rest", "wait... what", "for the rest of us", "存在"] {
            assert_eq!(omission_marker(text), None, "{text}");
        }
    }
}
