//! Writing canonical JSON without a serializer: what a tick needs on its hot path.
//!
//! Escapes exactly what JSON requires: quotes, backslash and control characters. Never reads.

use alloc::string::String;

/// Appends `text` as a JSON string.
pub(crate) fn push_string(out: &mut String, text: &str) {
    const DIGITS: [&str; 16] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f",
    ];
    out.push('"');
    let mut rest = text;
    while let Some(position) = rest
        .bytes()
        .position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        // A byte below 0x80 is a whole character, so both cuts are at characters.
        let (plain, tail) = rest.split_at_checked(position).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut characters = tail.chars();
        match characters.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some(control) => {
                let code = u32::from(control);
                out.push_str(if code >= 0x10 { "\\u001" } else { "\\u000" });
                let digit = usize::try_from(code & 15).unwrap_or_default();
                out.push_str(DIGITS.get(digit).copied().unwrap_or("0"));
            }
            None => break,
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
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
        for text in ["", "a", "\"", every.as_str()] {
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
