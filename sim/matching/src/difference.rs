//! The differences of two requests, place by place.

use serde::Serialize;

use crate::form::{Body, Form, shown};
use crate::node::Node;
use crate::pointer::push_token;

/// How many characters of a value are shown.
const SHOWN_CHARS: usize = 60;

/// How many characters before the first difference of two texts are shown.
const LEAD_CHARS: usize = 16;

/// One place where a sent request differs from a recorded one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `method`, `path`, `query`, `header NAME`, or a JSON Pointer into the body; `body` where one
    /// of the bodies is not JSON.
    pub place: String,
    /// The recorded value as JSON, cut around the difference; none if it is absent there.
    pub recorded: Option<String>,
    /// The value that was sent, likewise.
    pub sent: Option<String>,
}

impl Difference {
    /// The difference in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".into());
        format!(
            "{}: recorded {}, sent {}",
            self.place,
            value(&self.recorded),
            value(&self.sent)
        )
    }
}

/// What part of a request a change is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Service,
    Method,
    Path,
    /// All parameters, or the one of a name.
    Query(Option<String>),
    Header(String),
    /// A JSON Pointer.
    Body(String),
    /// A body that is not JSON on one side.
    WholeBody,
}

/// A difference with whole values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) part: Part,
    pub(crate) recorded: Option<Node>,
    pub(crate) sent: Option<Node>,
}

impl Change {
    /// How many bytes differ: the measure of nearness.
    pub(crate) fn cost(&self) -> usize {
        1 + match (&self.recorded, &self.sent) {
            (Some(Node::Text(recorded)), Some(Node::Text(sent))) => {
                let (start, end) = in_common(recorded.as_bytes(), sent.as_bytes());
                recorded.len() + sent.len() - 2 * (start + end)
            }
            (recorded, sent) => {
                let size = |node: &Option<Node>| node.as_ref().map_or(0, |it| it.text().len());
                size(recorded) + size(sent)
            }
        }
    }

    pub(crate) fn shown(&self) -> Difference {
        let (recorded, sent) = match (&self.recorded, &self.sent) {
            (Some(Node::Text(recorded)), Some(Node::Text(sent))) => {
                let (recorded, sent) = (shown(recorded), shown(sent));
                let pairs = recorded.chars().zip(sent.chars());
                let from = pairs.take_while(|(a, b)| a == b).count();
                (Some(excerpt(&recorded, from)), Some(excerpt(&sent, from)))
            }
            (recorded, sent) => (clipped(recorded.as_ref()), clipped(sent.as_ref())),
        };
        Difference {
            place: self.part.name(),
            recorded,
            sent,
        }
    }
}

impl Part {
    fn name(&self) -> String {
        match self {
            Self::Service => "service".into(),
            Self::Method => "method".into(),
            Self::Path => "path".into(),
            Self::Query(None) => "query".into(),
            Self::Query(Some(name)) => format!("query {name}"),
            Self::Header(name) => format!("header {name}"),
            // The root of a document has the empty pointer.
            Self::Body(pointer) if pointer.is_empty() => "body".into(),
            Self::Body(pointer) => pointer.clone(),
            Self::WholeBody => "body".into(),
        }
    }
}

/// Every change from a recorded form to a sent one, in their order.
pub(crate) fn changes(recorded: &Form, sent: &Form) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut texts = |part: Part, recorded: Option<&str>, sent: Option<&str>| {
        if recorded != sent {
            let node = |text: &str| Node::Text(text.to_owned());
            changes.push(Change {
                part,
                recorded: recorded.map(node),
                sent: sent.map(node),
            });
        }
    };
    texts(Part::Service, Some(&recorded.service), Some(&sent.service));
    texts(Part::Method, Some(&recorded.method), Some(&sent.method));
    texts(Part::Path, Some(&recorded.path), Some(&sent.path));
    let names = |form: &Form| -> Vec<String> {
        let names = form.query.iter();
        names.map(|it| name_of(it).to_owned()).collect()
    };
    if names(recorded) == names(sent) {
        for (old, new) in recorded.query.iter().zip(&sent.query) {
            let part = Part::Query(Some(name_of(old).to_owned()));
            texts(part, Some(old), Some(new));
        }
    } else {
        let (old, new) = (recorded.query.join("&"), sent.query.join("&"));
        texts(Part::Query(None), Some(&old), Some(&new));
    }
    for (name, value) in &recorded.headers {
        let new = sent.headers.get(name).map(String::as_str);
        texts(Part::Header(name.clone()), Some(value), new);
    }
    for (name, value) in &sent.headers {
        if !recorded.headers.contains_key(name) {
            texts(Part::Header(name.clone()), None, Some(value));
        }
    }
    match (&recorded.body, &sent.body) {
        (Body::Json(old), Body::Json(new)) => {
            nodes(old, new, &mut String::new(), &mut changes);
        }
        (old, new) if old != new => changes.push(Change {
            part: Part::WholeBody,
            recorded: Some(whole(old)),
            sent: Some(whole(new)),
        }),
        _ => {}
    }
    changes
}

