//! The schema of a transition as providers enforce it on what a model may write.
//!
//! Strict modes know no `oneOf`, no reference beside other keywords and no optional member, so each
//! set of operands is an alternative of its own; what they cannot say (text that is not blank, the
//! size of a number) the decoder checks. Members are in the order in which a model
//! should write them: reasons first, the action last, the opcode before its operands.
//!
//! Never names an opcode or an operand of its own: both come from the instruction table, and a test
//! checks every alternative against the canonical schema of a syscall.

use std::sync::LazyLock;

use turingos::isa::{OPCODE_KEY, Opcode, Operand, OperandKind};

/// With more optional operands than this, an opcode is offered with none and with its first: every
/// set of six would be 64 alternatives, and a query text says all that the others say.
pub const MAX_OPTIONAL: usize = 3;

/// The schema as compact JSON text. It is the same for every request, so it is made once.
#[must_use]
pub fn transition_schema() -> &'static str {
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
