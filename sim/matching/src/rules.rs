//! The rules of a tape: which parts of a request are volatile, as its header or a file declares them.

use regex::{Regex, RegexBuilder};
use turingos::Digest;

use crate::document::{DropRule, RulesDocument, RulesFault, VERSION};
use crate::pointer::Pointer;

/// The most rules of each kind in one file.
pub const MAX_RULES: usize = 128;

/// The largest compiled pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 1024 * 1024;

/// A rule of a document, for the place of a fault.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    Version,
    Drop(usize),
    Alias(usize),
}

/// Checked rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    document: RulesDocument,
    pub(crate) pointers: Vec<Pointer>,
    pub(crate) patterns: Vec<Regex>,
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

impl Eq for Rules {}

impl Rules {
    /// Checks rules from a tape's header, or proposed ones.
    ///
    /// # Errors
    /// [`RulesFault`], whose place is a rule instead of a line.
    pub fn of(document: RulesDocument) -> Result<Self, RulesFault> {
        Self::compiled(document).map_err(|(entry, detail)| RulesFault {
            place: match entry {
                Entry::Version => "version".into(),
                Entry::Drop(index) => format!("drop {}", index + 1),
                Entry::Alias(index) => format!("alias {}", index + 1),
            },
            detail,
        })
    }

    pub(crate) fn compiled(document: RulesDocument) -> Result<Self, (Entry, String)> {
        if document.version != VERSION {
            let detail = format!("version {} is unknown; use {VERSION}", document.version);
            return Err((Entry::Version, detail));
        }
        for (length, entry) in [
            (document.drop.len(), Entry::Drop(MAX_RULES)),
            (document.alias.len(), Entry::Alias(MAX_RULES)),
        ] {
            if length > MAX_RULES {
                return Err((entry, format!("more than {MAX_RULES} rules of this kind")));
            }
        }
        let mut pointers = Vec::new();
        for (index, rule) in document.drop.iter().enumerate() {
            let at = |detail| (Entry::Drop(index), detail);
            match rule {
                DropRule::Pointer(text) => pointers.push(Pointer::parse(text).map_err(at)?),
                DropRule::Query(name) if name.is_empty() => {
                    return Err(at("a parameter's name is not empty".into()));
                }
                DropRule::Header(name) if !is_header_name(name) => {
                    let allowed = "a header's name has lower-case letters, digits and `-`";
                    return Err(at(allowed.into()));
                }
                DropRule::Query(_) | DropRule::Header(_) => {}
            }
        }
        let mut patterns = Vec::new();
        for (index, rule) in document.alias.iter().enumerate() {
            let at = |detail| (Entry::Alias(index), detail);
            if !is_name(&rule.name) {
                let allowed = "a name has 1 to 40 lower-case letters, digits and `_`";
                return Err(at(allowed.into()));
            }
            if document.alias[..index]
                .iter()
                .any(|it| it.name == rule.name)
            {
                return Err(at(format!("the name `{}` is used twice", rule.name)));
            }
            patterns.push(pattern(&rule.pattern).map_err(at)?);
        }
        Ok(Self {
            document,
            pointers,
            patterns,
        })
    }

    /// The rules as declared.
    #[must_use]
    pub const fn document(&self) -> &RulesDocument {
        &self.document
    }

    /// SHA-256 of the declared rules as compact JSON.
    ///
    /// # Panics
    /// Never: the document has text and numbers only.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let bytes = serde_json::to_vec(&self.document).expect("texts and numbers become JSON");
        Digest::of(&bytes)
    }

    /// True if nothing is volatile.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.document.drop.is_empty() && self.document.alias.is_empty()
    }

    pub(crate) fn drops_header(&self, name: &str) -> bool {
        let mut rules = self.document.drop.iter();
        rules.any(|rule| matches!(rule, DropRule::Header(dropped) if dropped == name))
    }

    pub(crate) fn drops_parameter(&self, name: &str) -> bool {
        let mut rules = self.document.drop.iter();
        rules.any(|rule| matches!(rule, DropRule::Query(dropped) if dropped == name))
    }

    /// The values of aliases in a text, from left to right: where several patterns match, the
    /// leftmost match counts, and of those the first rule's.
    pub(crate) fn values_in(&self, text: &str) -> Vec<Value> {
        let mut values = Vec::new();
        let find = |rule: usize, from: usize| {
            let found = self.patterns[rule].find_at(text, from);
            found.map(|found| (found.start(), found.end()))
        };
        let mut next: Vec<_> = (0..self.patterns.len()).map(|rule| find(rule, 0)).collect();
        let leftmost = |next: &[Option<(usize, usize)>]| {
            let found = next.iter().enumerate();
            found
                .filter_map(|(rule, it)| it.map(|(start, end)| Value { rule, start, end }))
                .min_by_key(|value| (value.start, value.rule))
        };
        while let Some(value) = leftmost(&next) {
            for (rule, found) in next.iter_mut().enumerate() {
                if found.is_some_and(|(start, _)| start < value.end) {
                    *found = find(rule, value.end);
                }
            }
            values.push(value);
        }
        values
    }

    /// The name of an alias.
    pub(crate) fn name_of(&self, rule: usize) -> &str {
        &self.document.alias[rule].name
    }
}

