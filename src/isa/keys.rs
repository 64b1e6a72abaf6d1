//! The operands of every opcode: canonical name, the other names models use, type.
//!
//! The instruction table of the project is [`Opcode::ALL`] with [`Opcode::operands`]; decoder,
//! encoder, schemas and prompts follow it and never list a key of their own.

use super::Opcode;

/// What an operand may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperandKind {
    /// A string, trimmed; never empty.
    Text,
    /// A string kept verbatim; it may be empty.
    Verbatim,
    /// A string, trimmed; the model envelope also takes an object or array as compact JSON text.
    Task,
    /// A positive integer, or in the model envelope its plain decimal text.
    Limit,
    /// `TOP` or `BOTTOM`; in the model envelope in any ASCII case, never padded.
    Placement,
    /// `ACTIVE`, `SUSPENDED` or `BLOCKED`; in the model envelope in any ASCII case, never padded.
    Status,
}

/// One operand of an opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// The key of the canonical envelope.
    pub name: &'static str,
    /// The other keys of the model envelope.
    pub synonyms: &'static [&'static str],
    /// What the value may be.
    pub kind: OperandKind,
    /// True if the syscall makes no sense without it.
    pub required: bool,
}

impl Operand {
    /// The most operands that an opcode has.
    pub const MAX: usize = 6;

    const fn required(
        name: &'static str,
        synonyms: &'static [&'static str],
        kind: OperandKind,
    ) -> Self {
        Self {
            name,
            synonyms,
            kind,
            required: true,
        }
    }

    const fn optional(
        name: &'static str,
        synonyms: &'static [&'static str],
        kind: OperandKind,
    ) -> Self {
        Self {
            name,
            synonyms,
            kind,
            required: false,
        }
    }

    /// True if `key` is the operand's name or one of its synonyms, in exactly that case.
    #[must_use]
    pub fn is_spelled(&self, key: &str) -> bool {
        self.name == key || self.synonyms.contains(&key)
    }

    /// One of the operand's keys: 0 is its name, then come its synonyms, and after the last its
    /// name again.
    #[must_use]
    pub fn spelling(&self, index: usize) -> &'static str {
        let keys = self.synonyms.len().saturating_add(1);
        let synonym = index
            .checked_rem(keys)
            .and_then(|index| index.checked_sub(1));
        synonym
            .and_then(|synonym| self.synonyms.get(synonym).copied())
            .unwrap_or(self.name)
    }
}

/// The keys that a transition must have.
pub const REQUIRED_KEYS: [&str; 2] = ["q_next", "a_t"];

/// The keys that a transition may have besides.
pub const OPTIONAL_KEYS: [&str; 1] = ["thought"];

/// The opcode key of the canonical envelope.
pub const OPCODE_KEY: &str = "op";

/// The other opcode keys of the model envelope.
pub const OPCODE_KEY_SYNONYMS: [&str; 2] = ["sys", "syscall"];

/// True if `key` holds the opcode in either envelope.
pub(super) fn is_opcode_key(key: &str) -> bool {
    key == OPCODE_KEY || OPCODE_KEY_SYNONYMS.contains(&key)
}

/// True if some opcode has an operand with this key.
pub(super) fn belongs_to_some_opcode(key: &str) -> bool {
    Opcode::ALL
        .iter()
        .flat_map(|opcode| opcode.operands())
        .any(|operand| operand.is_spelled(key))
}

const TASK_SYNONYMS: &[&str] = &["stack_payload", "cmd", "command"];

