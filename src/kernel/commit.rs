//! Steps six to nine of a tick: decode the reply, ask the guards, apply one effect, record.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Collapse, Kernel, OpenTick, plan};
use crate::digest::Digest;
use crate::dispatch::Lane;
use crate::guards::trap_loop::{Landing, MAX_PANIC_RESETS};
use crate::isa::{self, Syscall, Transition};
use crate::journal::{Record, Status, shown_pointer};
use crate::manifold::Manifold;
use crate::pointer::{Location, Pointer};
use crate::trap::{TrapFrame, TrapKind};

/// What a committed tick leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The tick's one record.
    pub record: Record,
    /// One frame for every trap of the record, in the same order.
    pub trap_frames: Vec<TrapFrame>,
}

/// A trap about to be raised.
pub(super) struct Trap {
    pub(super) kind: TrapKind,
    pub(super) code: &'static str,
    pub(super) details: String,
}

/// How a tick ends for the registers.
pub(super) struct Ending {
    /// The new state register; `None` keeps the old one.
    pub(super) q: Option<String>,
    /// The new pointer; `None` keeps the old one.
    pub(super) d: Option<Location>,
    /// SHA-256 of what was changed.
    pub(super) effect: Digest,
}

/// An action that was not carried out, and the state to go on with.
pub(super) struct Refused {
    pub(super) trap: Trap,
    /// The model's next state if it is kept although the action failed.
    pub(super) q: Option<String>,
}

impl From<Trap> for Refused {
    fn from(trap: Trap) -> Self {
        Self { trap, q: None }
    }
}

/// The tick's moment and its traps so far.
struct Tick {
    now_us: u64,
    kinds: Vec<TrapKind>,
    frames: Vec<TrapFrame>,
}

impl OpenTick<'_> {
    /// Commits the reply: at most one mutation of mind or world, and exactly one record.
    ///
    /// `now_us` is the caller's virtual time in microseconds, not before the opening's.
    pub fn commit<W: Manifold>(
        self,
        now_us: u64,
        world: &mut W,
        collapse: &Collapse<'_>,
    ) -> Committed {
        let Self {
            kernel,
            seen,
            clipped,
            mut route,
            mut buffers,
        } = self;
        let mut tick = Tick {
            now_us,
            kinds: Vec::new(),
            frames: Vec::new(),
        };
        let slice = seen.digest.unwrap_or(Digest::EMPTY);
        kernel.accept_observation(&mut tick, seen);

        kernel.dispatcher.follow(&route);
        route.lane = collapse.lane;
        route.failover = collapse.failed_over;
        let decoded = match &collapse.outcome {
            Ok(text) => {
                isa::decode(text.as_bytes()).map_err(|fault| (fault.code.name(), fault.detail))
            }
            Err(fault) => Err((fault.code(), fault.detail())),
        };
        if collapse.failed_over {
            kernel.dispatcher.count(Lane::E, false);
        }
        kernel.dispatcher.count(collapse.lane, decoded.is_ok());

        let (q_digest, pointer) = (kernel.q_digest, shown_pointer(kernel.d.text()));
        let mut op = None;
        let mut fault = None;
        let mut ending = Ending {
            q: None,
            d: None,
            effect: Digest::EMPTY,
        };
        match decoded {
            Err((code, details)) => {
                fault = Some(code.to_string());
                let trap = Trap {
                    kind: TrapKind::CpuFault,
                    code,
                    details,
                };
                ending.d = Some(kernel.raise(&mut tick, trap, None));
            }
            Ok(transition) => {
                let opcode = transition.syscall.opcode();
                op = Some(opcode);
                route.actual = Some(opcode.class());
                kernel.last_class = opcode.class();
                let signature = kernel.signature(&transition.syscall, &mut buffers.scratch);
                // Parsed once, for the guards and the effect.
                let target = if let Syscall::Goto { pointer } = &transition.syscall {
                    Some(Location::from_text(pointer))
                } else {
                    None
                };
                let outcome = kernel
                    .guard(
                        &transition.syscall,
                        target.as_ref(),
                        signature,
                        slice,
                        world,
                    )
                    .map_err(Refused::from)
                    .and_then(|()| kernel.apply(transition, target, now_us, world));
                match outcome {
                    Ok(applied) => ending = applied,
                    Err(Refused { trap, q }) => {
                        ending.q = q;
                        ending.d = Some(kernel.raise(&mut tick, trap, Some(signature)));
                    }
                }
            }
        }
        if let Some(q) = ending.q {
            kernel.q_digest = Digest::of(q.as_bytes());
            kernel.q = q;
        }
        if let Some(d) = ending.d {
            kernel.d = d;
        }
        if kernel.d.trap().is_none() {
            kernel.trap_loop.leave();
        }
        let record = Record {
            tick: kernel.tick,
            time_us: now_us,
            pointer,
            route,
            op,
            fault,
            traps: tick.kinds,
            clipped,
            q: q_digest,
            slice,
            frame: Digest::of(buffers.frame.as_bytes()),
            reply: Digest::of(collapse.raw),
            effect: ending.effect,
            next: shown_pointer(kernel.d.text()),
            status: kernel.status,
        };
        kernel.tick = kernel.tick.saturating_add(1);
        buffers.clear();
        kernel.buffers = buffers;
        Committed {
            record,
            trap_frames: tick.frames,
        }
    }
}

