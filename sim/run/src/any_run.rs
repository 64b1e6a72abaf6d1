//! A session of any kind of run, made from its header: a replay, an explanation and a resumed fork
//! drive the same one.

use std::path::Path;

use turingos::Digest;
use turingos::kernel::{Committed, Kernel};
use turingos_agents::{Injected, Oracle, SeededOracle};
use turingos_world::{FileTree, World};

use crate::edits::Edits;
use crate::fork::{self, BaseHeader};
use crate::providers::Config;
use crate::scenario::{self, AnyAgent, Place, ScenarioPlan, ScenarioRun};
use crate::session::{Session, Sink};
use crate::soak::{self, Soak};
use crate::tape::{NoOracle, NoWorld, Written};
use crate::{Header, Kind, Manifest, RunIoError};

/// A session of any kind of run. What is only on the tape, as a real directory's answers are, comes
/// from the tape of the sink.
pub enum AnyRun<S> {
    /// A soak, and the header that its verdict depends on.
    Soak(Box<Soak<S>>, Box<Header<soak::Settings>>),
    /// A scenario in memory.
    Memory(Box<ScenarioRun<World, SeededOracle<AnyAgent>, S>>),
    /// A scenario in a real directory, whose answers are on the tape.
    Directory(Box<ScenarioRun<NoWorld, SeededOracle<AnyAgent>, S>>),
    /// A live run from its tape.
    Live(Box<Session<ScenarioPlan, NoWorld, NoOracle, S>>),
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
        match kind {
            Kind::Soak(header) => {
                let edits = Edits::none(header.seed);
                Self::soak((**header).clone(), &edits, header.genesis(), sink)
            }
            Kind::Scenario(header) => {
                let edits = Edits::none(header.seed);
                Self::scenario(header, &edits, header.genesis(), sink)
            }
            Kind::Live(header) => Self::Live(Box::new(Session::new(
                Config::start(header),
                Config::plan(header),
                (NoWorld, NoOracle),
                Config::inputs(header),
                sink,
            ))),
            Kind::Fork(header) => Self::fork(header, sink),
        }
    }

    fn fork(header: &Header<fork::Config>, sink: S) -> Self {
        let (edits, genesis) = (header.edits(), header.genesis());
        match header.based_on() {
            BaseHeader::Soak(soak) => Self::soak(*soak, &edits, genesis, sink),
            BaseHeader::Scenario(scenario) => Self::scenario(&scenario, &edits, genesis, sink),
        }
    }

    fn soak(header: Header<soak::Settings>, edits: &Edits, genesis: Digest, sink: S) -> Self {
        let session = Soak::start_edited(&header, edits, genesis, sink);
        Self::Soak(Box::new(session), Box::new(header))
    }

    fn scenario(
        header: &Header<scenario::Settings>,
        edits: &Edits,
        genesis: Digest,
        sink: S,
    ) -> Self {
        match header.config.place {
            Place::Memory => {
                let world = header.config.scenario.world();
                let run = ScenarioRun::start_edited(header, edits, genesis, world, sink);
                Self::Memory(Box::new(run))
            }
            Place::Directory => {
                let run = ScenarioRun::start_edited(header, edits, genesis, NoWorld, sink);
                Self::Directory(Box::new(run))
            }
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
        while self.tick().await?.is_some() {}
        Ok(())
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
                return Ok(session.outcome().manifest_for(header, command));
            }
            Self::Memory(session) => session.outcome()?,
            Self::Directory(session) => session.outcome()?,
            Self::Live(session) => session.outcome()?,
        };
        Ok(outcome.manifest_for(seed, profile, command))
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

impl<S> AnyRun<S> {
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

    /// What the seeded oracle did to the last reply.
    #[must_use]
    pub fn injected(&self) -> Option<&Injected> {
        match self {
            Self::Soak(session, _) => Oracle::injected(session.oracle()),
            Self::Memory(session) => Oracle::injected(session.oracle()),
            Self::Directory(session) => Oracle::injected(session.oracle()),
            Self::Live(_) => None,
        }
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
