//! What a step's file must hold, and why a file does not hold it.
//!
//! Judges a text and answers with one word. The expected content never leaves this module.

use alloc::string::String;
use alloc::vec::Vec;

use regex::{Regex, RegexBuilder};

use super::canonical;
use super::fault::ContractCode;
use crate::named_enum::named_enum;

/// The longest step file that is judged, in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// How deep the objects and arrays of a step file of JSON may nest.
pub const MAX_FILE_NESTING: usize = 64;

/// The longest regular expression, in bytes.
pub const MAX_PATTERN_BYTES: usize = 1_024;

/// What one regular expression may take once it is compiled, in bytes.
pub const MAX_REGEX_BYTES: usize = 256 * 1024;

/// How deep the groups of a regular expression may nest.
const MAX_PATTERN_NESTING: u32 = 32;

named_enum! {
    /// Why a step is not done yet, as it is written in the frame.
    #[non_exhaustive]
    pub enum Blocker {
        /// There is no such file.
        FileMissing = "FILE_MISSING",
        /// The file holds another text.
        TextDiffers = "TEXT_DIFFERS",
        /// A part that must occur does not.
        PartMissing = "PART_MISSING",
        /// The regular expression matches nowhere.
        NoMatch = "NO_MATCH",
        /// The file is not exactly one JSON document, or it has a duplicate key.
        NotJson = "NOT_JSON",
        /// The file holds another JSON value.
        JsonDiffers = "JSON_DIFFERS",
        /// The world cannot show the file, or it is longer than [`MAX_FILE_BYTES`].
        FileUnreadable = "FILE_UNREADABLE",
    }
}

/// What a step's file must hold.
#[derive(Clone, Debug)]
pub enum Expectation {
    /// Exactly this text; line ends at the end of either do not count.
    Text(String),
    /// Each of these, anywhere.
    Includes(Vec<String>),
    /// A match anywhere. `^` and `$` mean the ends of the file unless the pattern says `(?m)`.
    Regex(Pattern),
    /// A JSON document of this value, which is kept as its canonical text. The order of keys does
    /// not count, and numbers are equal where their exact values are.
    Json(String),
}

/// A regular expression that is bounded in length, depth and size.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern within the limits; what is wrong with it is for people.
    pub(super) fn compile(pattern: &str) -> Result<Self, (ContractCode, String)> {
        if pattern.len() > MAX_PATTERN_BYTES {
            let detail = alloc::format!("longer than {MAX_PATTERN_BYTES} bytes");
            return Err((ContractCode::BadRegex, detail));
        }
        if names_a_property(pattern) {
            let detail = String::from("classes \\p and \\P are not built in");
            return Err((ContractCode::BadRegex, detail));
        }
        RegexBuilder::new(pattern)
            .size_limit(MAX_REGEX_BYTES)
            .nest_limit(MAX_PATTERN_NESTING)
            .build()
            .map(Self)
            .map_err(|error| {
                if let regex::Error::CompiledTooBig(_) = error {
                    let detail = alloc::format!("compiles to more than {MAX_REGEX_BYTES} bytes");
                    (ContractCode::RegexTooLarge, detail)
                } else {
                    // The last line says what is wrong; those above it draw the pattern.
                    let text = alloc::string::ToString::to_string(&error);
                    let last = text.lines().next_back().unwrap_or_default();
                    let reason = last.strip_prefix("error: ").unwrap_or(last);
                    (ContractCode::BadRegex, String::from(reason))
                }
            })
    }
}

/// True for a pattern with a `\p` class. Whether their tables are compiled in is for any crate of
/// a program to decide, and a contract means the same in every program.
fn names_a_property(pattern: &str) -> bool {
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && matches!(characters.next(), Some('p' | 'P')) {
            return true;
        }
    }
    false
}

