//! The flags of `sim live`, and the settings from those flags or from a file.
//!
//! There is no flag for a key, because other users can see arguments.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use turingos::bus::Provider;
use turingos::dispatch::RouteConfig;

use super::budget::BudgetArgs;
use crate::choice::one_of;
use crate::exit::{Exit, Failure};
use crate::paths::existing;
use crate::route_flags::RouteFlags;
use crate::sandbox::SandboxArgs;
use crate::soak::seed;
use turingos_run::open_regular;
use turingos_run::providers::OutputMode;
use turingos_run::providers::settings::{
    LaneFile, LanesFile, MAX_SETTINGS_BYTES, RetryFile, Settings, SettingsFile,
};
use turingos_run::scenario::{MAX_TICK_LIMIT, Scenario};

/// Run a scenario or a mission in a real directory with real providers, and record it.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct LiveArgs {
    /// A built-in scenario, a scenario file (`.json`), or a mission: any other text file.
    #[arg(value_name = "SCENARIO|FILE", required_unless_present = "resume")]
    pub(crate) mission: Option<String>,
    /// The directory that the agent works in: new or empty for a scenario, any for a mission.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) workspace: PathBuf,
    #[command(flatten)]
    pub(crate) commands: SandboxArgs,
    /// Write the recording into this directory, which must be new or empty.
    #[arg(long, value_name = "DIRECTORY", required_unless_present = "resume")]
    pub(crate) out: Option<PathBuf>,
    /// Resume the recording in this directory where its process stopped, in the same workspace and
    /// with the same settings.
    #[arg(long, value_name = "DIRECTORY", value_parser = existing(), conflicts_with_all = [
        "mission", "out", "max_ticks", "seed",
    ])]
    pub(crate) resume: Option<PathBuf>,
    /// The providers, from a TOML file; `sim schema show provider-settings.v1` shows its form.
    #[arg(long, value_name = "FILE", value_parser = existing(), conflicts_with_all = [
        "kind", "model", "base_url", "key_variable", "output", "stream", "max_output_tokens",
        "timeout_ms", "max_attempts", "calls_per_minute",
    ])]
    pub(crate) settings: Option<PathBuf>,
    /// The provider of both lanes: openai, anthropic, kimi (Anthropic messages too) or ollama.
    #[arg(long, value_name = "KIND", required_unless_present = "settings")]
    pub(crate) kind: Option<Provider>,
    /// The model's name.
    #[arg(long, value_name = "NAME", required_unless_present = "settings")]
    pub(crate) model: Option<String>,
    /// The provider's base URL; the kind's public address if absent.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The environment variable that holds the key.
    #[arg(long, value_name = "NAME")]
    pub(crate) key_variable: Option<String>,
    /// How JSON is requested: by its schema, as any JSON object, or by the prompt text only.
    #[arg(long, value_parser = one_of(OutputMode::ALL, OutputMode::name))]
    pub(crate) output: Option<OutputMode>,
    /// Stream the replies.
    #[arg(long)]
    pub(crate) stream: bool,
    /// The token limit of one reply.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_output_tokens: Option<u32>,
    /// The time limit of one call.
    #[arg(long, value_name = "MILLISECONDS")]
    pub(crate) timeout_ms: Option<u64>,
    /// The most calls of a lane in one tick, retries included.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_attempts: Option<u32>,
    /// The most calls a minute, for each lane.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) calls_per_minute: Option<u32>,
    /// Use the proxy that the environment names.
    #[arg(long)]
    pub(crate) system_proxy: bool,
    #[command(flatten)]
    pub(crate) route: RouteFlags,
    /// Stop after this many ticks; the scenario's own limit, or 500 for a mission, if absent.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=MAX_TICK_LIMIT))]
    pub(crate) max_ticks: Option<u64>,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// The seed of the pauses between calls.
    #[arg(long, value_name = "NUMBER", default_value = "42", value_parser = seed)]
    pub(crate) seed: u64,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The default tick limit of a mission.
const MISSION_TICKS: u64 = 500;

impl LiveArgs {
    /// The settings of the file, or of the flags.
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = match &self.settings {
            Some(path) => settings_file(path)?,
            None => self.flags().resolve().map_err(|fault| {
                let flag = fault.place.rsplit('.').next().unwrap_or_default();
                let flag = flag.replace('_', "-");
                Failure::new(
                    Exit::Usage,
                    format!("--{flag}: {}; see `sim live --help`", fault.detail),
                )
            })?,
        };
        settings.system_proxy |= self.system_proxy;
        self.route.apply(&mut settings.route);
        Ok(settings)
    }

    fn flags(&self) -> SettingsFile {
        SettingsFile {
            version: 1,
            system_proxy: self.system_proxy,
            route: RouteConfig::default(),
            retry: RetryFile {
                timeout_ms: self.timeout_ms,
                max_attempts: self.max_attempts,
                ..RetryFile::default()
            },
            lane: LanesFile {
                p: LaneFile {
                    kind: self.kind,
                    model: self.model.clone(),
                    base_url: self.base_url.clone(),
                    key_variable: self.key_variable.clone(),
                    output: self.output,
                    stream: Some(self.stream),
                    max_output_tokens: self.max_output_tokens,
                    calls_per_minute: self.calls_per_minute,
                    ..LaneFile::default()
                },
                e: None,
            },
        }
    }

    /// The most ticks.
    pub(super) fn ticks(&self, scenario: &Scenario) -> u64 {
        let usual = match scenario.tick_limit() {
            MAX_TICK_LIMIT => MISSION_TICKS,
            limit => limit,
        };
        self.max_ticks.unwrap_or(usual)
    }

    /// Where the recording is, or will be. One of the two is always given.
    pub(super) fn recording(&self) -> &Path {
        let given = self.resume.as_deref().or(self.out.as_deref());
        given.unwrap_or(Path::new("."))
    }
}

/// The settings in a TOML file.
pub(crate) fn settings_file(path: &Path) -> Result<Settings, Failure> {
    Settings::parse(&read(path, MAX_SETTINGS_BYTES)?)
        .map_err(|fault| Failure::new(Exit::Corrupt, format!("{}: {fault}", path.display())))
}

/// Reads a file of at most `limit` bytes; one byte more shows that it is longer.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    open_regular(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|cause| Failure::of_file("read", path, &cause))?;
    Ok(bytes)
}
