//! One run of a scenario, tick by tick, and the verdict on it.
//!
//! Works with any manifold and any oracle. Never reads an expected file before the run has ended.

use std::path::Path;

use turingos::Digest;
use turingos::contract::DONE_PREFIX;
use turingos::journal::Status;
use turingos::kernel::{Committed, Kernel};
use turingos::manifold::Manifold;

use super::document::{RequiredTrap, Scenario};
use super::interrupted::Interruptions;
use super::metrics::Metrics;
use super::settings::{AnyAgent, Place, Settings};
use super::watch::{EndState, Watch};
use crate::edits::Edits;
use crate::engine::Engine;
use crate::handover::Handover;
use crate::session::{Inputs, RunPlan, Session, Sink, Start};
use crate::{Gate, Header, Manifest, Profile, RunConfig, RunIoError};
use turingos_agents::{Injected, Oracle, SeededOracle};
use turingos_world::World;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The machine halted, and the halt guards agreed.
    Halted,
    /// The machine spent its panic budget.
    Failed,
    /// The tick limit was reached.
    TickLimit,
    /// Stopped from outside, for this reason.
    Stopped(&'static str),
}

impl Ending {
    /// The ending for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halted => "halted",
            Self::Failed => "failed",
            Self::TickLimit => "tick limit",
            Self::Stopped(reason) => reason,
        }
    }
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The head of the journal's chain.
    pub root: Digest,
    /// Virtual time at the end, in microseconds.
    pub sim_time_us: u64,
    /// How it ended.
    pub ending: Ending,
    /// Its gates.
    pub gates: Vec<Gate>,
    /// The metrics of this one run.
    pub metrics: Metrics,
}

impl Outcome {
    /// True if every gate holds.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.gates.iter().any(Gate::failed)
    }

    /// The manifest of this run of `header`. Its command may name `recording`, the directory that
    /// the run is recorded in.
    #[must_use]
    pub fn manifest<C: RunConfig>(&self, header: &Header<C>, recording: Option<&Path>) -> Manifest {
        self.manifest_for(header.seed, header.profile, header.command(recording))
    }

    /// The manifest of a run that `command` repeats.
    pub(crate) fn manifest_for(&self, seed: u64, profile: Profile, command: String) -> Manifest {
        let traps = self.metrics.traps.iter();
        let counts = traps.map(|(kind, count)| (kind.name().to_owned(), *count));
        Manifest::new(seed, profile, self.metrics.ticks, self.root, command)
            .with_gates(self.gates.clone())
            .with_counts(counts.collect())
    }
}

/// The plan of a scenario: up to its tick limit, unless it is stopped before.
#[derive(Clone, Debug)]
pub struct ScenarioPlan {
    scenario: Scenario,
    limit: u64,
    stopped: Option<&'static str>,
    interruptions: Interruptions,
    watch: Watch,
    met: Vec<bool>,
}

impl ScenarioPlan {
    /// The plan of at most `limit` ticks, at least 1.
    #[must_use]
    pub fn new(scenario: Scenario, limit: u64) -> Self {
        Self {
            limit,
            stopped: None,
            interruptions: Interruptions::new(scenario.interruptions()),
            watch: Watch::of(&scenario),
            met: vec![false; scenario.required_traps().len()],
            scenario,
        }
    }

    /// The same plan with the changes of a fork.
    #[must_use]
    pub(crate) fn edited(mut self, edits: &Edits) -> Self {
        self.interruptions = self.interruptions.edited(edits.world.clone());
        self
    }
}

impl<W> RunPlan<W> for ScenarioPlan {
    fn has_next(&self, ticks: u64) -> bool {
        ticks < self.limit && self.stopped.is_none()
    }

    fn count(&mut self, committed: &Committed, _: Option<&Injected>, _: &mut Kernel) {
        self.watch.count(&committed.record);
        for (met, required) in self.met.iter_mut().zip(self.scenario.required_traps()) {
            *met |= is_met(required, committed);
        }
    }

    fn interruptions(&mut self) -> &mut Interruptions {
        &mut self.interruptions
    }
}

