//! Rules that would make a sent request equal a recorded one.
//!
//! Only proposes: whether a field is volatile is for people to say. What looks like an id, a date or
//! a path becomes an alias, so that links are still checked; any other field is dropped.

use std::sync::LazyLock;

use regex::Regex;

use crate::bindings::Bindings;
use crate::difference::{Change, Part};
use crate::form::Form;
use crate::node::Node;
use crate::request::Request;
use crate::rules::{AliasRule, DropRule, Rules, RulesDocument};

/// Patterns of values that differ from run to run, the most specific first.
const VOLATILE: [(&str, &str); 6] = [
    (
        "uuid",
        r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
    ),
    (
        "date_time",
        r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?\b",
    ),
    ("date", r"\b\d{4}-\d{2}-\d{2}\b"),
    ("time", r"\b\d{2}:\d{2}(:\d{2}(\.\d+)?)?\b"),
    ("hex", r"\b[0-9a-f]{12,64}\b"),
    (
        "temporary_path",
        r"(/private)?(/var/folders|/tmp)/[\w./-]*\w",
    ),
];

/// What follows the prefix of an id: letters and digits, with at least a digit among them.
const ID_TAIL: &str = r"([0-9A-Za-z]*\d[0-9A-Za-z]{4,}|[0-9A-Za-z]{4,}\d[0-9A-Za-z]*)\b";

static PATTERNS: LazyLock<Vec<(AliasRule, Regex)>> = LazyLock::new(|| {
    let rules = VOLATILE.iter().map(|(name, pattern)| AliasRule {
        name: (*name).to_owned(),
        pattern: (*pattern).to_owned(),
    });
    rules.map(compiled).collect()
});

static ID: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = format!(r"\b([A-Za-z]+[_-]){ID_TAIL}");
    Regex::new(&pattern).expect("a test uses the pattern")
});

fn compiled(rule: AliasRule) -> (AliasRule, Regex) {
    let regex = Regex::new(&rule.pattern).expect("a test uses every pattern");
    (rule, regex)
}

/// Rules, those there are included, under which the two requests are equal; nothing if no rules do
/// that without dropping a method, a path, a list's length or a whole body.
pub(crate) fn proposal(
    recorded: &Request,
    sent: &Request,
    changes: &[Change],
    rules: &Rules,
) -> Option<Rules> {
    let mut document = rules.document().clone();
    for change in changes {
        propose(change, &mut document)?;
    }
    let proposed = Rules::of(document).ok()?;
    let (recorded, sent) = (Form::of(recorded, &proposed), Form::of(sent, &proposed));
    let is_equal = recorded.key() == sent.key();
    let conflict = Bindings::default().conflict(&recorded.aliased, &sent.aliased);
    (is_equal && conflict.is_none()).then_some(proposed)
}

/// Adds rules for one difference.
fn propose(change: &Change, document: &mut RulesDocument) -> Option<()> {
    if let (Some(Node::Text(recorded)), Some(Node::Text(sent))) = (&change.recorded, &change.sent)
        && let Some(aliases) = aliases(recorded, sent)
    {
        for alias in aliases {
            if !document.alias.contains(&alias) {
                document.alias.push(alias);
            }
        }
        return Some(());
    }
    let rule = match &change.part {
        Part::Service | Part::Method | Part::Path | Part::WholeBody | Part::Query(None) => {
            return None;
        }
        Part::Query(Some(name)) => DropRule::Query(name.clone()),
        Part::Header(name) => DropRule::Header(name.clone()),
        Part::Body(pointer) => {
            let is_item_missing = (change.recorded.is_none() || change.sent.is_none())
                && pointer
                    .rsplit('/')
                    .next()
                    .is_some_and(|token| token.parse::<u64>().is_ok());
            if pointer.is_empty() || is_item_missing {
                return None;
            }
            DropRule::Pointer(pointer.clone())
        }
    };
    if !document.drop.contains(&rule) {
        document.drop.push(rule);
    }
    Some(())
}

