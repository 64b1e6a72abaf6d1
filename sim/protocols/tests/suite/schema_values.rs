//! Values for JSON Schemas, judged by a foreign checker.

use proptest::prelude::*;
use serde_json::{Value, json};
use turingos_draws::{Draws, Stream};
use turingos_protocols::schema_value::{SchemaFault, object_for, value_for};

fn value(schema: &Value, seed: u64) -> Result<Value, SchemaFault> {
    value_for(schema, &mut Draws::new(seed, Stream::ToolCall))
}

fn check(schema: &Value) {
    let checker = jsonschema::draft202012::new(schema).unwrap();
    for seed in 0..40 {
        let made = value(schema, seed).unwrap_or_else(|fault| panic!("{schema}: {fault:?}"));
        assert!(checker.is_valid(&made), "{made} for {schema}");
        assert_eq!(Ok(made), value(schema, seed), "{schema}");
    }
}

#[test]
fn keywords_are_met() {
    for schema in [
        json!(true),
        json!({}),
        json!({"type": "null"}),
        json!({"type": ["string", "null"]}),
        json!({"type": "string", "minLength": 12, "maxLength": 13}),
        json!({"type": "string", "maxLength": 0}),
        json!({"type": "string", "pattern": "^[A-Z]{2}\\d{4,6}$", "minLength": 8}),
        json!({"pattern": "ab+c"}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "integer", "minimum": 3, "maximum": 5}),
        json!({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5}),
        json!({"type": "integer", "maximum": -1_000_000}),
        json!({"type": "integer", "multipleOf": 7, "minimum": 100}),
        json!({"type": "number", "minimum": 0.25, "maximum": 0.5}),
        json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        json!({"type": "number", "multipleOf": 0.5, "minimum": 0.5, "maximum": 0.9}),
        json!({"enum": ["a", 1, null, {"b": []}]}),
        json!({"const": {"a": 1.0}}),
        json!({"type": "boolean"}),
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}),
        json!({"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": true}),
        json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "minItems": 2}),
        json!({"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2}),
        json!({"type": "object", "patternProperties": {"^key": {"type": "boolean"}}, "additionalProperties": false, "minProperties": 1}),
        json!({"type": "object", "propertyNames": {"pattern": "^[a-f]{3}$"}, "minProperties": 1}),
        json!({"properties": {"a": {}, "b": {}, "c": {}}, "maxProperties": 1, "required": ["b"]}),
        json!({"properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}, "type": "object"}),
        json!({"allOf": [{"type": "integer", "minimum": 2}, {"type": "number", "maximum": 4}, {"multipleOf": 3}]}),
        json!({"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"a": {"minimum": 5}}}], "type": "object"}),
        json!({"anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer", "minimum": 9}]}),
        json!({"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 10}]}),
        json!({"type": "integer", "not": {"const": 0}, "minimum": 0, "maximum": 1}),
        json!({"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"],
               "if": {"properties": {"kind": {"const": "a"}}},
               "then": {"properties": {"size": {"type": "integer"}}, "required": ["size"]},
               "else": {"properties": {"name": {"type": "string"}}, "required": ["name"]}}),
        json!({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "required": ["children"], "properties": {
            "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}}}),
        json!({"$defs": {"list": {"type": "object", "required": ["next"], "properties": {
            "next": {"anyOf": [{"$ref": "#/$defs/list"}, {"type": "null"}]}}}}, "$ref": "#/$defs/list"}),
    ] {
        check(&schema);
    }
}

/// As pydantic, zod and people write them.
#[test]
fn schemas_of_real_tools_are_met() {
    for schema in [
        json!({"type": "object", "properties": {"city": {"type": "string", "description": "The city"},
               "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}},
               "required": ["city"], "additionalProperties": false, "$schema": "http://json-schema.org/draft-07/schema#"}),
        json!({"$defs": {"Address": {"properties": {"street": {"title": "Street", "type": "string"},
               "zip": {"anyOf": [{"type": "string", "pattern": "^\\d{5}$"}, {"type": "null"}], "default": null}},
               "required": ["street"], "title": "Address", "type": "object"}},
               "properties": {"name": {"title": "Name", "type": "string"}, "age": {"exclusiveMinimum": 0, "maximum": 130, "type": "integer"},
               "addresses": {"items": {"$ref": "#/$defs/Address"}, "minItems": 1, "type": "array"}},
               "required": ["name", "age", "addresses"], "title": "Person", "type": "object"}),
        json!({"type": "object", "properties": {"lat": {"type": "number", "minimum": -90, "maximum": 90},
               "lon": {"type": "number", "minimum": -180, "maximum": 180}, "when": {"type": "string", "format": "date"}},
               "required": ["lat", "lon", "when"]}),
        json!({"type": "object", "properties": {"command": {"oneOf": [
               {"type": "object", "properties": {"op": {"const": "read"}, "path": {"type": "string"}}, "required": ["op", "path"], "additionalProperties": false},
               {"type": "object", "properties": {"op": {"const": "write"}, "path": {"type": "string"}, "text": {"type": "string"}}, "required": ["op", "path", "text"], "additionalProperties": false}],
               "discriminator": {"propertyName": "op"}}}, "required": ["command"]}),
        json!({"type": "object", "properties": {}}),
    ] {
        check(&schema);
    }
}

#[test]
fn schema_without_a_value_is_refused() {
    for schema in [
        json!(false),
        json!({"type": "integer", "minimum": 2, "maximum": 1}),
        json!({"type": "string", "minLength": 100_000}),
        json!({"type": "array", "items": false, "minItems": 1}),
        json!({"$ref": "#"}),
        json!({"$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["a"]}}, "$ref": "#/$defs/a"}),
        json!({"type": "array", "minItems": 1_000_000_000}),
        json!({"not": {}}),
    ] {
        assert_eq!(value(&schema, 1), Err(SchemaFault::NoValue), "{schema}");
    }
    for (schema, keyword) in [
        (json!({"$ref": "https://example.com/schema"}), "$ref"),
        (
            json!({"type": "object", "unevaluatedProperties": false}),
            "unevaluatedProperties",
        ),
        (json!({"type": "string", "pattern": "^\\p{L}+$"}), "pattern"),
        (json!({"type": "string", "minLength": "3"}), "minLength"),
        (
            json!({"not": {"unevaluatedItems": false}}),
            "unevaluatedItems",
        ),
    ] {
        assert_eq!(
            value(&schema, 1),
            Err(SchemaFault::Unsupported(keyword.to_owned()))
        );
    }
}

#[test]
fn arguments_are_an_object() {
    let mut draws = Draws::new(1, Stream::ToolCall);
    assert_eq!(object_for(None, &mut draws), Ok(serde_json::Map::new()));
    let typeless = json!({"required": ["a"]});
    assert!(
        object_for(Some(&typeless), &mut draws)
            .unwrap()
            .contains_key("a")
    );
    let text = json!({"type": "string"});
    assert_eq!(
        object_for(Some(&text), &mut draws),
        Err(SchemaFault::NoValue)
    );
}

/// Schemas that contradict themselves now and then.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!({"type": "boolean"})),
        (-50..50_i32, 0..60_i32).prop_map(|(low, width)| {
            json!({"type": "integer", "minimum": low, "maximum": low + width})
        }),
        (0..9_u32, 0..9_u32)
            .prop_map(|(a, b)| json!({"type": "string", "minLength": a, "maxLength": b})),
        (1..90_i32).prop_map(|step| json!({"type": "number", "multipleOf": step, "minimum": 1})),
        "[a-c]{1,2}[*+?]?".prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
        proptest::collection::vec(0..5_u8, 1..4).prop_map(|values| json!({"enum": values})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let many = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            (many.clone(), any::<u8>(), any::<bool>()).prop_map(|(parts, bits, open)| {
                let names = ["a", "b", "c", "d"];
                let properties: serde_json::Map<_, _> =
                    names.iter().map(|name| (*name).to_owned()).zip(parts).collect();
                let required: Vec<_> = { properties.keys() }
                    .enumerate()
                    .filter(|(index, _)| bits >> index & 1 == 1)
                    .map(|(_, name)| name.clone())
                    .collect();
                json!({"type": "object", "properties": properties, "required": required, "additionalProperties": open})
            }),
            (inner.clone(), 0..4_u32, 0..4_u32, any::<bool>()).prop_map(|(items, a, b, unique)| {
                json!({"type": "array", "items": items, "minItems": a, "maxItems": b, "uniqueItems": unique})
            }),
            many.clone().prop_map(|parts| json!({"anyOf": parts})),
            many.clone().prop_map(|parts| json!({"oneOf": parts})),
            many.prop_map(|parts| json!({"allOf": parts})),
            inner.prop_map(|part| json!({"not": part})),
        ]
    })
}

proptest! {
    /// A value that is handed out is valid; a schema without one costs a bounded time.
    #[test]
    fn made_values_are_valid(schema in schemas(), seed in any::<u64>()) {
        let checker = jsonschema::draft202012::new(&schema).unwrap();
        if let Ok(made) = value(&schema, seed) {
            prop_assert!(checker.is_valid(&made), "{made} for {schema}");
        }
    }
}
