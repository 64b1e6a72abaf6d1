//! The long texts of an entry, cut out of its JSON and decoded a word at a time.
//!
//! Request and response are most of a tape's bytes, and have an escape every few bytes because they
//! are JSON inside JSON. Only canonical texts are decoded here; for any other, the caller reads the
//! whole entry with serde_json, which gives the reason. Without it `replay/live` and `live-streamed` in
//! `benches/replay.rs` take 1.18 and 1.12 times as long.

use memchr::memmem::Finder;

use turingos_agents::json_text::clean_bytes;

/// JSON without one of its texts.
#[derive(Debug)]
pub(super) struct Cut<'j> {
    /// The JSON up to and with the opening quote.
    pub(super) before: &'j [u8],
    /// What the text says.
    pub(super) text: Vec<u8>,
    /// The JSON from the closing quote on.
    pub(super) after: &'j [u8],
}

/// Cuts the text behind the first `label`, which ends with the opening quote.
///
/// A quote inside a JSON string has a backslash before it, so that a label with two of them is
/// found nowhere but where it is one.
pub(super) fn cut<'j>(json: &'j [u8], label: &Finder<'_>) -> Option<Cut<'j>> {
    let start = label.find(json)? + label.needle().len();
    let (before, rest) = json.split_at_checked(start)?;
    let (text, length) = decode(rest)?;
    Some(Cut {
        before,
        text,
        after: rest.get(length..)?,
    })
}

/// The text up to its closing quote, and how many bytes it takes in JSON. Every text of an entry is
/// followed by a word's length of JSON at least.
pub(super) fn decode(json: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut text = vec![0; json.len()];
    let (mut read, mut written) = (0, 0);
    loop {
        let word: &[u8; 8] = json.get(read..)?.first_chunk()?;
        *text.get_mut(written..)?.first_chunk_mut()? = *word;
        let clean = clean_bytes(*word);
        read += clean;
        written += clean;
        match word.get(clean) {
            None => {}
            Some(b'"') => break,
            Some(b'\\') => {
                *text.get_mut(written)? = unescaped(*json.get(read + 1)?)?;
                read += 2;
                written += 1;
            }
            Some(_) => return None,
        }
    }
    text.truncate(written);
    std::str::from_utf8(&text).ok()?;
    Some((text, read))
}

/// What the byte after a backslash stands for. A slash needs none, and what is spelled in digits is
/// too rare to be quick about.
const fn unescaped(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' => byte,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'f' => 0x0c,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LABEL: &str = "\"a\":{\"text\":\"";

    fn cut_a(json: &[u8]) -> Option<Cut<'_>> {
        cut(json, &Finder::new(LABEL))
    }

    /// A text in JSON, between what stands around it on a tape.
    fn json(spelled: &str) -> Vec<u8> {
        format!("{{\"a\":{{\"text\":\"{spelled}\"}},\"b\":1234}}").into_bytes()
    }

    #[test]
    fn other_spellings_are_left_to_the_parser() {
        for spelled in [
            "\\u0001", "\\/", "\\x", "a\u{1}b", "\n", "\u{0}", "\\u00e9", "\\ud800",
        ] {
            assert!(cut_a(&json(spelled)).is_none(), "{spelled:?}");
        }
        let mut bytes = json("abc");
        let at = bytes.iter().position(|byte| *byte == b'c').unwrap();
        bytes[at] = 0xff;
        assert!(cut_a(&bytes).is_none(), "not UTF-8");
        assert!(cut_a(&bytes[..at]).is_none(), "no end");
        assert!(cut_a(b"{}").is_none(), "no such member");
    }

    #[test]
    fn label_inside_a_text_is_ignored() {
        let inner = serde_json::to_string(LABEL).unwrap();
        let bytes = format!("{{\"c\":{inner},\"b\":1234}}");
        assert!(cut_a(bytes.as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn text_is_read_as_by_serde_json(text in "(?s)[a-z\"\\\\\n\r\t\u{8}\u{c}é€😀 ]{0,60}") {
            let spelled = serde_json::to_string(&text).unwrap();
            let bytes = json(&spelled[1..spelled.len() - 1]);
            let cut = cut_a(&bytes).unwrap();
            prop_assert_eq!(cut.text, text.as_bytes());
            prop_assert_eq!(cut.before, b"{\"a\":{\"text\":\"");
            prop_assert_eq!(cut.after, b"\"},\"b\":1234}");
        }
    }
}
