//! Envelope parts to a [`Transition`]: what the keys of either envelope mean.
//!
//! Never repairs a value beyond what its operand kind allows, and never reads JSON.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::envelope::{Action, Member, Parts};
use super::fault::{Fault, FaultCode};
use super::keys::{OPCODE_KEY, Operand, OperandKind, belongs_to_some_opcode, is_opcode_key};
use super::value::Value;
use super::{GitLogQuery, Opcode, Placement, Syscall, TaskStatus, Transition};
use crate::text::Shown;

/// Which envelope a document must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// What models are known to write.
    Model,
    /// What the kernel dispatches and the journal stores.
    Canonical,
}

impl Envelope {
    /// Takes a document's parts for exactly one transition.
    pub(super) fn transition(self, parts: Parts<'_>) -> Result<Transition, Fault> {
        if let Some(key) = parts.unknown {
            return Err(unknown_key(&key, "the transition"));
        }
        let action = parts
            .action
            .ok_or_else(|| Fault::new(FaultCode::MissingAction, format_args!("no `a_t`")))?;
        let q_next = parts
            .q_next
            .ok_or_else(|| Fault::new(FaultCode::MissingQNext, format_args!("no `q_next`")))?;
        let q_next = text_of("q_next", q_next)?;
        check_not_blank("q_next", &q_next)?;
        let thought = match parts.thought {
            None => None,
            Some(value) => Some(text_of("thought", value)?.into_owned()),
        };
        let members = match action {
            Action::Object(members) => members,
            Action::Other(Value::Null) => return Err(null("a_t")),
            Action::Other(value) => return Err(wrong_type("a_t", "an object", &value)),
        };
        Ok(Transition {
            thought,
            q_next: q_next.into_owned(),
            syscall: self.syscall(members)?,
        })
    }

