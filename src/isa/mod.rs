//! Instruction set, version 4: what a model may say, and what of it is taken.
//!
//! [`Opcode::ALL`] is the only opcode list. A reply becomes a [`Transition`] or a [`Fault`];
//! nothing is dropped, defaulted or guessed, and no input panics.

mod decode;
mod encode;
mod envelope;
mod extract;
mod fault;
mod keys;
mod opcode;
mod operands;
mod surroundings;
mod syscall;
mod value;

pub(crate) use decode::decode_text;
pub use decode::{MAX_NESTING, MAX_REPLY_BYTES, decode, decode_canonical, decode_model};
pub use fault::{Fault, FaultCode};
pub use keys::{
    OPCODE_KEY, OPCODE_KEY_SYNONYMS, OPTIONAL_KEYS, Operand, OperandKind, REQUIRED_KEYS,
};
pub use opcode::{Opcode, OpcodeClass};
pub use syscall::{GitLogQuery, Placement, Syscall, TaskStatus, Transition};