/// A run of a scenario whose ticks go to `S`.
pub type ScenarioRun<W, O, S = ()> = Session<ScenarioPlan, W, O, S>;

impl ScenarioRun<World, SeededOracle<AnyAgent>> {
    /// The seeded in-memory run that `header` describes. Ticks must run inside a tokio runtime with
    /// time enabled.
    #[must_use]
    pub fn seeded(header: &Header<Settings>) -> Self {
        Self::seeded_into(header, ())
    }
}

impl<S: Sink> ScenarioRun<World, SeededOracle<AnyAgent>, S> {
    /// The same, with its ticks handed to `sink`.
    pub fn seeded_into(header: &Header<Settings>, sink: S) -> Self {
        Self::of(seeded_engine(header), sink)
    }
}

impl<W: Manifold, S: Sink> ScenarioRun<W, SeededOracle<AnyAgent>, S> {
    /// The run that `header` describes in a world that holds the scenario's files.
    pub fn start(header: &Header<Settings>, world: W, sink: S) -> Self {
        Self::of(engine(header, world), sink)
    }
}

/// A scenario in a world `W`.
pub(crate) type ScenarioEngine<W, O> = Engine<ScenarioPlan, W, O>;

/// The seeded run in memory. No type of a caller is in it, so its ticks are compiled here.
fn seeded_engine(header: &Header<Settings>) -> ScenarioEngine<World, SeededOracle<AnyAgent>> {
    engine(header, header.config.scenario.world())
}

fn engine<W: Manifold>(
    header: &Header<Settings>,
    world: W,
) -> ScenarioEngine<W, SeededOracle<AnyAgent>> {
    let (start, plan, inputs) = parts(header, header.genesis());
    let oracle = header.config.oracle(header.seed);
    Engine::new(start, plan, (world, oracle), inputs)
}

/// A scenario with the changes of a fork, whose chain begins at `genesis`.
pub(crate) fn edited_engine<W: Manifold, L: Oracle>(
    header: &Header<Settings>,
    edits: &Edits,
    genesis: Digest,
    (world, live): (W, L),
) -> ScenarioEngine<W, Handover<SeededOracle<AnyAgent>, L>> {
    let (start, plan, inputs) = parts(header, genesis);
    let oracle = header.config.oracle(header.seed);
    let oracle = oracle.edited(&edits.seeds, edits.oracle.clone());
    let oracle = Handover::of(oracle, live, edits);
    Engine::new(start, plan.edited(edits), (world, oracle), inputs).edited(edits)
}

impl<W, L> ScenarioEngine<W, Handover<SeededOracle<AnyAgent>, L>> {
    /// Keeps to these changes from the next tick on.
    pub(crate) fn set_edits(&mut self, edits: &Edits) {
        self.plan.interruptions.set_edits(edits.world.clone());
        self.oracle.set_edits(edits);
    }
}

/// What a session of `header` is made of, besides its world and its oracle.
fn parts(header: &Header<Settings>, genesis: Digest) -> (Start, ScenarioPlan, Inputs) {
    let settings = &header.config;
    let scenario = settings.scenario.clone();
    let limit = scenario.tick_limit().min(header.ticks);
    let start = Start {
        kernel: settings.kernel(),
        driver: settings.driver.clone(),
        seed: header.seed,
        genesis,
    };
    let inputs = match settings.place {
        Place::Memory => Inputs::Seeded,
        Place::Directory => Inputs::World,
    };
    (start, ScenarioPlan::new(scenario, limit), inputs)
}

impl<W: Manifold, O: Oracle, S: Sink> ScenarioRun<W, O, S> {
    /// Ends the run before its limit; `reason` says why, in two or three words.
    pub const fn stop(&mut self, reason: &'static str) {
        self.engine.plan.stopped = Some(reason);
    }

