//! What the kernel tells the guard lane: the trap that counts now, and how the machine stands.
//!
//! Never changes the kernel and never raises a trap.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use super::Kernel;
use super::commit::Trap;
use super::observe::{Observation, SoftTrap};
use crate::digest::Digest;
use crate::guard_lane::{Situation, Writing, write_block};
use crate::guards::trap_loop::MAX_PANIC_RESETS;
use crate::pointer::{Pointer, clip_bytes};
use crate::trap::{TrapBase, TrapCause, TrapFrame, TrapKind};

impl Kernel {
    /// Appends the guard block of a frame that follows a trap; nothing if there was none. The trap
    /// that the pointer stands at comes before one of the observation.
    pub(super) fn guide(&self, seen: &Observation, now_us: u64, out: &mut String) {
        let landed = match self.d.pointer() {
            Ok(Pointer::Trap { kind, .. }) => self.trap_frames.get(kind),
            _ => None,
        };
        if let Some(frame) = landed {
            let closed = self.closed_by(frame);
            let situation = self.situation_seen(seen, frame, closed);
            write_block(frame, closed, &situation, out);
        } else if let Some(soft) = seen.soft_traps.iter().flatten().next() {
            let frame = self.trap_frame(now_us, self.soft_trap(soft), None);
            let situation = self.situation_seen(seen, &frame, None);
            write_block(&frame, None, &situation, out);
        }
    }

    fn situation_seen(
        &self,
        seen: &Observation,
        frame: &TrapFrame,
        closed: Option<&TrapFrame>,
    ) -> Situation {
        let situation = self.situation(frame, closed);
        Situation {
            can_halt: situation.can_halt && !seen.plan_unmet,
            ..situation
        }
    }

    /// The trap of the same tick whose repetition made `frame` a panic reset.
    fn closed_by(&self, frame: &TrapFrame) -> Option<&TrapFrame> {
        self.trap_frames.values().find(|earlier| {
            frame.trap_base.0 == TrapKind::PanicReset
                && earlier.tick == frame.tick
                && earlier.seq.checked_add(1) == Some(frame.seq)
        })
    }

    /// How the machine stands for a block about `frame`, which closed `closed`. It does not look at
    /// the world: a contract may still keep it from halting.
    #[must_use]
    pub fn situation(&self, frame: &TrapFrame, closed: Option<&TrapFrame>) -> Situation {
        let kind = closed.unwrap_or(frame).trap_base.0;
        Situation {
            tasks: self.queue.tasks().len(),
            has_active: self.queue.active().is_some(),
            writing: if self.can_write_here() {
                Writing::Here
            } else if self.capabilities.any_writes() {
                Writing::ThroughCapability
            } else {
                Writing::Nowhere
            },
            can_halt: self.evidence.allows_halt(),
            at_trap: self.d.trap().is_some(),
            attempts_left: kind.is_hard().then(|| self.trap_loop.landings_left(kind)),
            resets_left: MAX_PANIC_RESETS.saturating_sub(self.trap_loop.panic_resets()),
        }
    }

    /// What a trap of the observation says, before and after the commit.
    pub(super) fn soft_trap(&self, soft: &SoftTrap) -> Trap {
        Trap {
            kind: soft.kind,
            code: soft.code,
            details: soft
                .details
                .clone()
                .unwrap_or_else(|| format!("observing {}", clip_bytes(self.d.text(), 200))),
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
            trap_pointer: TrapBase(kind),
            details,
            panic_reset_count: self.trap_loop.panic_resets(),
            cause: TrapCause {
                code: Cow::Borrowed(code),
                signature,
            },
        }
    }
}
