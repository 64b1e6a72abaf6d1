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

use turingos::Digest;
use turingos::dispatch::RouteConfig;
use turingos::journal::Status;
use turingos::kernel::{Committed, Kernel};

use crate::scenario::Interruptions;
use crate::session::{Inputs, RunPlan, Session, Sink, Start};
use crate::{Header, Manifest};
use route_audit::RouteAudit;
use turingos_agents::{Clerk, Injected, SeededOracle};
use turingos_world::{FaultPlan, SeededFaults, World};

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
}

impl Outcome {
    /// The manifest of this run of `header`.
    #[must_use]
    pub fn manifest(&self, header: &Header<Settings>) -> Manifest {
        let tally = &self.tally;
        let mut counts = tally.injections.clone();
        for (kind, count) in &tally.traps {
            counts.insert(kind.name().to_owned(), *count);
        }
        for (opcode, count) in &tally.opcodes {
            counts.insert(opcode.name().to_owned(), *count);
        }
        Manifest::new(
            header.seed,
            header.profile,
            tally.ticks,
            self.root,
            header.command(None),
        )
        .with_gates(judge(header, tally))
        .with_counts(counts)
    }
}

/// The plan of a soak: a fixed number of ticks, with a reboot whenever the machine stops.
#[derive(Clone, Debug)]
pub struct SoakPlan {
    ticks: u64,
    tally: Tally,
    routes: RouteAudit,
    /// A soak has none: its world fails by its own plan.
    interruptions: Interruptions,
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
        }
    }
}

impl<F: FaultPlan> RunPlan<World<F>> for SoakPlan {
    fn has_next(&self, ticks: u64) -> bool {
        ticks < self.ticks
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

    fn interruptions(&mut self) -> &mut Interruptions {
        &mut self.interruptions
    }

    fn take_world_faults(&mut self, world: &mut World<F>) -> Vec<&'static str> {
        let faults = world.take_injections().into_iter();
        faults.map(|it| it.fault.code().name()).collect()
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
        let settings = &header.config;
        let faults = SeededFaults::new(header.seed, settings.world_faults);
        let world = settings.world().with_faults(faults);
        let oracle = SeededOracle::new(header.seed, settings.agent.clone());
        let plan = SoakPlan::new(header.ticks, settings.kernel.route.clone());
        Self::new(
            Start::of_soak(header),
            plan,
            (world, oracle),
            Inputs::Seeded,
            sink,
        )
    }

    /// The metrics so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        Outcome {
            root: self.root(),
            sim_time_us: self.now_us(),
            tally: (self.plan.tally.clone())
                .with_routes(self.plan.routes.tally.clone())
                .with_injections(self.oracle().counts(), self.world().injected_faults()),
        }
    }
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O asks the operating system for nothing");
    runtime.block_on(work)
}
