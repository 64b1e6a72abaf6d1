//! The opcode list and its classes. Nothing else in the project spells an opcode.

use serde::Deserialize;

use crate::named_enum::named_enum;

named_enum! {
    /// What kind of thing a syscall touches. The dispatcher routes by it, the guards count by it.
    #[derive(Deserialize)]
    pub enum OpcodeClass {
        /// Changes the world: WRITE, EXEC.
        WorldMutation = "WORLD_MUTATION",
        /// Moves the pointer: GOTO, GIT_LOG.
        WorldNavigation = "WORLD_NAVIGATION",
        /// Changes the run queue: PUSH, EDIT, MOVE, POP.
        MindScheduling = "MIND_SCHEDULING",
        /// Stops the machine: HALT.
        SystemControl = "SYSTEM_CONTROL",
    }
}

impl OpcodeClass {
    /// True for the classes that act on the world rather than on the mind.
    #[must_use]
    pub(crate) const fn is_world(self) -> bool {
        matches!(self, Self::WorldMutation | Self::WorldNavigation)
    }
}

named_enum! {
    /// One instruction of version 4.
    #[derive(Deserialize)]
    pub enum Opcode {
        /// Write to the current pointer, or through a capability.
        Write = "SYS_WRITE",
        /// Point at a command; observing it runs it.
        Exec = "SYS_EXEC",
        /// Move the pointer.
        Goto = "SYS_GOTO",
        /// Point at the history of the world.
        GitLog = "SYS_GIT_LOG",
        /// Push a task and make it active.
        Push = "SYS_PUSH",
        /// Rewrite the active task.
        Edit = "SYS_EDIT",
        /// Rotate or re-state a task.
        Move = "SYS_MOVE",
        /// Drop the active task.
        Pop = "SYS_POP",
        /// Stop, if the halt guard agrees.
        Halt = "SYS_HALT",
    }
}

impl Opcode {
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
