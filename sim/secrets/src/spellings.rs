//! The spellings in which a secret may stand in bytes: escaped as JSON, percent-coded, in base64,
//! across line breaks, and in the pieces of a stream.
//!
//! Not among them: other codes (hexadecimal, compressed, reversed), base64 of base64, and a key that
//! several calls or several files have in parts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memchr3;
use percent_encoding::percent_decode;

/// How often JSON may stand in a string of JSON: a document in a file's text, the transition that
/// writes it, the provider's body, the line of a tape.
const MAX_ESCAPES: usize = 4;

/// Base64 of the key, wherever it begins in what was encoded: the characters that follow from the key
/// alone, in both alphabets.
pub(crate) fn base64_of(key: &str) -> Vec<String> {
    let mut found = Vec::new();
    for before in 0..3 {
        let bytes = [&b"\0\0"[..before], key.as_bytes()].concat();
        // The first characters hold bits of what comes before, the last one may hold some of what
        // follows.
        let start = (before * 8).div_ceil(6);
        let end = bytes.len() * 8 / 6;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            found.push(engine.encode(&bytes)[start..end].to_owned());
        }
    }
    found
}

/// Calls `look` with the bytes and with every text that they spell, until it finds something. It is
/// told whether the text only has its white space left out.
pub(crate) fn look_at<T>(
    bytes: &[u8],
    mut look: impl FnMut(&[u8], bool) -> Option<T>,
) -> Option<T> {
    look_at_escapes(bytes, &mut look).or_else(|| {
        let mut texts = assembled(bytes).into_iter();
        texts.find_map(|text| look_at_escapes(&text, &mut look))
    })
}

fn look_at_escapes<T>(bytes: &[u8], look: &mut impl FnMut(&[u8], bool) -> Option<T>) -> Option<T> {
    let mut text = Cow::Borrowed(bytes);
    for _ in 0..=MAX_ESCAPES {
        let found = look(&text, false)
            .or_else(|| look(&percent_decoded(&text)?, false))
            .or_else(|| look(&without_space(&text)?, true));
        if found.is_some() {
            return found;
        }
        text = Cow::Owned(unescaped(&text)?);
    }
    None
}

/// The text without percent codes, if it has any.
fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'%', text)?;
    match percent_decode(text).into() {
        Cow::Owned(decoded) => Some(decoded),
        Cow::Borrowed(_) => None,
    }
}

/// The text without white space, if it has any.
fn without_space(text: &[u8]) -> Option<Vec<u8>> {
    // Without a branch: in prose every sixth byte would take the other one.
    let mut joined = vec![0; text.len()];
    let mut length = 0;
    for byte in text {
        joined[length] = *byte;
        length += usize::from(!byte.is_ascii_whitespace());
    }
    joined.truncate(length);
    (joined.len() < text.len()).then_some(joined)
}

