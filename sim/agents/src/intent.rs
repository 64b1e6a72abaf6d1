//! An agent's intended answer, before it is written as JSON: a state, an opcode and its operands.
//!
//! An intent is always one well-formed transition; only the noise makes it invalid. Its buffers are
//! reused between ticks.

use turingos::isa::{OPCODE_KEY, Opcode};

use super::json_text::push_json_string;

/// The most operands of an intent.
const MAX_OPERANDS: usize = 3;

/// One intended transition.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The agent's thought; not written if empty.
    pub thought: String,
    /// The next state register.
    pub q_next: String,
    opcode: Opcode,
    operands: [Operand; MAX_OPERANDS],
    used: usize,
}

#[derive(Clone, Debug, Default)]
struct Operand {
    key: &'static str,
    value: String,
    is_number: bool,
}

impl Default for Intent {
    fn default() -> Self {
        Self {
            thought: String::new(),
            q_next: String::new(),
            opcode: Opcode::Pop,
            operands: Default::default(),
            used: 0,
        }
    }
}

impl Intent {
    /// Clears everything and sets a new opcode.
    pub fn reset(&mut self, opcode: Opcode) {
        self.thought.clear();
        self.q_next.clear();
        self.set_opcode(opcode);
    }

    /// Sets a new opcode and drops the operands.
    pub(crate) fn set_opcode(&mut self, opcode: Opcode) {
        self.opcode = opcode;
        self.used = 0;
    }

    /// The opcode.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Adds an operand by its canonical key and returns its empty value for writing.
    pub fn operand(&mut self, key: &'static str) -> &mut String {
        let index = self.used.min(MAX_OPERANDS - 1);
        self.used = index + 1;
        let operand = &mut self.operands[index];
        operand.key = key;
        operand.is_number = false;
        operand.value.clear();
        &mut operand.value
    }

    /// Adds an operand that is written as a JSON number.
    pub(crate) fn number_operand(&mut self, key: &'static str, value: u16) {
        self.operand(key).push_str(&value.to_string());
        self.operands[self.used - 1].is_number = true;
    }

    /// The value of an operand, if present.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.operands[..self.used]
            .iter()
            .find(|operand| operand.key == key)
            .map(|operand| operand.value.as_str())
    }

    /// Replaces the value of an operand; false if the intent does not have it.
    pub(crate) fn replace_value(&mut self, key: &str, value: &str) -> bool {
        let found = self.operands[..self.used]
            .iter_mut()
            .find(|operand| operand.key == key);
        if let Some(operand) = found {
            operand.value.clear();
            operand.value.push_str(value);
            true
        } else {
            false
        }
    }

    /// Makes this a copy of `other`, reusing the buffers.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.thought.clone_from(&other.thought);
        self.q_next.clone_from(&other.q_next);
        self.opcode = other.opcode;
        self.used = other.used;
        for (own, theirs) in self.operands.iter_mut().zip(&other.operands) {
            own.key = theirs.key;
            own.is_number = theirs.is_number;
            own.value.clone_from(&theirs.value);
        }
    }

    /// Appends the transition as JSON text in the given spelling. With [`Spelling::CANONICAL`]
    /// the text ends in `}}`.
    pub fn spell(&self, spelling: Spelling, out: &mut Vec<u8>) {
        let mut writer = Writer { out, spelling };
        writer.raw("{");
        if !self.thought.is_empty() {
            writer.key(1, "thought", true);
            writer.text(&self.thought);
        }
        writer.key(1, "q_next", self.thought.is_empty());
        if self.used == 0 && spelling.spoiled != Spoiled::Nothing {
            writer.spoil();
        } else {
            writer.text(&self.q_next);
        }
        writer.key(1, "a_t", false);
        writer.raw("{");
        writer.key(2, spelling.opcode_key, true);
        writer.opcode(self.opcode);
        for (index, operand) in self.operands[..self.used].iter().enumerate() {
            writer.key(2, spelling.operand_key(self.opcode, operand.key), false);
            if index == 0 && spelling.spoiled != Spoiled::Nothing {
                writer.spoil();
            } else if operand.is_number {
                writer.raw(&operand.value);
            } else {
                writer.text(&operand.value);
            }
        }
        writer.end(1);
        writer.end(0);
    }
}

/// The replacement for the first operand, or for `q_next` where there is no operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoiled {
    /// No replacement: the value itself.
    Nothing,
    /// `null`.
    Null,
    /// A JSON value of a type that no operand accepts.
    WrongType,
}

/// How an intent is written as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Spelling {
    /// `op`, `sys` or `syscall`.
    pub(crate) opcode_key: &'static str,
    /// Replaces the opcode with an invalid text.
    pub(crate) opcode_text: Option<&'static str>,
    /// Use the opcode's alias, if it has one.
    pub(crate) alias: bool,
    /// Write the opcode in lower case.
    pub(crate) lower_case: bool,
    /// Which synonym of each operand to use; 0 is the canonical key.
    pub(crate) synonym: usize,
    /// Break lines and indent.
    pub(crate) pretty: bool,
    /// What to spoil.
    pub(crate) spoiled: Spoiled,
}

impl Spelling {
    /// The canonical envelope.
    pub const CANONICAL: Self = Self {
        opcode_key: OPCODE_KEY,
        opcode_text: None,
        alias: false,
        lower_case: false,
        synonym: 0,
        pretty: false,
        spoiled: Spoiled::Nothing,
    };

    fn operand_key(self, opcode: Opcode, key: &'static str) -> &'static str {
        let operand = { opcode.operands().iter() }.find(|operand| operand.name == key);
        operand.map_or(key, |operand| operand.spelling(self.synonym))
    }
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    spelling: Spelling,
}

impl Writer<'_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn text(&mut self, text: &str) {
        push_json_string(self.out, text.as_bytes());
    }

    fn spoil(&mut self) {
        match self.spelling.spoiled {
            Spoiled::Nothing => {}
            Spoiled::Null => self.raw("null"),
            Spoiled::WrongType => self.raw("1.5"),
        }
    }

    fn key(&mut self, depth: usize, key: &str, first: bool) {
        if !first {
            self.raw(",");
        }
        self.line(depth);
        self.raw("\"");
        self.raw(key);
        self.raw(if self.spelling.pretty { "\": " } else { "\":" });
    }

    fn opcode(&mut self, opcode: Opcode) {
        let alias = opcode.aliases().first().copied();
        let name = match self.spelling.opcode_text {
            Some(text) => text,
            None if self.spelling.alias => alias.unwrap_or(opcode.name()),
            None => opcode.name(),
        };
        self.raw("\"");
        let start = self.out.len();
        self.raw(name);
        if self.spelling.lower_case {
            self.out[start..].make_ascii_lowercase();
        }
        self.raw("\"");
    }

    fn end(&mut self, depth: usize) {
        self.line(depth);
        self.raw("}");
    }

    fn line(&mut self, depth: usize) {
        if self.spelling.pretty {
            self.raw("\n");
            for _ in 0..depth {
                self.raw("  ");
            }
        }
    }
}
