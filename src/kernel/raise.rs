//! Raising traps: where the pointer goes, what the record notes, and the frame that describes each.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::machine::Kernel;
use super::outcome::{SoftTrap, Trap};
use crate::digest::Digest;
use crate::guards::trap_loop::Landing;
use crate::journal::Status;
use crate::pointer::{Location, Pointer, clip_bytes};
use crate::trap::{MAX_PANIC_RESETS, TrapBase, TrapCause, TrapFrame, TrapKind, TrapPointer};

/// The traps of one tick, and its moment.
pub(super) struct Traps {
    pub(super) now_us: u64,
    pub(super) kinds: Vec<TrapKind>,
    pub(super) frames: Vec<TrapFrame>,
}

impl Kernel {
    /// Raises a trap that stops the action; returns where the pointer goes.
    pub(super) fn raise(
        &mut self,
        traps: &mut Traps,
        trap: Trap,
        signature: Option<Digest>,
    ) -> Location {
        let kind = trap.kind;
        if matches!(kind, TrapKind::PanicReset | TrapKind::UnrecoverableLoop) {
            return self.break_loop(traps, trap, signature);
        }
        self.log(traps, trap, signature);
        match self.boot.trap_loop.land(kind) {
            Landing::Continue => at_trap(kind),
            landing @ (Landing::PanicReset | Landing::Unrecoverable) => {
                self.break_loop(traps, loop_trap(landing), signature)
            }
        }
    }

    fn break_loop(&mut self, traps: &mut Traps, trap: Trap, signature: Option<Digest>) -> Location {
        let kind = trap.kind;
        let continues = kind == TrapKind::PanicReset;
        if continues {
            self.queue.clear();
        } else {
            self.boot.status = Status::Failed;
        }
        self.log(traps, trap, signature);
        if continues {
            at_trap(kind)
        } else {
            Location::from(Pointer::Halt)
        }
    }

    /// Notes a trap in the record and makes its frame.
    pub(super) fn log(&mut self, traps: &mut Traps, trap: Trap, signature: Option<Digest>) {
        let kind = trap.kind;
        let frame = self.trap_frame(traps.now_us, trap, signature);
        if kind.is_hard() {
            self.boot.trap_frames.insert(kind, frame.clone());
        }
        traps.kinds.push(kind);
        traps.frames.push(frame);
        self.trap_seq = self.trap_seq.saturating_add(1);
    }

    /// What a trap of the observation says, before and after the commit.
    pub(super) fn soft_trap(&self, soft: &SoftTrap) -> Trap {
        Trap {
            kind: soft.kind,
            code: soft.code,
            details: soft
                .details
                .clone()
                .unwrap_or_else(|| format!("observing {}", clip_bytes(self.boot.d.text(), 200))),
        }
    }

    /// The frame of a trap that fires next.
    pub(super) fn trap_frame(
        &self,
        now_us: u64,
        trap: Trap,
        signature: Option<Digest>,
    ) -> TrapFrame {
        let Trap {
            kind,
            code,
            mut details,
        } = trap;
        let kept = clip_bytes(&details, TrapFrame::MAX_DETAILS).len();
        details.truncate(kept);
        TrapFrame {
            seq: self.trap_seq,
            tick: self.tick,
            t: now_us,
            trap_base: TrapBase(kind),
            trap_pointer: TrapPointer::of(kind),
            details,
            panic_reset_count: self.boot.trap_loop.panic_resets(),
            cause: TrapCause {
                code: Cow::Borrowed(code),
                signature,
            },
        }
    }
}

fn at_trap(kind: TrapKind) -> Location {
    Location::from(Pointer::Trap {
        kind,
        details: None,
    })
}

pub(super) fn loop_trap(landing: Landing) -> Trap {
    if landing == Landing::Unrecoverable {
        Trap {
            kind: TrapKind::UnrecoverableLoop,
            code: "PANIC_BUDGET_SPENT",
            details: format!("a loop of traps went on after {MAX_PANIC_RESETS} panic resets."),
        }
    } else {
        Trap {
            kind: TrapKind::PanicReset,
            code: "TRAP_LOOP",
            details: String::from(
                "traps chase each other: the run queue was cleared; take another approach.",
            ),
        }
    }
}
