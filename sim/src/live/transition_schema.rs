//! The schema of a transition as providers enforce it on what a model may write.
//!
//! Strict modes know no `oneOf`, no reference beside other keywords and no optional member, so each
//! set of operands is an alternative of its own; what they cannot say (text that is not blank, the
//! size of a number) the decoder judges as always. Members stand in the order in which a model
//! should write them: reasons first, the action last, the opcode before its operands.
//!
//! Never names an opcode or an operand of its own: both come from the instruction table, and a test
//! holds every alternative to the canonical schema of a syscall.

use std::sync::LazyLock;

use turingos::isa::{OPCODE_KEY, Opcode, Operand, OperandKind};

/// With more optional operands than this, an opcode is offered with none and with its first: every
/// set of six would be 64 alternatives, and a query text says all that the others say.
const MAX_OPTIONAL: usize = 3;

/// The schema as compact JSON text. It is the same for every request, so it is made once.
#[must_use]
pub(super) fn transition_schema() -> &'static str {
    static SCHEMA: LazyLock<String> = LazyLock::new(schema);
    &SCHEMA
}

fn schema() -> String {
    let alternatives: Vec<String> = Opcode::ALL.into_iter().flat_map(actions).collect();
    object(&[
        member("thought", r#"{"type":"string"}"#),
        member("q_next", r#"{"type":"string"}"#),
        member(
            "a_t",
            &format!(r#"{{"anyOf":[{}]}}"#, alternatives.join(",")),
        ),
    ])
}

/// One object schema for each set of operands that `opcode` is offered with.
fn actions(opcode: Opcode) -> Vec<String> {
    let operands = opcode.operands();
    let optional: Vec<&Operand> = operands.iter().filter(|it| !it.required).collect();
    let optional = match optional.as_slice() {
        [first, ..] if optional.len() > MAX_OPTIONAL => vec![*first],
        _ => optional,
    };
    let sets = 0..1_u32 << optional.len();
    sets.map(|set| {
        let is_offered = |operand: &&Operand| {
            let position = optional.iter().position(|other| other == operand);
            operand.required || position.is_some_and(|position| set >> position & 1 == 1)
        };
        let mut members = vec![member(
            OPCODE_KEY,
            &format!(r#"{{"type":"string","enum":["{}"]}}"#, opcode.name()),
        )];
        members.extend(
            operands
                .iter()
                .filter(is_offered)
                .map(|operand| member(operand.name, value(operand.kind))),
        );
        object(&members)
    })
    .collect()
}

const fn value(kind: OperandKind) -> &'static str {
    match kind {
        OperandKind::Text | OperandKind::Verbatim | OperandKind::Task => r#"{"type":"string"}"#,
        OperandKind::Limit => r#"{"type":"integer"}"#,
        OperandKind::Placement => r#"{"type":"string","enum":["TOP","BOTTOM"]}"#,
        OperandKind::Status => r#"{"type":"string","enum":["ACTIVE","SUSPENDED","BLOCKED"]}"#,
    }
}

/// A member's name and its schema. Names of the instruction table need no escape.
fn member(name: &str, schema: &str) -> (String, String) {
    (name.to_owned(), schema.to_owned())
}

/// An object of exactly these members.
fn object(members: &[(String, String)]) -> String {
    let properties: Vec<String> = (members.iter())
        .map(|(name, schema)| format!(r#""{name}":{schema}"#))
        .collect();
    let required: Vec<String> = (members.iter())
        .map(|(name, _)| format!(r#""{name}""#))
        .collect();
    format!(
        r#"{{"type":"object","properties":{{{}}},"required":[{}],"additionalProperties":false}}"#,
        properties.join(","),
        required.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Checker, Schema};
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn schema() -> Value {
        serde_json::from_str(transition_schema()).unwrap()
    }

    fn alternatives() -> Vec<Value> {
        let schema = schema();
        let action = &schema["properties"]["a_t"]["anyOf"];
        action.as_array().unwrap().clone()
    }

    /// A document that an alternative allows.
    fn sample(alternative: &Value) -> Value {
        let mut action = json!({});
        for (name, schema) in alternative["properties"].as_object().unwrap() {
            action[name] = match schema["enum"].as_array() {
                Some(words) => words[0].clone(),
                None if schema["type"] == "integer" => json!(7),
                None => json!("text"),
            };
        }
        json!({"thought": "why", "q_next": "next", "a_t": action})
    }

    #[test]
    fn every_alternative_is_a_canonical_syscall_and_decodes() {
        let canonical = Checker::of(Schema::named("syscall-canonical.v4").unwrap());
        let strict = jsonschema::draft202012::new(&schema()).unwrap();
        for alternative in alternatives() {
            let document = sample(&alternative);
            assert_eq!(canonical.violation(&document), None, "{document}");
            assert!(strict.is_valid(&document), "{document}");
            turingos::isa::decode(document.to_string().as_bytes()).unwrap();
        }
    }

    #[test]
    fn every_opcode_is_offered_with_its_required_operands_alone_and_with_others() {
        let offered: BTreeSet<(String, Vec<String>)> = (alternatives().iter())
            .map(|it| {
                let names = it["properties"].as_object().unwrap().keys();
                let word = it["properties"][OPCODE_KEY]["enum"][0].as_str().unwrap();
                (word.to_owned(), names.cloned().collect())
            })
            .collect();
        assert_eq!(offered.len(), alternatives().len(), "one stands twice");
        for opcode in Opcode::ALL {
            let sets = offered.iter().filter(|(name, _)| name == opcode.name());
            let optional = opcode.operands().iter().filter(|it| !it.required).count();
            let expected = if optional > MAX_OPTIONAL {
                2
            } else {
                1 << optional
            };
            assert_eq!(sets.count(), expected, "{opcode}");
        }
    }

    #[test]
    fn it_keeps_to_what_strict_modes_take() {
        fn visit(value: &Value) {
            let Some(object) = value.as_object() else {
                return;
            };
            if object.get("type") == Some(&json!("object")) {
                let names: BTreeSet<_> = object["properties"].as_object().unwrap().keys().collect();
                let required = object["required"].as_array().unwrap();
                let required: BTreeSet<_> =
                    required.iter().map(|it| it.as_str().unwrap()).collect();
                assert_eq!(
                    names.iter().map(|it| it.as_str()).collect::<BTreeSet<_>>(),
                    required
                );
                assert_eq!(object["additionalProperties"], false);
                object["properties"]
                    .as_object()
                    .unwrap()
                    .values()
                    .for_each(visit);
            } else if let Some(branches) = object.get("anyOf") {
                assert_eq!(object.len(), 1);
                branches.as_array().unwrap().iter().for_each(visit);
            } else {
                assert!(object.keys().all(|key| key == "type" || key == "enum"));
            }
        }
        assert_eq!(
            schema()["type"],
            "object",
            "a root that is an alternative is refused"
        );
        visit(&schema());
    }
}
