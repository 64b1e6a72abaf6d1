//! The guard block of a frame: which trap it describes, and the machine's situation.
//!
//! Never changes the kernel and never raises a trap.

use alloc::string::String;

use super::machine::Kernel;
use super::outcome::Observation;
use crate::guard_lane::{Situation, Writing, write_block};
use crate::pointer::Pointer;
use crate::trap::{MAX_PANIC_RESETS, TrapFrame, TrapKind};

impl Kernel {
    /// Appends the guard block of a frame that follows a trap; nothing if there was none. The trap
    /// that the pointer stands at comes before one of the observation.
    pub(super) fn guide(&self, seen: &Observation, now_us: u64, out: &mut String) {
        let landed = match self.boot.d.pointer() {
            Ok(Pointer::Trap { kind, .. }) => self.boot.trap_frames.get(kind),
            _ => None,
        };
        if let Some(frame) = landed {
            let closed = self.closed_by(frame);
            let situation = self.situation_seen(seen, frame, closed);
            write_block(frame, closed, &situation, out);
        } else if let Some(soft) = seen.soft_traps.first() {
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
            can_halt: situation.can_halt && !seen.plan.refuses_halt(),
            ..situation
        }
    }

    /// The trap of the same tick whose repetition made `frame` a panic reset.
    fn closed_by(&self, frame: &TrapFrame) -> Option<&TrapFrame> {
        self.boot.trap_frames.values().find(|earlier| {
            frame.trap_base.0 == TrapKind::PanicReset
                && earlier.tick == frame.tick
                && earlier.seq.checked_add(1) == Some(frame.seq)
        })
    }

    /// The machine's situation for a block about `frame`, which closed `closed`. It does not look at
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
            can_halt: self.boot.evidence.allows_halt(),
            at_trap: self.boot.d.trap().is_some(),
            attempts_left: kind
                .is_hard()
                .then(|| self.boot.trap_loop.landings_left(kind)),
            resets_left: MAX_PANIC_RESETS.saturating_sub(self.boot.trap_loop.panic_resets()),
        }
    }
}
