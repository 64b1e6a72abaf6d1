//! The fuzzers' dictionary, generated from the tables of the instruction set.

use std::collections::BTreeSet;

use turingos::isa::{OPCODE_KEY, OPCODE_KEY_SYNONYMS, Opcode, Placement, TaskStatus};
use turingos::trap::TrapKind;

/// The header of the file, which names its source.
const HEADING: &str =
    "# Written by `cargo run --package turingos-testkit --example fuzz_dictionary`.\n";

/// Tokens without a table in the code: tags, pointer schemes and members of documents.
const OTHER_TOKENS: [&str; 24] = [
    "<think>",
    "</think>",
    "<thought>",
    "</thought>",
    "```json",
    "\"thought\":",
    "\"q_next\":",
    "\"a_t\":",
    "\\u0061",
    "\\ud800",
    "sys://append/",
    "sys://replace/",
    "sys://callstack",
    "sys://page/",
    "sys://cap/issue?access=rw&path=",
    "sys://cap/list",
    "sys://cap/describe?handle=",
    "sys://git/log?",
    "vfd://rw/",
    "?details=",
    "?p=1",
    "../",
    "HALT",
    "$ ",
];

/// The dictionary in libFuzzer's format: one quoted token per line, sorted and unique.
#[must_use]
pub fn instruction_set() -> String {
    let mut tokens = BTreeSet::new();
    for key in OPCODE_KEY_SYNONYMS.into_iter().chain([OPCODE_KEY]) {
        tokens.insert(format!("\"{key}\":"));
    }
    for opcode in Opcode::ALL {
        for name in opcode.aliases().iter().chain([&opcode.name()]) {
            tokens.insert(format!("\"{name}\""));
        }
        for operand in opcode.operands() {
            for key in operand.synonyms.iter().chain([&operand.name]) {
                tokens.insert(format!("\"{key}\":"));
            }
        }
    }
    let placements = [Placement::Top, Placement::Bottom].map(Placement::name);
    let statuses = [
        TaskStatus::Active,
        TaskStatus::Suspended,
        TaskStatus::Blocked,
    ]
    .map(TaskStatus::name);
    for word in placements.into_iter().chain(statuses) {
        tokens.insert(format!("\"{word}\""));
    }
    tokens.extend(TrapKind::ALL.map(|kind| kind.base().to_owned()));
    tokens.extend(OTHER_TOKENS.map(str::to_owned));

    let mut text = String::from(HEADING);
    for token in tokens {
        text.push('"');
        for character in token.chars() {
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push_str("\"\n");
    }
    text
}
