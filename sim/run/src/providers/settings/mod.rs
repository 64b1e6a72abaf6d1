//! Settings of live providers: two lanes, how calls are bounded, and what tokens cost.
//!
//! A settings file is TOML; `schemas/provider-settings.v1.json` is its data model. Never holds a
//! key: it names the environment variable that does.

mod fault;
mod file;
mod resolve;

use std::time::Duration;

use turingos::dispatch::{PerLane, RouteConfig};

use super::provider::ProviderSettings;
use crate::DriverConfig;
use crate::retry::{LaneLimit, RetryConfig};

pub use fault::{SettingsFault, SettingsFaultCode};
pub use file::{LaneFile, LanesFile, MAX_SETTINGS_BYTES, RetryFile, SettingsFile};

/// The checked settings of a live run's providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The lanes; both alike if the settings describe only one.
    pub lanes: PerLane<LaneSettings>,
    /// How calls are bounded and repeated, on both lanes.
    pub retry: RetryConfig,
    /// Whether a proxy named by the environment is used.
    pub system_proxy: bool,
    /// Which lane is called.
    pub route: RouteConfig,
}

impl Settings {
    /// Reads a settings file.
    ///
    /// # Errors
    /// [`SettingsFault`]: the first thing that is wrong, with its place. Nothing is ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, SettingsFault> {
        SettingsFile::parse(bytes)?.resolve()
    }

    /// What the driver needs of them.
    #[must_use]
    pub fn driver(&self) -> DriverConfig {
        DriverConfig {
            retry: self.retry.clone(),
            limits: self.lanes.as_ref().map(|lane| lane.limit.clone()),
        }
    }
}

/// One lane: a provider, the way to it, and its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneSettings {
    /// What shapes the request bodies.
    pub provider: ProviderSettings,
    /// Where the bodies go.
    pub connection: Connection,
    /// The rate limit of the lane's calls.
    pub limit: LaneLimit,
    /// What tokens cost.
    pub prices: Prices,
}

/// The way to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `http` or `https`, host, port if any, and path without a slash at its end.
    pub base_url: String,
    /// The environment variable that holds the key; without one no key is sent.
    pub key_variable: Option<String>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a response may pause between two pieces.
    pub idle_timeout: Duration,
}

/// What a million tokens cost, in micro-dollars: a price of $0.15 is 150,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// A million tokens of requests.
    pub input: u64,
    /// A million tokens of replies.
    pub output: u64,
}
