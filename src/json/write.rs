//! Writing canonical JSON without a serializer: what a tick needs on its hot path. The kernel has
//! no other writer of JSON strings.
//!
//! Escapes exactly what JSON requires: quotes, backslash and control characters. Never reads.

use alloc::string::String;

use crate::byte_scan::{MustEscape, Stops};

/// Appends `text` as a JSON string with the fewest escapes. Runs between escapes are copied whole.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.reserve(text.len().saturating_add(2));
    out.push('"');
    let mut stops = Stops::<MustEscape>::new(text.as_bytes());
    let mut start = 0_usize;
    while let Some(stop) = stops.next_from(start) {
        // A stop is below 0x80, hence a whole character, so every cut is at a character.
        out.push_str(text.get(start..stop).unwrap_or_default());
        if let Some(&byte) = text.as_bytes().get(stop) {
            push_escape(out, byte);
        }
        start = stop.wrapping_add(1);
    }
    out.push_str(text.get(start..).unwrap_or_default());
    out.push('"');
}

fn push_escape(out: &mut String, byte: u8) {
    let short = match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\n' => "\\n",
        b'\r' => "\\r",
        b'\t' => "\\t",
        0x08 => "\\b",
        0x0c => "\\f",
        control => {
            out.push_str(if control >= 0x10 { "\\u001" } else { "\\u000" });
            out.push(char::from_digit(u32::from(control & 15), 16).unwrap_or('0'));
            return;
        }
    };
    out.push_str(short);
}

/// Appends a number in decimal.
pub(crate) fn push_number(out: &mut String, number: u64) {
    let mut digits = [b'0'; 20];
    let mut rest = number;
    let mut start = digits.len();
    for (position, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or_default());
        rest /= 10;
        start = position;
        if rest == 0 {
            break;
        }
    }
    let text = digits
        .get(start..)
        .and_then(|digits| core::str::from_utf8(digits).ok());
    out.push_str(text.unwrap_or_default());
}

#[cfg(test)]
mod tests {
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
