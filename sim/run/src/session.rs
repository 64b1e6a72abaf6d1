//! A session: one run of a kernel in a world with an oracle, tick by tick, from header to sink.
//!
//! Every run is a session: a soak, a scenario, a live run, a replay. What differs is its
//! [`RunPlan`] and its [`Sink`].
//!
//! It spawns no task and asks no oracle twice at once, so the order of its steps is fixed. It
//! commits no tick whose inputs are not on the tape.

use turingos::Digest;
use turingos::journal::{Chain, Status};
use turingos::kernel::{Committed, Kernel};
use turingos::manifold::Manifold;

use crate::driver::{Driver, DriverConfig, started};
use crate::edits::LivePart;
use crate::error::RunIoError;
use crate::injections::Injections;
use crate::providers::ProvidersEncoder;
use crate::scenario::Interruptions;
use crate::tape::{Call, RequestEncoder, TapeSession, TapedOracle, TapedWorld, Written};
use turingos_agents::{Injected, Oracle, Request};
use turingos_draws::Seeds;
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
    fn encoder(&mut self) -> Option<&mut dyn RequestEncoder> {
        match self {
            Self::Seeded | Self::World => None,
            Self::WorldAndOracle(encoder) => Some(encoder.as_mut()),
        }
    }
}

/// A live part of a fork: from its tick on the calls of the oracle are on the tape.
#[derive(Debug)]
struct TapedCalls {
    from: u64,
    driver: DriverConfig,
    encoder: ProvidersEncoder,
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
    pub(crate) plan: P,
    kernel: Kernel,
    pub(crate) world: W,
    oracle: O,
    driver: Driver,
    inputs: Inputs,
    /// In the order of their ticks; none unless the run is a fork that providers answer.
    live_parts: Vec<TapedCalls>,
    chain: Chain,
    sink: S,
    record: String,
    line: Vec<u8>,
    /// The tick that was committed last, until it is taken.
    committed: Option<Committed>,
    written: Option<Vec<Written>>,
}

impl<P: RunPlan<W>, W: Manifold, O: Oracle, S: Sink> Session<P, W, O, S> {
    /// A session before its first tick. Ticks must run inside a tokio runtime with time enabled.
    pub fn new(
        start: Start,
        plan: P,
        (world, oracle): (W, O),
        inputs: Inputs,
        mut sink: S,
    ) -> Self {
        sink.begin(&start.kernel);
        Self {
            plan,
            kernel: start.kernel,
            world,
            oracle,
            driver: Driver::new(&start.driver, start.seed),
            inputs,
            live_parts: Vec::new(),
            chain: Chain::new(start.genesis),
            sink,
            record: String::with_capacity(1_024),
            line: Vec::with_capacity(1_280),
            committed: None,
            written: None,
        }
    }

    /// The same session before its first tick, with seeds that may change.
    #[must_use]
    pub(crate) fn with_seeds(mut self, seeds: &Seeds) -> Self {
        self.driver.draw_from(seeds);
        self
    }

    /// The same session before its first tick, of which providers answer these parts.
    #[must_use]
    pub(crate) fn with_live_parts(mut self, parts: &[LivePart]) -> Self {
        let taped = |part: &LivePart| TapedCalls {
            from: part.tick,
            driver: part.driver.clone(),
            encoder: part.providers.encoder(),
        };
        self.live_parts = parts.iter().map(taped).collect();
        self
    }

    /// Runs to the end of the plan.
    ///
    /// # Errors
    /// As [`Session::tick`].
    pub async fn drive(&mut self) -> Result<(), S::Error> {
        while self.step().await? {
            if let Some(committed) = self.committed.take() {
                self.kernel.recycle(committed);
            }
        }
        Ok(())
    }

    /// Runs one tick and hands it to the sink; `None` if the run is over.
    ///
    /// # Errors
    /// The tape fails or diverges, before anything of the tick is committed to chain or sink; or
    /// the sink does not take the tick. The session is of no further use then.
    pub async fn tick(&mut self) -> Result<Option<Committed>, S::Error> {
        Ok(match self.step().await? {
            true => self.committed.take(),
            false => None,
        })
    }

    /// As [`Session::tick`], but leaves the committed tick where it is: it is long to move. False if
    /// the run is over.
    async fn step(&mut self) -> Result<bool, S::Error> {
        let tick = self.kernel.tick();
        if !self.plan.has_next(tick) || !self.commit().await? {
            return Ok(false);
        }
        let Some(committed) = &self.committed else {
            return Ok(false);
        };
        self.record.clear();
        committed.record.write_json(&mut self.record);
        self.line.clear();
        if self.sink.recorded_chain().is_none() {
            self.chain.append(self.record.as_bytes(), &mut self.line);
        }
        // A provider's reply has none: it is that of an earlier tick then.
        let injected = self.oracle.injected().filter(|it| it.tick == tick);
        self.plan.count(committed, injected, &mut self.kernel);
        let world_faults = self.plan.take_world_faults(&mut self.world);
        self.sink.take(&Tick {
            committed,
            record: &self.record,
            line: &self.line,
            injections: &Injections::of(tick, injected, &world_faults),
            injected,
            world_faults: &world_faults,
            kernel: &self.kernel,
        })?;
        Ok(true)
    }

