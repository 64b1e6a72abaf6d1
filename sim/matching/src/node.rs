//! A JSON document as a tree that keeps what matching needs: the text of numbers, sorted members.

use std::collections::BTreeMap;

use turingos::json::{Event, Items, JsonFault, Members, Reader, Rules};

/// The deepest nesting; a deeper body is compared as text.
const MAX_NESTING: usize = 128;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Null,
    Boolean(bool),
    /// A number as it is written: `1`, `1.0` and `1e0` differ.
    Number(String),
    Text(String),
    Array(Vec<Node>),
    Object(BTreeMap<String, Node>),
    /// A value that a rule drops: it equals every other dropped one.
    Dropped,
}

impl Node {
    /// Reads a document; nothing for what is not JSON, has duplicate keys or half a surrogate pair,
    /// or nests too deep.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader::new(text, Rules::any_json(MAX_NESTING));
        let event = reader.value().ok()?;
        let node = read(&mut reader, event).ok()?;
        reader.end().ok()?;
        Some(node)
    }

    /// Drops what the tokens of a pointer name. A member goes away, an element keeps its place.
    pub(crate) fn drop_at(&mut self, tokens: &[String]) {
        let Some((token, rest)) = tokens.split_first() else {
            *self = Self::Dropped;
            return;
        };
        match self {
            Self::Object(members) if rest.is_empty() => {
                members.remove(token);
            }
            Self::Object(members) => {
                if let Some(member) = members.get_mut(token) {
                    member.drop_at(rest);
                }
            }
            Self::Array(items) if token == "*" => {
                for item in items {
                    item.drop_at(rest);
                }
            }
            Self::Array(items) => {
                let item = index(token).and_then(|index| items.get_mut(index));
                if let Some(item) = item {
                    item.drop_at(rest);
                }
            }
            Self::Null | Self::Boolean(_) | Self::Number(_) | Self::Text(_) | Self::Dropped => {}
        }
    }

    /// Rewrites every string value, in canonical order. Keys stay as they are.
    pub(crate) fn rewrite_texts(&mut self, rewrite: &mut impl FnMut(&mut String)) {
        match self {
            Self::Text(text) => rewrite(text),
            Self::Array(items) => {
                for item in items {
                    item.rewrite_texts(rewrite);
                }
            }
            Self::Object(members) => {
                for member in members.values_mut() {
                    member.rewrite_texts(rewrite);
                }
            }
            Self::Null | Self::Boolean(_) | Self::Number(_) | Self::Dropped => {}
        }
    }

    /// Writes the canonical text: members sorted by their keys' UTF-8, no white space, numbers as
    /// they were written, the shortest escapes.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => push_json_text(out, text),
            Self::Array(items) => {
                out.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (position, (key, member)) in members.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    push_json_text(out, key);
                    out.push(':');
                    member.write(out);
                }
                out.push('}');
            }
            // No JSON document has it, so it equals no value.
            Self::Dropped => out.push_str("\\dropped"),
        }
    }

    /// The canonical text.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

/// The index that a reference token names: decimal, without leading zeros.
fn index(token: &str) -> Option<usize> {
    let is_plain = token == "0" || !token.starts_with(['0', '+']);
    is_plain.then(|| token.parse().ok()).flatten()
}

/// Appends a text as a JSON string.
pub(crate) fn push_json_text(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => out.push_str(&format!("\\u{other:04x}")),
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

fn read<'t>(reader: &mut Reader<'t>, event: Event<'t>) -> Result<Node, JsonFault> {
    Ok(match event {
        Event::Null => Node::Null,
        Event::Boolean(truth) => Node::Boolean(truth),
        Event::Natural(number) => Node::Number(number.to_string()),
        Event::Negative(number) => Node::Number(number.to_string()),
        Event::Unrounded(text) => Node::Number(text.to_owned()),
        Event::Text(text) => Node::Text(text.into_owned()),
        Event::Array => {
            let mut items = Items::default();
            let mut nodes = Vec::new();
            while let Some(event) = reader.next_item(&mut items)? {
                nodes.push(read(reader, event)?);
            }
            Node::Array(nodes)
        }
        Event::Object => {
            let mut members = Members::default();
            let mut nodes = BTreeMap::new();
            while let Some(key) = reader.next_key(&mut members)? {
                let event = reader.member_value()?;
                nodes.insert(key.into_owned(), read(reader, event)?);
            }
            Node::Object(nodes)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        Node::parse(text).map(|node| node.text())
    }

    #[test]
    fn order_and_spelling_are_irrelevant_but_number_text_is_kept() {
        assert_eq!(
            canonical(" { \"b\" : [1, 1.0, 1e0, -0], \"\\u0061\" : \"\\/\\u00e9\\n\" }").unwrap(),
            "{\"a\":\"/é\\n\",\"b\":[1,1.0,1e0,-0]}"
        );
        assert_eq!(
            canonical("[18446744073709551616,1E400]"),
            None,
            "beyond a double"
        );
        assert_eq!(
            canonical("18446744073709551616").as_deref(),
            Some("18446744073709551616")
        );
    }

    #[test]
    fn duplicate_keys_and_lone_surrogates_are_not_json_here() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#""\ud800""#,
            "{} {}",
            "",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
        let deep = "[".repeat(MAX_NESTING + 1) + &"]".repeat(MAX_NESTING + 1);
        assert_eq!(canonical(&deep), None);
    }

    #[test]
    fn star_names_elements_of_an_array_and_a_member_of_an_object() {
        let drop = |pointer: &str, text: &str| {
            let mut node = Node::parse(text).unwrap();
            let tokens: Vec<_> = pointer.split('/').skip(1).map(str::to_owned).collect();
            node.drop_at(&tokens);
            node.text()
        };
        assert_eq!(
            drop("/m/*/id", r#"{"m":[{"id":1,"x":2},{"x":3},4]}"#),
            r#"{"m":[{"x":2},{"x":3},4]}"#
        );
        assert_eq!(drop("/*", r#"{"*":1,"a":2}"#), r#"{"a":2}"#);
        assert_eq!(drop("/0", "[1,2]"), "[\\dropped,2]");
        assert_eq!(drop("/00", "[1,2]"), "[1,2]");
        assert_eq!(drop("/*", "[1,2]"), "[\\dropped,\\dropped]");
    }
}
