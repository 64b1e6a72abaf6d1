//! The metrics of a run, counted tick by tick in constant memory.

use std::collections::BTreeMap;

use turingos::dispatch::Lane;
use turingos::isa::Opcode;
use turingos::journal::Status;
use turingos::kernel::Committed;
use turingos::trap::TrapKind;

use super::RouteTally;
use turingos_agents::{Injected, InjectionCounts, NoiseKind};

/// The sums of the records of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records counted.
    pub ticks: u64,
    /// Records whose number follows the one before.
    pub in_order: u64,
    /// Ticks answered by lane P.
    pub p: u64,
    /// Ticks answered by lane E.
    pub e: u64,
    /// Ticks in which P answered after E had failed.
    pub failovers: u64,
    /// Halts that the guard allowed.
    pub halts: u64,
    /// How often each trap fired; a trap that never fired is absent.
    pub traps: BTreeMap<TrapKind, u64>,
    /// How often each opcode was decoded; one that never was is absent.
    pub opcodes: BTreeMap<Opcode, u64>,
    /// Replies made malformed on purpose that the kernel accepted.
    pub malformed_taken: u64,
    /// Replies made malformed on purpose.
    pub malformed: u64,
    /// CPU faults on a reply into which nothing was injected.
    pub unexplained_faults: u64,
    /// UNRECOVERABLE_LOOPs that a faithful answer, given at one of its traps, should have left.
    pub avoidable_failures: u64,
    /// How often each kind of noise, provider fault and world fault was injected.
    pub injections: BTreeMap<String, u64>,
    /// Recoveries begun: a trap stopped an action while no earlier recovery was under way.
    pub recoveries_begun: u64,
    /// Recoveries completed: an action that no trap stopped led away from the traps.
    pub recoveries_completed: u64,
    /// What the routes were.
    pub routes: RouteTally,
    /// A recovery is under way.
    is_recovering: bool,
    /// A faithful answer was given at a trap since the pointer last left the traps.
    faithful_in_loop: bool,
    /// The next tick observes a trap.
    at_trap: bool,
    /// The machine's state after the last record.
    failed_at_end: bool,
}

impl Tally {
    /// Counts one tick, given what was injected into its reply and whether its next pointer is a
    /// trap.
    pub fn count(
        &mut self,
        committed: &Committed,
        injected: Option<&Injected>,
        leads_to_trap: bool,
    ) {
        let record = &committed.record;
        if record.tick == self.ticks {
            self.in_order += 1;
        }
        self.ticks += 1;
        match record.route.lane {
            Lane::P => self.p += 1,
            Lane::E => self.e += 1,
        }
        self.failovers += u64::from(record.route.failover.is_some());
        if let Some(op) = record.op {
            *self.opcodes.entry(op).or_default() += 1;
        }
        for kind in &record.traps {
            *self.traps.entry(*kind).or_default() += 1;
        }
        self.halts += u64::from(record.status == Status::Halted);
        self.failed_at_end = record.status == Status::Failed;

        let faulted = record.fault.is_some();
        if injected.is_some_and(Injected::must_be_refused) {
            self.malformed += 1;
            self.malformed_taken += u64::from(!faulted);
        }
        if let Some(replaced) = injected.and_then(|it| it.replaced) {
            // Lane E's reply was refused: lane P was asked in its place.
            let is_malformed = replaced.noise.is_some_and(NoiseKind::must_be_refused);
            self.malformed += u64::from(is_malformed);
            self.unexplained_faults += u64::from(!is_malformed && !replaced.given);
        }
        self.count_recovery(&record.traps, record.status, leads_to_trap);
        if injected.is_some_and(|it| it.faithful) {
            self.unexplained_faults += u64::from(faulted);
            // Only an answer given at a trap could have left the loop.
            self.faithful_in_loop |= self.at_trap;
        }
        if record.status == Status::Failed {
            self.avoidable_failures += u64::from(self.faithful_in_loop);
        }
        self.at_trap = leads_to_trap && record.status == Status::Running;
        self.faithful_in_loop &= self.at_trap;
    }

    fn count_recovery(&mut self, traps: &[TrapKind], status: Status, leads_to_trap: bool) {
        if traps.iter().any(|kind| kind.is_hard()) {
            // A trap during a recovery belongs to the same recovery.
            self.recoveries_begun += u64::from(!self.is_recovering);
            self.is_recovering = true;
        } else if self.is_recovering && !leads_to_trap {
            self.recoveries_completed += 1;
            self.is_recovering = false;
        }
        self.is_recovering &= status == Status::Running;
    }

    /// How often a trap fired that stops the machine.
    #[must_use]
    pub fn fatal_traps(&self) -> u64 {
        self.trap(TrapKind::UnrecoverableLoop)
    }

    /// How often a trap fired.
    #[must_use]
    pub fn trap(&self, kind: TrapKind) -> u64 {
        self.traps.get(&kind).copied().unwrap_or_default()
    }

    /// True unless the last record left the machine failed.
    #[must_use]
    pub(crate) const fn ended_clean(&self) -> bool {
        !self.failed_at_end
    }

    /// The same metrics with those of the routes.
    #[must_use]
    pub(crate) fn with_routes(mut self, routes: RouteTally) -> Self {
        self.routes = routes;
        self
    }

    /// The same metrics with the injections.
    #[must_use]
    pub(crate) fn with_injections(mut self, counts: &InjectionCounts, world_faults: u64) -> Self {
        self.injections = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (name.to_owned(), count))
            .collect();
        if world_faults > 0 {
            self.injections
                .insert("world_fault".to_owned(), world_faults);
        }
        self
    }
}
