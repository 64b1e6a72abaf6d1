//! Writers of JSON strings and decimal numbers.
//!
//! The output is the same as serde_json's, but the input is bytes: a reply that is not UTF-8 must
//! reach the bus unchanged.

/// Appends `text` as a JSON string with quotes. Runs of bytes without escapes are copied at once.
pub fn push_json_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    push_json_fragment(out, text);
    out.push(b'"');
}

/// Appends `text` as the inside of a JSON string, without quotes.
pub fn push_json_fragment(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    loop {
        let run = clean_prefix(rest);
        out.extend_from_slice(&rest[..run]);
        let Some(&byte) = rest.get(run) else {
            return;
        };
        push_escape(out, byte);
        rest = &rest[run + 1..];
    }
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let escape = [
                b'\\',
                b'u',
                b'0',
                b'0',
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ];
            out.extend_from_slice(&escape);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// How many bytes from the start need no escape.
fn clean_prefix(text: &[u8]) -> usize {
    let mut clean = 0;
    let (words, _) = text.as_chunks::<8>();
    for word in words {
        match clean_bytes(*word) {
            8 => clean += 8,
            some => return clean + some,
        }
    }
    let tail = text[clean..]
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    tail.map_or(text.len(), |offset| clean + offset)
}

/// How many bytes of a word, from its start, are ordinary: not a quote, a backslash or below 0x20.
/// Each of those sets a high bit that is tested here.
#[inline]
pub const fn clean_bytes(word: [u8; 8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    const fn zero_bytes(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & HIGHS
    }
    let word = u64::from_le_bytes(word);
    let quote = zero_bytes(word ^ (ONES * b'"' as u64));
    let backslash = zero_bytes(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    // The lowest set bit is exact even where a borrow has corrupted the ones above it.
    ((quote | backslash | control).trailing_zeros() / 8) as usize
}

/// Appends a number in decimal digits.
pub fn push_number(out: &mut Vec<u8>, number: u64) {
    let (digits, start) = decimal(number);
    out.extend_from_slice(&digits[start..]);
}

/// Appends a number in decimal digits to text.
pub(crate) fn push_number_text(out: &mut String, number: u64) {
    let (digits, start) = decimal(number);
    out.extend(digits[start..].iter().copied().map(char::from));
}

fn decimal(mut number: u64) -> ([u8; 20], usize) {
    let mut digits = [b'0'; 20];
    let mut start = 20;
    // Two digits a division.
    while number >= 10 {
        let pair = (number % 100) as u8;
        number /= 100;
        start -= 2;
        digits[start] = b'0' + pair / 10;
        digits[start + 1] = b'0' + pair % 10;
    }
    if number > 0 || start == 20 {
        start -= 1;
        digits[start] = b'0' + number as u8;
    }
    (digits, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_match_serde_json() {
        let mut texts: Vec<String> = (0..=0x7f_u8)
            .map(|byte| format!("12345{}7890{}abc", char::from(byte), char::from(byte)))
            .collect();
        texts.push("naïve façade — 此处 \u{10ffff}".to_owned());
        texts.push(String::new());
        texts.push("\u{1f}\u{20}\"\\\u{21}!!!\"\"\u{0}".to_owned());
        for text in texts {
            let mut out = Vec::new();
            push_json_string(&mut out, text.as_bytes());
            assert_eq!(
                String::from_utf8(out).unwrap(),
                serde_json::to_string(&text).unwrap()
            );
        }
    }

    #[test]
    fn numbers_are_decimal() {
        for number in (0..1_200).chain([12_345, u64::MAX / 10, u64::MAX]) {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }
}
