//! Every telling value at every place of an envelope, every spelling of an opcode, every key beside
//! every opcode: what chance would rarely bring together, in full.

use serde_json::{Map, Value, json};
use turingos::isa::{Opcode, Operand, OperandKind, decode_canonical, decode_model};
use turingos_schema::Checker;

use super::checker;
use super::envelopes::{DIGITS, EDGE_TEXTS, opcode_keys};

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
        // Whole, but of more than 64 bits.
        json!(1e30),
        json!([-1e30]),
        json!({"a": 1e30}),
        json!([]),
        json!({}),
        json!(["a", -1, null, {"b": [true]}]),
        json!({"a": {"b": 1.5}}),
        json!([["a\u{0}"]]),
        json!([{"a\u{202e}": 1}]),
    ];
    texts.map(|text| Value::from(*text)).chain(others).collect()
}

/// Both envelopes: each schema with its decoder.
struct Judge {
    model: Checker,
    canonical: Checker,
    refused: usize,
    accepted: usize,
}

impl Judge {
    fn new() -> Self {
        Self {
            model: checker("syscall-model.v4"),
            canonical: checker("syscall-canonical.v4"),
            refused: 0,
            accepted: 0,
        }
    }

    /// Holds schema and decoder to one another, for each envelope.
    fn judge(&mut self, document: &Value) {
        let bytes = document.to_string().into_bytes();
        for (checker, decoded) in [
            (&self.model, decode_model(&bytes)),
            (&self.canonical, decode_canonical(&bytes)),
        ] {
            assert_eq!(checker.accepts(document), decoded.is_ok(), "{document}");
            match decoded {
                Ok(_) => self.accepted += 1,
                Err(_) => self.refused += 1,
            }
        }
    }

    fn judge_action(&mut self, action: &Map<String, Value>) {
        self.judge(&json!({"q_next": "q", "a_t": action}));
    }
}

/// The operands without which an opcode makes no sense.
fn required(opcode: Opcode) -> Map<String, Value> {
    let operands = opcode.operands().iter();
    operands
        .filter(|operand| operand.required)
        .map(|operand| (operand.name.to_owned(), "x".into()))
        .collect()
}

fn keys(operand: &Operand) -> impl Iterator<Item = &'static str> {
    [operand.name]
        .into_iter()
        .chain(operand.synonyms.iter().copied())
}

/// Every telling value as every operand, as the opcode, and as every member of the envelope.
#[test]
fn schema_and_decoder_agree_on_values() {
    let mut judge = Judge::new();
    for value in telling_values() {
        for opcode in Opcode::ALL {
            for operand in opcode.operands() {
                for key in keys(operand) {
                    let mut action = required(opcode);
                    action.remove(operand.name);
                    action.insert("op".into(), opcode.name().into());
                    action.insert(key.into(), value.clone());
                    judge.judge_action(&action);
                }
            }
            for key in opcode_keys() {
                let mut action = required(opcode);
                action.insert(key.into(), value.clone());
                judge.judge_action(&action);
            }
        }
        let pop = json!({"op": "SYS_POP"});
        for key in ["op", "q", "Q_next", "a_t ", "extra", "q_next\u{200b}"] {
            judge.judge(&json!({"q_next": "q", "a_t": pop, key: value}));
        }
        judge.judge(&json!({"q_next": value, "a_t": pop}));
        judge.judge(&json!({"q_next": "q", "thought": value, "a_t": pop}));
        judge.judge(&json!({"q_next": "q", "a_t": value}));
        judge.judge(&value);
    }
    assert!(judge.refused > 1_000, "{}", judge.refused);
    assert!(judge.accepted > 1_000, "{}", judge.accepted);
}

/// Every name of every opcode under every key and pair of keys, in spellings that differ in one
/// way.
#[test]
fn schema_and_decoder_agree_on_opcode_spellings() {
    let mut judge = Judge::new();
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
                    let mut action = required(opcode);
                    action.insert(key.into(), spelled.clone().into());
                    judge.judge_action(&action);
                    for second in opcode_keys().into_iter().filter(|second| *second != key) {
                        let mut action = action.clone();
                        action.insert(second.into(), opcode.name().into());
                        judge.judge_action(&action);
                    }
                }
            }
        }
    }
    // Three spellings of twelve names under three keys, and the nine canonical ones.
    assert_eq!(judge.accepted, 3 * 12 * 3 + 9);
}

/// Every opcode with every pair of keys that any opcode has: superpositions are refused by both.
#[test]
fn schema_and_decoder_agree_on_keys() {
    let mut judge = Judge::new();
    let operands: Vec<Operand> = Opcode::ALL
        .into_iter()
        .flat_map(|opcode| opcode.operands().iter().copied())
        .collect();
    for opcode in Opcode::ALL {
        for own in opcode.operands().iter().map(Some).chain([None]) {
            for other in &operands {
                for key in keys(other) {
                    let mut action = required(opcode);
                    action.insert("op".into(), opcode.name().into());
                    if let Some(own) = own {
                        action.insert(own.name.into(), valid(own.kind));
                    }
                    action.insert(key.into(), valid(other.kind));
                    judge.judge_action(&action);
                }
            }
        }
    }
    assert!(judge.refused > 1_000, "{}", judge.refused);
}

fn valid(kind: OperandKind) -> Value {
    match kind {
        OperandKind::Text | OperandKind::Verbatim | OperandKind::Task => "x".into(),
        OperandKind::Limit => 5.into(),
        OperandKind::Placement => "TOP".into(),
        OperandKind::Status => "ACTIVE".into(),
    }
}
