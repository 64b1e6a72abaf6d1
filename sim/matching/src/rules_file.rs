//! Rules as a TOML file: read with the line of every fault, and written.

use serde::Deserialize;
use toml::Spanned;

use crate::document::{AliasRule, DropRule, RulesDocument, RulesFault, VERSION};
use crate::rules::{Entry, Rules};

/// The longest file of rules, in bytes.
pub const MAX_RULES_BYTES: usize = 64 * 1024;

const ALLOWED: &str = "allowed are `version = 1`, `[[drop]]` with one of `pointer`, `query` and \
                       `header`, and `[[alias]]` with `name` and `pattern`";

impl Rules {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// [`RulesFault`]: the first thing that is wrong, with its line and what is allowed.
    pub fn parse(bytes: &[u8]) -> Result<Self, RulesFault> {
        let whole = |detail: String| RulesFault {
            place: "file".into(),
            detail,
        };
        if bytes.len() > MAX_RULES_BYTES {
            let detail = format!("{} bytes; at most {MAX_RULES_BYTES}", bytes.len());
            return Err(whole(detail));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| whole(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
        let document: RulesDocument = toml::from_str(text).map_err(|error| RulesFault {
            place: match error.span() {
                Some(span) if span.end > 0 => line_of(text, span.start),
                _ => "file".into(),
            },
            detail: format!("{}; {ALLOWED}", one_line(error.message())),
        })?;
        Self::compiled(document).map_err(|(entry, detail)| RulesFault {
            place: line_of_entry(text, entry),
            detail,
        })
    }

    /// The TOML file that has these rules.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = format!("version = {VERSION}\n");
        for rule in &self.document().drop {
            let (key, value) = match rule {
                DropRule::Pointer(text) => ("pointer", text),
                DropRule::Query(name) => ("query", name),
                DropRule::Header(name) => ("header", name),
            };
            out += &format!("\n[[drop]]\n{key} = {}\n", toml_text(value));
        }
        for AliasRule { name, pattern } in &self.document().alias {
            out += &format!(
                "\n[[alias]]\nname = \"{name}\"\npattern = {}\n",
                toml_text(pattern)
            );
        }
        out
    }
}

/// A TOML string: literal where that is possible, because patterns have backslashes.
fn toml_text(text: &str) -> String {
    if text.contains('\'') || text.chars().any(char::is_control) {
        let mut out = String::new();
        crate::node::push_json_text(&mut out, text);
        // TOML forbids it bare; JSON does not.
        out.replace('\u{7f}', "\\u007f")
    } else {
        format!("'{text}'")
    }
}

fn line_of(text: &str, byte: usize) -> String {
    let before = text.get(..byte).unwrap_or(text);
    format!("line {}", before.matches('\n').count() + 1)
}

/// The line on which a rule begins.
fn line_of_entry(text: &str, entry: Entry) -> String {
    #[derive(Deserialize)]
    struct Places {
        version: Spanned<toml::Value>,
        #[serde(default)]
        drop: Vec<Spanned<toml::Value>>,
        #[serde(default)]
        alias: Vec<Spanned<toml::Value>>,
    }
    let Ok(places) = toml::from_str::<Places>(text) else {
        return "file".into();
    };
    let place = match entry {
        Entry::Version => Some(&places.version),
        Entry::Drop(index) => places.drop.get(index),
        Entry::Alias(index) => places.alias.get(index),
    };
    place.map_or_else(|| "file".into(), |it| line_of(text, it.span().start))
}

fn one_line(message: &str) -> String {
    let characters = message.chars().take(240);
    characters
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect()
}
