//! Every telling value at every place of an envelope, every spelling of an opcode, every key beside
//! every opcode: what chance would rarely bring together, in full.

use serde_json::{Map, Value, json};
use turingos::isa::{Opcode, Operand, OperandKind, decode_canonical, decode_model};

use crate::checker;
use crate::envelopes::{DIGITS, EDGE_TEXTS, opcode_keys};

/// Words of the enums and opcodes, in spellings that are taken and spellings that only look so.
const WORDS: &[&str] = &[
    "TOP",
    "top",
    " Bottom\u{3000}",
    "BOTTOM",
    "\u{b}TOP",
    "TOP\u{c}",
    "TO P",
    "TOPS",
    "active",
    "ACTIVE",
    "SUSPENDED",
    "\u{17f}uspended",
    "\u{a0}Blocked\n",
    "BLOCKED",
    "DONE",
    "SYS_POP",
];

/// Values that chance would rarely bring to the one operand for which they matter.
fn telling_values() -> Vec<Value> {
    let texts = EDGE_TEXTS.iter().chain(DIGITS).chain(WORDS);
    let others = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(200),
        json!(201),
        json!(u64::MAX),
        json!(-1),
        json!(1.5),
        json!([]),
        json!({}),
        json!(["a", -1, null, {"b": [true]}]),
        json!({"a": {"b": 1.5}}),
        json!([["a\u{0}"]]),
        json!([{"a\u{202e}": 1}]),
    ];
    texts.map(|text| Value::from(*text)).chain(others).collect()
}

/// Every telling value at every place that a value can have: both operands and envelope members.
#[test]
fn every_value_at_every_place_is_judged_alike() {
    let checkers = [checker("syscall-model.v4"), checker("syscall-canonical.v4")];
    let decoders = [decode_model, decode_canonical];
    let mut judged = [0, 0];
    let mut judge = |document: &Value| {
        for (checker, decode) in checkers.iter().zip(decoders) {
            let by_decoder = decode(document.to_string().as_bytes()).is_ok();
            assert_eq!(checker.accepts(document), by_decoder, "{document}");
            judged[usize::from(by_decoder)] += 1;
        }
    };
    for value in telling_values() {
        for opcode in Opcode::ALL {
            for operand in opcode.operands() {
                for key in operand.synonyms.iter().chain([&operand.name]) {
                    let mut action = Map::new();
                    action.insert("op".into(), opcode.name().into());
                    for other in opcode.operands().iter().filter(|other| other.required) {
                        action.insert(other.name.into(), "x".into());
                    }
                    action.remove(operand.name);
                    action.insert((*key).into(), value.clone());
                    judge(&json!({"q_next": "q", "a_t": action}));
                }
            }
        }
        for key in opcode_keys() {
            judge(&json!({"q_next": "q", "a_t": {key: value}}));
        }
        judge(&json!({"q_next": value, "a_t": {"op": "SYS_POP"}}));
        judge(&json!({"q_next": "q", "thought": value, "a_t": {"op": "SYS_POP"}}));
        judge(&json!({"q_next": "q", "a_t": value}));
        judge(&value);
    }
    assert!(judged[0] > 1_000 && judged[1] > 1_000, "{judged:?}");
}

/// Every name of every opcode, in every spelling that differs in one way.
#[test]
fn every_spelling_of_every_opcode_is_judged_alike() {
    let checkers = [checker("syscall-model.v4"), checker("syscall-canonical.v4")];
    let decoders = [decode_model, decode_canonical];
    let mut accepted = 0;
    for opcode in Opcode::ALL {
        for name in opcode.aliases().iter().chain([&opcode.name()]) {
            for spelled in [
                (*name).to_owned(),
                name.to_lowercase(),
                format!(" {name}\u{85}"),
                format!("{name}\u{b}"),
                format!("\u{200b}{name}"),
                format!("{name}S"),
                name.replace('_', "-"),
                name.replace('S', "\u{17f}"),
                name.replace("SYS_", ""),
            ] {
                for key in opcode_keys() {
                    let mut action = Map::new();
                    for operand in opcode.operands().iter().filter(|operand| operand.required) {
                        action.insert(operand.name.into(), "x".into());
                    }
                    action.insert(key.into(), spelled.clone().into());
                    let document = json!({"q_next": "q", "a_t": action});
                    for (checker, decode) in checkers.iter().zip(decoders) {
                        let by_decoder = decode(document.to_string().as_bytes()).is_ok();
                        assert_eq!(checker.accepts(&document), by_decoder, "{document}");
                        accepted += usize::from(by_decoder);
                    }
                }
            }
        }
    }
    // Three spellings of twelve names under three keys, and the nine canonical ones.
    assert_eq!(accepted, 3 * 12 * 3 + 9);
}

/// Every opcode with every pair of keys that any opcode has: superpositions are refused by both.
#[test]
fn every_key_beside_every_opcode_is_judged_alike() {
    let checkers = [checker("syscall-model.v4"), checker("syscall-canonical.v4")];
    let decoders = [decode_model, decode_canonical];
    let operands: Vec<Operand> = Opcode::ALL
        .into_iter()
        .flat_map(|opcode| opcode.operands().iter().copied())
        .collect();
    let mut refused = 0;
    for opcode in Opcode::ALL {
        for own in opcode.operands().iter().map(Some).chain([None]) {
            for other in &operands {
                for key in other.synonyms.iter().chain([&other.name]) {
                    let mut action = Map::new();
                    action.insert("op".into(), opcode.name().into());
                    for operand in opcode.operands().iter().filter(|operand| operand.required) {
                        action.insert(operand.name.into(), "x".into());
                    }
                    if let Some(own) = own {
                        action.insert(own.name.into(), valid(own.kind));
                    }
                    action.insert((*key).into(), valid(other.kind));
                    let document = json!({"q_next": "q", "a_t": action});
                    for (checker, decode) in checkers.iter().zip(decoders) {
                        let by_decoder = decode(document.to_string().as_bytes()).is_ok();
                        assert_eq!(checker.accepts(&document), by_decoder, "{document}");
                        refused += usize::from(!by_decoder);
                    }
                }
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

fn valid(kind: OperandKind) -> Value {
    match kind {
        OperandKind::Text | OperandKind::Verbatim | OperandKind::Task => "x".into(),
        OperandKind::Limit => 5.into(),
        OperandKind::Placement => "TOP".into(),
        OperandKind::Status => "ACTIVE".into(),
    }
}