    /// Observes, asks and commits one tick; false if the kernel has stopped.
    async fn commit(&mut self) -> Result<bool, RunIoError> {
        if self.kernel.status() != Status::Running {
            return Ok(false);
        }
        let world_is_taped = !matches!(self.inputs, Inputs::Seeded);
        let tick = self.kernel.tick();
        let live_part = self.live_parts.iter_mut().rfind(|it| it.from <= tick);
        if let Some(part) = &live_part
            && part.from == tick
        {
            self.driver.continue_with(&part.driver);
        }
        // A real command has taken its time already when the tick is open; a simulated one has not.
        let opened = started(&self.oracle);
        self.plan.open_tick(&mut self.world, tick);
        let is_taped = world_is_taped || live_part.is_some();
        let mut tape = self.sink.tape().filter(|_| is_taped);
        if let Some(tape) = &mut tape {
            tape.open_tick(tick)?;
        }
        let tape = tape.filter(|_| world_is_taped);
        let mut world = TapedWorld::new(&mut self.world, tape, None);
        let open = self.kernel.open(
            self.driver.now_us(),
            &mut self.plan.interruptions().of(&mut world),
        );
        world.result()?;
        let Ok(mut open) = open else {
            return Ok(false);
        };
        let mut oracle = TapedOracle {
            oracle: &mut self.oracle,
            encoder: match live_part {
                Some(part) => Some(&mut part.encoder),
                None => self.inputs.encoder(),
            },
            sink: &mut self.sink,
        };
        let driver = &mut self.driver;
        let (mut since, mut delay_us) = (opened, open.elapsed_us());
        let answer = loop {
            let request = Request {
                tick,
                lane: open.lane(),
                attempt: 0,
                system_prompt: "",
                q: open.q(),
                frame: open.frame(),
            };
            let answer = driver.ask(&mut oracle, request, since, delay_us).await?;
            if !open.fail_over(&answer) {
                break answer;
            }
            (since, delay_us) = (started(oracle.oracle), 0);
        };
        let tape = self.sink.tape().filter(|_| world_is_taped);
        let mut world = TapedWorld::new(&mut self.world, tape, self.written.as_mut());
        self.committed = Some(open.commit(
            driver.now_us(),
            &mut self.plan.interruptions().of(&mut world),
            driver.reply(),
            answer,
        ));
        world.result()?;
        Ok(true)
    }

    /// Whether the run goes on after the ticks so far.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.kernel.status() == Status::Running && self.plan.has_next(self.kernel.tick())
    }

    /// Asks the world what the verdict on the run depends on. The answers are inputs of the tick that
    /// would be next, and go onto the tape like those of a tick.
    pub(crate) fn ask_world<T>(
        &mut self,
        ask: impl FnOnce(&P, &mut TapedWorld<'_, W>) -> T,
    ) -> Result<T, RunIoError> {
        let is_taped = !matches!(self.inputs, Inputs::Seeded);
        let mut tape = self.sink.tape().filter(|_| is_taped);
        if let Some(tape) = &mut tape {
            tape.open_tick(self.kernel.tick())?;
        }
        let mut world = TapedWorld::new(&mut self.world, tape, None);
        let answer = ask(&self.plan, &mut world);
        world.result()?;
        Ok(answer)
    }

    /// The head of the journal's chain.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.sink.recorded_chain().unwrap_or(self.chain).head()
    }
}

impl<P, W, O, S> Session<P, W, O, S> {
    /// Virtual time since the start, in microseconds.
    #[must_use]
    pub const fn now_us(&self) -> u64 {
        self.driver.now_us()
    }

    /// Ticks so far.
    #[must_use]
    pub const fn ticks(&self) -> u64 {
        self.kernel.tick()
    }

    /// The kernel, between ticks.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The world without tape and interruptions, between ticks.
    #[must_use]
    pub const fn world(&self) -> &W {
        &self.world
    }

    /// The world without tape and interruptions, to look into it or to alter it from outside.
    pub const fn world_mut(&mut self) -> &mut W {
        &mut self.world
    }

    /// Notes the files that the kernel writes from now on, for [`Session::take_written`].
    pub fn note_written(&mut self) {
        self.written.get_or_insert_default();
    }

    /// The files that the kernel has written since the last call, oldest first.
    pub fn take_written(&mut self) -> Vec<Written> {
        self.written
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The oracle, between ticks.
    #[must_use]
    pub const fn oracle(&self) -> &O {
        &self.oracle
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
