//! A session without its sink: what computes its ticks.
//!
//! It spawns no task and asks no oracle twice at once, so the order of its steps is fixed. It
//! commits no tick whose inputs are not on the tape.

use std::pin::Pin;

use turingos::journal::{Chain, Status};
use turingos::kernel::{Answer, Committed, Kernel, OpenTick};
use turingos::manifold::Manifold;

use crate::driver::{Driver, DriverConfig, started};
use crate::edits::{Edits, LivePart};
use crate::error::RunIoError;
use crate::injections::Injections;
use crate::outlet::Outlet;
use crate::providers::ProvidersEncoder;
use crate::scenario::Interruptions;
use crate::session::{Inputs, RunPlan, Start, Tick};
use crate::tape::{CallTape, TapedOracle, TapedWorld, Written};
use turingos_agents::{Oracle, Request};

/// A live part of a fork: from its tick on the calls of the oracle are on the tape.
#[derive(Debug)]
struct TapedCalls {
    from: u64,
    driver: DriverConfig,
    encoder: ProvidersEncoder,
}

/// Ticks that are being run.
type Ticking<'a> = Pin<Box<dyn Future<Output = Result<(), RunIoError>> + 'a>>;

/// Kernel, world, oracle, driver, plan and chain of a session.
pub(crate) struct Engine<P, W, O> {
    pub(crate) plan: P,
    kernel: Kernel,
    pub(crate) world: W,
    pub(crate) oracle: O,
    driver: Driver,
    inputs: Inputs,
    /// In the order of their ticks; none unless the run is a fork that providers answer.
    live_parts: Vec<TapedCalls>,
    chain: Chain,
    record: String,
    line: Vec<u8>,
    /// The tick that was committed last, until it is taken.
    committed: Option<Committed>,
    written: Option<Vec<Written>>,
    /// Makes the ticks. A pointer, so that its code is compiled where the engine is made and not
    /// again by every caller.
    ticking: for<'a> fn(&'a mut Self, &'a mut (dyn Outlet + 'a), u64) -> Ticking<'a>,
}

impl<P: RunPlan<W>, W: Manifold, O: Oracle> Engine<P, W, O> {
    /// An engine before its first tick.
    pub(crate) fn new(start: Start, plan: P, (world, oracle): (W, O), inputs: Inputs) -> Self {
        Self {
            plan,
            kernel: start.kernel,
            world,
            oracle,
            driver: Driver::new(&start.driver, start.seed),
            inputs,
            live_parts: Vec::new(),
            chain: Chain::new(start.genesis),
            record: String::with_capacity(1_024),
            line: Vec::with_capacity(1_280),
            committed: None,
            written: None,
            ticking: |engine, outlet, limit| Box::pin(engine.run_ticks(outlet, limit)),
        }
    }

    /// The same engine before its first tick with the changes of a fork: seeds that may change, and
    /// parts that providers answer.
    #[must_use]
    pub(crate) fn edited(mut self, edits: &Edits) -> Self {
        self.driver.draw_from(&edits.seeds);
        let taped = |part: &LivePart| TapedCalls {
            from: part.tick,
            driver: part.driver.clone(),
            encoder: part.providers.encoder(),
        };
        self.live_parts = edits.live.iter().map(taped).collect();
        self
    }