/// The text with the escapes of JSON strings resolved, wherever they are; `None` without any.
/// Other backslashes stay.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut rest = text;
    let mut out = Vec::new();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let after = &rest[at + 1..];
        let (byte, length) = match after.first() {
            Some(b'u') => match code_unit(after) {
                Some(unit) => {
                    // Keys are ASCII: nothing is lost where halves of a pair are not joined.
                    let character = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = &after[5..];
                    continue;
                }
                None => (b'\\', 0),
            },
            Some(b'n') => (b'\n', 1),
            Some(b'r') => (b'\r', 1),
            Some(b't') => (b'\t', 1),
            Some(b'b' | b'f') => (b' ', 1),
            Some(byte @ (b'"' | b'\\' | b'/')) => (*byte, 1),
            _ => (b'\\', 0),
        };
        out.push(byte);
        rest = &after[length..];
    }
    if rest.len() == text.len() {
        return None;
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// The code unit that `u` and four hexadecimal digits spell.
fn code_unit(text: &[u8]) -> Option<u32> {
    let digits = text.get(1..5)?;
    let is_number = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    u32::from_str_radix(digits, 16).ok()
}

/// The strings of each member that occurs more than once, one behind the other: what a stream brings
/// in pieces. Structure is not looked at, so a body may be cut or malformed.
fn assembled(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut members = BTreeMap::<&[u8], (Vec<u8>, u32)>::new();
    let mut rest = bytes;
    while let Some((name, after)) = next_string(rest) {
        rest = after;
        let Some(value) = rest.trim_ascii_start().strip_prefix(b":") else {
            continue;
        };
        let value = value.trim_ascii_start();
        if value.first() != Some(&b'"') {
            continue;
        }
        if let Some((value, after)) = next_string(value) {
            let (text, count) = members.entry(name).or_default();
            match unescaped(value) {
                Some(value) => text.extend_from_slice(&value),
                None => text.extend_from_slice(value),
            }
            *count += 1;
            rest = after;
        }
    }
    let several = members.into_values().filter(|(_, count)| *count > 1);
    several.map(|(text, _)| text).collect()
}

/// What stands between the next quotes, and what follows them. A line feed ends no string of JSON, so
/// a quote without its counterpart in the line is none.
fn next_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut start = memchr::memchr(b'"', bytes)? + 1;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => return Some((&bytes[start..at], &bytes[at + 1..])),
            b'\\' => at += 2,
            b'\n' => {
                start = at + memchr::memchr(b'"', &bytes[at..])? + 1;
                at = start;
            }
            _ => at += memchr3(b'"', b'\\', b'\n', &bytes[at..])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk_live/key+of~this-run?7";

    fn is_spelled_in(text: &[u8]) -> bool {
        let needles = [vec![KEY.to_owned()], base64_of(KEY)].concat();
        let look = |text: &[u8], _| {
            let text = String::from_utf8_lossy(text);
            needles
                .iter()
                .any(|it| text.contains(it.as_str()))
                .then_some(())
        };
        look_at(text, look).is_some()
    }

    fn escaped_all(text: &str) -> String {
        text.bytes().map(|byte| format!("\\u{byte:04X}")).collect()
    }

    #[test]
    fn each_escape_is_one_byte_and_the_rest_stays() {
        let escaped = br#"a\nb\rc\td\be\ff\/g\"h\\i\xj\u0041k\"#;
        let plain = b"a\nb\rc\td e f/g\"h\\i\\xjAk\\";
        assert_eq!(unescaped(escaped).as_deref(), Some(&plain[..]));
        assert_eq!(unescaped(b"plain"), None);
    }

    #[test]
    fn base64_of_a_key_is_what_follows_from_the_key_alone() {
        // Without a byte before it, with one and with two, each in both alphabets.
        assert_eq!(
            base64_of("abc"),
            ["YWJj", "YWJj", "FiY", "FiY", "hYm", "hYm"]
        );
    }

    #[test]
    fn only_repeated_members_are_joined() {
        assert!(assembled(br#"{"a":"b","c":"d"}"#).is_empty());
        assert_eq!(assembled(br#"{"a":"b"}{"a":"c"}"#), [b"bc"]);
    }

    #[test]
    fn text_without_white_space_is_not_looked_at_twice() {
        assert_eq!(without_space(b"ab"), None);
        assert_eq!(without_space(b" a\tb\n").as_deref(), Some(&b"ab"[..]));
    }

    #[test]
    fn a_string_does_not_go_over_its_line() {
        assert_eq!(next_string(b"a \"b\" c"), Some((&b"b"[..], &b" c"[..])));
        assert_eq!(
            next_string(b"\"one\n two \"three\" four"),
            Some((&b"three"[..], &b" four"[..]))
        );
        assert_eq!(next_string(b"\"one\n two"), None);
    }

    #[test]
    fn escapes_are_resolved_at_every_depth() {
        let mut text = format!("{{\"payload\":\"{}\"}}", escaped_all(KEY));
        for depth in 1..=MAX_ESCAPES {
            assert!(is_spelled_in(text.as_bytes()), "{depth}");
            text = serde_json::to_string(&text).unwrap();
        }
        for other in ["\\u00", "\\", "\\u00zz", "\\ud800\\", "\\x", ""] {
            assert!(!is_spelled_in(other.as_bytes()), "{other}");
        }
        assert!(is_spelled_in(KEY.replace('/', "\\/").as_bytes()));
    }

    #[test]
    fn percent_codes_are_resolved() {
        let all: String = KEY.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert!(is_spelled_in(format!("https://x/?k={all}&b").as_bytes()));
        let some = KEY.replace('/', "%2F").replace('+', "%2b");
        assert!(is_spelled_in(some.as_bytes()));
        assert!(is_spelled_in(
            format!("{{\"url\":\"{}\"}}", escaped_all(&some)).as_bytes()
        ));
    }

    #[test]
    fn base64_is_found_wherever_the_key_begins() {
        for before in ["", "a", "ab", "abc", "KEY=", "{\"key\":\""] {
            for after in ["", "\n", "z", "\"}"] {
                let text = format!("{before}{KEY}{after}");
                for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                    let coded = engine.encode(&text);
                    assert!(is_spelled_in(coded.as_bytes()), "{text}");
                    let lines: Vec<_> = coded.as_bytes().chunks(19).collect();
                    assert!(is_spelled_in(&lines.join(&b'\n')), "{text}");
                }
            }
        }
    }

    #[test]
    fn pieces_of_a_stream_are_joined() {
        for size in 1..KEY.len() {
            for escape in [false, true] {
                let pieces = KEY.as_bytes().chunks(size).enumerate();
                let events: String = pieces
                    .map(|(number, piece)| {
                        let piece = std::str::from_utf8(piece).unwrap();
                        let piece = match escape {
                            true => escaped_all(piece),
                            false => piece.to_owned(),
                        };
                        format!(
                            "data: {{\"id\": \"c-{number}\", \"choices\":[{{\"delta\":\
                             {{\"reasoning_content\" : \"{piece}\"}}}}]}}\n\n"
                        )
                    })
                    .collect();
                assert!(is_spelled_in(events.as_bytes()), "{size}: {events}");
                // A stray quote in another line hides nothing, and neither does a cut.
                let cut = format!(": it's 5\" wide\n{events}data: {{\"delta\":\"");
                assert!(is_spelled_in(cut.as_bytes()), "{size}");
            }
        }
    }

    #[test]
    fn ordinary_text_spells_nothing() {
        let text = "{\"a\":\"x\",\"a\":\"y\\n\"}\n100% of \\ and \" and \\u0041\n";
        assert!(!is_spelled_in(text.as_bytes()));
        assert!(!is_spelled_in(b"\"\\"));
        assert!(!is_spelled_in(b"\"a\":\"\\"));
    }
}
