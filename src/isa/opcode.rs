//! The opcode list and its classes. Nothing else in the project spells an opcode.

use core::fmt;

use serde::{Deserialize, Serialize};

/// What kind of thing a syscall touches. The dispatcher routes by it, the guards count by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OpcodeClass {
    /// Changes the world: WRITE, EXEC.
    WorldMutation,
    /// Moves the pointer: GOTO, GIT_LOG.
    WorldNavigation,
    /// Changes the run queue: PUSH, EDIT, MOVE, POP.
    MindScheduling,
    /// Stops the machine: HALT.
    SystemControl,
}

impl OpcodeClass {
    /// The class as it is written in records and prompts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WorldMutation => "WORLD_MUTATION",
            Self::WorldNavigation => "WORLD_NAVIGATION",
            Self::MindScheduling => "MIND_SCHEDULING",
            Self::SystemControl => "SYSTEM_CONTROL",
        }
    }

    /// True for the classes that act on the world rather than on the mind.
    #[must_use]
    pub const fn is_world(self) -> bool {
        matches!(self, Self::WorldMutation | Self::WorldNavigation)
    }
}

/// One instruction of version 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Opcode {
    /// Write to the current pointer, or through a capability.
    #[serde(rename = "SYS_WRITE")]
    Write,
    /// Point at a command; observing it runs it.
    #[serde(rename = "SYS_EXEC")]
    Exec,
    /// Move the pointer.
    #[serde(rename = "SYS_GOTO")]
    Goto,
    /// Point at the history of the world.
    #[serde(rename = "SYS_GIT_LOG")]
    GitLog,
    /// Push a task and make it active.
    #[serde(rename = "SYS_PUSH")]
    Push,
    /// Rewrite the active task.
    #[serde(rename = "SYS_EDIT")]
    Edit,
    /// Rotate or re-state a task.
    #[serde(rename = "SYS_MOVE")]
    Move,
    /// Drop the active task.
    #[serde(rename = "SYS_POP")]
    Pop,
    /// Stop, if the halt guard agrees.
    #[serde(rename = "SYS_HALT")]
    Halt,
}

impl Opcode {
    /// Every opcode, in the order of the instruction table.
    pub const ALL: [Self; 9] = [
        Self::Write,
        Self::Exec,
        Self::Goto,
        Self::GitLog,
        Self::Push,
        Self::Edit,
        Self::Move,
        Self::Pop,
        Self::Halt,
    ];

    /// The canonical spelling.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Write => "SYS_WRITE",
            Self::Exec => "SYS_EXEC",
            Self::Goto => "SYS_GOTO",
            Self::GitLog => "SYS_GIT_LOG",
            Self::Push => "SYS_PUSH",
            Self::Edit => "SYS_EDIT",
            Self::Move => "SYS_MOVE",
            Self::Pop => "SYS_POP",
            Self::Halt => "SYS_HALT",
        }
    }

    /// Other spellings that models are known to write.
    #[must_use]
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::GitLog => &["SYS_GITLOG"],
            Self::Edit => &["SYS_STACK_EDIT"],
            Self::Move => &["SYS_STACK_MOVE"],
            Self::Write | Self::Exec | Self::Goto | Self::Push | Self::Pop | Self::Halt => &[],
        }
    }

    /// What kind of thing the instruction touches.
    #[must_use]
    pub const fn class(self) -> OpcodeClass {
        match self {
            Self::Write | Self::Exec => OpcodeClass::WorldMutation,
            Self::Goto | Self::GitLog => OpcodeClass::WorldNavigation,
            Self::Push | Self::Edit | Self::Move | Self::Pop => OpcodeClass::MindScheduling,
            Self::Halt => OpcodeClass::SystemControl,
        }
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
