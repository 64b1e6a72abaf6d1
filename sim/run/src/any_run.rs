//! A session of any kind of run, made from its header: a replay, an explanation and a resumed fork
//! drive the same one.

use std::path::Path;

use turingos::Digest;
use turingos::kernel::{Committed, Kernel};
use turingos::manifold::Manifold;
use turingos_agents::{Injected, Oracle, SeededOracle};
use turingos_world::{FileTree, World};

use crate::edits::Edits;
use crate::engine::Engine;
use crate::fork::{self, BaseHeader};
use crate::handover::Handover;
use crate::providers::{self, Config};
use crate::scenario::{self, AnyAgent, Place, ScenarioEngine, ScenarioPlan, ScenarioRun};
use crate::session::{Session, Sink, Start};
use crate::soak::{self, EditedSoak, SoakEngine};
use crate::tape::{NoOracle, NoWorld, Written};
use crate::{Header, Kind, Manifest, RunIoError};

/// A session of any kind of run. What is only on the tape, as a real directory's answers are, comes
/// from the tape of the sink; where that ends, from the real directory `W` and the live oracle `L`.
pub enum AnyRun<S, W = NoWorld, L = NoOracle> {
    /// A soak, and the header that its verdict depends on.
    Soak(Box<EditedSoak<L, S>>, Box<Header<soak::Settings>>),
    /// A scenario in memory.
    Memory(Box<ScenarioRun<World, Handover<SeededOracle<AnyAgent>, L>, S>>),
    /// A scenario in a real directory, whose answers are on the tape.
    Directory(Box<ScenarioRun<W, Handover<SeededOracle<AnyAgent>, L>, S>>),
    /// A live run.
    Live(Box<Session<ScenarioPlan, W, Handover<NoOracle, L>, S>>),
}

/// The same expression for a session of any kind.
macro_rules! with_session {
    ($run:expr, $session:ident => $body:expr) => {
        match $run {
            AnyRun::Soak($session, _) => $body,
            AnyRun::Memory($session) => $body,
            AnyRun::Directory($session) => $body,
            AnyRun::Live($session) => $body,
        }
    };
}

impl<S: Sink> AnyRun<S> {
    /// The run of a header before its first tick, with its ticks handed to `sink`.
    pub fn of(kind: &Kind, sink: S) -> Self {
        Self::begin(recorded_engine(kind), sink)
    }
}

impl<S: Sink + Clone> AnyRun<S> {
    /// This run once more, between ticks, to be continued with other faults: those that `edits`
    /// leaves. What the edits say of earlier ticks, and everything else in them, must be what this run
    /// has kept to; its chain stays that of its own header. `None` if a part of its inputs is on a tape.
    #[must_use]
    pub fn branch(&self, edits: &Edits) -> Option<Self> {
        match self {
            Self::Soak(session, header) => {
                let engine = branch_of_soak(&session.engine, edits)?;
                let session = session.with_engine(engine);
                Some(Self::Soak(Box::new(session), header.clone()))
            }
            Self::Memory(session) => {
                let engine = branch_of_scenario(&session.engine, edits)?;
                Some(Self::Memory(Box::new(session.with_engine(engine))))
            }
            Self::Directory(_) | Self::Live(_) => None,
        }
    }
}

impl<S: Sink, W: Manifold, L: Oracle> AnyRun<S, W, L> {
    /// The same, with the real directory and the live oracle that answer what is not on the tape. A
    /// run that has no use for one of them drops it.
    pub fn with(kind: &Kind, real: (W, L), sink: S) -> Self {
        Self::begin(AnyEngine::of(kind, real), sink)
    }

    fn begin(engine: AnyEngine<W, L>, sink: S) -> Self {
        match engine {
            AnyEngine::Soak(engine, header) => {
                Self::Soak(Box::new(Session::of(*engine, sink)), header)
            }
            AnyEngine::Memory(engine) => Self::Memory(Box::new(Session::of(*engine, sink))),
            AnyEngine::Directory(engine) => Self::Directory(Box::new(Session::of(*engine, sink))),
            AnyEngine::Live(engine) => Self::Live(Box::new(Session::of(*engine, sink))),
        }
    }

