//! What the steps of a tick hand to each other: an observation, a trap, an ending.
//!
//! Plain values; every step of a tick may import this file, and it imports none of them.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::digest::Digest;
use crate::guards::halt::Signal;
use crate::manifold::WorldFault;
use crate::memory::{Grant, PageTable};
use crate::pointer::{Location, WorkspacePath, clip_bytes};
use crate::trap::TrapKind;

/// A trap about to be raised.
pub(super) struct Trap {
    pub(super) kind: TrapKind,
    pub(super) code: &'static str,
    pub(super) details: String,
}

impl Trap {
    /// IO_FAULT: nothing can be written to `target`.
    pub(super) fn writing(code: &'static str, target: &str) -> Self {
        Self {
            kind: TrapKind::IoFault,
            code,
            details: format!("writing {}", clip_bytes(target, 200)),
        }
    }

    /// IO_FAULT: the write to `path` is refused, for the reason in `why`.
    pub(super) fn refused_write(code: &'static str, path: &WorkspacePath, why: &str) -> Self {
        Self {
            kind: TrapKind::IoFault,
            code,
            details: format!("writing {}: {why}", clip_bytes(path.as_str(), 200)),
        }
    }

    /// IO_FAULT: the world refuses the write to `path`.
    pub(super) fn of_world(path: &WorkspacePath, fault: &WorldFault) -> Self {
        Self::refused_write(fault.code.name(), path, &fault.detail)
    }
}

/// How a tick ends for the registers.
pub(super) struct Ending {
    /// The new state register; `None` keeps the old one.
    pub(super) q: Option<String>,
    /// The new pointer; `None` keeps the old one.
    pub(super) d: Option<Location>,
    /// The digest of what was changed.
    pub(super) effect: Digest,
}

/// A trap that only adds to the slice, with its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SoftTrap {
    pub(super) kind: TrapKind,
    pub(super) code: &'static str,
    /// What the trap is about, if it is not the pointer.
    pub(super) details: Option<String>,
}

/// The most traps that one observation notes.
const MAX_SOFT_TRAPS: usize = 3;

/// What one observation found, and what it will change if the tick commits. It is moved several times
/// in a tick, so what is seldom there is boxed.
#[derive(Debug, Default)]
pub(super) struct Observation {
    /// SHA-256 of the whole slice before traps are noted on it and before paging.
    pub(super) digest: Option<Digest>,
    /// At most [`MAX_SOFT_TRAPS`].
    pub(super) soft_traps: Vec<SoftTrap>,
    /// The digest of the slice's pages, if the first of them is shown in its place.
    pub(super) pages: Option<Digest>,
    /// How many bytes of what is shown come before the notes of traps.
    pub(super) unnoted: usize,
    pub(super) new_table: Option<Box<PageTable>>,
    pub(super) grant: Option<Box<Grant>>,
    pub(super) signal: Option<Signal>,
    /// The slice's digest if the observation was a command that exited 0.
    pub(super) successful_command: Option<Digest>,
    pub(super) is_page: bool,
    /// How the plan stands by what was read of it.
    pub(super) plan: Plan,
    /// Time the observation took in the world, in microseconds.
    pub(super) elapsed_us: u64,
}

/// How a plan stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Plan {
    /// There is none.
    #[default]
    None,
    /// The next step's file is ready, or required files are missing after the last step.
    Unmet,
    /// The next step's file is not as the step wants it.
    Blocked,
    /// Nothing is left to do.
    Complete,
}

impl Plan {
    /// True if a HALT would be refused.
    pub(super) const fn refuses_halt(self) -> bool {
        matches!(self, Self::Unmet | Self::Blocked)
    }
}

impl Observation {
    pub(super) fn note(&mut self, kind: TrapKind, code: &'static str) {
        self.note_soft(SoftTrap {
            kind,
            code,
            details: None,
        });
    }

    pub(super) fn note_soft(&mut self, trap: SoftTrap) {
        if self.soft_traps.len() < MAX_SOFT_TRAPS {
            self.soft_traps.push(trap);
        }
    }

    /// True if a trap fired while observing.
    pub(super) fn is_trapped(&self) -> bool {
        !self.soft_traps.is_empty()
    }
}
