//! Steps six to nine of a tick: decode the reply, decide, apply one effect, record.

use alloc::string::String;
use alloc::vec::Vec;

use super::machine::{Kernel, Spare};
use super::open::OpenTick;
use super::oracle::Answer;
use super::outcome::{Ending, Observation, Trap};
use super::raise::Traps;
use crate::digest::{Digest, HexDigest};
use crate::dispatch::Lane;
use crate::isa::{Syscall, Transition};
use crate::journal::{Record, show_pointer};
use crate::manifold::Manifold;
use crate::pointer::Location;
use crate::trap::{TrapFrame, TrapKind};

/// What a committed tick leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The tick's one record.
    pub record: Record,
    /// One frame for every trap of the record, in the same order.
    pub trap_frames: Vec<TrapFrame>,
}

impl OpenTick<'_> {
    /// Commits the answer of the lane that was called last: at most one mutation of mind or world, and
    /// exactly one record.
    ///
    /// `now_us` is the caller's virtual time in microseconds, not before the opening's. `raw` are the
    /// provider's bytes that brought the answer; empty if none came.
    pub fn commit<W: Manifold>(
        self,
        now_us: u64,
        world: &mut W,
        raw: &[u8],
        answer: Answer,
    ) -> Committed {
        let Self {
            kernel,
            seen,
            frame,
            clipped,
            mut route,
        } = self;
        let Spare {
            mut pointer,
            mut next,
            kinds,
            trap_frames,
        } = core::mem::take(&mut kernel.spare);
        let mut traps = Traps {
            now_us,
            kinds,
            frames: trap_frames,
        };
        let slice = seen.digest.unwrap_or(Digest::EMPTY);
        kernel.accept_observation(&mut traps, seen);

        let Answer(decoded) = answer;
        kernel.dispatcher.follow(&route);
        if route.failover.is_some() {
            kernel.dispatcher.count(Lane::E, false);
        }
        kernel.dispatcher.count(route.lane, decoded.is_ok());

        let q = kernel.boot.q_digest;
        show_pointer(kernel.boot.d.text(), &mut pointer);
        let mut op = None;
        let mut fault = None;
        let ending = match decoded {
            Ok(transition) => {
                let opcode = transition.syscall.opcode();
                op = Some(opcode);
                route.actual = Some(opcode.class());
                kernel.boot.last_class = opcode.class();
                kernel.act(&mut traps, transition, slice, world)
            }
            Err(failure) => {
                let trap = Trap {
                    kind: TrapKind::CpuFault,
                    code: failure.code(),
                    details: failure.detail(),
                };
                fault = Some(String::from(trap.code));
                Ending {
                    q: None,
                    d: Some(kernel.raise(&mut traps, trap, None)),
                    effect: Digest::EMPTY,
                }
            }
        };
        let effect = kernel.advance(ending);
        show_pointer(kernel.boot.d.text(), &mut next);
        let record = Record {
            tick: kernel.tick,
            time_us: now_us,
            pointer,
            route,
            op,
            fault,
            traps: traps.kinds,
            clipped,
            q,
            slice,
            frame,
            reply: Digest::of(raw),
            effect,
            next,
            status: kernel.boot.status,
        };
        kernel.tick = kernel.tick.saturating_add(1);
        Committed {
            record,
            trap_frames: traps.frames,
        }
    }
}

impl Kernel {
    /// Takes back a committed tick that is not needed any more, for its memory.
    pub fn recycle(&mut self, committed: Committed) {
        let Committed {
            record,
            mut trap_frames,
        } = committed;
        let Record {
            mut pointer,
            mut next,
            mut traps,
            ..
        } = record;
        pointer.clear();
        next.clear();
        traps.clear();
        trap_frames.clear();
        self.spare = Spare {
            pointer,
            next,
            kinds: traps,
            trap_frames,
        };
    }

    /// Makes what the observation found count.
    fn accept_observation(&mut self, traps: &mut Traps, seen: Observation) {
        if let Some(table) = seen.new_table {
            self.pager.keep(*table);
        }
        if let Some(grant) = seen.grant {
            self.capabilities.issue(*grant);
        }
        if let Some(signal) = seen.signal {
            self.boot.evidence.note(signal);
        }
        self.pager.count_flip(seen.is_page);
        self.boot.last_success = seen.successful_command;
        for soft in seen.soft_traps {
            let trap = self.soft_trap(&soft);
            self.log(traps, trap, None);
        }
    }

    /// Decides about a transition and, if no guard refuses it, carries it out.
    fn act<W: Manifold>(
        &mut self,
        traps: &mut Traps,
        transition: Transition,
        slice: Digest,
        world: &mut W,
    ) -> Ending {
        let Transition {
            q_next,
            mut syscall,
            ..
        } = transition;
        let content = syscall.content().map(|text| Digest::of(text.as_bytes()));
        let mut scratch = core::mem::take(&mut self.buffers.scratch);
        let signature = self.signature(&syscall, content, &mut scratch);
        self.buffers.scratch = scratch;
        // Parsed once, for the guards and the effect.
        let target = if let Syscall::Goto { pointer } = &mut syscall {
            Some(Location::from_string(core::mem::take(pointer)))
        } else {
            None
        };
        let done = match self.decide(&syscall, target.as_ref(), signature, slice, world) {
            Ok(()) => {
                let content = content.unwrap_or(Digest::EMPTY);
                self.effect(syscall, target, content, traps.now_us, world)
            }
            Err(trap) => Err(trap),
        };
        match done {
            Ok((d, effect)) => Ending {
                q: Some(q_next),
                d,
                effect,
            },
            Err(trap) => Ending {
                // The model's next state is kept when only the world said no.
                q: (trap.kind == TrapKind::IoFault).then_some(q_next),
                d: Some(self.raise(traps, trap, Some(signature))),
                effect: Digest::EMPTY,
            },
        }
    }

    /// The action's signature: the whole canonical syscall, with the SHA-256 of a payload or task in
    /// the place of its text, and what it acts on. A write acts on the pointer, unless a capability
    /// names its target; a mind operation acts on the run queue and a jump on its target, wherever the
    /// pointer stands, so that a trap between two equal actions does not make them different.
    fn signature(
        &self,
        syscall: &Syscall,
        content: Option<Digest>,
        scratch: &mut String,
    ) -> Digest {
        scratch.clear();
        scratch.push_str("turingos.action\0");
        let content = content.map(|digest| digest.hex());
        syscall.write_with(content.as_ref().map(HexDigest::as_str), scratch);
        let pointer = match syscall {
            Syscall::Write {
                semantic_cap: None, ..
            } => self.boot.d.text(),
            Syscall::Write { .. }
            | Syscall::Exec { .. }
            | Syscall::Goto { .. }
            | Syscall::GitLog(_)
            | Syscall::Push { .. }
            | Syscall::Edit { .. }
            | Syscall::Move { .. }
            | Syscall::Pop
            | Syscall::Halt => "",
        };
        scratch.push('\n');
        scratch.push_str(pointer);
        Digest::of(scratch.as_bytes())
    }

    /// Moves the registers on; returns the effect's digest.
    fn advance(&mut self, ending: Ending) -> Digest {
        if let Some(q) = ending.q {
            self.boot.q_digest = Digest::of(q.as_bytes());
            self.boot.q = q;
        }
        if let Some(d) = ending.d {
            self.boot.d = d;
        }
        if self.boot.d.trap().is_none() {
            self.boot.trap_loop.leave();
        }
        ending.effect
    }
}
