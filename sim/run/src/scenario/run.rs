//! One run of a scenario, tick by tick, and the verdict on what it left behind.
//!
//! The world is any manifold and the oracle any oracle. Never looks at an expected file before the
//! run has ended, and never lets an agent see one.

use turingos::Digest;
use turingos::journal::{Chain, Status};
use turingos::kernel::{Committed, Kernel};
use turingos::manifold::Manifold;

use super::document::{RequiredTrap, Scenario};
use super::interrupted::Interrupted;
use super::metrics::Metrics;
use super::settings::{AnyAgent, Settings};
use super::watch::Watch;
use crate::driver::Observer;
use crate::soak::draws_line;
use crate::{Driver, DriverConfig, Gate, Header};
use turingos_agents::{Oracle, SeededOracle};
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
    /// Whoever drives the run ended it, for this reason.
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

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The head of the journal's chain.
    pub root: Digest,
    /// Virtual time at the end, in microseconds.
    pub sim_time_us: u64,
    /// How it ended.
    pub ending: Ending,
    /// What it had to hold, and whether it does.
    pub gates: Vec<Gate>,
    /// The metrics of this one run.
    pub metrics: Metrics,
}

impl Outcome {
    /// True if every gate holds.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.gates.iter().all(|gate| gate.pass)
    }
}

/// A run that can be driven tick by tick, so that a caller can watch, write or stop it.
#[derive(Debug)]
pub struct ScenarioRun<W, O, R = ()> {
    scenario: Scenario,
    limit: u64,
    stopped: Option<&'static str>,
    driver: Driver<Interrupted<W>, O, R>,
    chain: Chain,
    watch: Watch,
    met: Vec<bool>,
    json: String,
    line: Vec<u8>,
}

impl ScenarioRun<World, SeededOracle<AnyAgent>> {
    /// Prepares the seeded in-memory run that `header` describes. Must be called inside a tokio
    /// runtime.
    #[must_use]
    pub fn seeded(header: &Header<Settings>) -> Self {
        let settings = &header.config;
        let world = settings.scenario.world();
        Self::start(header, world, settings.oracle(header.seed))
    }
}

impl<W: Manifold, R: Observer> ScenarioRun<W, SeededOracle<AnyAgent>, R> {
    /// What went wrong on purpose in the last tick, as a line of JSON with its newline; nothing if
    /// the tick was left alone. Asking clears the world's part.
    pub fn draws_line(&mut self) -> Option<String> {
        let world_faults = self.driver.world_mut().take_met();
        let tick = self.chain.count().saturating_sub(1);
        draws_line(tick, self.driver.oracle().injected(), world_faults)
    }
}

/// What a run is driven by, whatever its header looks like.
#[derive(Debug)]
pub struct Course {
    /// The scenario.
    pub scenario: Scenario,
    /// The kernel at its first tick.
    pub kernel: Kernel,
    /// The driver's settings.
    pub driver: DriverConfig,
    /// What the driver's pauses are drawn from.
    pub seed: u64,
    /// The most ticks, at least 1.
    pub ticks: u64,
    /// Where the journal's chain begins.
    pub genesis: Digest,
}

impl<W: Manifold, O: Oracle> ScenarioRun<W, O> {
    /// Prepares the run that `header` describes in a world that holds the scenario's files. Must
    /// be called inside a tokio runtime.
    #[must_use]
    pub fn start(header: &Header<Settings>, world: W, oracle: O) -> Self {
        let settings = &header.config;
        let course = Course {
            scenario: settings.scenario.clone(),
            kernel: settings.kernel(),
            driver: settings.driver.clone(),
            seed: header.seed,
            ticks: settings.scenario.tick_limit(),
            genesis: header.genesis(),
        };
        Self::on(course, world, oracle)
    }

    /// Prepares a run in a world that holds the scenario's files.
    #[must_use]
    pub fn on(course: Course, world: W, oracle: O) -> Self {
        let scenario = course.scenario;
        let world = Interrupted::new(world, scenario.interruptions());
        Self {
            driver: Driver::start(course.kernel, world, oracle, &course.driver, course.seed),
            limit: course.ticks,
            stopped: None,
            chain: Chain::new(course.genesis),
            watch: Watch::of(&scenario),
            met: vec![false; scenario.required_traps().len()],
            json: String::with_capacity(1_024),
            line: Vec::with_capacity(1_280),
            scenario,
        }
    }

