//! The decoder's own JSON reader beside serde_json, on texts that are JSON, nearly JSON, or were.
//!
//! serde_json alone lets through what the decoder must not (the last of two equal keys, floats,
//! forbidden characters, any nesting up to 128); [`Strict`] closes exactly these holes, so that
//! whatever is left must be judged alike. Run with `PROPTEST_CASES` for more than the usual count.

use std::cell::Cell;
use std::fmt;

use proptest::prelude::*;
use proptest::sample::Index;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;
use turingos::isa::{FaultCode, MAX_NESTING, Syscall, Transition, decode_model};

/// Reads any value, and notes why it refuses what serde_json would take.
#[derive(Clone, Copy)]
struct Strict<'n> {
    depth: usize,
    deepest: &'n Cell<usize>,
    reason: &'n Cell<Option<FaultCode>>,
}

impl Strict<'_> {
    fn refuse<T, E: Error>(self, code: FaultCode) -> Result<T, E> {
        self.reason.set(Some(code));
        Err(E::custom(code))
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_NESTING {
            return self.refuse(FaultCode::TooDeep);
        }
        let depth = self.depth + 1;
        self.deepest.set(self.deepest.get().max(depth));
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floats")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        self.refuse(FaultCode::FloatNumber)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        if text.contains(is_forbidden) {
            return self.refuse(FaultCode::ForbiddenCharacter);
        }
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = serde_json::Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if key.contains(is_forbidden) {
                return self.refuse(FaultCode::ForbiddenCharacter);
            }
            if object.contains_key(&key) {
                return self.refuse(FaultCode::DuplicateKey);
            }
            object.insert(key, members.next_value_seed(inner)?);
        }
        Ok(object.into())
    }
}

/// Written out again, so that a slip in the kernel's list is seen.
fn is_forbidden(character: char) -> bool {
    let is_white = matches!(character, '\t' | '\n' | '\r');
    let is_bidi_control = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
         \u{2066}\u{2067}\u{2068}\u{2069}"
        .contains(character);
    (character < ' ' && !is_white) || character == '\u{7f}' || is_bidi_control
}

/// What serde_json makes of a document once its holes are closed: the value and how deep it nests,
/// or the codes of which the decoder must report one.
fn judged_by_serde_json(text: &str) -> Result<(Value, usize), Vec<FaultCode>> {
    let (deepest, reason) = (Cell::new(0), Cell::new(None));
    let mut parser = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        depth: 0,
        deepest: &deepest,
        reason: &reason,
    };
    let value = strict.deserialize(&mut parser).map_err(|error| {
        match (reason.get(), error.classify()) {
            // To serde_json an integer of more than 64 bits is a float.
            (Some(FaultCode::FloatNumber), _) => {
                vec![FaultCode::FloatNumber, FaultCode::IntegerOverflow]
            }
            (Some(code), _) => vec![code],
            // serde_json reads a string to its end before its characters can be judged.
            (None, Category::Eof) => vec![FaultCode::Truncated, FaultCode::ForbiddenCharacter],
            (None, Category::Syntax | Category::Data | Category::Io) => vec![
                FaultCode::Syntax,
                FaultCode::LoneSurrogate,
                FaultCode::ForbiddenCharacter,
                FaultCode::FloatNumber,
                FaultCode::IntegerOverflow,
            ],
        }
    })?;
    parser.end().map_err(|_| vec![FaultCode::TrailingBytes])?;
    Ok((value, deepest.get()))
}

/// What the decoder finds wrong with the document as JSON.
fn json_fault(text: &str) -> Option<turingos::isa::Fault> {
    let fault = decode_model(text.as_bytes()).err()?;
    matches!(
        fault.code,
        FaultCode::Syntax
            | FaultCode::Truncated
            | FaultCode::TrailingBytes
            | FaultCode::TooDeep
            | FaultCode::DuplicateKey
            | FaultCode::ForbiddenCharacter
            | FaultCode::LoneSurrogate
            | FaultCode::FloatNumber
            | FaultCode::IntegerOverflow
    )
    .then_some(fault)
}

