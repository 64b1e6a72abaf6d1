//! Over generated transitions, valid ones and mutants: the schema of an envelope and its decoder
//! accept and refuse the same documents.

use std::cell::Cell;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use turingos::isa::{
    OPCODE_KEY, OPCODE_KEY_SYNONYMS, Opcode, Operand, OperandKind, decode_canonical, decode_model,
};

use super::{checker, runner};

/// Values that are right in many places.
fn plain_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => "[a-z ./:]{1,12}",
        2 => "\\PC{0,6}",
        1 => "\\s{0,3}x\\s{0,3}",
    ]
    .prop_map(Value::from)
}

/// Texts at the edge of what a text may be: blanks of all kinds, and characters that are not.
pub(crate) const EDGE_TEXTS: &[&str] = &[
    "",
    " ",
    "\t\r\n",
    "\u{85}",
    "\u{a0}\u{3000}",
    "\u{2003}x",
    "x\u{2028}",
    "x\u{85}",
    "\u{feff}",
    "\u{200b}",
    "\u{180e}",
    "a\nb",
    "a\u{0}b",
    "\u{b}x",
    "x\u{c}",
    "\u{1c}",
    "\u{1f}x",
    "\u{7f}",
    "a\u{202e}b",
    "\u{61c}",
    "\u{2066}x",
    "\u{10ffff}",
];

/// Numbers in digits, plain and not.
pub(crate) const DIGITS: &[&str] = &[
    "0",
    "1",
    "7",
    "07",
    "+7",
    "-7",
    "7 ",
    " 7",
    "7.0",
    "7e0",
    "0x7",
    "\u{667}",
    "200",
    "201",
    "18446744073709551615",
    "100000000000000000000",
];

fn edge_text() -> impl Strategy<Value = Value> {
    proptest::sample::select(EDGE_TEXTS).prop_map(Value::from)
}

/// Values of every type, composite ones included.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        proptest::sample::select(vec![json!(0), json!(1), json!(200), json!(201), json!(1.5)]),
        proptest::sample::select(DIGITS).prop_map(Value::from),
        plain_text(),
        edge_text(),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Which envelope's spellings prevail in a generated document.
#[derive(Clone, Copy)]
enum Envelope {
    Model,
    Canonical,
}

impl Envelope {
    /// How many spellings to draw from where the first few are not canonical.
    const fn spellings(self, most: u32) -> u32 {
        match self {
            Self::Model => most,
            Self::Canonical => most * 8,
        }
    }

    /// The canonical name more often than each of the others.
    fn keys(self, name: &'static str, others: &[&'static str]) -> Vec<&'static str> {
        let weight = match self {
            Self::Model => 2,
            Self::Canonical => 40,
        };
        let mut keys = vec![name; weight];
        keys.extend(others);
        keys
    }

    /// A text that is right in many places; trimmed for the canonical envelope.
    fn text(self) -> BoxedStrategy<Value> {
        match self {
            Self::Model => plain_text().boxed(),
            Self::Canonical => prop_oneof![9 => "[a-z./:]{1,12}", 1 => "\\PC{1,6}"]
                .prop_map(Value::from)
                .boxed(),
        }
    }
}

/// A word of an enum in some spelling.
fn word(words: &'static [&'static str], envelope: Envelope) -> impl Strategy<Value = Value> {
    let spelled =
        (proptest::sample::select(words), 0..envelope.spellings(6)).prop_map(|(word, spelling)| {
            match spelling {
                0 => word.to_lowercase(),
                1 => format!(" {word}\u{3000}"),
                2 => format!("\u{b}{word}"),
                3 => word.replace('S', "\u{17f}"),
                _ => word.to_owned(),
            }
        });
    spelled.prop_map(Value::from)
}

fn operand_value(kind: OperandKind, envelope: Envelope) -> BoxedStrategy<Value> {
    let likely = match kind {
        OperandKind::Text | OperandKind::Verbatim => envelope.text(),
        OperandKind::Task => prop_oneof![5 => envelope.text(), 1 => any_value()].boxed(),
        OperandKind::Limit => prop_oneof![
            3 => (1_u64..=210).prop_map(Value::from),
            1 => (1_u64..=999).prop_map(|number| Value::from(number.to_string())),
        ]
        .boxed(),
        OperandKind::Placement => word(&["TOP", "BOTTOM"], envelope).boxed(),
        OperandKind::Status => word(&["ACTIVE", "SUSPENDED", "BLOCKED"], envelope).boxed(),
    };
    prop_oneof![16 => likely, 1 => edge_text(), 1 => any_value()].boxed()
}

pub(crate) fn opcode_keys() -> Vec<&'static str> {
    OPCODE_KEY_SYNONYMS
        .into_iter()
        .chain([OPCODE_KEY])
        .collect()
}

/// Every key that means something somewhere, and some that only look so.
fn key() -> impl Strategy<Value = String> {
    let operands = Opcode::ALL.into_iter().flat_map(|opcode| opcode.operands());
    let mut keys: Vec<&str> = operands
        .flat_map(|operand| operand.synonyms.iter().copied().chain([operand.name]))
        .chain(opcode_keys())
        .chain(["thought", "q_next", "a_t"])
        .chain([
            "Op",
            "payload ",
            "p\u{430}yload",
            "payload\u{200b}",
            "a\u{0}",
            "extra",
        ])
        .collect();
    keys.sort_unstable();
    keys.dedup();
    proptest::sample::select(keys).prop_map(str::to_owned)
}