    fn syscall(self, mut members: Vec<Member<'_>>) -> Result<Syscall, Fault> {
        let opcode = self.opcode(&members)?;
        let operands = opcode.operands();
        let mut slots: [Option<&mut Member<'_>>; Operand::MAX] = [const { None }; Operand::MAX];
        for member in &mut members {
            let key = &member.0;
            if is_opcode_key(key) {
                continue;
            }
            let found = operands
                .iter()
                .zip(&mut slots)
                .find(|(operand, _)| operand.is_spelled(key));
            let Some((operand, slot)) = found else {
                return Err(stray_key(key, opcode));
            };
            if self == Self::Canonical && operand.name != key {
                return Err(not_canonical(key, operand.name));
            }
            if let Some((other, _)) = slot {
                return Err(Fault::new(
                    FaultCode::SynonymConflict,
                    format_args!("{} and {} are one operand", Shown(other), Shown(key)),
                ));
            }
            *slot = Some(member);
        }
        let mut taken = [const { None }; Operand::MAX];
        for ((operand, slot), taken) in operands.iter().zip(slots).zip(&mut taken) {
            if let Some((key, value)) = slot {
                let value = core::mem::replace(value, Value::Null);
                *taken = Some(self.operand(operand.kind, key, value)?);
            }
        }
        assemble(opcode, taken)
    }

    fn opcode(self, members: &[Member<'_>]) -> Result<Opcode, Fault> {
        let mut keys = members.iter().filter(|(key, _)| is_opcode_key(key));
        let Some((key, value)) = keys.next() else {
            return Err(Fault::new(
                FaultCode::MissingOpcode,
                format_args!("`a_t` has no `{OPCODE_KEY}`"),
            ));
        };
        if let Some((second, _)) = keys.next() {
            return Err(Fault::new(
                FaultCode::SeveralOpcodeKeys,
                format_args!("{} and {}", Shown(key), Shown(second)),
            ));
        }
        let text = match value {
            Value::Text(text) => text,
            Value::Null => return Err(null(key)),
            Value::Natural(_) | Value::Negative | Value::Boolean | Value::Composite(_) => {
                return Err(wrong_type(key, "a string", value));
            }
        };
        let opcode = Opcode::from_model(text).ok_or_else(|| {
            Fault::new(
                FaultCode::UnknownOpcode,
                format_args!("{} is no opcode", Shown(text)),
            )
        })?;
        if self == Self::Canonical {
            if key != OPCODE_KEY {
                return Err(not_canonical(key, OPCODE_KEY));
            }
            if Opcode::from_name(text).is_none() {
                return Err(not_canonical(text, opcode.name()));
            }
        }
        Ok(opcode)
    }

    fn operand(self, kind: OperandKind, key: &str, value: Value<'_>) -> Result<Taken, Fault> {
        match kind {
            OperandKind::Verbatim => Ok(Taken::Text(text_of(key, value)?.into_owned())),
            OperandKind::Text => self.trimmed(key, value),
            OperandKind::Task => match value {
                Value::Composite(compact) if self == Self::Model => Ok(Taken::Text(compact)),
                Value::Text(_)
                | Value::Natural(_)
                | Value::Negative
                | Value::Boolean
                | Value::Null
                | Value::Composite(_) => self.trimmed(key, value),
            },
            OperandKind::Limit => self.limit(key, &value).map(Taken::Limit),
            OperandKind::Placement => self
                .word(key, value, Placement::ALL, Placement::name)
                .map(Taken::Placement),
            OperandKind::Status => self
                .word(key, value, TaskStatus::ALL, TaskStatus::name)
                .map(Taken::Status),
        }
    }

    fn trimmed(self, key: &str, value: Value<'_>) -> Result<Taken, Fault> {
        let text = text_of(key, value)?;
        check_not_blank(key, &text)?;
        let trimmed = text.trim();
        if trimmed.len() == text.len() {
            return Ok(Taken::Text(text.into_owned()));
        }
        match self {
            Self::Model => Ok(Taken::Text(trimmed.into())),
            Self::Canonical => Err(Fault::new(
                FaultCode::NotCanonical,
                format_args!("{} has white space around it", Shown(key)),
            )),
        }
    }

    fn limit(self, key: &str, value: &Value<'_>) -> Result<u16, Fault> {
        let bad = |code| {
            Fault::new(
                code,
                format_args!("{} must be a positive integer", Shown(key)),
            )
        };
        let number = match value {
            Value::Natural(number) => *number,
            Value::Text(digits) if self == Self::Model => {
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit())
                    && !digits.is_empty()
                    && !digits.starts_with('0');
                if !plain {
                    return Err(bad(FaultCode::BadLimit));
                }
                (digits.parse::<u64>()).map_err(|_| bad(FaultCode::LimitOverflow))?
            }
            Value::Negative => return Err(bad(FaultCode::BadLimit)),
            Value::Null => return Err(null(key)),
            Value::Text(_) | Value::Boolean | Value::Composite(_) => {
                return Err(wrong_type(key, "a positive integer", value));
            }
        };
        if number == 0 {
            return Err(bad(FaultCode::BadLimit));
        }
        let lowered = u16::try_from(number)
            .unwrap_or(GitLogQuery::MAX_LIMIT)
            .min(GitLogQuery::MAX_LIMIT);
        if self == Self::Canonical && u64::from(lowered) != number {
            return Err(Fault::new(
                FaultCode::NotCanonical,
                format_args!("{} is over {}", Shown(key), GitLogQuery::MAX_LIMIT),
            ));
        }
        Ok(lowered)
    }

    fn word<W: Copy, const COUNT: usize>(
        self,
        key: &str,
        value: Value<'_>,
        words: [W; COUNT],
        name: fn(W) -> &'static str,
    ) -> Result<W, Fault> {
        let text = text_of(key, value)?;
        let word = words
            .into_iter()
            .find(|&word| name(word).eq_ignore_ascii_case(&text))
            .ok_or_else(|| {
                Fault::new(
                    FaultCode::BadEnum,
                    format_args!("{} cannot be {}", Shown(key), Shown(&text)),
                )
            })?;
        if self == Self::Canonical && name(word) != text {
            return Err(not_canonical(&text, name(word)));
        }
        Ok(word)
    }
}

/// An operand's value after its kind was checked.
enum Taken {
    Text(String),
    Limit(u16),
    Placement(Placement),
    Status(TaskStatus),
}

/// Puts checked operands, in table order, into the syscall.
fn assemble(opcode: Opcode, taken: [Option<Taken>; Operand::MAX]) -> Result<Syscall, Fault> {
    let [first, second, third, fourth, fifth, sixth] = taken;
    let absent = || {
        let required = opcode.operands().iter().find(|operand| operand.required);
        Fault::new(
            FaultCode::MissingOperand,
            format_args!(
                "{opcode} needs `{}`",
                required.map_or("", |operand| operand.name)
            ),
        )
    };
    Ok(match opcode {
        Opcode::Write => Syscall::Write {
            payload: text(first).ok_or_else(absent)?,
            semantic_cap: text(second),
        },
        Opcode::Exec => Syscall::Exec {
            cmd: text(first).ok_or_else(absent)?,
        },
        Opcode::Goto => Syscall::Goto {
            pointer: text(first).ok_or_else(absent)?,
        },
        Opcode::GitLog => Syscall::GitLog(GitLogQuery {
            query_params: text(first),
            path: text(second),
            limit: match third {
                Some(Taken::Limit(limit)) => Some(limit),
                Some(Taken::Text(_) | Taken::Placement(_) | Taken::Status(_)) | None => None,
            },
            reference: text(fourth),
            grep: text(fifth),
            since: text(sixth),
        }),
        Opcode::Push => Syscall::Push {
            task: text(first).ok_or_else(absent)?,
        },
        Opcode::Edit => Syscall::Edit {
            task: text(first).ok_or_else(absent)?,
        },
        Opcode::Move => Syscall::Move {
            task_id: text(first),
            target_pos: match second {
                Some(Taken::Placement(placement)) => Some(placement),
                Some(Taken::Text(_) | Taken::Limit(_) | Taken::Status(_)) | None => None,
            },
            status: match third {
                Some(Taken::Status(status)) => Some(status),
                Some(Taken::Text(_) | Taken::Limit(_) | Taken::Placement(_)) | None => None,
            },
        },
        Opcode::Pop => Syscall::Pop,
        Opcode::Halt => Syscall::Halt,
    })
}

fn text(taken: Option<Taken>) -> Option<String> {
    match taken {
        Some(Taken::Text(text)) => Some(text),
        Some(Taken::Limit(_) | Taken::Placement(_) | Taken::Status(_)) | None => None,
    }
}

fn text_of<'de>(key: &str, value: Value<'de>) -> Result<Cow<'de, str>, Fault> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Null => Err(null(key)),
        Value::Natural(_) | Value::Negative | Value::Boolean | Value::Composite(_) => {
            Err(wrong_type(key, "a string", &value))
        }
    }
}