impl Expectation {
    /// Why `content` is not what is expected, or nothing if it is.
    #[must_use]
    pub fn judge(&self, content: &str) -> Option<Blocker> {
        const LINE_ENDS: [char; 2] = ['\n', '\r'];
        if content.len() > MAX_FILE_BYTES {
            return Some(Blocker::FileUnreadable);
        }
        let (holds, blocker) = match self {
            Self::Text(text) => (
                content.trim_end_matches(LINE_ENDS) == text.trim_end_matches(LINE_ENDS),
                Blocker::TextDiffers,
            ),
            Self::Includes(parts) => (
                parts.iter().all(|part| content.contains(part.as_str())),
                Blocker::PartMissing,
            ),
            Self::Regex(pattern) => (pattern.0.is_match(content), Blocker::NoMatch),
            Self::Json(expected) => match canonical::document(content, MAX_FILE_NESTING) {
                Ok(value) => (value == *expected, Blocker::JsonDiffers),
                Err(_) => (false, Blocker::NotJson),
            },
        };
        (!holds).then_some(blocker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_met_or_names_its_blocker() {
        let regex = |pattern| Expectation::Regex(Pattern::compile(pattern).expect(pattern));
        let json = |text| Expectation::Json(canonical::document(text, 8).expect(text));
        let rows = [
            (Expectation::Text("a\nb".into()), "a\nb\n", None),
            (Expectation::Text("a\n".into()), "a", None),
            (
                Expectation::Text("a".into()),
                "a ",
                Some(Blocker::TextDiffers),
            ),
            (
                Expectation::Text("a".into()),
                "\na",
                Some(Blocker::TextDiffers),
            ),
            (
                Expectation::Includes(alloc::vec!["a".into(), "b".into()]),
                "b-a",
                None,
            ),
            (
                Expectation::Includes(alloc::vec!["a".into(), "b".into()]),
                "aaa",
                Some(Blocker::PartMissing),
            ),
            (regex("^total=[0-9]+$"), "total=12", None),
            (regex("^b$"), "a\nb", Some(Blocker::NoMatch)),
            (regex("(?m)^b$"), "a\nb", None),
            (json("{\"a\":1}"), " {\"a\":1.0}\n", None),
            (json("{\"a\":1}"), "{\"a\":2}", Some(Blocker::JsonDiffers)),
            (json("{\"a\":1}"), "{\"a\":1}x", Some(Blocker::NotJson)),
            (
                json("{\"a\":1}"),
                "{\"a\":1,\"a\":1}",
                Some(Blocker::NotJson),
            ),
        ];
        for (expectation, content, outcome) in rows {
            assert_eq!(
                expectation.judge(content),
                outcome,
                "{expectation:?} {content}"
            );
        }
        let long = "a".repeat(MAX_FILE_BYTES);
        assert_eq!(regex("a").judge(&long), None);
        assert_eq!(
            regex("a").judge(&(long + "a")),
            Some(Blocker::FileUnreadable)
        );
    }

    #[test]
    fn a_pattern_is_bounded() {
        let code = |pattern: &str| Pattern::compile(pattern).err().map(|(code, _)| code);
        assert_eq!(code(r"^\w+@\w+\.[a-z]{2,8}$"), None);
        assert_eq!(code("(?i)größe: \\d{1,4}"), None);
        assert_eq!(code("("), Some(ContractCode::BadRegex));
        assert_eq!(code("(?=a)"), Some(ContractCode::BadRegex));
        assert_eq!(code(r"a\\\p{Greek}"), Some(ContractCode::BadRegex));
        assert_eq!(code(r"[\PL]"), Some(ContractCode::BadRegex));
        assert_eq!(code(r"\\p{3}"), None);
        assert_eq!(
            code(&"a".repeat(MAX_PATTERN_BYTES + 1)),
            Some(ContractCode::BadRegex)
        );
        let deep = alloc::format!("{}a{}", "(".repeat(200), ")".repeat(200));
        assert_eq!(code(&deep), Some(ContractCode::BadRegex));
        assert_eq!(code("(a{200}){200}"), Some(ContractCode::RegexTooLarge));
        assert_eq!(code(r"(\w{99}){99}"), Some(ContractCode::RegexTooLarge));
    }
}
