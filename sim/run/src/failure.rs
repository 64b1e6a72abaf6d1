//! What makes two failures the same one: the first failing gate, and the trap that it goes back to.
//!
//! A [`FailureTally`] is fed with committed ticks as a run goes; with the run's gates it gives the
//! [`Fingerprint`] of the failure. It holds a few values whatever the length of the run.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use turingos::journal::Status;
use turingos::trap::{TrapFrame, TrapKind};

use crate::Gate;
use crate::session::Tick;

/// What identifies a failure: two runs with equal fingerprints failed in the same way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// The first gate that failed.
    pub gate: String,
    /// The trap that the failure goes back to, if there is one: see [`FailureTally::fingerprint`].
    pub trap: Option<FailingTrap>,
}

/// A trap as far as it identifies a failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailingTrap {
    /// The kind of the trap.
    pub kind: TrapKind,
    /// The code of its cause.
    pub code: String,
}

impl FailingTrap {
    fn of(frame: &TrapFrame) -> Self {
        Self {
            kind: frame.trap_base.0,
            code: frame.cause.code.to_string(),
        }
    }
}

impl fmt::Display for FailingTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.code)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.trap {
            Some(trap) => write!(f, "{}: {trap}", self.gate),
            None => f.write_str(&self.gate),
        }
    }
}

/// The traps of a run that its failure may go back to.
///
/// A *recovery* begins with a hard trap outside any recovery. It is completed by the first tick
/// without a hard trap that leaves `sys://trap/*`. It is lost if the machine stops as failed before
/// that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureTally {
    /// The first trap of each hard kind.
    first: BTreeMap<TrapKind, FailingTrap>,
    /// The trap that began the recovery under way.
    recovery: Option<FailingTrap>,
    /// The trap that began the first lost recovery.
    lost: Option<FailingTrap>,
    /// The trap that began the first lost recovery with a faithful reply in its loop.
    avoidable: Option<FailingTrap>,
    /// The next tick observes a trap.
    at_trap: bool,
    /// A faithful reply was given at a trap since the pointer last left the traps.
    faithful_in_loop: bool,
}

impl FailureTally {
    /// Counts a committed tick.
    pub fn count(&mut self, tick: &Tick<'_>) {
        let committed = tick.committed;
        let hard = { committed.trap_frames.iter() }.filter(|frame| frame.trap_base.0.is_hard());
        let mut is_stopped = false;
        for frame in hard {
            is_stopped = true;
            let kind = frame.trap_base.0;
            let first = self.first.entry(kind);
            first.or_insert_with(|| FailingTrap::of(frame));
            self.recovery.get_or_insert_with(|| FailingTrap::of(frame));
        }
        self.faithful_in_loop |= self.at_trap && tick.injected.is_some_and(|it| it.faithful);
        let is_running = committed.record.status == Status::Running;
        self.at_trap = is_running && tick.kernel.d().trap().is_some();
        if committed.record.status == Status::Failed {
            self.lose_recovery();
        }
        if !is_running || (!is_stopped && !self.at_trap) {
            self.recovery = None;
        }
        self.faithful_in_loop &= self.at_trap;
    }

    fn lose_recovery(&mut self) {
        if self.faithful_in_loop && self.avoidable.is_none() {
            self.avoidable.clone_from(&self.recovery);
        }
        if self.lost.is_none() {
            self.lost = self.recovery.take();
        }
    }

    /// The fingerprint of the run that ended with these gates; `None` if none of them failed.
    ///
    /// The trap follows from the first gate that failed:
    /// - `no-cpu-fault` of a soak: the first CPU_FAULT of the run;
    /// - `no-unrecoverable-loop` and `clean-end` of a soak: the hard trap that began the first lost
    ///   recovery;
    /// - `no-avoidable-failure` of a soak: the same, of recoveries that a faithful reply should have
    ///   completed;
    /// - `halted`, `contract-done`, `files-as-expected` and `traps-met` of scenarios and live runs:
    ///   the hard trap that began the lost recovery or, if there is none, the recovery that was
    ///   under way when the run ended;
    /// - every other gate: none.
    #[must_use]
    pub fn fingerprint(&self, gates: &[Gate]) -> Option<Fingerprint> {
        let gate = gates.iter().find(|gate| gate.failed())?;
        let trap = match gate.id.as_str() {
            "no-cpu-fault" => self.first.get(&TrapKind::CpuFault),
            "no-unrecoverable-loop" | "clean-end" => self.lost.as_ref(),
            "no-avoidable-failure" => self.avoidable.as_ref(),
            "halted" | "contract-done" | "files-as-expected" | "traps-met" => {
                self.lost.as_ref().or(self.recovery.as_ref())
            }
            _ => None,
        };
        Some(Fingerprint {
            gate: gate.id.clone(),
            trap: trap.cloned(),
        })
    }
}