/// The decoder has a code of its own for a text that is nothing, or begins with a byte order mark.
fn is_looked_at(text: &str) -> bool {
    !text.starts_with('\u{feff}') && !text.trim_matches([' ', '\t', '\n', '\r']).is_empty()
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[ !#-\\[\\]-~]{0,40}",
        4 => "[é界—😀\u{600}-\u{63f}\u{2000}-\u{206f}]{1,6}",
        6 => prop::sample::select(vec![
            "\\n", "\\\"", "\\\\", "\\/", "\\t", "\\r", "\\u0041", "\\u00e9", "\\uD83D\\uDE00", "\\u2014",
        ]).prop_map(str::to_owned),
        1 => prop::sample::select(vec![
            "\\b", "\\f", "\\u0000", "\\u007f", "\\u202e", "\u{7f}", "\u{61c}", "\u{2066}", "\n", "\t", "\u{1}",
            "\\ud800", "\\udc00", "\\ud800\\u0041", "\\ud8", "\\x", "\\u12g4", "\\U0041", "\\",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn scalar() -> impl Strategy<Value = String> {
    let exact = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-1",
        "18446744073709551615",
        "-9223372036854775808",
    ]);
    let refused = prop::sample::select(vec![
        "-0",
        "1.5",
        "0e0",
        "1E+400",
        "1e-400",
        "18446744073709551616",
        "-9223372036854775809",
        "01",
        "+1",
        ".5",
        "1.",
        "-",
        "2e",
        "nul",
        "True",
        "NaN",
        "'a'",
        "",
    ]);
    prop_oneof![
        6 => string(),
        4 => exact.prop_map(str::to_owned),
        2 => any::<i64>().prop_map(|number| number.to_string()),
        1 => refused.prop_map(str::to_owned),
    ]
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 3 => Just(" "), 1 => Just("\n\t"), 1 => Just("\r\n    ")]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-j]{1,2}".prop_map(|key| format!("\"{key}\"")),
        1 => Just("\"\\u0061\"".to_owned()),
        1 => prop::sample::select(vec!["\"q_next\"", "\"a_t\"", "\"\""]).prop_map(str::to_owned),
        1 => string(),
    ]
}

/// Texts by JSON's grammar, most of them with nothing wrong.
fn document() -> impl Strategy<Value = String> {
    let value = scalar().prop_recursive(4, 40, 6, |value| {
        let item = (space(), value.clone(), space()).prop_map(|(a, v, b)| format!("{a}{v}{b}"));
        let member = (space(), key(), space(), value)
            .prop_map(|(a, key, b, value)| format!("{a}{key}{b}:{b}{value}{a}"));
        prop_oneof![
            prop::collection::vec(item, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..12)
                .prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    });
    let nesting = prop_oneof![9 => Just(0_usize), 1 => 9_usize..20];
    (space(), value, nesting, space()).prop_map(|(before, value, nesting, after)| {
        let (open, close) = ("[".repeat(nesting), "]".repeat(nesting));
        format!("{before}{open}{value}{close}{after}")
    })
}

#[derive(Clone, Debug)]
enum Edit {
    Cut(Index),
    Remove(Index),
    Replace(Index, char),
    Insert(Index, &'static str),
}

fn edit() -> impl Strategy<Value = Edit> {
    let characters: Vec<char> = "{}[]\",:\\0123456789.eE+-tfnu/ \n\u{7f}\u{202e}é"
        .chars()
        .collect();
    let tokens = vec![
        ",", ",,", ":", "{}", "[]", "}", "]", "\"", "\\u", "null", "1", "-", ".0", "e5", "//",
        "\u{0}",
    ];
    prop_oneof![
        any::<Index>().prop_map(Edit::Cut),
        any::<Index>().prop_map(Edit::Remove),
        (any::<Index>(), prop::sample::select(characters)).prop_map(|(at, c)| Edit::Replace(at, c)),
        (any::<Index>(), prop::sample::select(tokens)).prop_map(|(at, t)| Edit::Insert(at, t)),
    ]
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for edit in edits {
        let count = characters.len();
        if count == 0 {
            break;
        }
        match edit {
            Edit::Cut(at) => characters.truncate(at.index(count)),
            Edit::Remove(at) => {
                characters.remove(at.index(count));
            }
            Edit::Replace(at, character) => characters[at.index(count)] = *character,
            Edit::Insert(at, token) => {
                let at = at.index(count);
                characters.splice(at..at, token.chars());
            }
        }
    }
    characters.into_iter().collect()
}

/// Documents as they are, and documents with a few faults.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        document(),
        (document(), prop::collection::vec(edit(), 1..4))
            .prop_map(|(text, edits)| edited(&text, &edits)),
    ]
}

