//! Documents of known keys with values of every type: what a fuzzer of bytes seldom writes.

use std::fmt::Write as _;

use arbitrary::Arbitrary;
use turingos::isa::{OPCODE_KEY, OPCODE_KEY_SYNONYMS, Opcode};

use super::super::replies::syscall;
use super::{Text, value};

#[derive(Debug, Arbitrary)]
struct Document<'a> {
    opcode: Spelled<'a>,
    opcode_key: u8,
    members: Vec<(u8, Member<'a>)>,
    q_next: Member<'a>,
    top: Vec<(u8, Member<'a>)>,
}

/// An opcode, or something in its place.
#[derive(Debug, Arbitrary)]
enum Spelled<'a> {
    Name(u8),
    Lower(u8),
    Alias(u8),
    Any(Member<'a>),
}

#[derive(Debug, Arbitrary)]
enum Member<'a> {
    Text(Text<'a>),
    Natural(u64),
    Negative(i64),
    Truth(bool),
    Null,
    List(Vec<Text<'a>>),
    Object(Text<'a>, u8),
}

/// A syscall document.
///
/// Properties: those of the target `syscall`.
///
/// # Panics
/// If a property does not hold.
pub fn built_syscall(bytes: &[u8]) {
    if let Some(document) = value::<Document<'_>>(bytes) {
        syscall(document.text().as_bytes());
    }
}

impl Document<'_> {
    fn text(&self) -> String {
        let mut text = String::from("{\"q_next\":");
        self.q_next.write(&mut text);
        for (key, member) in self.top.iter().take(2) {
            let keys = ["thought", "q_next", "a_t", "extra"];
            text.push(',');
            member.write_as(keys[usize::from(*key) % keys.len()], &mut text);
        }
        text.push_str(",\"a_t\":{");
        let keys = [OPCODE_KEY, OPCODE_KEY_SYNONYMS[0], OPCODE_KEY_SYNONYMS[1]];
        self.opcode
            .write_as(keys[usize::from(self.opcode_key) % keys.len()], &mut text);
        let known: Vec<&str> = Opcode::ALL
            .iter()
            .flat_map(|opcode| opcode.operands())
            .flat_map(|operand| operand.synonyms.iter().chain([&operand.name]).copied())
            .chain(keys)
            .chain(["extra"])
            .collect();
        for (key, member) in &self.members {
            text.push(',');
            member.write_as(known[usize::from(*key) % known.len()], &mut text);
        }
        text.push_str("}}");
        text
    }
}

impl Spelled<'_> {
    fn write_as(&self, key: &str, out: &mut String) {
        let opcode = |choice: u8| Opcode::ALL[usize::from(choice) % Opcode::ALL.len()];
        let name = match self {
            Self::Name(choice) => opcode(*choice).name().to_owned(),
            Self::Lower(choice) => opcode(*choice).name().to_lowercase(),
            Self::Alias(choice) => {
                let opcode = opcode(*choice);
                let alias = opcode.aliases().first();
                alias.copied().unwrap_or(opcode.name()).to_owned()
            }
            Self::Any(member) => return member.write_as(key, out),
        };
        // Writing to a String cannot fail.
        let _ = write!(out, "\"{key}\":\"{name}\"");
    }
}

impl Member<'_> {
    fn write_as(&self, key: &str, out: &mut String) {
        let _ = write!(out, "\"{key}\":");
        self.write(out);
    }

    fn write(&self, out: &mut String) {
        let string = |text: &Text<'_>| serde_json::Value::from(text.raw()).to_string();
        let _ = match self {
            Self::Text(text) => write!(out, "{}", string(text)),
            Self::Natural(number) => write!(out, "{number}"),
            Self::Negative(number) => write!(out, "{number}"),
            Self::Truth(truth) => write!(out, "{truth}"),
            Self::Null => write!(out, "null"),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(string).collect();
                write!(out, "[{}]", items.join(","))
            }
            Self::Object(key, number) => write!(out, "{{{}:{number}}}", string(key)),
        };
    }
}
