//! The resolved configuration of a soak: everything a run's header says about it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use turingos::kernel::KernelConfig;

use crate::driver::DriverConfig;
use crate::route_words::route_words;
use crate::system_prompt::system_prompt;
use crate::{Header, Profile, RunConfig, RunKind};
use turingos_agents::AgentProfile;
use turingos_world::{Quota, World, WorldFaultRates};

/// Everything that shapes a soak, every default written out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The kernel's settings.
    pub kernel: KernelConfig,
    /// The driver's settings.
    pub driver: DriverConfig,
    /// The world's quotas.
    pub quota: Quota,
    /// How often the world fails.
    pub world_faults: WorldFaultRates,
    /// How the agents and their providers behave.
    pub agent: AgentProfile,
    /// Whether [`Settings::swarm`] disabled a subset of the fault kinds.
    pub swarm: bool,
}

impl RunConfig for Settings {
    const KIND: RunKind = RunKind::Soak;

    fn command(header: &Header<Self>, _recording: Option<&Path>) -> Vec<String> {
        let (ticks, seed) = (header.ticks.to_string(), header.seed.to_string());
        let mut words = vec!["sim", "soak", "--ticks", &ticks, "--seed", &seed];
        words.extend(["--profile", header.profile.name()]);
        if header.config.swarm {
            words.push("--swarm");
        }
        let words = words.into_iter().map(str::to_owned);
        words
            .chain(route_words(&header.config.kernel.route))
            .collect()
    }
}

impl Settings {
    /// The settings of a profile.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let system_prompt_chars =
            u32::try_from(system_prompt().chars().count()).unwrap_or(u32::MAX);
        let (agent, world_faults) = match profile {
            Profile::Routine => (
                AgentProfile::routine(),
                WorldFaultRates { read: 5, write: 20 },
            ),
            Profile::Hostile => (
                AgentProfile::hostile(),
                WorldFaultRates {
                    read: 100,
                    write: 300,
                },
            ),
        };
        Self {
            kernel: KernelConfig {
                system_prompt_chars,
                ..KernelConfig::default()
            },
            driver: DriverConfig::default(),
            quota: Quota::default(),
            world_faults,
            agent,
            swarm: false,
        }
    }

    /// The header of a run with a profile's own settings.
    #[must_use]
    pub fn header(profile: Profile, seed: u64, ticks: u64) -> Header<Self> {
        Self::of(profile).into_header(profile, seed, ticks)
    }

    /// The same settings with a subset of the kinds of noise and provider fault, drawn from the
    /// seed, off for the whole run (swarm testing): rare kinds need the common ones out of the way.
    #[must_use]
    pub fn swarm(mut self, seed: u64) -> Self {
        self.agent = self.agent.swarm(seed);
        self.swarm = true;
        self
    }

    /// The header of a run with these settings.
    #[must_use]
    pub fn into_header(self, profile: Profile, seed: u64, ticks: u64) -> Header<Self> {
        let world = self.world().digest();
        Header::new(seed, ticks, profile, self, None, world)
    }

    /// The initial world.
    ///
    /// # Panics
    /// If the quotas cannot hold one short file, which is a bug of the settings.
    #[must_use]
    pub fn world(&self) -> World {
        let files = [("README.md", "A workspace of small missions.\n")];
        World::with_files(self.quota, files)
            .expect("every quota holds the one short file that a world starts with")
    }
}