    /// Runs one tick and hands it to the sink; `None` if the run is over.
    ///
    /// # Errors
    /// As [`Session::tick`].
    pub async fn tick(&mut self) -> Result<Option<Committed>, S::Error> {
        with_session!(self, session => session.tick().await)
    }

    /// Runs to the end of the plan.
    ///
    /// # Errors
    /// As [`Session::tick`].
    pub async fn drive(&mut self) -> Result<(), S::Error> {
        self.drive_to(u64::MAX).await
    }

    /// Runs until so many ticks are over, or to the end of the plan.
    ///
    /// # Errors
    /// As [`Session::tick`].
    pub async fn drive_to(&mut self, ticks: u64) -> Result<(), S::Error> {
        with_session!(self, session => session.drive_to(ticks).await)
    }

    /// The manifest of this run of `kind`, from which the session was made. Its command may name
    /// `recording`, the directory that the run is recorded in.
    ///
    /// # Errors
    /// What the verdict reads is on a tape, and the tape fails or diverges.
    pub fn manifest(
        &mut self,
        kind: &Kind,
        recording: Option<&Path>,
    ) -> Result<Manifest, RunIoError> {
        let command = kind.command(recording);
        let (seed, profile) = kind.seed_and_profile();
        let outcome = match self {
            Self::Soak(session, header) => {
                return Ok(session.edited_outcome().manifest_for(header, command));
            }
            Self::Memory(session) => session.outcome()?,
            Self::Directory(session) => session.outcome()?,
            Self::Live(session) => session.outcome()?,
        };
        Ok(outcome.manifest_for(seed, profile, command))
    }

    /// Ends the run before its last tick; `reason` says why, in two or three words.
    pub fn stop(&mut self, reason: &'static str) {
        match self {
            Self::Soak(session, _) => session.stop(),
            Self::Memory(session) => session.stop(reason),
            Self::Directory(session) => session.stop(reason),
            Self::Live(session) => session.stop(reason),
        }
    }

    /// Whether the run goes on after the ticks so far.
    #[must_use]
    pub fn has_next(&self) -> bool {
        with_session!(self, session => session.has_next())
    }

    /// The head of the journal's chain.
    #[must_use]
    pub fn root(&self) -> Digest {
        with_session!(self, session => session.root())
    }
}

impl<S, W, L> AnyRun<S, W, L> {
    /// Ticks so far.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.kernel().tick()
    }

    /// The kernel, between ticks.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        with_session!(self, session => session.kernel())
    }

    /// The files of the world; `None` if the world is on the tape.
    #[must_use]
    pub fn files(&self) -> Option<&FileTree> {
        match self {
            Self::Soak(session, _) => Some(session.world().files()),
            Self::Memory(session) => Some(session.world().files()),
            Self::Directory(_) | Self::Live(_) => None,
        }
    }

    /// What the seeded oracle did to the last reply; `None` if another oracle gave it.
    #[must_use]
    pub fn injected(&self) -> Option<&Injected> {
        let injected = match self {
            Self::Soak(session, _) => session.oracle().seeded().injected(),
            Self::Memory(session) => session.oracle().seeded().injected(),
            Self::Directory(session) => session.oracle().seeded().injected(),
            Self::Live(_) => return None,
        };
        Some(injected).filter(|it| it.tick.checked_add(1) == Some(self.ticks()))
    }

    /// The oracle that answers what is not on the tape.
    #[must_use]
    pub fn live_oracle(&self) -> &L {
        with_session!(self, session => session.oracle().live())
    }

    /// Notes the files that the kernel writes from now on, for [`AnyRun::take_written`].
    pub fn note_written(&mut self) {
        with_session!(self, session => session.note_written());
    }

    /// The files that the kernel has written since the last call, oldest first.
    pub fn take_written(&mut self) -> Vec<Written> {
        with_session!(self, session => session.take_written())
    }

    /// The sink, between ticks.
    pub fn sink_mut(&mut self) -> &mut S {
        with_session!(self, session => session.sink_mut())
    }

    /// The sink, once the run is over.
    #[must_use]
    pub fn into_sink(self) -> S {
        with_session!(self, session => session.into_sink())
    }
}

