//! Step seven of a tick: every guard in its fixed order, before anything changes.

use alloc::string::String;

use super::machine::Kernel;
use super::outcome::Trap;
use super::plan;
use super::raise::loop_trap;
use crate::digest::Digest;
use crate::guards::deadlock::Deadlock;
use crate::guards::l1::TraceCache;
use crate::guards::thrashing::Thrashing;
use crate::guards::trap_loop::Landing;
use crate::guards::watchdog::Watchdog;
use crate::isa::{Opcode, Syscall};
use crate::manifold::Manifold;
use crate::pointer::{Location, Pointer};
use crate::trap::TrapKind;

/// The guards that count actions.
#[derive(Clone, Debug, Default)]
pub(super) struct LoopGuards {
    thrashing: Thrashing,
    deadlock: Deadlock,
    watchdog: Watchdog,
    pub(super) trace: TraceCache,
}

impl LoopGuards {
    /// Counts an action in every guard, so that one which fires does not blind the others; the
    /// first in the fixed order that fires gives the trap.
    fn count(&mut self, opcode: Opcode, signature: Digest, slice: Digest) -> Option<Trap> {
        let thrashing = self.thrashing.count(opcode);
        let deadlock = opcode.class().is_world() && self.deadlock.count(signature, slice);
        let watchdog = self.watchdog.count(signature);
        let cached = self.trace.count(signature);
        let (kind, code, details) = if thrashing {
            (
                TrapKind::Thrashing,
                "NO_WORLD_OPERATION",
                "3 EDIT or MOVE operations without a world operation between them.",
            )
        } else if deadlock {
            (
                TrapKind::Deadlock,
                "ALTERNATING_ACTIONS",
                "two actions alternate and what they show does not change.",
            )
        } else if watchdog {
            (
                TrapKind::WatchdogNmi,
                "SAME_ACTION_5",
                "the same action 5 times running.",
            )
        } else if cached {
            (
                TrapKind::L1CacheHit,
                "SAME_ACTION_3",
                "the same action 3 times running.",
            )
        } else {
            return None;
        };
        Some(Trap {
            kind,
            code,
            details: String::from(details),
        })
    }
}

impl Kernel {
    /// Decides whether an action may be carried out. `target` is where a GOTO leads, and `slice`
    /// what the model saw.
    pub(super) fn decide<W: Manifold>(
        &mut self,
        syscall: &Syscall,
        target: Option<&Location>,
        signature: Digest,
        slice: Digest,
        world: &mut W,
    ) -> Result<(), Trap> {
        let target = match syscall {
            Syscall::Goto { .. } => target.and_then(|target| target.pointer().ok()),
            Syscall::Halt => Some(&Pointer::Halt),
            Syscall::Write { .. }
            | Syscall::Exec { .. }
            | Syscall::GitLog(_)
            | Syscall::Push { .. }
            | Syscall::Edit { .. }
            | Syscall::Move { .. }
            | Syscall::Pop => None,
        };
        if target == Some(&Pointer::Halt) {
            return self.decide_halt(world);
        }
        let landing = match target {
            Some(Pointer::Trap { kind, .. }) => self.boot.trap_loop.land(*kind),
            _ => Landing::Continue,
        };
        // Counted although a loop of traps comes first: it must not blind these guards either.
        let repeated = (self.boot.guards).count(syscall.opcode(), signature, slice);
        if landing != Landing::Continue {
            return Err(loop_trap(landing));
        }
        repeated.map_or(Ok(()), Err)
    }

    /// Decides about a halt. Evidence comes first: it is at hand, while the plan reads the world.
    fn decide_halt<W: Manifold>(&self, world: &mut W) -> Result<(), Trap> {
        if !self.boot.evidence.allows_halt() {
            return Err(Trap {
                kind: TrapKind::IllegalHalt,
                code: "NO_RECENT_TEST_SUCCESS",
                details: String::from(
                    "HALT refused: no successful test command among the last 6 commands.",
                ),
            });
        }
        match &self.contract {
            Some(contract) => plan::guard_halt(contract, world),
            None => Ok(()),
        }
    }
}