/// The aliases without whose values two texts are equal: one, if one is enough.
fn aliases(recorded: &str, sent: &str) -> Option<Vec<AliasRule>> {
    let ids = ids(recorded, sent);
    let candidates = || PATTERNS.iter().chain(&ids);
    let erase = |text: &str, pattern: &Regex| pattern.replace_all(text, "\u{0}").into_owned();
    for (rule, pattern) in candidates() {
        if erase(recorded, pattern) == erase(sent, pattern) {
            return Some(vec![rule.clone()]);
        }
    }
    let (mut recorded, mut sent) = (recorded.to_owned(), sent.to_owned());
    let mut used = Vec::new();
    for (rule, pattern) in candidates() {
        let erased = (erase(&recorded, pattern), erase(&sent, pattern));
        if erased.0 != recorded && erased.1 != sent {
            used.push(rule.clone());
        }
        (recorded, sent) = erased;
    }
    (recorded == sent).then_some(used)
}

/// An alias for each prefix of ids that differ: `call_abc123` gives `call_…`, not every id.
fn ids(recorded: &str, sent: &str) -> Vec<(AliasRule, Regex)> {
    let mut rules = Vec::new();
    let pairs = ID.captures_iter(recorded).zip(ID.captures_iter(sent));
    for (recorded, sent) in pairs {
        let prefix = &recorded[1];
        if recorded[0] == sent[0] || prefix != &sent[1] {
            continue;
        }
        let name = prefix.to_ascii_lowercase().replace('-', "_");
        let rule = AliasRule {
            name: format!("{}id", name.chars().take(30).collect::<String>()),
            pattern: format!(r"\b{prefix}{ID_TAIL}"),
        };
        if rules
            .iter()
            .all(|(known, _): &(AliasRule, Regex)| *known != rule)
        {
            rules.push(compiled(rule));
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::changes;

    fn proposed(recorded: &str, sent: &str) -> Option<String> {
        let request = |body: &str| Request {
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        let (recorded, sent) = (request(recorded), request(sent));
        let rules = Rules::default();
        let changes = changes(&Form::of(&recorded, &rules), &Form::of(&sent, &rules));
        let proposed = proposal(&recorded, &sent, &changes, &rules)?;
        let aliases = proposed.document().alias.iter().map(|it| it.name.clone());
        let drops = proposed.document().drop.iter().map(|it| format!("{it:?}"));
        Some(aliases.chain(drops).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn volatile_values_become_aliases() {
        let rows = [
            ("it is 2026-11-20", "it is 2026-11-21", "date"),
            (
                "2026-11-20T10:00:00Z",
                "2026-11-20T10:00:01.5Z",
                "date_time",
            ),
            ("call_abc123XYZ9", "call_def456UVW0", "call_id"),
            ("chatcmpl-1a2b3c4d5e", "chatcmpl-9f8e7d6c5b", "chatcmpl_id"),
            (
                "user_1 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
                "user_1 3f2504e0-4f89-11d3-9a0c-0305e82c3302",
                "uuid",
            ),
            (
                "in /tmp/tmpab12/a.txt:",
                "in /tmp/tmpzz/a.txt:",
                "temporary_path",
            ),
            (
                "at 2026-11-20 in /tmp/a",
                "at 2026-11-21 in /tmp/b",
                "date temporary_path",
            ),
        ];
        for (recorded, sent, expected) in rows {
            let json = |text: &str| format!("{{\"x\":\"{text}\"}}");
            let found = proposed(&json(recorded), &json(sent));
            assert_eq!(found.as_deref(), Some(expected), "{recorded} {sent}");
        }
    }

    #[test]
    fn other_fields_are_dropped_and_lists_are_not() {
        assert_eq!(
            proposed(r#"{"a":[{"t":1}]}"#, r#"{"a":[{"t":2}]}"#).as_deref(),
            Some("Pointer(\"/a/0/t\")")
        );
        assert_eq!(
            proposed(r#"{"a":"x"}"#, "{}").as_deref(),
            Some("Pointer(\"/a\")")
        );
        assert_eq!(proposed("[1]", "[1,2]"), None);
        assert_eq!(proposed("1", "2"), None);
    }

    #[test]
    fn swapped_ids_have_no_alias_that_helps() {
        let found = proposed(
            r#"{"a":"call_aaaa11111","b":"call_bbbb22222","c":"call_aaaa11111"}"#,
            r#"{"a":"call_aaaa11111","b":"call_bbbb22222","c":"call_bbbb22222"}"#,
        );
        assert_eq!(found, None);
    }
}
