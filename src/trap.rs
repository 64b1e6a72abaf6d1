//! Traps: what the kernel raises instead of going on, and the frame that describes one.

mod reading;

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

pub use reading::TrapFrameFault;

/// The most panic resets in a row: the panic budget.
pub const MAX_PANIC_RESETS: u8 = 2;

/// Every trap this kernel raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrapKind {
    /// Observation failed; shown as the slice, the run goes on.
    PageFault,
    /// The progress file does not go with the plan; the run goes on.
    PlanContract,
    /// The same successful command twice in a row with the same slice; the run goes on.
    NoProgress,
    /// A capability is unknown or lacks the access.
    Eacces,
    /// The reply is undecodable, or the oracle failed for good.
    CpuFault,
    /// The run-queue operation is impossible.
    StackFault,
    /// The mutation of the world failed.
    IoFault,
    /// The payload has an omission marker.
    ContentContract,
    /// HALT without a recent successful test.
    IllegalHalt,
    /// HALT while the plan or the required files are unmet.
    HaltGuard,
    /// Mind operations without a world operation between.
    Thrashing,
    /// A→B→A→B of physical actions with unchanged observations.
    Deadlock,
    /// The same action signature five times.
    WatchdogNmi,
    /// The same action signature three times.
    L1CacheHit,
    /// A loop of traps: the run queue is cleared.
    PanicReset,
    /// The panic budget is spent: the machine stops as failed.
    UnrecoverableLoop,
}

impl TrapKind {
    /// Every trap, in the order of the trap table.
    pub const ALL: [Self; 16] = [
        Self::PageFault,
        Self::PlanContract,
        Self::NoProgress,
        Self::Eacces,
        Self::CpuFault,
        Self::StackFault,
        Self::IoFault,
        Self::ContentContract,
        Self::IllegalHalt,
        Self::HaltGuard,
        Self::Thrashing,
        Self::Deadlock,
        Self::WatchdogNmi,
        Self::L1CacheHit,
        Self::PanicReset,
        Self::UnrecoverableLoop,
    ];

    /// The name in records, frames and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PageFault => "PAGE_FAULT",
            Self::PlanContract => "PLAN_CONTRACT",
            Self::NoProgress => "NO_PROGRESS",
            Self::Eacces => "EACCES",
            Self::CpuFault => "CPU_FAULT",
            Self::StackFault => "STACK_FAULT",
            Self::IoFault => "IO_FAULT",
            Self::ContentContract => "CONTENT_CONTRACT",
            Self::IllegalHalt => "ILLEGAL_HALT",
            Self::HaltGuard => "HALT_GUARD",
            Self::Thrashing => "THRASHING",
            Self::Deadlock => "DEADLOCK",
            Self::WatchdogNmi => "WATCHDOG_NMI",
            Self::L1CacheHit => "L1_CACHE_HIT",
            Self::PanicReset => "PANIC_RESET",
            Self::UnrecoverableLoop => "UNRECOVERABLE_LOOP",
        }
    }

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

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
    pub trap_pointer: TrapBase,
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