fn check_not_blank(key: &str, text: &str) -> Result<(), Fault> {
    if text.trim_start().is_empty() {
        return Err(Fault::new(
            FaultCode::EmptyString,
            format_args!("{} is empty", Shown(key)),
        ));
    }
    Ok(())
}

fn null(key: &str) -> Fault {
    Fault::new(FaultCode::NullValue, format_args!("{} is null", Shown(key)))
}

fn wrong_type(key: &str, wanted: &str, value: &Value<'_>) -> Fault {
    Fault::new(
        FaultCode::WrongType,
        format_args!("{} must be {wanted}, not {}", Shown(key), value.type_name()),
    )
}

fn unknown_key(key: &str, place: &str) -> Fault {
    Fault::new(
        FaultCode::UnknownKey,
        format_args!("{} is no key of {place}", Shown(key)),
    )
}

fn stray_key(key: &str, opcode: Opcode) -> Fault {
    if belongs_to_some_opcode(key) {
        Fault::new(
            FaultCode::MutexViolation,
            format_args!("{} belongs to another opcode than {opcode}", Shown(key)),
        )
    } else {
        unknown_key(key, "any opcode")
    }
}

fn not_canonical(found: &str, canonical: &str) -> Fault {
    Fault::new(
        FaultCode::NotCanonical,
        format_args!("{} is canonically `{canonical}`", Shown(found)),
    )
}