impl Opcode {
    /// The operands, in the order of the instruction table, which is the canonical key order. At
    /// most [`Operand::MAX`].
    #[must_use]
    pub const fn operands(self) -> &'static [Operand] {
        use OperandKind::{Limit, Placement, Status, Task, Text, Verbatim};
        match self {
            Self::Write => {
                const {
                    &[
                        Operand::required("payload", &["content", "s_prime"], Verbatim),
                        Operand::optional(
                            "semantic_cap",
                            &["semanticCap", "cap", "capability"],
                            Text,
                        ),
                    ]
                }
            }
            Self::Exec => const { &[Operand::required("cmd", &["command"], Text)] },
            Self::Goto => const { &[Operand::required("pointer", &["handle", "d_next"], Text)] },
            Self::GitLog => {
                const {
                    &[
                        Operand::optional("query_params", &["query", "params"], Text),
                        Operand::optional("path", &[], Text),
                        Operand::optional("limit", &[], Limit),
                        Operand::optional("ref", &[], Text),
                        Operand::optional("grep", &[], Text),
                        Operand::optional("since", &[], Text),
                    ]
                }
            }
            Self::Push | Self::Edit => const { &[Operand::required("task", TASK_SYNONYMS, Task)] },
            Self::Move => {
                const {
                    &[
                        Operand::optional("task_id", &["task", "id"], Text),
                        Operand::optional("target_pos", &["target", "position"], Placement),
                        Operand::optional("status", &["state"], Status),
                    ]
                }
            }
            Self::Pop | Self::Halt => &[],
        }
    }

    /// The opcode that a model means: trimmed, in any ASCII case, canonical or alias.
    #[must_use]
    pub fn from_model(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_meant = |opcode: &Self| {
            opcode.name().eq_ignore_ascii_case(text)
                || opcode
                    .aliases()
                    .iter()
                    .any(|alias| alias.eq_ignore_ascii_case(text))
        };
        // Most models write the name itself.
        Self::from_name(text).or_else(|| Self::ALL.into_iter().find(is_meant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::decode_canonical;
    use alloc::format;
    use alloc::vec::Vec;

    #[test]
    fn no_key_names_two_operands_of_an_opcode() {
        for opcode in Opcode::ALL {
            let operands = opcode.operands();
            assert!(operands.len() <= Operand::MAX);
            for operand in operands {
                for key in operand.synonyms.iter().chain([&operand.name]) {
                    assert!(!is_opcode_key(key), "{opcode} {key}");
                    let owners = operands.iter().filter(|other| other.is_spelled(key));
                    assert_eq!(owners.count(), 1, "{opcode} {key}");
                }
                let keys = operand.synonyms.len() + 1;
                let spellings: Vec<_> = (0..keys).map(|index| operand.spelling(index)).collect();
                assert_eq!(spellings, [&[operand.name], operand.synonyms].concat());
                assert_eq!(operand.spelling(keys), operand.name);
            }
        }
    }

    #[test]
    fn a_transition_has_the_listed_keys_and_no_others() {
        let members = [
            ("thought", r#""thought":"t""#),
            ("q_next", r#""q_next":"q""#),
            ("a_t", r#""a_t":{"op":"SYS_POP"}"#),
            ("more", r#""more":1"#),
        ];
        for missing in members {
            let kept = members
                .iter()
                .filter(|member| **member != missing && member.0 != "more");
            let text: Vec<_> = kept.map(|member| member.1).collect();
            let taken = decode_canonical(format!("{{{}}}", text.join(",")).as_bytes()).is_ok();
            assert_eq!(taken, !REQUIRED_KEYS.contains(&missing.0), "{}", missing.0);
        }
        let known = REQUIRED_KEYS.iter().chain(&OPTIONAL_KEYS);
        assert_eq!(known.count(), members.len() - 1);
        let all = members.map(|member| member.1).join(",");
        assert!(decode_canonical(format!("{{{all}}}").as_bytes()).is_err());
    }

    #[test]
    fn an_alias_names_exactly_one_opcode() {
        for opcode in Opcode::ALL {
            for alias in opcode.aliases() {
                assert_eq!(Opcode::from_model(alias), Some(opcode));
                assert_eq!(Opcode::from_name(alias), None);
            }
        }
    }
}
