//! A session: one run of a kernel in a world with an oracle, tick by tick, from header to sink.
//!
//! Every run is a session: a soak, a scenario, a live run, a replay. What differs is its
//! [`RunPlan`] and its [`Sink`]. Its ticks are computed by an [`Engine`], which knows no type of
//! sink.

use turingos::Digest;
use turingos::journal::Chain;
use turingos::kernel::{Committed, Kernel};
use turingos::manifold::Manifold;

use crate::driver::DriverConfig;
use crate::engine::Engine;
use crate::error::RunIoError;
use crate::injections::Injections;
use crate::outlet::SinkOutlet;
use crate::scenario::Interruptions;
use crate::tape::{Call, RequestEncoder, TapeSession, Written};
use turingos_agents::{Injected, Oracle};
use turingos_world::InjectedFault;

/// What differs between a soak, a scenario and other runs.
pub trait RunPlan<W> {
    /// Whether another tick follows after `ticks` of them. A stopped kernel has no further tick.
    fn has_next(&self, ticks: u64) -> bool;

    /// Counts a committed tick, given what was injected into its reply. A plan may reboot a kernel
    /// that has stopped.
    fn count(
        &mut self,
        _committed: &Committed,
        _injected: Option<&Injected>,
        _kernel: &mut Kernel,
    ) {
    }

    /// A tick is about to be opened.
    fn open_tick(&mut self, _world: &mut W, tick: u64) {
        self.interruptions().open_tick(tick);
    }

    /// The operations of the world that are made to fail.
    fn interruptions(&mut self) -> &mut Interruptions;

    /// The faults that were injected into the world since this was last asked.
    fn take_world_faults(&mut self, _world: &mut W) -> Vec<InjectedFault> {
        self.interruptions().take_struck()
    }
}

/// The plan of a run of so many ticks, of which nothing is counted.
#[derive(Clone, Debug, Default)]
pub struct Ticks {
    limit: u64,
    interruptions: Interruptions,
}

impl Ticks {
    /// At most `limit` ticks.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            interruptions: Interruptions::default(),
        }
    }
}

impl<W> RunPlan<W> for Ticks {
    fn has_next(&self, ticks: u64) -> bool {
        ticks < self.limit
    }

    fn interruptions(&mut self) -> &mut Interruptions {
        &mut self.interruptions
    }
}

/// Takes the ticks of a session, and holds the tape if the run has one.
pub trait Sink {
    /// Why a tick was not taken.
    type Error: From<RunIoError>;

    /// The tape of the run, if it has one.
    fn tape(&mut self) -> Option<&mut TapeSession> {
        None
    }

    /// The session is about to open its first tick.
    fn begin(&mut self, _kernel: &Kernel) {}

    /// An oracle was called. The last call of a tick is the one that counts.
    fn called(&mut self, _call: &Call<'_>) {}

    /// Takes a committed tick.
    ///
    /// # Errors
    /// The tick cannot be written, or is not the recorded one; the run has to end.
    fn take(&mut self, tick: &Tick<'_>) -> Result<(), Self::Error>;

    /// The chain of the ticks taken, if the sink follows a recorded chain; the session does not
    /// hash the records a second time then.
    fn recorded_chain(&self) -> Option<Chain> {
        None
    }
}

/// A committed tick.
#[derive(Clone, Copy, Debug)]
pub struct Tick<'a> {
    /// The record and the trap frames.
    pub committed: &'a Committed,
    /// The record as its JSON text.
    pub record: &'a str,
    /// The journal line, newline included; empty if the sink follows a recorded chain.
    pub line: &'a [u8],
    /// What was injected.
    pub injections: &'a Injections,
    /// What the seeded oracle did to the reply, if one answered.
    pub injected: Option<&'a Injected>,
    /// What was injected into the world, in order.
    pub world_faults: &'a [InjectedFault],
    /// The kernel before its next tick.
    pub kernel: &'a Kernel,
}

/// Takes nothing.
impl Sink for () {
    type Error = RunIoError;

    fn take(&mut self, _tick: &Tick<'_>) -> Result<(), RunIoError> {
        Ok(())
    }
}

/// Looks at every tick.
impl<F: FnMut(&Tick<'_>)> Sink for F {
    type Error = RunIoError;

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self(tick);
        Ok(())
    }
}

/// Which inputs of a run are on its tape; the others follow from its header.
pub enum Inputs {
    /// None.
    Seeded,
    /// The world's answers.
    World,
    /// The world's answers and the oracle's calls, whose requests the encoder writes.
    WorldAndOracle(Box<dyn RequestEncoder>),
}

