//! Writers of JSON strings and decimal numbers.
//!
//! The output is the same as serde_json's, but the input is bytes: a reply that is not UTF-8 must
//! reach the bus unchanged.

use turingos::json::push_escaped;

/// Appends `text` as a JSON string with quotes.
pub fn push_json_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    push_json_fragment(out, text);
    out.push(b'"');
}

/// Appends `text` as the inside of a JSON string, without quotes.
pub fn push_json_fragment(out: &mut Vec<u8>, text: &[u8]) {
    push_escaped(out, text);
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
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a number in decimal digits to text.
pub(crate) fn push_number_text(out: &mut String, number: u64) {
    out.push_str(itoa::Buffer::new().format(number));
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
