//! Watches a run tick by tick: pointer drift, recoveries from traps, and progress lines.
//!
//! Reads records only, in constant memory.

use std::collections::{BTreeMap, BTreeSet};

use turingos::Digest;
use turingos::dispatch::Lane;
use turingos::isa::Opcode;
use turingos::journal::{Record, Status};
use turingos::pointer::{CapabilityQuery, Pointer};

use super::document::Scenario;
use super::metrics::{Average, Metrics};
use super::run::Ending;

/// The observations of a run.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// Every path that the scenario names.
    paths: BTreeSet<String>,
    test_commands: Vec<String>,
    progress: Option<Pointer>,
    /// The tick of the trap from which the run has not recovered yet.
    trapped_at: Option<u64>,
    /// Ticks whose pointer does not parse.
    unparsed: u64,
    metrics: Metrics,
}

/// The files and steps of a mission at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndState {
    /// Expected files that are right, and all that are expected.
    pub(super) files: (u64, u64),
    /// Steps that are done.
    pub(super) done: u64,
    /// Steps that the `DONE:` lines begin with.
    pub(super) prefix: u64,
    /// All steps.
    pub(super) steps: u64,
}

/// The relation of a pointer to the mission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A file of the mission, a command that names one, a page, or the end.
    OfMission,
    /// A trap.
    Trap,
    /// Anywhere else.
    Elsewhere,
}

impl Watch {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let contract = scenario.contract();
        let step_files = contract.steps().iter().filter_map(|step| step.file());
        let paths = (scenario.files().iter().map(|(path, _)| path))
            .chain(scenario.expected().iter().map(|(path, _)| path))
            .chain(contract.progress_file())
            .chain(contract.required_files())
            .chain(step_files)
            .map(|path| path.as_str().to_owned())
            .collect();
        Self {
            paths,
            test_commands: scenario.test_commands().to_vec(),
            progress: contract.progress_file().cloned().map(Pointer::Append),
            trapped_at: None,
            unparsed: 0,
            metrics: Metrics::default(),
        }
    }

    pub(super) fn count(&mut self, record: &Record) {
        let metrics = &mut self.metrics;
        metrics.ticks += 1;
        match record.route.lane {
            Lane::P => metrics.p += 1,
            Lane::E => metrics.e += 1,
        }
        metrics.failovers += u64::from(record.route.failover.is_some());
        for kind in &record.traps {
            *metrics.traps.entry(*kind).or_default() += 1;
        }
        let stopped = record.traps.iter().any(|kind| kind.is_hard());
        let pointer = record.pointer.parse::<Pointer>().ok();
        self.unparsed += u64::from(pointer.is_none());
        if record.op == Some(Opcode::Write) && pointer.is_some() && pointer == self.progress {
            metrics.appends_tried += 1;
            metrics.appends_taken += u64::from(!stopped);
        }
        match self.place(pointer.as_ref()) {
            Place::OfMission => self.metrics.placed += 1,
            Place::Elsewhere => {
                self.metrics.placed += 1;
                self.metrics.drifted += 1;
            }
            Place::Trap => {}
        }
        if stopped {
            // A trap during a recovery belongs to the same recovery.
            if self.trapped_at.is_none() {
                self.trapped_at = Some(record.tick);
                self.metrics.recoveries_begun += 1;
            }
        } else if self.is_useful(record)
            && let Some(trapped_at) = self.trapped_at.take()
        {
            let ticks = record.tick.saturating_sub(trapped_at);
            *self.metrics.recovery_ticks.entry(ticks).or_default() += 1;
        }
    }

    /// True if the tick changed a file, went to a place of the mission, or ended it.
    fn is_useful(&self, record: &Record) -> bool {
        let wrote = record.op == Some(Opcode::Write) && record.effect != Digest::EMPTY;
        let goes = matches!(record.op, Some(Opcode::Goto | Opcode::Exec))
            && self.place(record.next.parse().ok().as_ref()) == Place::OfMission;
        wrote || goes || record.status == Status::Halted
    }

    fn place(&self, pointer: Option<&Pointer>) -> Place {
        let is_known = match pointer {
            None => false,
            Some(Pointer::Trap { .. }) => return Place::Trap,
            Some(Pointer::File(path) | Pointer::Append(path) | Pointer::Replace(path)) => {
                self.paths.contains(path.as_str())
            }
            Some(Pointer::Handle(handle)) => self.paths.contains(handle.tail.as_str()),
            Some(Pointer::Capability(CapabilityQuery::Issue { path, .. })) => {
                self.paths.contains(path.as_str())
            }
            Some(Pointer::Capability(CapabilityQuery::Describe(handle))) => {
                self.paths.contains(handle.tail.as_str())
            }
            Some(Pointer::Command(command)) => {
                self.test_commands.contains(command)
                    || command
                        .split([' ', '\''])
                        .any(|word| self.paths.contains(word))
            }
            // Only what was observed before has pages.
            Some(Pointer::Page { .. } | Pointer::Halt) => true,
            Some(
                Pointer::CallStack
                | Pointer::GitLog(_)
                | Pointer::Capability(CapabilityQuery::List),
            ) => false,
        };
        match is_known {
            true => Place::OfMission,
            false => Place::Elsewhere,
        }
    }

    pub(super) fn metrics(self, ending: Ending, passed: bool, end: EndState) -> Metrics {
        let completion = match end.steps {
            0 => u64::from(passed) * 10_000,
            steps => end.done * 10_000 / steps,
        };
        let (right, expected) = end.files;
        Metrics {
            runs: 1,
            passed: u64::from(passed),
            halted: u64::from(ending == Ending::Halted),
            limited: u64::from(ending == Ending::TickLimit),
            completions: BTreeMap::from([(completion, 1)]),
            right_files: Average::of_run(right, expected),
            done_prefix: Average::of_run(end.prefix, end.steps),
            unparsed_pointers: Average::of_run(self.unparsed, self.metrics.ticks),
            ..self.metrics
        }
    }
}

#[cfg(test)]
mod tests;