/// An opcode's name, alias or something like it.
fn spelled(opcode: Opcode, envelope: Envelope) -> impl Strategy<Value = Value> {
    let names = envelope.keys(opcode.name(), opcode.aliases());
    let spelling = (proptest::sample::select(names), 0..envelope.spellings(16)).prop_map(
        |(name, spelling)| match spelling {
            0 => name.to_lowercase(),
            1 => format!("\t{name}\u{a0}"),
            2 => format!("{name}\u{c}"),
            3 => name.replace('_', "-"),
            4 => name.replace('S', "\u{17f}"),
            5 => name.replace("SYS_", ""),
            _ => name.to_owned(),
        },
    );
    spelling.prop_map(Value::from)
}

type Members = Vec<(String, Value)>;

/// A syscall as its opcode has it: required operands almost always, under one key each.
fn action(envelope: Envelope) -> impl Strategy<Value = Members> {
    proptest::sample::select(Opcode::ALL.to_vec()).prop_flat_map(move |opcode| {
        let keys = envelope.keys(OPCODE_KEY, &OPCODE_KEY_SYNONYMS);
        let head = (proptest::sample::select(keys), spelled(opcode, envelope))
            .prop_map(|(key, value)| Some((key.to_owned(), value)));
        let mut members = vec![head.boxed()];
        let operands = opcode.operands().iter();
        members.extend(operands.map(|operand| member(*operand, envelope)));
        members.prop_map(|members| members.into_iter().flatten().collect())
    })
}

fn member(operand: Operand, envelope: Envelope) -> BoxedStrategy<Option<(String, Value)>> {
    let keys = envelope.keys(operand.name, operand.synonyms);
    let value = operand_value(operand.kind, envelope);
    let member =
        (proptest::sample::select(keys), value).prop_map(|(key, value)| (key.to_owned(), value));
    let likelihood = if operand.required { 0.97 } else { 0.4 };
    prop::option::weighted(likelihood, member).boxed()
}

/// One change to a document.
#[derive(Clone, Debug)]
enum Change {
    Drop(prop::sample::Index),
    Rename(prop::sample::Index, String),
    Retype(prop::sample::Index, Value),
    Nest(prop::sample::Index),
    Add(String, Value),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Change::Drop),
        (index(), key()).prop_map(|(index, key)| Change::Rename(index, key)),
        (index(), any_value()).prop_map(|(index, value)| Change::Retype(index, value)),
        index().prop_map(Change::Nest),
        (key(), any_value()).prop_map(|(key, value)| Change::Add(key, value)),
    ]
}

fn apply(members: &mut Members, change: Change) {
    let position =
        |index: prop::sample::Index| (!members.is_empty()).then(|| index.index(members.len()));
    match change {
        Change::Drop(index) => {
            if let Some(at) = position(index) {
                members.remove(at);
            }
        }
        Change::Rename(index, key) => {
            if let Some(at) = position(index) {
                members[at].0 = key;
            }
        }
        Change::Retype(index, value) => {
            if let Some(at) = position(index) {
                members[at].1 = value;
            }
        }
        Change::Nest(index) => {
            if let Some(at) = position(index) {
                let inner = members[at].1.take();
                members[at].1 = json!({ "value": inner });
            }
        }
        Change::Add(key, value) => members.push((key, value)),
    }
}

/// A transition with up to two changes inside and one outside its syscall.
fn document(envelope: Envelope) -> impl Strategy<Value = Value> {
    let q_next = prop_oneof![16 => plain_text(), 1 => edge_text()];
    let thought = prop::option::weighted(0.3, prop_oneof![6 => plain_text(), 1 => edge_text()]);
    let inside = prop_oneof![3 => prop::collection::vec(change(), 0..1), 2 => prop::collection::vec(change(), 1..3)];
    let outside = prop::option::weighted(0.15, change());
    (action(envelope), q_next, thought, inside, outside).prop_map(
        |(mut action, q_next, thought, inside, outside)| {
            for change in inside {
                apply(&mut action, change);
            }
            let action: Map<String, Value> = action.into_iter().collect();
            let mut members = vec![("q_next".into(), q_next), ("a_t".into(), action.into())];
            members.extend(thought.map(|thought| ("thought".into(), thought)));
            if let Some(change) = outside {
                apply(&mut members, change);
            }
            Value::Object(members.into_iter().collect())
        },
    )
}

/// Runs the property over 512 documents and demands that a fair share is accepted and refused.
fn agree(schema: &str, envelope: Envelope, decodes: impl Fn(&[u8]) -> bool) {
    let checker = checker(schema);
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    runner(512)
        .run(&document(envelope), |document| {
            let by_decoder = decodes(document.to_string().as_bytes());
            let by_schema = checker.accepts(&document);
            let count = if by_schema { &accepted } else { &refused };
            count.set(count.get() + 1);
            prop_assert_eq!(by_schema, by_decoder, "schema and decoder of {}", document);
            Ok(())
        })
        .unwrap();
    let all = accepted.get() + refused.get();
    for share in [accepted.get(), refused.get()] {
        assert!(share > all / 8, "{share} of {all}");
    }
}

#[test]
fn model_schema_and_decoder_agree() {
    agree("syscall-model.v4", Envelope::Model, |bytes| {
        decode_model(bytes).is_ok()
    });
}

#[test]
fn canonical_schema_and_decoder_agree() {
    agree("syscall-canonical.v4", Envelope::Canonical, |bytes| {
        decode_canonical(bytes).is_ok()
    });
}

#[test]
fn canonical_is_a_subset_of_model() {
    let (model, canonical) = (checker("syscall-model.v4"), checker("syscall-canonical.v4"));
    let property = |document: Value| {
        if let Ok(transition) = decode_model(document.to_string().as_bytes()) {
            let text = transition.to_canonical();
            let value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(canonical.violation(&value), None, "{}", text);
            prop_assert!(model.accepts(&value), "{}", text);
        }
        Ok(())
    };
    runner(256)
        .run(&document(Envelope::Model), property)
        .unwrap();
}
