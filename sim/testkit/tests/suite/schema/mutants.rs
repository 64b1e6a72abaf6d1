//! Documents with one thing changed: a member dropped, renamed, retyped, nested or added.

use serde_json::{Value, json};

use super::tree::Tree;

/// A changed document and what was done to it.
pub(crate) struct Mutant {
    pub(crate) tree: Tree,
    pub(crate) change: Change,
    /// Where, as a JSON pointer into the original.
    pub(crate) pointer: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// Another value of the same JSON type.
    Revalued,
    /// A value of another JSON type.
    Retyped(Value),
    Nested,
    Added,
    Dropped,
    Renamed,
}

/// One value of every JSON type, more where types have more than one face.
pub(crate) fn values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(""),
        json!(" \u{3000}"),
        json!("text"),
        json!([]),
        json!(["text"]),
        json!([{}]),
        json!({}),
        json!({"text": "text"}),
    ]
}

/// Every document that differs from `original` by one change.
pub(crate) fn mutants(original: &Tree) -> Vec<Mutant> {
    let mut found = Vec::new();
    for path in original.paths() {
        let pointer = original.pointer(&path);
        let mut with = |change: Change, apply: &dyn Fn(&mut Tree)| {
            let mut tree = original.clone();
            apply(&mut tree);
            found.push(Mutant {
                tree,
                change,
                pointer: pointer.clone(),
            });
        };
        let here = original.at(&path);
        for value in values() {
            // The same value would not be a mutant.
            let tree = Tree::of(&value.to_string());
            if tree != *here {
                let change = if type_of(&value) == type_of(&here.value()) {
                    Change::Revalued
                } else {
                    Change::Retyped(value)
                };
                with(change, &|document| *document.at_mut(&path) = tree.clone());
            }
        }
        with(Change::Nested, &|document| {
            let inner = document.at(&path).clone();
            *document.at_mut(&path) = Tree::Array(vec![inner]);
        });
        with(Change::Nested, &|document| {
            let inner = document.at(&path).clone();
            *document.at_mut(&path) = Tree::Object(vec![("value".into(), inner)]);
        });
        if let Tree::Object(_) = here {
            with(Change::Added, &|document| {
                if let Tree::Object(members) = document.at_mut(&path) {
                    members.push(("extra".into(), Tree::Leaf(json!(1))));
                }
            });
        }
        let Some((last, parent)) = path.split_last() else {
            continue;
        };
        if let Tree::Object(_) = original.at(parent) {
            with(Change::Dropped, &|document| {
                if let Tree::Object(members) = document.at_mut(parent) {
                    members.remove(*last);
                }
            });
            with(Change::Renamed, &|document| {
                if let Tree::Object(members) = document.at_mut(parent) {
                    members[*last].0.push('_');
                }
            });
        }
    }
    found
}

/// The type as a schema tells types apart: an integer is not any number.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn mutants_cover_every_kind_of_change() {
    let original = Tree::of(r#"{"a":{"b":1}}"#);
    let all = mutants(&original);
    for text in [
        r#"{"a":{"b":"text"}}"#,
        r#"{"a":{"b":[1]}}"#,
        r#"{"a":{"b":{"value":1}}}"#,
        r#"{"a":{}}"#,
        r#"{"a":{"b_":1}}"#,
        r#"{"a":{"b":1,"extra":1}}"#,
        r#"{"a":null}"#,
        "{}",
        "[]",
    ] {
        assert!(
            all.iter().any(|mutant| mutant.tree.to_string() == text),
            "{text}"
        );
    }
    assert!(all.iter().all(|mutant| mutant.tree != original));
}

/// How many mutants of `original` are taken and how many refused, if schema and reader say the same
/// of each; `judge` says what both do.
pub(crate) fn count_judged(
    original: &Tree,
    judge: impl Fn(&Tree) -> Result<bool, String>,
) -> (usize, usize) {
    assert_eq!(judge(original), Ok(true));
    let (mut taken, mut refused) = (0, 0);
    for mutant in mutants(original) {
        match judge(&mutant.tree) {
            Ok(true) => taken += 1,
            Ok(false) => refused += 1,
            Err(disagreement) => {
                panic!("{:?} at {}: {disagreement}", mutant.change, mutant.pointer)
            }
        }
    }
    (taken, refused)
}