/// The engine of any kind of run.
enum AnyEngine<W, L> {
    Soak(Box<EngineOfSoak<L>>, Box<Header<soak::Settings>>),
    Memory(Box<EngineOfScenario<World, L>>),
    Directory(Box<EngineOfScenario<W, L>>),
    Live(Box<Engine<ScenarioPlan, W, Handover<NoOracle, L>>>),
}

type EngineOfSoak<L> = SoakEngine<Handover<SeededOracle, L>>;
type EngineOfScenario<W, L> = ScenarioEngine<W, Handover<SeededOracle<AnyAgent>, L>>;

/// The engine of a run with nothing behind its tape. No type of a caller is in it, so its ticks are
/// compiled here.
fn recorded_engine(kind: &Kind) -> AnyEngine<NoWorld, NoOracle> {
    AnyEngine::of(kind, (NoWorld, NoOracle))
}

/// A branch of a soak with these changes; compiled here, as its ticks are.
fn branch_of_soak(
    engine: &EngineOfSoak<NoOracle>,
    edits: &Edits,
) -> Option<EngineOfSoak<NoOracle>> {
    let mut branch = engine.branch()?;
    branch.set_edits(edits);
    Some(branch)
}

/// The same of a scenario.
fn branch_of_scenario(
    engine: &EngineOfScenario<World, NoOracle>,
    edits: &Edits,
) -> Option<EngineOfScenario<World, NoOracle>> {
    let mut branch = engine.branch()?;
    branch.set_edits(edits);
    Some(branch)
}

impl<W: Manifold, L: Oracle> AnyEngine<W, L> {
    fn of(kind: &Kind, real: (W, L)) -> Self {
        match kind {
            Kind::Soak(header) => {
                let edits = Edits::none(header.seed);
                Self::soak((**header).clone(), &edits, header.genesis(), real)
            }
            Kind::Scenario(header) => {
                let edits = Edits::none(header.seed);
                Self::scenario(header, &edits, header.genesis(), real)
            }
            Kind::Live(header) => {
                let edits = Edits::none(header.seed);
                Self::live(header, &edits, header.genesis(), real)
            }
            Kind::Fork(header) => Self::fork(header, real),
        }
    }

    fn fork(header: &Header<fork::Config>, real: (W, L)) -> Self {
        let (edits, genesis) = (header.edits(), header.genesis());
        match header.based_on() {
            BaseHeader::Soak(soak) => Self::soak(*soak, &edits, genesis, real),
            BaseHeader::Scenario(scenario) => Self::scenario(&scenario, &edits, genesis, real),
            BaseHeader::Live(live) => Self::live(&live, &edits, genesis, real),
        }
    }

    fn soak(
        header: Header<soak::Settings>,
        edits: &Edits,
        genesis: Digest,
        (_, live): (W, L),
    ) -> Self {
        let engine = soak::edited_engine(&header, edits, genesis, live);
        Self::Soak(Box::new(engine), Box::new(header))
    }

    fn scenario(
        header: &Header<scenario::Settings>,
        edits: &Edits,
        genesis: Digest,
        (world, live): (W, L),
    ) -> Self {
        match header.config.place {
            Place::Memory => {
                let real = (header.config.scenario.world(), live);
                let engine = scenario::edited_engine(header, edits, genesis, real);
                Self::Memory(Box::new(engine))
            }
            Place::Directory => {
                let real = (world, live);
                let engine = scenario::edited_engine(header, edits, genesis, real);
                Self::Directory(Box::new(engine))
            }
        }
    }

    fn live(
        header: &Header<providers::Config>,
        edits: &Edits,
        genesis: Digest,
        (world, live): (W, L),
    ) -> Self {
        let start = Start {
            genesis,
            ..Config::start(header)
        };
        let plan = Config::plan(header).edited(edits);
        let oracle = Handover::of(NoOracle, live, edits);
        let engine = Engine::new(start, plan, (world, oracle), Config::inputs(header));
        Self::Live(Box::new(engine.edited(edits)))
    }
}
