//! The soak: thousands to millions of ticks of one seed, and what they came to.
//!
//! Never prints and never touches a file: lines go to a sink, figures into a [`Tally`], verdicts
//! into gates.

mod gates;
mod settings;
mod tally;

pub use gates::judge;
pub use settings::Settings;
pub use tally::Tally;

use serde::Serialize;
use turingos::Digest;
use turingos::journal::{Chain, Status};
use turingos::kernel::{Committed, Kernel};

use crate::driver::Observer;
use crate::{Driver, Header};
use turingos_agents::noise::NoiseKind;
use turingos_agents::provider_faults::ProviderFaultKind;
use turingos_agents::seeded::SeededOracle;
use turingos_agents::{Injected, boot_q};
use turingos_world::World;
use turingos_world::seeded_faults::SeededFaults;

/// The pointer a machine boots at.
pub const BOOT_POINTER: &str = "README.md";

/// The state a machine first boots with.
pub const BOOT_Q: &str = "BOOT";

/// What a soak came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The head of the journal's chain.
    pub root: Digest,
    /// Virtual time at the end, in microseconds.
    pub sim_time_us: u64,
    /// The figures.
    pub tally: Tally,
}

/// One line of `injections.jsonl`.
#[derive(Serialize)]
struct Drawn {
    tick: u64,
    noise: Option<&'static str>,
    provider_fault: Option<&'static str>,
    world_faults: Vec<&'static str>,
}

/// A soak that can be run tick by tick, so that a caller can watch, write or stop it.
#[derive(Debug)]
pub struct Soak<R = ()> {
    driver: Driver<World<SeededFaults>, SeededOracle, R>,
    chain: Chain,
    tally: Tally,
    json: String,
    line: Vec<u8>,
}

impl Soak<()> {
    /// Prepares the run that `header` describes. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(header: &Header<Settings>) -> Self {
        Self::observed(header, ())
    }
}

impl<R: Observer> Soak<R> {
    /// The same, telling `observer` what the driver does.
    #[must_use]
    pub fn observed(header: &Header<Settings>, observer: R) -> Self {
        let settings = &header.config;
        let world = settings.world();
        let plan = SeededFaults::new(header.seed, settings.world_faults);
        let oracle = SeededOracle::new(header.seed, settings.agent.clone());
        let kernel = Kernel::boot(&settings.kernel, BOOT_Q, BOOT_POINTER);
        Self {
            driver: Driver::start(
                kernel,
                world.with_faults(plan),
                oracle,
                &settings.driver,
                header.seed,
            )
            .observed_by(observer),
            chain: Chain::new(header.genesis()),
            tally: Tally::default(),
            json: String::with_capacity(1_024),
            line: Vec::with_capacity(1_280),
        }
    }

    /// Runs one tick and chains its record. A machine that has halted or failed is rebooted for
    /// the next one.
    pub async fn tick(&mut self) -> Committed {
        let committed = self.tick_unchained().await;
        self.line.clear();
        self.chain.append(self.json.as_bytes(), &mut self.line);
        committed
    }

    /// Runs one tick like [`Soak::tick`], but leaves its record out of the chain: for a replay,
    /// whose records are held to a journal that is verified by itself.
    pub async fn tick_unchained(&mut self) -> Committed {
        let committed = match self.driver.tick().await {
            Ok(committed) => committed,
            Err(stopped) => unreachable!("a stopped machine is rebooted at once, but {stopped}"),
        };
        self.json.clear();
        committed.record.write_json(&mut self.json);
        let leads_to_trap = self.driver.kernel().d().trap().is_some();
        let injected = self.driver.oracle().injected();
        self.tally.count(&committed, injected, leads_to_trap);
        if committed.record.status != Status::Running {
            let q = boot_q(self.driver.kernel().q());
            self.driver.kernel_mut().reboot(&q, BOOT_POINTER);
        }
        committed
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

    /// What went wrong on purpose in the last tick, as a line of JSON with its newline; nothing if
    /// the tick was left alone. Asking clears the world's part.
    pub fn draws_line(&mut self) -> Option<String> {
        let world = self.driver.world_mut().take_injections();
        let world_faults = world.iter().map(|it| it.fault.code().name()).collect();
        let tick = self.chain.count().saturating_sub(1);
        draws_line(tick, self.driver.oracle().injected(), world_faults)
    }

    /// Ticks so far.
    #[must_use]
    pub const fn ticks(&self) -> u64 {
        self.chain.count()
    }

    /// The world, to measure what is alive in it.
    #[must_use]
    pub const fn world(&self) -> &World<SeededFaults> {
        self.driver.world()
    }

    /// The kernel, to measure what is alive in it.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        self.driver.kernel()
    }

    /// The observer.
    pub const fn observer_mut(&mut self) -> &mut R {
        self.driver.observer_mut()
    }

    /// What the soak came to so far.
    #[must_use]
    pub fn finish(self) -> Outcome {
        Outcome {
            root: self.chain.head(),
            sim_time_us: self.driver.now_us(),
            tally: self.tally.with_injections(
                self.driver.oracle().counts(),
                self.driver.world().injected_faults(),
            ),
        }
    }
}

/// What went wrong on purpose in a tick, as a line of JSON with its newline; nothing if nothing did.
pub(crate) fn draws_line(
    tick: u64,
    injected: &Injected,
    world_faults: Vec<&'static str>,
) -> Option<String> {
    if injected.noise.is_none() && injected.fault.is_none() && world_faults.is_empty() {
        return None;
    }
    let drawn = Drawn {
        tick,
        noise: injected.noise.map(NoiseKind::name),
        provider_fault: injected.fault.map(ProviderFaultKind::name),
        world_faults,
    };
    let mut line = serde_json::to_string(&drawn).expect("numbers and names are always JSON");
    line.push('\n');
    Some(line)
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
