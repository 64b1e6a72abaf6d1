//! Instruction set, version 4: what a model may say, and what of it is taken.
//!
//! [`Opcode::ALL`] is the only opcode list. A reply becomes a [`Transition`] or a [`Fault`];
//! nothing is dropped, defaulted or guessed, and no input panics.

mod fault;
mod opcode;
mod syscall;

pub use fault::{Fault, FaultCode};
pub use opcode::{Opcode, OpcodeClass};
pub use syscall::{GitLogQuery, Placement, Syscall, TaskStatus, Transition};
