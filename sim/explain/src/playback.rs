//! A recorded run, carried out again tick by tick and held to its recording.

use std::path::Path;

use turingos::Digest;
use turingos::dispatch::Lane;
use turingos::journal::Chain;
use turingos::kernel::{Committed, Kernel};
use turingos_agents::{Injected, Oracle, RawReply, SeededOracle, TransportFault};
use turingos_run::providers::Config;
use turingos_run::replay::Recording;
use turingos_run::scenario::{AnyAgent, Place, ScenarioPlan, ScenarioRun};
use turingos_run::tape::{Call, NoOracle, NoWorld, TapeSession, Written};
use turingos_run::{Injections, Kind, RunEnd, RunIoError, Session, Sink, Soak, Tick};
use turingos_world::World;

use crate::file_changes::{Files, texts};

/// A run that is carried out again, tick by tick. Its calls must run inside
/// [`turingos_run::on_virtual_time`].
pub struct Playback {
    run: Run,
    /// The workspace as far as it is known, where the world is only on the tape.
    mirror: Files,
}

/// What one tick of a playback left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The record and the trap frames.
    pub committed: Committed,
    /// What was injected.
    pub injections: Injections,
    /// How long the calls of oracles took together, in microseconds; the rest of the tick was
    /// waiting and commands.
    pub called_us: u64,
}

/// One call of an oracle, kept.
#[derive(Clone, Debug)]
pub(crate) struct KeptCall {
    pub(crate) lane: Lane,
    pub(crate) attempt: u32,
    pub(crate) q: String,
    pub(crate) frame: String,
    pub(crate) outcome: Result<RawReply, TransportFault>,
    pub(crate) took_us: u64,
}

/// Compares every tick with the recording, and keeps what a tick's explanation needs.
struct Evidence {
    recording: Recording,
    injections: Option<Injections>,
    called_us: u64,
    /// The calls of the tick, if they are wanted.
    calls: Option<Vec<KeptCall>>,
}

impl Sink for Evidence {
    type Error = RunIoError;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        Some(self.recording.tape_mut())
    }

    fn called(&mut self, call: &Call<'_>) {
        self.called_us = self.called_us.saturating_add(call.took_us);
        let Some(calls) = &mut self.calls else {
            return;
        };
        calls.push(KeptCall {
            lane: call.request.lane,
            attempt: call.request.attempt,
            q: call.request.q.to_owned(),
            frame: call.request.frame.to_owned(),
            outcome: call.outcome.cloned(),
            took_us: call.took_us,
        });
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.recording.verify_next(tick)?;
        self.injections = Some(tick.injections.clone());
        Ok(())
    }

    fn recorded_chain(&self) -> Option<Chain> {
        Some(self.recording.chain())
    }
}

/// A session of any kind of run.
enum Run {
    Soak(Box<Soak<Evidence>>),
    Memory(Box<ScenarioRun<World, SeededOracle<AnyAgent>, Evidence>>),
    Directory(Box<ScenarioRun<NoWorld, SeededOracle<AnyAgent>, Evidence>>),
    Live(Box<Session<ScenarioPlan, NoWorld, NoOracle, Evidence>>),
}

/// The same expression for a session of any kind.
macro_rules! with_session {
    ($run:expr, $session:ident => $body:expr) => {
        match $run {
            Run::Soak($session) => $body,
            Run::Memory($session) => $body,
            Run::Directory($session) => $body,
            Run::Live($session) => $body,
        }
    };
}