    /// Runs at most `limit` ticks and hands them to `outlet`, until the plan ends or a tick is not
    /// taken. The last of them can be taken after that if the limit ended them.
    pub(crate) fn run<'a>(
        &'a mut self,
        outlet: &'a mut (dyn Outlet + 'a),
        limit: u64,
    ) -> Ticking<'a> {
        (self.ticking)(self, outlet, limit)
    }

    async fn run_ticks(&mut self, outlet: &mut dyn Outlet, limit: u64) -> Result<(), RunIoError> {
        for _ in 0..limit {
            if let Some(committed) = self.committed.take() {
                self.kernel.recycle(committed);
            }
            if !self.step(outlet).await? {
                self.committed = None;
                break;
            }
        }
        Ok(())
    }

    /// Runs one tick, which stays where it is: it is long to move. False if the run is over, or the
    /// tick is not taken.
    async fn step(&mut self, outlet: &mut dyn Outlet) -> Result<bool, RunIoError> {
        let tick = self.kernel.tick();
        if !self.plan.has_next(tick) || !self.commit(outlet).await? {
            return Ok(false);
        }
        let Some(committed) = &self.committed else {
            return Ok(false);
        };
        self.record.clear();
        committed.record.write_json(&mut self.record);
        self.line.clear();
        if outlet.recorded_chain().is_none() {
            self.chain.append(self.record.as_bytes(), &mut self.line);
        }
        // A provider's reply has none: it is that of an earlier tick then.
        let injected = self.oracle.injected().filter(|it| it.tick == tick);
        self.plan.count(committed, injected, &mut self.kernel);
        let world_faults = self.plan.take_world_faults(&mut self.world);
        Ok(outlet.take(&Tick {
            committed,
            record: &self.record,
            line: &self.line,
            injections: &Injections::of(tick, injected, &world_faults),
            injected,
            world_faults: &world_faults,
            kernel: &self.kernel,
        }))
    }

    /// Observes, asks and commits one tick; false if the kernel has stopped.
    async fn commit(&mut self, outlet: &mut dyn Outlet) -> Result<bool, RunIoError> {
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
        let mut tape = outlet.tape().filter(|_| is_taped);
        if let Some(tape) = &mut tape {
            tape.open_tick(tick)?;
        }
        let tape = tape.filter(|_| world_is_taped);
        let world = TapedWorld::new(&mut self.world, tape, None);
        let interruptions = self.plan.interruptions();
        let Some(mut open) = open(&mut self.kernel, self.driver.now_us(), interruptions, world)?
        else {
            return Ok(false);
        };
        let mut oracle = TapedOracle {
            oracle: &mut self.oracle,
            calls: CallTape {
                encoder: match live_part {
                    Some(part) => Some(&mut part.encoder),
                    None => self.inputs.encoder(),
                },
                outlet,
            },
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
        let tape = outlet.tape().filter(|_| world_is_taped);
        let world = TapedWorld::new(&mut self.world, tape, self.written.as_mut());
        let interruptions = self.plan.interruptions();
        commit(
            open,
            driver,
            interruptions,
            world,
            answer,
            &mut self.committed,
        )?;
        Ok(true)
    }

    /// Whether the run goes on after the ticks so far.
    pub(crate) fn has_next(&self) -> bool {
        self.kernel.status() == Status::Running && self.plan.has_next(self.kernel.tick())
    }

    /// Asks the world what the verdict on the run depends on. The answers are inputs of the tick that
    /// would be next, and go onto the tape like those of a tick.
    pub(crate) fn ask_world<T>(
        &mut self,
        outlet: &mut dyn Outlet,
        ask: impl FnOnce(&P, &mut dyn Manifold) -> T,
    ) -> Result<T, RunIoError> {
        let is_taped = !matches!(self.inputs, Inputs::Seeded);
        let mut tape = outlet.tape().filter(|_| is_taped);
        if let Some(tape) = &mut tape {
            tape.open_tick(self.kernel.tick())?;
        }
        let mut world = TapedWorld::new(&mut self.world, tape, None);
        let answer = ask(&self.plan, &mut world);
        world.result()?;
        Ok(answer)
    }
}

impl<P: Clone, W: Clone, O: Clone> Engine<P, W, O> {
    /// The same engine once more, between ticks, to be continued in another way; `None` if a part of
    /// its inputs does not follow from its header.
    pub(crate) fn branch(&self) -> Option<Self> {
        if !matches!(self.inputs, Inputs::Seeded) || !self.live_parts.is_empty() {
            return None;
        }
        Some(Self {
            plan: self.plan.clone(),
            kernel: self.kernel.clone(),
            world: self.world.clone(),
            oracle: self.oracle.clone(),
            driver: self.driver.clone(),
            inputs: Inputs::Seeded,
            live_parts: Vec::new(),
            chain: self.chain,
            record: String::new(),
            line: Vec::new(),
            committed: None,
            written: None,
            ticking: self.ticking,
        })
    }
}

impl<P, W, O> Engine<P, W, O> {
    /// Virtual time since the start, in microseconds.
    pub(crate) const fn now_us(&self) -> u64 {
        self.driver.now_us()
    }

    /// The kernel, between ticks.
    pub(crate) const fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The journal's chain, unless the sink follows a recorded one.
    pub(crate) const fn chain(&self) -> Chain {
        self.chain
    }

    /// The tick that was committed last.
    pub(crate) const fn take_committed(&mut self) -> Option<Committed> {
        self.committed.take()
    }

    /// Notes the files that the kernel writes from now on.
    pub(crate) fn note_written(&mut self) {
        self.written.get_or_insert_default();
    }

    /// The files that the kernel has written since the last call, oldest first.
    pub(crate) fn take_written(&mut self) -> Vec<Written> {
        self.written
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }
}

/// Opens a tick; `None` if the kernel has stopped.
fn open<'k>(
    kernel: &'k mut Kernel,
    now_us: u64,
    interruptions: &mut Interruptions,
    mut world: TapedWorld<'_>,
) -> Result<Option<OpenTick<'k>>, RunIoError> {
    let open = kernel.open(now_us, &mut interruptions.of(&mut world));
    world.result()?;
    Ok(open.ok())
}

/// Commits an open tick.
fn commit(
    open: OpenTick<'_>,
    driver: &Driver,
    interruptions: &mut Interruptions,
    mut world: TapedWorld<'_>,
    answer: Answer,
    committed: &mut Option<Committed>,
) -> Result<(), RunIoError> {
    *committed = Some(open.commit(
        driver.now_us(),
        &mut interruptions.of(&mut world),
        driver.reply(),
        answer,
    ));
    world.result()
}
