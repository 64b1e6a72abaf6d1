//! Writing canonical JSON without a serializer: what a tick needs on its hot path. The kernel has
//! no other writer of JSON strings.
//!
//! Escapes exactly what JSON requires: quotes, backslash and control characters. Never reads.

use alloc::string::String;
use alloc::vec::Vec;

use crate::byte_scan::{ByteClass as _, MustEscape, Stops};

/// Appends `text` as a JSON string with the fewest escapes. Runs between escapes are copied whole.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.reserve(text.len().saturating_add(2));
    out.push('"');
    if is_short_and_plain(text.as_bytes()) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut stops = Stops::<MustEscape>::new(text.as_bytes());
    let mut start = 0_usize;
    while let Some(stop) = stops.next_from(start) {
        // A stop is below 0x80, hence a whole character, so every cut is at a character.
        out.push_str(text.get(start..stop).unwrap_or_default());
        out.push_str(escape(text.as_bytes().get(stop)));
        start = stop.wrapping_add(1);
    }
    out.push_str(text.get(start..).unwrap_or_default());
    out.push('"');
}

/// Appends `text` as the inside of a JSON string, without quotes; bytes that are no UTF-8 stay as they
/// are.
pub fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    if is_short_and_plain(text) {
        out.extend_from_slice(text);
        return;
    }
    let mut stops = Stops::<MustEscape>::new(text);
    let mut start = 0_usize;
    while let Some(stop) = stops.next_from(start) {
        push_run(out, text, start, stop);
        match text.get(stop) {
            Some(&byte @ (b'"' | b'\\')) => out.extend_from_slice(&[b'\\', byte]),
            Some(b'\n') => out.extend_from_slice(b"\\n"),
            byte => out.extend_from_slice(escape(byte).as_bytes()),
        }
        start = stop.wrapping_add(1);
    }
    out.extend_from_slice(text.get(start..).unwrap_or_default());
}

/// What a short run is copied as, in bytes.
const COPY: usize = 32;

/// Appends `text[start..end]`. A short run is copied with what follows it and cut again: a copy of a
/// fixed length takes a few instructions, one of a varying length a call.
#[inline(always)]
fn push_run(out: &mut Vec<u8>, text: &[u8], start: usize, end: usize) {
    let length = end.wrapping_sub(start);
    let rest = text.get(start..).unwrap_or_default();
    match rest.first_chunk::<COPY>() {
        Some(block) if length <= COPY => {
            let end = out.len().wrapping_add(length);
            out.extend_from_slice(block);
            out.truncate(end);
        }
        Some(_) | None => out.extend_from_slice(rest.get(..length).unwrap_or_default()),
    }
}

/// True if a text is too short to be worth a search by blocks, and has nothing to escape. Looks at
/// every byte, without a branch.
#[inline]
fn is_short_and_plain(text: &[u8]) -> bool {
    const SHORT: usize = 32;
    text.len() < SHORT
        && !{ text.iter() }.fold(false, |found, &byte| found | MustEscape::has_ascii(byte))
}

/// How a byte is escaped that must be.
#[inline]
fn escape(byte: Option<&u8>) -> &'static str {
    match byte {
        Some(b'"') => "\\\"",
        Some(b'\\') => "\\\\",
        Some(&control) => { CONTROLS.get(usize::from(control)) }
            .copied()
            .unwrap_or_default(),
        None => "",
    }
}

const CONTROLS: [&str; 32] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\b",
    "\\t", "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012",
    "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a",
    "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
];

/// Appends a number in decimal.
pub(crate) fn push_number(out: &mut String, number: u64) {
    out.push_str(itoa::Buffer::new().format(number));
}

#[cfg(test)]
mod tests {
    use super::super::reader::{Event, Reader, Rules};
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn strings_are_written_as_serde_json_writes_them() {
        let mut every = String::from("plain 界 \u{7f} \u{2028} / ");
        every.extend((0_u8..0x20).map(char::from));
        every.push_str("\"\\end");
        every.push_str("a run longer than a block of sixteen bytes\n");
        let tails = every.char_indices().map(|(start, _)| &every[start..]);
        for text in ["", "a", "\""].into_iter().chain(tails) {
            let mut out = String::new();
            push_string(&mut out, text);
            assert_eq!(out, serde_json::to_string(text).expect("text"));
            let mut inside = Vec::new();
            push_escaped(&mut inside, text.as_bytes());
            assert_eq!(out.as_bytes(), [b"\"", &*inside, b"\""].concat());
        }
    }

    /// Short runs are copied with what follows them, which must not show.
    #[test]
    fn runs_of_every_length_end_where_they_should() {
        for length in 0..=2 * COPY {
            for after in 0..=2 * COPY {
                let [run, after] = [length, after].map(|length| "é".repeat(length / 2) + "x");
                let text = alloc::format!("{run}\"{after}\n{run}");
                let mut inside = Vec::new();
                push_escaped(&mut inside, text.as_bytes());
                let expected = text.replace('"', "\\\"").replace('\n', "\\n");
                assert_eq!(inside, expected.as_bytes());
                let quoted = alloc::format!("\"{expected}\"");
                let mut reader = Reader::new(&quoted, Rules::any_json(1));
                assert_eq!(reader.value(), Ok(Event::Text(text.into())));
            }
        }
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 9, 10, 1_234_567, u64::MAX] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }
}
