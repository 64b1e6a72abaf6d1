//! The schema that providers enforce, compared with the canonical schema and the decoder.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use turingos::isa::{OPCODE_KEY, Opcode};
use turingos_run::providers::transition_schema::{MAX_OPTIONAL, transition_schema};
use turingos_schema::{Checker, Schema};

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
fn alternatives_are_canonical_syscalls() {
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
fn opcodes_with_required_and_optional_operands() {
    let offered: BTreeSet<(String, Vec<String>)> = (alternatives().iter())
        .map(|it| {
            let names = it["properties"].as_object().unwrap().keys();
            let word = it["properties"][OPCODE_KEY]["enum"][0].as_str().unwrap();
            (word.to_owned(), names.cloned().collect())
        })
        .collect();
    assert_eq!(offered.len(), alternatives().len(), "duplicate alternative");
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
            let required: BTreeSet<_> = required.iter().map(|it| it.as_str().unwrap()).collect();
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
