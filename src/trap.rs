//! Traps: what the kernel raises instead of carrying out an action, and the frame that describes one.

mod reading;

use alloc::borrow::Cow;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::named_enum::named_enum;

pub use reading::TrapFrameFault;

/// How many times in a row one trap must fire, or be jumped to, to close a loop.
pub const SAME_TRAP: usize = 4;

/// The most panic resets in a row: the panic budget.
pub const MAX_PANIC_RESETS: u8 = 2;

named_enum! {
    /// Every trap this kernel raises.
    #[derive(Deserialize)]
    pub enum TrapKind {
        /// Observation failed; shown as the slice, the run continues.
        PageFault = "PAGE_FAULT",
        /// The progress file does not match the plan; the run continues.
        PlanContract = "PLAN_CONTRACT",
        /// The same successful command twice in a row with the same slice; the run continues.
        NoProgress = "NO_PROGRESS",
        /// A capability is unknown or lacks the access.
        Eacces = "EACCES",
        /// The reply is undecodable, or the oracle failed after every retry.
        CpuFault = "CPU_FAULT",
        /// The run-queue operation is impossible.
        StackFault = "STACK_FAULT",
        /// The mutation of the world failed.
        IoFault = "IO_FAULT",
        /// The payload has an omission marker.
        ContentContract = "CONTENT_CONTRACT",
        /// HALT without a recent successful test.
        IllegalHalt = "ILLEGAL_HALT",
        /// HALT while the plan or the required files are unmet.
        HaltGuard = "HALT_GUARD",
        /// Mind operations without a world operation between.
        Thrashing = "THRASHING",
        /// A→B→A→B of physical actions with unchanged observations.
        Deadlock = "DEADLOCK",
        /// The same action signature five times.
        WatchdogNmi = "WATCHDOG_NMI",
        /// The same action signature three times.
        L1CacheHit = "L1_CACHE_HIT",
        /// A loop of traps: the run queue is cleared.
        PanicReset = "PANIC_RESET",
        /// The panic budget is spent: the machine stops as failed.
        UnrecoverableLoop = "UNRECOVERABLE_LOOP",
    }
}

impl TrapKind {
    /// The trap's pointer without details.
    #[must_use]
    pub const fn base(self) -> &'static str {
        match self {
            Self::PageFault => "sys://trap/page_fault",
            Self::PlanContract => "sys://trap/plan_contract",
            Self::NoProgress => "sys://trap/no_progress",
            Self::Eacces => "sys://trap/eacces",
            Self::CpuFault => "sys://trap/cpu_fault",
            Self::StackFault => "sys://trap/stack_fault",
            Self::IoFault => "sys://trap/io_fault",
            Self::ContentContract => "sys://trap/content_contract",
            Self::IllegalHalt => "sys://trap/illegal_halt",
            Self::HaltGuard => "sys://trap/halt_guard",
            Self::Thrashing => "sys://trap/thrashing",
            Self::Deadlock => "sys://trap/deadlock",
            Self::WatchdogNmi => "sys://trap/watchdog_nmi",
            Self::L1CacheHit => "sys://trap/l1_cache_hit",
            Self::PanicReset => "sys://trap/panic_reset",
            Self::UnrecoverableLoop => "sys://trap/unrecoverable_loop",
        }
    }

    /// The trap whose [`base`](Self::base) ends in `name`.
    #[must_use]
    pub fn from_base_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.base().strip_prefix("sys://trap/") == Some(name))
    }

    /// True if the trap stops the action and moves the pointer; false if it only adds to the slice.
    #[must_use]
    pub const fn is_hard(self) -> bool {
        !matches!(
            self,
            Self::PageFault | Self::PlanContract | Self::NoProgress | Self::Eacces
        )
    }

    /// True if the trap fires only under a contract, so that a run without one cannot meet it.
    #[must_use]
    pub const fn needs_contract(self) -> bool {
        matches!(self, Self::PlanContract | Self::HaltGuard)
    }
}

/// What a trap leaves behind for the model, the records and the people who read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrapFrame {
    /// Counts the traps of a run from 0.
    pub seq: u64,
    /// The tick it fired in.
    pub tick: u64,
    /// Virtual time in microseconds.
    pub t: u64,
    /// `sys://trap/KIND`.
    pub trap_base: TrapBase,
    /// Where the pointer went, or the base for a trap that only adds to the slice.
    pub trap_pointer: TrapPointer,
    /// What happened, at most [`TrapFrame::MAX_DETAILS`] bytes.
    pub details: String,
    /// Panic resets in a row so far, at most [`MAX_PANIC_RESETS`].
    pub panic_reset_count: u8,
    /// Why, for machines.
    pub cause: TrapCause,
}

impl TrapFrame {
    /// The longest `details`, in bytes.
    pub const MAX_DETAILS: usize = 400;

    /// The longest `cause.code`, in bytes.
    pub const MAX_CODE: usize = 48;

    /// The longest trap frame as JSON, in bytes; every escape of every detail fits.
    pub const MAX_BYTES: usize = 4_096;
}

/// A trap kind written as its base pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrapBase(pub TrapKind);

impl Serialize for TrapBase {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.base())
    }
}

/// Where a trap leaves the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapPointer {
    /// At a trap.
    At(TrapKind),
    /// At `HALT`: the machine stops. Only UNRECOVERABLE_LOOP leaves it there.
    Halt,
}

impl TrapPointer {
    /// Where the trap leaves the pointer.
    #[must_use]
    pub const fn of(kind: TrapKind) -> Self {
        if matches!(kind, TrapKind::UnrecoverableLoop) {
            Self::Halt
        } else {
            Self::At(kind)
        }
    }

    /// The pointer as text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::At(kind) => kind.base(),
            Self::Halt => "HALT",
        }
    }
}

impl Serialize for TrapPointer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

/// Why a trap fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrapCause {
    /// A stable code: of the decoder, the world, the run queue, the oracle or the guard. Upper
    /// case, digits and underscores, at most [`TrapFrame::MAX_CODE`] bytes; borrowed where the
    /// kernel raised the trap, owned where the frame was read.
    pub code: Cow<'static, str>,
    /// The refused action's signature, if an action was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<crate::Digest>,
}

impl TrapCause {
    /// How many hexadecimal digits of a signature a frame shows.
    pub const SHOWN_DIGITS: usize = 12;
}
