//! The canonical form of a request under rules: its key, and the alias values that the key leaves out.
//!
//! Values of an alias are numbered by their first appearance in the request, so two requests with
//! the same links have the same key. Whether a value is the one that an earlier request or answer
//! had is the business of [`Bindings`](crate::bindings::Bindings).

use std::collections::BTreeMap;

use turingos::Digest;

use crate::node::{Node, push_json_text};
use crate::request::Request;
use crate::rules::Rules;

/// Stands before and after the number of an alias in a text. Where a text has the character itself,
/// the form has it twice, so no text can look like an alias.
const MARK: char = '\u{e000}';

/// A value that an alias stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Aliased {
    /// The alias, by the number of its rule.
    pub(crate) rule: usize,
    /// The text.
    pub(crate) value: String,
}

/// A request without what its rules drop, with aliases in place of their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) service: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The parameters, as `name=value`, in their order.
    pub(crate) query: Vec<String>,
    /// Several headers of one name are one list.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Body,
    /// Every different value, in order of first appearance.
    pub(crate) aliased: Vec<Aliased>,
}

/// A body by what can be compared in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Json(Node),
    /// UTF-8, but not JSON that is read without loss.
    Text(String),
    /// Neither; by hash and length.
    Bytes(Digest, usize),
}

impl Form {
    pub(crate) fn of(request: &Request, rules: &Rules) -> Self {
        let mut aliases = Aliases {
            rules,
            seen: BTreeMap::new(),
            aliased: Vec::new(),
        };
        let mut path = request.path.clone();
        aliases.rewrite(&mut path);
        let query = query(&request.query, rules, &mut aliases);
        let headers = headers(request, rules, &mut aliases);
        let body = body(&request.body, rules, &mut aliases);
        Self {
            service: request.service.clone(),
            method: request.method.clone(),
            path,
            query,
            headers,
            body,
            aliased: aliases.aliased,
        }
    }

    /// SHA-256 of the whole form. Two requests have one key if and only if their forms are equal.
    pub(crate) fn key(&self) -> Digest {
        let mut text = String::new();
        let mut push = |kind: &str, part: &str| {
            text.push_str(kind);
            push_json_text(&mut text, part);
        };
        push("service", &self.service);
        push("method", &self.method);
        push("path", &self.path);
        for parameter in &self.query {
            push("parameter", parameter);
        }
        for (name, value) in &self.headers {
            push("header", name);
            push("value", value);
        }
        match &self.body {
            Body::Json(node) => {
                text.push_str("json");
                node.write(&mut text);
            }
            Body::Text(body) => push("text", body),
            Body::Bytes(digest, _) => push("bytes", digest.hex().as_str()),
        }
        Digest::of(text.as_bytes())
    }
}

fn query(query: &str, rules: &Rules, aliases: &mut Aliases<'_>) -> Vec<String> {
    if query.is_empty() {
        return Vec::new();
    }
    let kept = query.split('&').filter(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        !rules.drops_parameter(name)
    });
    kept.map(|parameter| {
        let mut parameter = parameter.to_owned();
        aliases.rewrite(&mut parameter);
        parameter
    })
    .collect()
}

fn headers(
    request: &Request,
    rules: &Rules,
    aliases: &mut Aliases<'_>,
) -> BTreeMap<String, String> {
    let mut compared = BTreeMap::<String, String>::new();
    for (name, value) in &request.headers {
        if rules.drops_header(name) {
            continue;
        }
        let list = compared.entry(name.clone()).or_default();
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(value);
    }
    for value in compared.values_mut() {
        aliases.rewrite(value);
    }
    compared
}

fn body(bytes: &[u8], rules: &Rules, aliases: &mut Aliases<'_>) -> Body {
    if rules.pointers.iter().any(|it| it.tokens().is_empty()) {
        return Body::Json(Node::Dropped);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Body::Bytes(Digest::of(bytes), bytes.len());
    };
    let Some(mut node) = Node::parse(text) else {
        let mut text = text.to_owned();
        aliases.rewrite(&mut text);
        return Body::Text(text);
    };
    for pointer in &rules.pointers {
        node.drop_at(pointer.tokens());
    }
    node.rewrite_texts(&mut |text| aliases.rewrite(text));
    Body::Json(node)
}

/// Numbers the values of a request.
struct Aliases<'r> {
    rules: &'r Rules,
    seen: BTreeMap<Aliased, usize>,
    aliased: Vec<Aliased>,
}