    /// The same run, telling `observer` what its driver does. Before the first tick.
    #[must_use]
    pub fn observed_by<R: Observer>(self, observer: R) -> ScenarioRun<W, O, R> {
        ScenarioRun {
            scenario: self.scenario,
            limit: self.limit,
            stopped: self.stopped,
            driver: self.driver.observed_by(observer),
            chain: self.chain,
            watch: self.watch,
            met: self.met,
            json: self.json,
            line: self.line,
        }
    }
}

impl<W: Manifold, O: Oracle, R: Observer> ScenarioRun<W, O, R> {
    /// Runs one tick; `None` if the run is over.
    pub async fn tick(&mut self) -> Option<Committed> {
        if self.ticks() >= self.limit || self.stopped.is_some() {
            return None;
        }
        let committed = self.driver.tick().await.ok()?;
        self.json.clear();
        committed.record.write_json(&mut self.json);
        self.line.clear();
        self.chain.append(self.json.as_bytes(), &mut self.line);
        self.watch.count(&committed.record);
        for (met, required) in self.met.iter_mut().zip(self.scenario.required_traps()) {
            *met |= is_met(required, &committed);
        }
        Some(committed)
    }

    /// Runs to the end.
    pub async fn finish_ticks(&mut self) {
        while self.tick().await.is_some() {}
    }

    /// The record of the last tick, as its JSON text.
    #[must_use]
    pub fn record_json(&self) -> &str {
        &self.json
    }

    /// The journal line of the last tick, newline included.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// Ticks so far.
    #[must_use]
    pub const fn ticks(&self) -> u64 {
        self.chain.count()
    }

    /// The kernel, between ticks.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        self.driver.kernel()
    }

    /// The world without its interruptions, to look at or to alter from outside.
    pub const fn world_mut(&mut self) -> &mut W {
        self.driver.world_mut().inner_mut()
    }

    /// The oracle, between ticks.
    #[must_use]
    pub const fn oracle(&self) -> &O {
        self.driver.oracle()
    }

    /// Ends the run before its limit; `reason` says why, in two or three words.
    pub const fn stop(&mut self, reason: &'static str) {
        self.stopped = Some(reason);
    }

    /// What the run came to. The expected files are looked at here, and nowhere before.
    #[must_use]
    pub fn finish(self) -> Outcome {
        self.finish_in(|world| world)
    }

    /// The same, with the files looked at in another view of the world: one that does not put these
    /// looks on a tape, because nothing in the run follows from them.
    #[must_use]
    pub fn finish_in<V: Manifold>(mut self, view: fn(&mut W) -> &mut V) -> Outcome {
        let ending = match self.kernel().status() {
            Status::Halted => Ending::Halted,
            Status::Failed => Ending::Failed,
            Status::Running => self.stopped.map_or(Ending::TickLimit, Ending::Stopped),
        };
        let (done, steps) = self.progress(view);
        let gates = self.judge(ending, done, steps, view);
        let passed = gates.iter().all(|gate| gate.pass);
        Outcome {
            root: self.chain.head(),
            sim_time_us: self.driver.now_us(),
            ending,
            gates,
            metrics: self.watch.metrics(ending, passed, done, steps),
        }
    }

    /// How many of the contract's steps are done, and how many there are.
    fn progress<V: Manifold>(&mut self, view: fn(&mut W) -> &mut V) -> (u64, u64) {
        let contract = self.scenario.contract().clone();
        let steps = contract.steps().len();
        let mut content = String::new();
        if let Some(path) = contract.progress_file()
            && view(self.world_mut()).read(path, &mut content).is_err()
        {
            content.clear();
        }
        let done = contract.progress(&content).done;
        (whole(done), whole(steps))
    }

    fn judge<V: Manifold>(
        &mut self,
        ending: Ending,
        done: u64,
        steps: u64,
        view: fn(&mut W) -> &mut V,
    ) -> Vec<Gate> {
        let scenario = self.scenario.clone();
        let ticks = self.ticks();
        let limit = self.limit;
        let world = view(self.world_mut());
        let differences: Vec<String> = (scenario.expected().iter())
            .filter_map(|(path, expected)| expected.difference(path, world))
            .collect();
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
                listed(&differences, || format!("{expected} of {expected}")),
            ),
            gate(
                "traps-met",
                missing.is_empty(),
                match &*missing {
                    [] => format!("{traps} of {traps}"),
                    missing => format!("never met: {}", missing.join(", ")),
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

fn gate(id: &str, pass: bool, detail: String) -> Gate {
    Gate {
        id: id.to_owned(),
        pass,
        detail,
    }
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