/// What the decoder makes of the value when it stands as a task.
fn as_task(text: &str) -> Result<String, FaultCode> {
    let reply = format!(r#"{{"q_next":"s","a_t":{{"op":"SYS_PUSH","task":{text}}}}}"#);
    match decode_model(reply.as_bytes()) {
        Ok(Transition {
            syscall: Syscall::Push { task },
            ..
        }) => Ok(task),
        Ok(other) => panic!("not a push: {other:?}"),
        Err(fault) => Err(fault.code),
    }
}

/// Twice proptest's own count, which `PROPTEST_CASES` sets.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.saturating_mul(2),
        ..usual
    }
}

proptest! {
    #![proptest_config(cases())]

    /// The decoder finds a text to be JSON exactly if serde_json does, and otherwise gives a code
    /// that says the same.
    #[test]
    fn both_readers_agree_on_what_is_json(text in text()) {
        if !is_looked_at(&text) {
            return Ok(());
        }
        match (judged_by_serde_json(&text), json_fault(&text)) {
            (Ok(_), None) => {}
            (Err(codes), Some(fault)) => prop_assert!(codes.contains(&fault.code), "{fault}\n{codes:?}"),
            (theirs, ours) => prop_assert!(false, "{theirs:?}\n{ours:?}"),
        }
    }

    /// What is taken means the same to both: a value kept as compact text, a string unescaped.
    #[test]
    fn both_readers_agree_on_values(text in text()) {
        if !is_looked_at(&text) {
            return Ok(());
        }
        let Ok((value, depth)) = judged_by_serde_json(&text) else {
            return Ok(());
        };
        let task = as_task(&text);
        match &value {
            Value::Array(_) | Value::Object(_) if depth > MAX_NESTING - 2 => {
                prop_assert_eq!(task, Err(FaultCode::TooDeep));
            }
            Value::Array(_) | Value::Object(_) => {
                let task = task.expect("a value");
                prop_assert_eq!(serde_json::from_str::<Value>(&task).expect("JSON"), value);
                prop_assert_eq!(as_task(&task), Ok(task));
            }
            Value::String(string) if string.trim().is_empty() => {
                prop_assert_eq!(task, Err(FaultCode::EmptyString));
            }
            Value::String(string) => {
                prop_assert_eq!(task.as_deref(), Ok(string.trim()));
                let reply = format!(r#"{{"q_next":{text},"a_t":{{"op":"SYS_POP"}}}}"#);
                prop_assert_eq!(&decode_model(reply.as_bytes()).expect("a reply").q_next, string);
            }
            Value::Null => prop_assert_eq!(task, Err(FaultCode::NullValue)),
            Value::Bool(_) | Value::Number(_) => prop_assert_eq!(task, Err(FaultCode::WrongType)),
        }
    }

    /// Nothing is wrong before the byte that a fault names: up to there the text is whole, or a
    /// beginning.
    #[test]
    fn a_fault_names_the_first_byte_that_is_wrong(text in text()) {
        let Some(fault) = json_fault(&text) else {
            return Ok(());
        };
        let place = fault.detail.rsplit_once(" at byte ").and_then(|(_, byte)| byte.parse().ok());
        let place: usize = place.expect("a place");
        if fault.code == FaultCode::Truncated {
            prop_assert_eq!(place, text.len());
        } else {
            prop_assert!(place < text.len());
        }
        let before = text.get(..place).expect("a character boundary");
        let code = json_fault(before).map(|fault| fault.code);
        prop_assert!(matches!(code, None | Some(FaultCode::Truncated)), "{fault}\n{code:?}");
    }
}