impl Kernel {
    /// Makes what the observation found count.
    fn accept_observation(&mut self, tick: &mut Tick, seen: super::Observation) {
        if let Some(table) = seen.new_table {
            self.pager.keep(table);
        }
        if let Some(grant) = seen.grant {
            self.capabilities.issue(grant);
        }
        if let Some(signal) = seen.signal {
            self.evidence.note(signal);
        }
        self.pager.count_flip(seen.is_page);
        self.last_success = seen.successful_command;
        for soft in seen.soft_traps.into_iter().flatten() {
            let trap = self.soft_trap(&soft);
            self.log(tick, trap, None);
        }
    }

    /// The action's signature: the whole canonical syscall and what it acts on. A write acts on
    /// the pointer, unless a capability names its target; a mind operation acts on the run queue
    /// and a jump on its target, wherever the pointer stands, so that a trap between two equal
    /// actions does not make them different.
    fn signature(&self, syscall: &Syscall, scratch: &mut String) -> Digest {
        scratch.clear();
        syscall.write_canonical(scratch);
        let pointer = match syscall {
            Syscall::Write {
                semantic_cap: None, ..
            } => self.d.text(),
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
        Digest::of_parts(&[scratch.as_bytes(), b"\n", pointer.as_bytes()])
    }

    /// Asks every guard in order. All loop guards count every action, so that one which fires
    /// first does not blind the others; the first that fires decides.
    /// `target` is where a GOTO leads, and `slice` what the model saw.
    fn guard<W: Manifold>(
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
        let opcode = syscall.opcode();
        if target == Some(&Pointer::Halt) {
            if !self.evidence.allows_halt() {
                return Err(Trap {
                    kind: TrapKind::IllegalHalt,
                    code: "NO_RECENT_TEST_SUCCESS",
                    details: String::from(
                        "HALT refused: no successful test command among the last 6 commands.",
                    ),
                });
            }
            // Evidence comes first: it is there already, while the plan has to read the world.
            return match &self.contract {
                Some(contract) => plan::guard_halt(contract, world),
                None => Ok(()),
            };
        }
        let landing = match target {
            Some(Pointer::Trap { kind, .. }) => self.trap_loop.land(*kind),
            _ => Landing::Continue,
        };
        let thrashing = self.thrashing.count(opcode);
        let deadlock = opcode.class().is_world() && self.deadlock.count(signature, slice);
        let watchdog = self.watchdog.count(signature);
        let cached = self.trace.count(signature);
        if landing != Landing::Continue {
            return Err(loop_trap(landing));
        }
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
            return Ok(());
        };
        Err(Trap {
            kind,
            code,
            details: String::from(details),
        })
    }

    /// Raises a trap that stops the action; returns where the pointer goes.
    fn raise(&mut self, tick: &mut Tick, trap: Trap, signature: Option<Digest>) -> Location {
        let kind = trap.kind;
        if matches!(kind, TrapKind::PanicReset | TrapKind::UnrecoverableLoop) {
            return self.break_loop(tick, trap, signature);
        }
        self.log(tick, trap, signature);
        match self.trap_loop.land(kind) {
            Landing::Continue => at_trap(kind),
            landing @ (Landing::PanicReset | Landing::Unrecoverable) => {
                self.break_loop(tick, loop_trap(landing), signature)
            }
        }
    }

    fn break_loop(&mut self, tick: &mut Tick, trap: Trap, signature: Option<Digest>) -> Location {
        let kind = trap.kind;
        let goes_on = kind == TrapKind::PanicReset;
        if goes_on {
            self.queue.clear();
        } else {
            self.status = Status::Failed;
        }
        self.log(tick, trap, signature);
        if goes_on {
            at_trap(kind)
        } else {
            Location::from(Pointer::Halt)
        }
    }

    /// Notes a trap in the record and makes its frame.
    fn log(&mut self, tick: &mut Tick, trap: Trap, signature: Option<Digest>) {
        let kind = trap.kind;
        let frame = self.trap_frame(tick.now_us, trap, signature);
        if kind.is_hard() {
            self.trap_frames.insert(kind, frame.clone());
        }
        tick.kinds.push(kind);
        tick.frames.push(frame);
        self.trap_seq = self.trap_seq.saturating_add(1);
    }

    /// Applies a guarded transition.
    fn apply<W: Manifold>(
        &mut self,
        transition: Transition,
        target: Option<Location>,
        now_us: u64,
        world: &mut W,
    ) -> Result<Ending, Refused> {
        let Transition {
            q_next, syscall, ..
        } = transition;
        match self.effect(syscall, target, now_us, world) {
            Ok((d, effect)) => Ok(Ending {
                q: Some(q_next),
                d,
                effect,
            }),
            // The model's next state is kept when only the world said no.
            Err(trap) if trap.kind == TrapKind::IoFault => Err(Refused {
                trap,
                q: Some(q_next),
            }),
            Err(trap) => Err(trap.into()),
        }
    }
}

fn at_trap(kind: TrapKind) -> Location {
    Location::from(Pointer::Trap {
        kind,
        details: None,
    })
}

fn loop_trap(landing: Landing) -> Trap {
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