/// A value in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) rule: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

fn pattern(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text)
        .size_limit(MAX_PATTERN_BYTES)
        .build();
    let regex = built.map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        let reason = last.trim_start_matches("error: ");
        format!("the pattern is not a regular expression: {reason}")
    })?;
    if regex.is_match("") {
        return Err(
            "the pattern matches the empty text; it must match at least a character".into(),
        );
    }
    Ok(regex)
}

fn is_name(name: &str) -> bool {
    let is_allowed = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    (1..=40).contains(&name.len()) && name.bytes().all(is_allowed)
}

fn is_header_name(name: &str) -> bool {
    let is_allowed = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    !name.is_empty() && name.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::AliasRule;
    use crate::rules_file::MAX_RULES_BYTES;

    const FILE: &str = r#"version = 1

[[drop]]
pointer = "/metadata/user_id"

[[drop]]
query = "api-version"

[[drop]]
header = "anthropic-beta"

[[alias]]
name = "call"
pattern = 'call_\w{8,}'
"#;

    #[test]
    fn rules_are_read_and_written_back() {
        let rules = Rules::parse(FILE.as_bytes()).unwrap();
        assert_eq!(rules.document().drop.len(), 3);
        let again = Rules::parse(rules.to_toml().as_bytes()).unwrap();
        assert_eq!(again, rules);
        assert_eq!(again.digest(), rules.digest());
        assert_ne!(Rules::default().digest(), rules.digest());
        let json = serde_json::to_string(rules.document()).unwrap();
        let document = serde_json::from_str(&json).unwrap();
        assert_eq!(Rules::of(document).unwrap(), rules);
    }

    #[test]
    fn awkward_texts_survive_toml() {
        let document = RulesDocument {
            drop: vec![DropRule::Pointer("/it's\n\u{7f}\u{1}\"\\".into())],
            alias: vec![AliasRule {
                name: "a".into(),
                pattern: "'\\d+".into(),
            }],
            ..RulesDocument::default()
        };
        let rules = Rules::of(document).unwrap();
        assert_eq!(Rules::parse(rules.to_toml().as_bytes()).unwrap(), rules);
    }

    #[test]
    fn bad_rules_name_their_line_and_what_is_allowed() {
        let rows = [
            ("", "file: missing field `version`"),
            ("version = 2", "line 1: version 2 is unknown"),
            ("version = 1\nx = 1", "line 2: unknown field `x`"),
            (
                "version = 1\n[[drop]]\npath = '/a'",
                "unknown variant `path`",
            ),
            ("version = 1\n[[drop]]\n", "line 2: "),
            (
                "version = 1\n[[drop]]\npointer = '/a'\nquery = 'b'",
                "line 2: ",
            ),
            (
                "version = 1\n\n[[drop]]\npointer = 'a'",
                "line 3: a JSON Pointer",
            ),
            (
                "version = 1\n[[drop]]\nheader = 'X-A'",
                "line 2: a header's name",
            ),
            (
                "version = 1\n[[alias]]\nname = 'a'\npattern = '('",
                "line 2: the pattern",
            ),
            (
                "version = 1\n[[alias]]\nname = 'a'\npattern = 'x*'",
                "line 2: the pattern matches",
            ),
            (
                "version = 1\n[[alias]]\nname = 'A'\npattern = 'x'",
                "line 2: a name has",
            ),
            (
                "version = 1\n[[alias]]\nname='a'\npattern='x'\n[[alias]]\nname='a'\npattern='y'",
                "line 5: the name `a` is used twice",
            ),
            ("version = ", "line 1: "),
        ];
        for (file, expected) in rows {
            let fault = Rules::parse(file.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains(expected), "{file:?}: {fault}");
            assert!(!fault.contains('\n'), "{fault:?}");
        }
        assert_eq!(Rules::parse(b"\xff").unwrap_err().place, "file");
        let long = "#".repeat(MAX_RULES_BYTES + 1);
        assert!(Rules::parse(long.as_bytes()).is_err());
    }

    #[test]
    fn leftmost_value_counts_and_then_the_first_rule() {
        let rules = Rules::parse(
            b"version = 1\n[[alias]]\nname='a'\npattern='b+c?'\n[[alias]]\nname='b'\npattern='ab|b'",
        )
        .unwrap();
        let values = rules.values_in("xabbcb");
        let found: Vec<_> = values
            .iter()
            .map(|it| (it.rule, it.start, it.end))
            .collect();
        assert_eq!(found, [(1, 1, 3), (0, 3, 5), (0, 5, 6)]);
    }
}
