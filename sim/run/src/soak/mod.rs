//! The soak: thousands to millions of ticks of one seed, and their metrics.
//!
//! Never prints and never touches a file: ticks go to a sink, metrics to a [`Tally`], verdicts
//! to gates.

mod gates;
mod route_audit;
mod settings;
mod tally;

pub use gates::judge;
pub use route_audit::RouteTally;
pub use settings::Settings;
pub use tally::Tally;

use std::pin::{Pin, pin};

use turingos::Digest;
use turingos::dispatch::RouteConfig;
use turingos::journal::Status;
use turingos::kernel::{Committed, Kernel};

use crate::edits::Edits;
use crate::engine::Engine;
use crate::handover::Handover;
use crate::scenario::Interruptions;
use crate::session::{Inputs, RunPlan, Session, Sink, Start};
use crate::{Gate, Header, Manifest};
use route_audit::RouteAudit;
use turingos_agents::{Clerk, Injected, InjectionCounts, Oracle, SeededOracle};
use turingos_world::{FaultPlan, InjectedFault, SeededFaults, World};

/// The pointer a machine boots at.
pub const BOOT_POINTER: &str = "README.md";

/// The state a machine first boots with.
pub const BOOT_Q: &str = "BOOT";

/// The result of a soak.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The head of the journal's chain.
    pub root: Digest,
    /// Virtual time at the end, in microseconds.
    pub sim_time_us: u64,
    /// The metrics.
    pub tally: Tally,
    /// A fork changed which faults there are.
    pub is_edited: bool,
}

impl Outcome {
    /// The gates of this run of `header`.
    #[must_use]
    pub fn gates(&self, header: &Header<Settings>) -> Vec<Gate> {
        gates::judge_edited(header, &self.tally, self.is_edited)
    }

    /// The manifest of this run of `header`.
    #[must_use]
    pub fn manifest(&self, header: &Header<Settings>) -> Manifest {
        self.manifest_for(header, header.command(None))
    }

    /// The manifest of a run that `command` repeats.
    pub(crate) fn manifest_for(&self, header: &Header<Settings>, command: String) -> Manifest {
        let tally = &self.tally;
        let mut counts = tally.injections.clone();
        for (kind, count) in &tally.traps {
            counts.insert(kind.name().to_owned(), *count);
        }
        for (opcode, count) in &tally.opcodes {
            counts.insert(opcode.name().to_owned(), *count);
        }
        Manifest::new(header.seed, header.profile, tally.ticks, self.root, command)
            .with_gates(self.gates(header))
            .with_counts(counts)
    }
}

/// The plan of a soak: a fixed number of ticks, with a reboot whenever the machine stops.
#[derive(Clone, Debug)]
pub struct SoakPlan {
    ticks: u64,
    tally: Tally,
    routes: RouteAudit,
    /// Only those that a fork adds: the world fails by its own plan.
    interruptions: Interruptions,
    added_faults: u64,
    /// A fork changed which faults there are.
    is_edited: bool,
    /// Stopped from outside, before the last tick.
    is_stopped: bool,
}

impl SoakPlan {
    /// The plan of this many ticks, whose routes have to be those of `routes`.
    #[must_use]
    pub fn new(ticks: u64, routes: RouteConfig) -> Self {
        Self {
            ticks,
            tally: Tally::default(),
            routes: RouteAudit::new(routes),
            interruptions: Interruptions::default(),
            added_faults: 0,
            is_edited: false,
            is_stopped: false,
        }
    }

    /// The same plan with the changes of a fork.
    #[must_use]
    fn edited(mut self, edits: &Edits) -> Self {
        self.interruptions = Interruptions::default().edited(edits.world.clone());
        self.is_edited = !edits.is_empty();
        self
    }
}

impl<F: FaultPlan> RunPlan<World<F>> for SoakPlan {
    fn has_next(&self, ticks: u64) -> bool {
        ticks < self.ticks && !self.is_stopped
    }

    fn count(&mut self, committed: &Committed, injected: Option<&Injected>, kernel: &mut Kernel) {
        let leads_to_trap = kernel.d().trap().is_some();
        self.tally.count(committed, injected, leads_to_trap);
        self.routes.check(&committed.record);
        if committed.record.status != Status::Running {
            let q = Clerk::boot_q(kernel.q());
            kernel.reboot(&q, BOOT_POINTER);
        }
        self.routes.look_ahead(kernel);
    }

    fn open_tick(&mut self, world: &mut World<F>, tick: u64) {
        world.plan_mut().open_tick(tick);
        self.interruptions.open_tick(tick);
    }

    fn interruptions(&mut self) -> &mut Interruptions {
        &mut self.interruptions
    }

    fn take_world_faults(&mut self, world: &mut World<F>) -> Vec<InjectedFault> {
        let mut faults = self.interruptions.take_struck();
        self.added_faults += whole(faults.len());
        faults.extend(world.take_injections().iter().map(|it| it.fault));
        faults
    }
}

