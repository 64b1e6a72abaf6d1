//! Scenarios: missions with a world, a contract, conditions and an expected result.
//!
//! A scenario is a JSON file; those in `corpus/scenarios/` are built into the program. An agent
//! that runs one sees frames only: expected files and required traps are read here, after the run.

mod content;
mod document;
mod expected;
mod fault;
mod figures;
mod interrupted;
mod member;
mod metrics;
mod one_seed;
mod parts;
mod run;
mod settings;
mod watch;

pub use content::MAX_CONTENT_BYTES;
pub use document::{MAX_SCENARIO_BYTES, MAX_TICK_LIMIT, RequiredTrap, Scenario};
pub use expected::Expected;
pub use fault::{ScenarioCode, ScenarioError};
pub use figures::{Better, FIGURES, Figure};
pub use interrupted::{Interrupted, Interruption, Interruptions};
pub use metrics::{Average, Metrics, share};
pub use one_seed::{run_seed, run_seed_routed};
pub use run::{Ending, Outcome, ScenarioPlan, ScenarioRun};
pub(crate) use run::{ScenarioEngine, edited_engine};
pub use settings::{AgentKind, AnyAgent, MAX_NOISE, Place, Settings, noise_text};

/// A scenario that is built into the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name, which is also its file's.
    pub name: &'static str,
    /// The file, byte for byte.
    pub text: &'static str,
}

/// Embeds `corpus/scenarios/NAME.json`, so that the program needs no files.
macro_rules! built_in {
    ($($name:literal,)+) => {
        &[$(BuiltIn {
            name: $name,
            text: include_str!(concat!("../../../../corpus/scenarios/", $name, ".json")),
        }),+]
    };
}

impl BuiltIn {
    /// Every built-in scenario.
    pub const ALL: &[Self] = built_in![
        "ordered-pipeline",
        "fault-recovery",
        "long-checklist",
        "tree-parity",
        "interrupted-edit",
        "log-hunt",
        "capability-only",
        "provider-brownout",
    ];

    /// The scenario with exactly this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|scenario| scenario.name == name)
    }

    /// The scenario, read.
    ///
    /// # Panics
    /// If the file is not a scenario; a test parses all of them.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        Scenario::parse(self.text.as_bytes()).expect("a test reads every built-in scenario")
    }
}