    /// The result of the run. Expected files are read here and not before; what is read goes onto
    /// the tape, so that a replay arrives at the same verdict.
    ///
    /// # Errors
    /// The tape fails or diverges.
    pub fn outcome(&mut self) -> Result<Outcome, RunIoError> {
        let (status, ticks) = (self.kernel().status(), self.ticks());
        let (engine, mut outlet) = self.split();
        let (ending, gates, metrics) = engine.ask_world(&mut outlet, |plan, world| {
            plan.conclude(status, ticks, world)
        })?;
        Ok(Outcome {
            root: self.root(),
            sim_time_us: self.now_us(),
            ending,
            gates,
            metrics,
        })
    }
}

impl ScenarioPlan {
    /// How the run ended in its world, the gates, and the metrics.
    fn conclude(
        &self,
        status: Status,
        ticks: u64,
        world: &mut dyn Manifold,
    ) -> (Ending, Vec<Gate>, Metrics) {
        let ending = match status {
            Status::Halted => Ending::Halted,
            Status::Failed => Ending::Failed,
            Status::Running => self.stopped.map_or(Ending::TickLimit, Ending::Stopped),
        };
        let mut end = self.progress(world);
        let differences = self.differences(world);
        end.files.0 -= whole(differences.len());
        let gates = self.judge(ending, &end, ticks, &differences);
        let passed = !gates.iter().any(Gate::failed);
        (
            ending,
            gates,
            self.watch.clone().metrics(ending, passed, end),
        )
    }

    /// How far the contract's steps got; every expected file counts as right.
    fn progress(&self, world: &mut dyn Manifold) -> EndState {
        let contract = self.scenario.contract();
        let mut content = String::new();
        if let Some(path) = contract.progress_file()
            && world.read(path, &mut content).is_err()
        {
            content.clear();
        }
        let names = { content.lines() }
            .filter_map(|line| Some(line.trim().strip_prefix(DONE_PREFIX)?.trim()))
            .filter(|name| !name.is_empty());
        let prefix = { contract.steps().iter().zip(names) }
            .take_while(|(step, name)| step.name() == *name)
            .count();
        let files = whole(self.scenario.expected().len());
        EndState {
            files: (files, files),
            done: whole(contract.progress(&content).done),
            prefix: whole(prefix),
            steps: whole(contract.steps().len()),
        }
    }

    /// How the expected files differ, each in one line.
    fn differences(&self, world: &mut dyn Manifold) -> Vec<String> {
        { self.scenario.expected().iter() }
            .filter_map(|(path, expected)| expected.difference(path, world))
            .collect()
    }

    fn judge(
        &self,
        ending: Ending,
        end: &EndState,
        ticks: u64,
        differences: &[String],
    ) -> Vec<Gate> {
        let scenario = &self.scenario;
        let limit = self.limit;
        let EndState { done, steps, .. } = *end;
        let expected = scenario.expected().len();
        let missing: Vec<String> = (self.met.iter().zip(scenario.required_traps()))
            .filter(|(met, _)| !**met)
            .map(|(_, required)| match &required.at {
                Some(at) => format!("{} at {at}", required.kind),
                None => required.kind.name().to_owned(),
            })
            .collect();
        let traps = scenario.required_traps().len();
        vec![
            gate(
                "halted",
                ending == Ending::Halted,
                format!("{} after {ticks} of {limit} ticks", ending.name()),
            ),
            gate(
                "contract-done",
                done == steps,
                format!("{done} of {steps} steps"),
            ),
            gate(
                "files-as-expected",
                differences.is_empty(),
                listed(differences, || format!("{expected} of {expected}")),
            ),
            gate(
                "traps-met",
                missing.is_empty(),
                match &*missing {
                    [] => format!("{traps} of {traps}"),
                    missing => format!("did not fire: {}", missing.join(", ")),
                },
            ),
        ]
    }
}

fn is_met(required: &RequiredTrap, committed: &Committed) -> bool {
    let record = &committed.record;
    record.traps.contains(&required.kind)
        && (required.at.as_ref()).is_none_or(|at| *at == record.pointer)
}

fn gate(id: &str, holds: bool, detail: String) -> Gate {
    Gate::judged(id, holds, detail)
}

fn listed(items: &[String], none: impl Fn() -> String) -> String {
    match items {
        [] => none(),
        items => items.join("; "),
    }
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