/// A soak whose ticks go to `S`.
pub type Soak<S = ()> = Session<SoakPlan, World<SeededFaults>, SeededOracle, S>;

impl Soak {
    /// The run that `header` describes. Ticks must run inside a tokio runtime with time enabled.
    #[must_use]
    pub fn start(header: &Header<Settings>) -> Self {
        Self::start_into(header, ())
    }
}

impl<S: Sink> Soak<S> {
    /// The same, with its ticks handed to `sink`.
    pub fn start_into(header: &Header<Settings>, sink: S) -> Self {
        Self::of(engine(header), sink)
    }

    /// The metrics so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome_with(self.oracle().counts())
    }
}

/// A soak with the changes of a fork.
pub(crate) type EditedSoak<L, S> =
    Session<SoakPlan, World<SeededFaults>, Handover<SeededOracle, L>, S>;

impl<L: Oracle, S: Sink> EditedSoak<L, S> {
    /// The metrics so far.
    pub(crate) fn edited_outcome(&self) -> Outcome {
        self.outcome_with(self.oracle().seeded().counts())
    }

    /// Ends the run before its last tick.
    pub(crate) const fn stop(&mut self) {
        self.engine.plan.is_stopped = true;
    }
}

impl<O: Oracle, S: Sink> Session<SoakPlan, World<SeededFaults>, O, S> {
    fn outcome_with(&self, counts: &InjectionCounts) -> Outcome {
        let plan = &self.engine.plan;
        let world_faults = { self.world().injected_faults() }.saturating_add(plan.added_faults);
        Outcome {
            root: self.root(),
            sim_time_us: self.now_us(),
            tally: (plan.tally.clone())
                .with_routes(plan.routes.tally.clone())
                .with_injections(counts, world_faults),
            is_edited: plan.is_edited,
        }
    }
}

/// A soak with any oracle.
pub(crate) type SoakEngine<O> = Engine<SoakPlan, World<SeededFaults>, O>;

/// The soak of `header`. No type of a caller is in it, so its ticks are compiled here.
fn engine(header: &Header<Settings>) -> SoakEngine<SeededOracle> {
    let (start, plan, world, oracle) = parts(header, &Edits::none(header.seed), header.genesis());
    Engine::new(start, plan, (world, oracle), Inputs::Seeded)
}

/// The soak of `header` with the changes of a fork, whose chain begins at `genesis`.
pub(crate) fn edited_engine<L: Oracle>(
    header: &Header<Settings>,
    edits: &Edits,
    genesis: Digest,
    live: L,
) -> SoakEngine<Handover<SeededOracle, L>> {
    let (start, plan, world, oracle) = parts(header, edits, genesis);
    let oracle = Handover::of(oracle, live, edits);
    Engine::new(start, plan, (world, oracle), Inputs::Seeded).edited(edits)
}

impl<L> SoakEngine<Handover<SeededOracle, L>> {
    /// Keeps to these changes from the next tick on.
    pub(crate) fn set_edits(&mut self, edits: &Edits) {
        self.plan.interruptions.set_edits(edits.world.clone());
        self.plan.is_edited = !edits.is_empty();
        self.world.plan_mut().set_edits(edits.world.clone());
        self.oracle.set_edits(edits);
    }
}

/// What the soak of `header` is made of, with the changes of a fork.
fn parts(
    header: &Header<Settings>,
    edits: &Edits,
    genesis: Digest,
) -> (Start, SoakPlan, World<SeededFaults>, SeededOracle) {
    let settings = &header.config;
    let faults = SeededFaults::edited(&edits.seeds, settings.world_faults, edits.world.clone());
    let oracle = SeededOracle::new(header.seed, settings.agent.clone())
        .edited(&edits.seeds, edits.oracle.clone());
    let start = Start {
        genesis,
        ..Start::of_soak(header)
    };
    let plan = SoakPlan::new(header.ticks, settings.kernel.route.clone()).edited(edits);
    (start, plan, settings.world().with_faults(faults), oracle)
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Start {
    /// The start of a soak.
    #[must_use]
    pub fn of_soak(header: &Header<Settings>) -> Self {
        Self {
            kernel: Kernel::boot(&header.config.kernel, BOOT_Q, BOOT_POINTER),
            driver: header.config.driver.clone(),
            seed: header.seed,
            genesis: header.genesis(),
        }
    }
}

/// Runs a future on a paused clock that jumps to the next timer: virtual time.
///
/// # Panics
/// Never in practice: a runtime without I/O needs nothing from the operating system.
pub fn on_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let mut output = None;
    run_on_virtual_time(pin!(async { output = Some(work.await) }));
    output.expect("the work has ended")
}

/// The same for work of any type behind one pointer: a runtime is long to compile for each.
fn run_on_virtual_time(work: Pin<&mut dyn Future<Output = ()>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O asks the operating system for nothing");
    runtime.block_on(work);
}