impl Playback {
    /// Opens the run in `directory`: a finished one, or one that was killed.
    ///
    /// # Errors
    /// A file is missing, corrupt or cannot be read.
    pub fn open(directory: &Path) -> Result<Self, RunIoError> {
        let recording = Recording::open(directory)?;
        let kind = recording.kind()?;
        let evidence = Evidence {
            recording,
            injections: None,
            called_us: 0,
            calls: None,
        };
        let mut mirror = Files::new();
        let run = match kind {
            Kind::Soak(header) => Run::Soak(Box::new(Soak::start_into(&header, evidence))),
            Kind::Scenario(header) => match header.config.place {
                Place::Memory => Run::Memory(Box::new(ScenarioRun::seeded_into(&header, evidence))),
                Place::Directory => {
                    mirror = texts(header.config.scenario.world().files());
                    Run::Directory(Box::new(ScenarioRun::start(&header, NoWorld, evidence)))
                }
            },
            Kind::Live(header) => {
                mirror = texts(header.config.scenario.world().files());
                Run::Live(Box::new(Session::new(
                    Config::start(&header),
                    Config::plan(&header),
                    (NoWorld, NoOracle),
                    Config::inputs(&header),
                    evidence,
                )))
            }
        };
        let mut playback = Self { run, mirror };
        if playback.is_mirrored() {
            with_session!(&mut playback.run, session => session.note_written());
        }
        Ok(playback)
    }

    /// Carries out the next recorded tick; `None` behind the last one.
    ///
    /// # Errors
    /// The tick is not the recorded one, or a file is corrupt or cannot be read.
    pub async fn step(&mut self) -> Result<Option<Step>, RunIoError> {
        let committed = with_session!(&mut self.run, session => {
            if !session.sink_mut().recording.has_next()? {
                return Ok(None);
            }
            session.tick().await?
        });
        for Written { path, content } in self.take_written() {
            self.mirror.insert(path, content);
        }
        let Some(committed) = committed else {
            return Ok(None);
        };
        let evidence = self.evidence();
        let called_us = std::mem::take(&mut evidence.called_us);
        Ok(evidence.injections.take().map(|injections| Step {
            committed,
            injections,
            called_us,
        }))
    }

    /// The number of the next tick.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.kernel().tick()
    }

    /// The kernel before the next tick.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        with_session!(&self.run, session => session.kernel())
    }

    /// The head of the journal's chain so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        with_session!(&self.run, session => session.root())
    }

    /// How the recording ends, as far as it was played.
    #[must_use]
    pub fn end(&mut self) -> RunEnd {
        let ticks = self.tick();
        match self.evidence().recording.is_finished() {
            true => RunEnd::Finished,
            false => RunEnd::Unfinished {
                records: ticks,
                torn_bytes: 0,
            },
        }
    }

    /// Whether files are known only from what the kernel wrote: the world is on the tape, and files
    /// that its commands change are not.
    #[must_use]
    pub fn is_mirrored(&self) -> bool {
        matches!(self.run, Run::Directory(_) | Run::Live(_))
    }

    /// What the seeded oracle did to the last reply.
    pub(crate) fn injected(&self) -> Option<Injected> {
        match &self.run {
            Run::Soak(session) => Oracle::injected(session.oracle()).copied(),
            Run::Memory(session) => Oracle::injected(session.oracle()).copied(),
            Run::Directory(session) => Oracle::injected(session.oracle()).copied(),
            Run::Live(_) => None,
        }
    }

    /// The texts of all files before the next tick.
    pub(crate) fn files(&self) -> Files {
        match &self.run {
            Run::Soak(session) => texts(session.world().files()),
            Run::Memory(session) => texts(session.world().files()),
            Run::Directory(_) | Run::Live(_) => self.mirror.clone(),
        }
    }

    /// Keeps the calls of the next tick.
    pub(crate) fn keep_calls(&mut self) {
        self.evidence().calls = Some(Vec::new());
    }

    /// The calls kept, which are kept no longer.
    pub(crate) fn take_calls(&mut self) -> Vec<KeptCall> {
        self.evidence().calls.take().unwrap_or_default()
    }

    fn evidence(&mut self) -> &mut Evidence {
        with_session!(&mut self.run, session => session.sink_mut())
    }

    fn take_written(&mut self) -> Vec<Written> {
        with_session!(&mut self.run, session => session.take_written())
    }
}
