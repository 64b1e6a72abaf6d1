//! The resolved configuration of a scenario's run: everything its header says about it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use turingos::kernel::{Kernel, KernelConfig};

use super::BuiltIn;
use super::document::Scenario;
use crate::driver::DriverConfig;
use crate::route_words::route_words;
use crate::system_prompt::system_prompt;
use crate::{Header, Profile, RunConfig, RunKind};
use turingos_agents::{Agent, AgentProfile, Clerk, Intent, SeededOracle, Worker};
use turingos_world::{Quota, Sandbox};

/// The highest noise level, in ten-thousandths.
pub const MAX_NOISE: u16 = 10_000;

/// The agent that carries out the mission.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum AgentKind {
    /// The agent that reads missions.
    Worker,
    /// The soak's agent, which has missions of its own and fails a scenario: the control group.
    Clerk,
}

impl AgentKind {
    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in headers and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The world of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In the in-memory world, whose answers follow from the header.
    Memory,
    /// In a real directory, whose answers are on the tape.
    Directory,
}

/// An agent of either kind.
#[derive(Clone, Debug)]
pub enum AnyAgent {
    /// See [`AgentKind::Worker`].
    Worker(Worker),
    /// See [`AgentKind::Clerk`].
    Clerk(Clerk),
}

impl Agent for AnyAgent {
    fn answer(&mut self, q: &str, frame: &str, intent: &mut Intent) {
        match self {
            Self::Worker(worker) => worker.answer(q, frame, intent),
            Self::Clerk(clerk) => clerk.answer(q, frame, intent),
        }
    }
}

/// Everything that shapes a scenario's run, every default written out, the scenario included: a run
/// directory needs no other file to be run again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The kernel's settings.
    pub kernel: KernelConfig,
    /// The driver's settings.
    pub driver: DriverConfig,
    /// The world's quotas.
    pub quota: Quota,
    /// The agent that carries out the mission.
    pub agent: AgentKind,
    /// The faults of the agent's replies and of its providers.
    pub speech: AgentProfile,
    /// The noise level that `speech` was made with, in ten-thousandths; 0 in the hostile profile.
    pub noise: u16,
    /// Whether [`Settings::swarm`] disabled a subset of the fault kinds; absent if not.
    #[serde(default, skip_serializing_if = "is_off")]
    pub swarm: bool,
    /// The world of the run.
    pub place: Place,
    /// The sandbox of the commands of a real directory, if a launcher started them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Sandbox>,
    /// The scenario as typed on the command line: a built-in name, or the path of a file.
    pub source: String,
    /// The whole scenario.
    pub scenario: Scenario,
}

impl RunConfig for Settings {
    const KIND: RunKind = RunKind::Scenario;

    fn command(header: &Header<Self>, _recording: Option<&Path>) -> Vec<String> {
        let settings = &header.config;
        let (seed, noise) = (header.seed.to_string(), noise_text(settings.noise));
        let mut words = vec!["sim", "run", &settings.source, "--seed", &seed];
        words.extend(["--noise", &noise, "--agent", settings.agent.name()]);
        words.extend(["--profile", header.profile.name()]);
        if settings.swarm {
            words.push("--swarm");
        }
        if settings.place == Place::Directory {
            words.extend(["--workspace", "NEW_DIRECTORY"]);
        }
        let words = words.into_iter().map(str::to_owned);
        words.chain(route_words(&settings.kernel.route)).collect()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_off(flag: &bool) -> bool {
    !*flag
}

/// A noise level as on the command line: a decimal fraction.
#[must_use]
pub fn noise_text(level: u16) -> String {
    let decimals = format!("{:04}", level % 10_000);
    match decimals.trim_end_matches('0') {
        "" => format!("{}", level / 10_000),
        decimals => format!("{}.{decimals}", level / 10_000),
    }
}

impl Settings {
    /// The settings of a scenario. The routine profile has `noise` ten-thousandths of bad replies;
    /// the hostile one has every kind of fault and ignores the level.
    #[must_use]
    pub fn of(scenario: Scenario, profile: Profile, agent: AgentKind, noise: u16) -> Self {
        let system_prompt_chars =
            u32::try_from(system_prompt().chars().count()).unwrap_or(u32::MAX);
        Self {
            kernel: KernelConfig {
                system_prompt_chars,
                test_commands: scenario.test_commands().to_vec(),
                ..KernelConfig::default()
            },
            driver: DriverConfig::default(),
            quota: Quota::default(),
            agent,
            speech: match profile {
                Profile::Routine => AgentProfile::at_noise(noise),
                Profile::Hostile => AgentProfile::hostile(),
            },
            noise,
            swarm: false,
            place: Place::Memory,
            sandbox: None,
            source: scenario.name().to_owned(),
            scenario,
        }
    }

    /// The same settings with a subset of the kinds of noise and provider fault, drawn from the
    /// seed, off for the whole run (swarm testing).
    #[must_use]
    pub fn swarm(mut self, seed: u64) -> Self {
        self.speech = self.speech.swarm(seed);
        self.swarm = true;
        self
    }

    /// The same settings for a run in a real directory.
    #[must_use]
    pub const fn in_a_directory(mut self) -> Self {
        self.place = Place::Directory;
        self
    }

    /// The same settings for a run whose commands are in this sandbox.
    #[must_use]
    pub const fn in_sandbox(mut self, sandbox: Option<Sandbox>) -> Self {
        self.sandbox = sandbox;
        self
    }

    /// The same settings for a scenario that was named by `source`, a built-in name or a path. A file
    /// that holds a built-in scenario counts as that: both have one header and one root.
    #[must_use]
    pub fn named_by(mut self, source: &str) -> Self {
        let built_in = BuiltIn::named(self.scenario.name());
        if built_in.is_none_or(|it| it.scenario() != self.scenario) {
            source.clone_into(&mut self.source);
        }
        self
    }

    /// The header of a run with these settings in a world that holds the scenario's files.
    #[must_use]
    pub fn into_header(self, profile: Profile, seed: u64) -> Header<Self> {
        let world = self.scenario.world().digest();
        let ticks = self.scenario.tick_limit();
        let name = self.scenario.name().to_owned();
        Header::new(seed, ticks, profile, self, Some(name), world)
    }

    /// The kernel at its first tick: at the mission, under the contract.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        let mission = self.scenario.mission().as_str();
        Kernel::boot(&self.kernel, &Worker::boot_q(mission), mission)
            .with_contract(self.scenario.contract().clone())
    }

    /// The oracle of `seed`: the agent behind its noise and its providers.
    #[must_use]
    pub fn oracle(&self, seed: u64) -> SeededOracle<AnyAgent> {
        let agent = match self.agent {
            AgentKind::Worker => AnyAgent::Worker(Worker::new(seed)),
            AgentKind::Clerk => AnyAgent::Clerk(Clerk::new(seed)),
        };
        SeededOracle::with_agent(seed, self.speech.clone(), agent)
            .with_brownouts(self.scenario.brownouts().to_vec())
    }
}