impl Aliases<'_> {
    /// Puts aliases in the place of values.
    fn rewrite(&mut self, text: &mut String) {
        let values = self.rules.values_in(text);
        if values.is_empty() && !text.contains(MARK) {
            return;
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for value in values {
            push_literal(&mut out, &text[from..value.start]);
            let number = self.number(value.rule, &text[value.start..value.end]);
            out.push(MARK);
            out.push_str(self.rules.name_of(value.rule));
            out.push_str(&format!(" {number}"));
            out.push(MARK);
            from = value.end;
        }
        push_literal(&mut out, &text[from..]);
        *text = out;
    }

    /// The number of a value among all values of the request, from 1.
    fn number(&mut self, rule: usize, value: &str) -> usize {
        let aliased = Aliased {
            rule,
            value: value.to_owned(),
        };
        let next = self.aliased.len() + 1;
        let number = *self.seen.entry(aliased.clone()).or_insert(next);
        if number == next {
            self.aliased.push(aliased);
        }
        number
    }
}

fn push_literal(out: &mut String, text: &str) {
    for character in text.chars() {
        out.push(character);
        if character == MARK {
            out.push(MARK);
        }
    }
}

/// A text of a form for people: an alias is shown as `<name 1>`.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_inside = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != MARK {
            out.push(character);
        } else if !is_inside && characters.peek() == Some(&MARK) {
            characters.next();
            out.push(MARK);
        } else {
            out.push(if is_inside { '>' } else { '<' });
            is_inside = !is_inside;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(toml: &str) -> Rules {
        Rules::parse(format!("version = 1\n{toml}").as_bytes()).unwrap()
    }

    fn of_body(body: &str, rules: &Rules) -> Form {
        let request = Request {
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        Form::of(&request, rules)
    }

    #[test]
    fn linked_values_stay_linked_within_a_request() {
        let rules = rules("[[alias]]\nname='id'\npattern='id_[a-z]+'\n");
        let key = |body: &str| of_body(body, &rules).key();
        assert_eq!(
            key(r#"["id_a","id_b","id_a"]"#),
            key(r#"["id_x","id_y","id_x"]"#)
        );
        assert_ne!(
            key(r#"["id_a","id_b","id_a"]"#),
            key(r#"["id_x","id_y","id_y"]"#)
        );
        assert_ne!(key(r#"["id_a"]"#), key(r#"["other"]"#));
        let form = of_body(r#"{"b":"see id_a","a":"id_b"}"#, &rules);
        let values: Vec<_> = form.aliased.iter().map(|it| it.value.as_str()).collect();
        assert_eq!(
            values,
            ["id_b", "id_a"],
            "in the order of the canonical form"
        );
    }

    #[test]
    fn no_text_looks_like_an_alias() {
        let rules = rules("[[alias]]\nname='id'\npattern='id_[a-z]+'\n");
        let aliased = of_body(r#"["id_a"]"#, &rules);
        let forged = of_body("[\"\u{e000}id 1\u{e000}\"]", &rules);
        assert_ne!(aliased.key(), forged.key());
        let Body::Json(Node::Array(items)) = &forged.body else {
            panic!("{forged:?}");
        };
        let Some(Node::Text(text)) = items.first() else {
            panic!("{items:?}");
        };
        assert_eq!(shown(text), "\u{e000}id 1\u{e000}");
    }

    #[test]
    fn dropped_parts_do_not_matter() {
        let rules = rules(
            "[[drop]]\npointer='/metadata/user_id'\n[[drop]]\nquery='v'\n[[drop]]\nheader='openai-beta'\n",
        );
        let form = |query: &str, header: (&str, &str), body: &str| {
            let request = Request {
                query: query.into(),
                headers: vec![(header.0.into(), header.1.into())],
                body: body.as_bytes().to_vec(),
                ..Request::default()
            };
            Form::of(&request, &rules).key()
        };
        let plain = form("a=1", ("openai-beta", "y"), r#"{"metadata":{}}"#);
        let other = form(
            "v=2&a=1",
            ("openai-beta", "x"),
            r#"{"metadata":{"user_id":"u"}}"#,
        );
        assert_eq!(plain, other);
        let changed = form("a=2", ("openai-beta", "y"), r#"{"metadata":{}}"#);
        assert_ne!(plain, changed);
        let header = form("a=1", ("anthropic-beta", "x"), r#"{"metadata":{}}"#);
        assert_ne!(plain, header);
    }

    #[test]
    fn duplicate_keys_are_compared_as_text() {
        let rules = Rules::default();
        let key = |body: &str| of_body(body, &rules).key();
        assert_ne!(key(r#"{"a":1,"a":2}"#), key(r#"{"a":2}"#));
        assert_ne!(key(r#"{"a":1,"a":2}"#), key(r#"{ "a":1,"a":2}"#));
        assert_eq!(key(r#"{"a":1}"#), key(r#"{ "a": 1 }"#));
        let bytes = Form::of(
            &Request {
                body: vec![0xff],
                ..Request::default()
            },
            &rules,
        );
        assert!(matches!(bytes.body, Body::Bytes(_, 1)));
    }
}