fn name_of(parameter: &str) -> &str {
    parameter.split('=').next().unwrap_or_default()
}

fn whole(body: &Body) -> Node {
    match body {
        Body::Json(node) => node.clone(),
        Body::Text(text) => Node::Text(text.clone()),
        Body::Bytes(digest, length) => {
            Node::Text(format!("{length} bytes, SHA-256 {}", digest.hex().as_str()))
        }
    }
}

fn nodes(recorded: &Node, sent: &Node, place: &mut String, changes: &mut Vec<Change>) {
    let mut at = |token: &str, old: Option<&Node>, new: Option<&Node>| {
        let length = place.len();
        push_token(place, token);
        match (old, new) {
            (Some(old), Some(new)) => nodes(old, new, place, changes),
            (old, new) => changes.push(Change {
                part: Part::Body(place.clone()),
                recorded: old.cloned(),
                sent: new.cloned(),
            }),
        }
        place.truncate(length);
    };
    match (recorded, sent) {
        (Node::Object(old), Node::Object(new)) => {
            for (key, member) in old {
                at(key, Some(member), new.get(key));
            }
            for (key, member) in new {
                if !old.contains_key(key) {
                    at(key, None, Some(member));
                }
            }
        }
        (Node::Array(old), Node::Array(new)) => {
            // An item that was put in or taken out does not make all later ones differ.
            let (start, end) = in_common(old, new);
            let (old, new) = (&old[start..old.len() - end], &new[start..new.len() - end]);
            for index in 0..old.len().max(new.len()) {
                let token = (start + index).to_string();
                at(&token, old.get(index), new.get(index));
            }
        }
        (old, new) if old != new => changes.push(Change {
            part: Part::Body(place.clone()),
            recorded: Some(old.clone()),
            sent: Some(new.clone()),
        }),
        _ => {}
    }
}

/// How many items two lists have in common at their beginning and, besides, at their end.
fn in_common<T: PartialEq>(left: &[T], right: &[T]) -> (usize, usize) {
    let pairs = left.iter().zip(right);
    let start = pairs.take_while(|(a, b)| a == b).count();
    let rest = left.len().min(right.len()) - start;
    let pairs = left.iter().rev().zip(right.iter().rev()).take(rest);
    (start, pairs.take_while(|(a, b)| a == b).count())
}

/// A text as JSON, from a little before character `from` on.
fn excerpt(text: &str, from: usize) -> String {
    let skipped = from.saturating_sub(LEAD_CHARS);
    let mut kept: String = text.chars().skip(skipped).take(SHOWN_CHARS).collect();
    if text.chars().count() > skipped + SHOWN_CHARS {
        kept.push('…');
    }
    if skipped > 0 {
        kept.insert(0, '…');
    }
    Node::Text(kept).text()
}

fn clipped(node: Option<&Node>) -> Option<String> {
    let text = shown(&node?.text());
    let mut kept: String = text.chars().take(SHOWN_CHARS).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;
    use crate::rules::Rules;

    fn lines(recorded: &str, sent: &str) -> Vec<String> {
        let form = |body: &str| {
            let request = Request {
                body: body.as_bytes().to_vec(),
                ..Request::default()
            };
            Form::of(&request, &Rules::default())
        };
        let changes = changes(&form(recorded), &form(sent));
        changes.iter().map(|it| it.shown().line()).collect()
    }

    #[test]
    fn differences_name_pointers_and_both_values() {
        assert_eq!(
            lines(
                r#"{"m":[{"c":"buy milk"},{"c":"x"}],"t":0,"a/b":1}"#,
                r#"{"m":[{"c":"buy wine"},{"c":"x"}],"t":0.0,"n":null}"#
            ),
            [
                "/a~1b: recorded 1, sent absent",
                "/m/0/c: recorded \"buy milk\", sent \"buy wine\"",
                "/t: recorded 0, sent 0.0",
                "/n: recorded absent, sent null",
            ]
        );
    }

    #[test]
    fn item_in_the_middle_is_one_difference() {
        assert_eq!(
            lines("[1,2,3]", "[1,9,2,3]"),
            ["/1: recorded absent, sent 9"]
        );
        assert_eq!(lines("[1,2,3]", "[1,3]"), ["/1: recorded 2, sent absent"]);
        assert_eq!(lines("[1,2]", "[2,1]").len(), 2);
    }

    #[test]
    fn long_texts_are_cut_around_the_difference() {
        let long = |word: &str| format!("\"{}{word}{}\"", "a".repeat(5_000), "b".repeat(5_000));
        let lines = lines(&long("old"), &long("new"));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("…aaaaaaaaaaaaaaaaoldbbb"), "{lines:?}");
        assert!(lines[0].chars().count() < 200, "{lines:?}");
    }

    #[test]
    fn bodies_that_are_not_json_differ_as_a_whole() {
        assert_eq!(lines("{", "{}"), ["body: recorded \"{\", sent {}"]);
    }
}
