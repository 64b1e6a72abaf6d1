//! Typed syscalls and transitions: what is left of a reply once it has been decoded.
//!
//! Never holds a value that the canonical envelope could not carry.

use alloc::string::String;

use serde::Deserialize;

use super::Opcode;
use crate::named_enum::named_enum;

named_enum! {
    /// Where SYS_MOVE puts a task.
    #[derive(Deserialize)]
    pub enum Placement {
        /// To the top of the run queue, which activates it.
        Top = "TOP",
        /// To the bottom of the run queue, which suspends it.
        Bottom = "BOTTOM",
    }
}

named_enum! {
    /// State of a task in the run queue.
    #[derive(Deserialize)]
    pub enum TaskStatus {
        /// The one task being worked on.
        Active = "ACTIVE",
        /// Waiting for its turn.
        Suspended = "SUSPENDED",
        /// Waiting for something outside; never activated by itself.
        Blocked = "BLOCKED",
    }
}

/// Operands of SYS_GIT_LOG; each is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitLogQuery {
    /// A ready-made query string, `key=value` pairs joined by `&`; its keys are the fields below.
    pub query_params: Option<String>,
    /// Only commits that touch this path.
    pub path: Option<String>,
    /// At most this many commits, 1 to [`GitLogQuery::MAX_LIMIT`].
    pub limit: Option<u16>,
    /// The newest commit to start from; `ref` on the wire.
    pub reference: Option<String>,
    /// Only commits whose message contains this text.
    pub grep: Option<String>,
    /// Only commits at or after this moment; the world defines the notation.
    pub since: Option<String>,
}

impl GitLogQuery {
    /// The cap that a larger `limit` is lowered to.
    pub const MAX_LIMIT: u16 = 200;
}

/// Exactly one instruction with its operands. Required strings are non-empty after trimming, except
/// `payload`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syscall {
    /// Write `payload`, kept verbatim, to the current pointer or through a capability handle.
    Write {
        /// The bytes to write, as text; empty makes an empty file.
        payload: String,
        /// A `vfd://…` handle to write through instead of the current pointer.
        semantic_cap: Option<String>,
    },
    /// Run a command by pointing at it.
    Exec {
        /// The command line, without the leading `$`.
        cmd: String,
    },
    /// Move the pointer.
    Goto {
        /// The text of the pointer; the kernel parses it.
        pointer: String,
    },
    /// Look at the world's history.
    GitLog(GitLogQuery),
    /// Push a task.
    Push {
        /// The objective, or a JSON object as compact text.
        task: String,
    },
    /// Rewrite the active task.
    Edit {
        /// The new objective, or a JSON object as compact text.
        task: String,
    },
    /// Rotate or re-state a task; with no operand at all, rotates the active task to the bottom.
    Move {
        /// Which task; the active one if absent.
        task_id: Option<String>,
        /// Where to.
        target_pos: Option<Placement>,
        /// Which state to give it.
        status: Option<TaskStatus>,
    },
    /// Drop the active task.
    Pop,
    /// Stop.
    Halt,
}

impl Syscall {
    /// The instruction without its operands.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        match self {
            Self::Write { .. } => Opcode::Write,
            Self::Exec { .. } => Opcode::Exec,
            Self::Goto { .. } => Opcode::Goto,
            Self::GitLog(_) => Opcode::GitLog,
            Self::Push { .. } => Opcode::Push,
            Self::Edit { .. } => Opcode::Edit,
            Self::Move { .. } => Opcode::Move,
            Self::Pop => Opcode::Pop,
            Self::Halt => Opcode::Halt,
        }
    }
}

/// One model reply: the next state and exactly one syscall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// What the model says it was thinking; recorded through the reply's hash, never acted on.
    pub thought: Option<String>,
    /// The next state register.
    pub q_next: String,
    /// The one action.
    pub syscall: Syscall,
}