impl Inputs {
    pub(crate) fn encoder(&mut self) -> Option<&mut dyn RequestEncoder> {
        match self {
            Self::Seeded | Self::World => None,
            Self::WorldAndOracle(encoder) => Some(encoder.as_mut()),
        }
    }
}

/// What a session starts from, apart from its world and its oracle.
#[derive(Debug)]
pub struct Start {
    /// The kernel at its first tick.
    pub kernel: Kernel,
    /// The driver's settings.
    pub driver: DriverConfig,
    /// What the driver's pauses are drawn from.
    pub seed: u64,
    /// Where the journal's chain begins.
    pub genesis: Digest,
}

/// One run: kernel, world, oracle, driver, plan, chain and sink.
pub struct Session<P, W, O, S = ()> {
    pub(crate) engine: Engine<P, W, O>,
    sink: S,
}

impl<P: RunPlan<W>, W: Manifold, O: Oracle, S: Sink> Session<P, W, O, S> {
    /// A session before its first tick. Ticks must run inside a tokio runtime with time enabled.
    pub fn new(start: Start, plan: P, parts: (W, O), inputs: Inputs, sink: S) -> Self {
        Self::of(Engine::new(start, plan, parts, inputs), sink)
    }

    /// The session of an engine before its first tick.
    pub(crate) fn of(engine: Engine<P, W, O>, mut sink: S) -> Self {
        sink.begin(engine.kernel());
        Self { engine, sink }
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
        let limit = ticks.saturating_sub(self.ticks());
        let mut outlet = SinkOutlet::of(&mut self.sink);
        let driven = self.engine.run(&mut outlet, limit).await;
        outlet.result(driven)?;
        Ok(())
    }

    /// Runs one tick and hands it to the sink; `None` if the run is over.
    ///
    /// # Errors
    /// The tape fails or diverges, before anything of the tick is committed to chain or sink; or
    /// the sink does not take the tick. The session is of no further use then.
    pub async fn tick(&mut self) -> Result<Option<Committed>, S::Error> {
        let mut outlet = SinkOutlet::of(&mut self.sink);
        let driven = self.engine.run(&mut outlet, 1).await;
        outlet.result(driven)?;
        Ok(self.engine.take_committed())
    }

    /// Whether the run goes on after the ticks so far.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.engine.has_next()
    }

    /// The head of the journal's chain.
    #[must_use]
    pub fn root(&self) -> Digest {
        (self.sink.recorded_chain())
            .unwrap_or(self.engine.chain())
            .head()
    }

    /// The engine, and the sink as what takes its ticks.
    pub(crate) const fn split(&mut self) -> (&mut Engine<P, W, O>, SinkOutlet<'_, S>) {
        (&mut self.engine, SinkOutlet::of(&mut self.sink))
    }
}

impl<P, W, O, S: Clone> Session<P, W, O, S> {
    /// A session with this engine, whose sink has taken the same ticks.
    pub(crate) fn with_engine(&self, engine: Engine<P, W, O>) -> Self {
        Self {
            engine,
            sink: self.sink.clone(),
        }
    }
}

impl<P, W, O, S> Session<P, W, O, S> {
    /// Virtual time since the start, in microseconds.
    #[must_use]
    pub const fn now_us(&self) -> u64 {
        self.engine.now_us()
    }

    /// Ticks so far.
    #[must_use]
    pub const fn ticks(&self) -> u64 {
        self.engine.kernel().tick()
    }

    /// The kernel, between ticks.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        self.engine.kernel()
    }

    /// The world without tape and interruptions, between ticks.
    #[must_use]
    pub const fn world(&self) -> &W {
        &self.engine.world
    }

    /// The world without tape and interruptions, to look into it or to alter it from outside.
    pub const fn world_mut(&mut self) -> &mut W {
        &mut self.engine.world
    }

    /// Notes the files that the kernel writes from now on, for [`Session::take_written`].
    pub fn note_written(&mut self) {
        self.engine.note_written();
    }

    /// The files that the kernel has written since the last call, oldest first.
    pub fn take_written(&mut self) -> Vec<Written> {
        self.engine.take_written()
    }

    /// The oracle, between ticks.
    #[must_use]
    pub const fn oracle(&self) -> &O {
        &self.engine.oracle
    }

    /// The sink, between ticks.
    pub const fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// The sink, once the run is over.
    #[must_use]
    pub fn into_sink(self) -> S {
        self.sink
    }
}
