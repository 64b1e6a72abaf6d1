//! The resolved configuration of a live run: everything its header says about it.
//!
//! Never holds an address, a key or a price: a run does not depend on them.

use std::path::Path;

use serde::{Deserialize, Serialize};
use turingos::dispatch::Lane;
use turingos::kernel::{Kernel, KernelConfig};

use super::provider::ProviderSettings;
use super::request::Surroundings;
use super::settings::Settings;
use crate::scenario::{Scenario, ScenarioPlan};
use crate::session::{Inputs, Start};
use crate::system_prompt::system_prompt;
use crate::tape::RequestEncoder;
use crate::{DriverConfig, Header, Profile, RunConfig, RunKind};
use turingos_agents::{Request, Worker};
use turingos_world::Sandbox;

/// The providers of both lanes, as far as their requests follow from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Providers {
    /// The lane for trouble.
    pub p: ProviderSettings,
    /// The lane for routine.
    pub e: ProviderSettings,
}

impl Providers {
    /// The providers of these settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            p: settings.lanes.p.provider.clone(),
            e: settings.lanes.e.provider.clone(),
        }
    }

    /// How requests to these providers are sent, and recognised in a recording.
    #[must_use]
    pub fn encoder(&self) -> ProvidersEncoder {
        ProvidersEncoder {
            providers: self.clone(),
            p: None,
            e: None,
        }
    }
}

/// The bodies of requests to two providers. What is the same in every body of a lane is made once.
#[derive(Debug)]
pub struct ProvidersEncoder {
    providers: Providers,
    p: Option<Surroundings>,
    e: Option<Surroundings>,
}

impl ProvidersEncoder {
    fn surroundings(&mut self, request: &Request<'_>) -> &Surroundings {
        let (settings, known) = match request.lane {
            Lane::P => (&self.providers.p, &mut self.p),
            Lane::E => (&self.providers.e, &mut self.e),
        };
        known.take_if(|it| !it.are_of(request.system_prompt));
        known.get_or_insert_with(|| Surroundings::new(settings, request.system_prompt))
    }
}

impl RequestEncoder for ProvidersEncoder {
    fn body(&mut self, request: &Request<'_>) -> Vec<u8> {
        self.surroundings(request).body(request)
    }

    fn is_body(&mut self, request: &Request<'_>, in_json: &[u8]) -> bool {
        self.surroundings(request).is_body(request, in_json)
    }
}

/// Everything that shapes a live run besides what is on its tape, the scenario included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The kernel's settings.
    pub kernel: KernelConfig,
    /// The driver's settings.
    pub driver: DriverConfig,
    /// The providers.
    pub providers: Providers,
    /// The sandbox of the commands, if a launcher started them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Sandbox>,
    /// The whole scenario, or the mission as one.
    pub scenario: Scenario,
}

impl RunConfig for Config {
    const KIND: RunKind = RunKind::Live;

    fn command(_header: &Header<Self>, recording: Option<&Path>) -> Vec<String> {
        let recording = recording.map_or("RUN".into(), |path| path.display().to_string());
        vec!["sim".to_owned(), "replay".to_owned(), recording]
    }
}

impl Config {
    /// The configuration of a scenario with these providers.
    #[must_use]
    pub fn of(scenario: Scenario, settings: &Settings) -> Self {
        let system_prompt_chars =
            u32::try_from(system_prompt().chars().count()).unwrap_or(u32::MAX);
        Self {
            kernel: KernelConfig {
                system_prompt_chars,
                test_commands: scenario.test_commands().to_vec(),
                route: settings.route.clone(),
                ..KernelConfig::default()
            },
            driver: settings.driver(),
            providers: Providers::of(settings),
            sandbox: None,
            scenario,
        }
    }

    /// The same configuration for a run whose commands are in this sandbox.
    #[must_use]
    pub const fn in_sandbox(mut self, sandbox: Option<Sandbox>) -> Self {
        self.sandbox = sandbox;
        self
    }

    /// The header of a run of at most `ticks` ticks, at least 1. Its world is what the run puts
    /// into its workspace; every other file is on the tape if the run reads it.
    #[must_use]
    pub fn into_header(self, seed: u64, ticks: u64) -> Header<Self> {
        let world = self.scenario.world().digest();
        let name = self.scenario.name().to_owned();
        Header::new(seed, ticks, Profile::Routine, self, Some(name), world)
    }

    /// What a session of this header starts from.
    #[must_use]
    pub fn start(header: &Header<Self>) -> Start {
        let config = &header.config;
        let mission = config.scenario.mission().as_str();
        Start {
            kernel: Kernel::boot(&config.kernel, &Worker::boot_q(mission), mission)
                .with_contract(config.scenario.contract().clone()),
            driver: config.driver.clone(),
            seed: header.seed,
            genesis: header.genesis(),
        }
    }

    /// The plan of the run of this header.
    #[must_use]
    pub fn plan(header: &Header<Self>) -> ScenarioPlan {
        ScenarioPlan::new(header.config.scenario.clone(), header.ticks)
    }

    /// The inputs on the tape of the run of this header.
    #[must_use]
    pub fn inputs(header: &Header<Self>) -> Inputs {
        Inputs::WorldAndOracle(Box::new(header.config.providers.encoder()))
    }
}
