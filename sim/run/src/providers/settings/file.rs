//! The settings file as it is written: every key, nothing resolved.
//!
//! Refuses unknown keys and unknown versions.

use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use turingos::bus::Provider;
use turingos::dispatch::RouteConfig;

use super::fault::{SettingsFault, SettingsFaultCode};
use crate::providers::provider::OutputMode;

/// The longest settings file, in bytes.
pub const MAX_SETTINGS_BYTES: usize = 64 * 1024;

/// The one version that this program reads.
pub(super) const VERSION: i64 = 1;

/// A settings file, or the same from flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsFile {
    /// Always 1.
    pub version: u32,
    /// Whether a proxy named by the environment is used; absent, it is not.
    #[serde(default)]
    pub system_proxy: bool,
    /// Which lane is called; absent members are those of a simulated run.
    #[serde(default)]
    pub route: RouteConfig,
    /// How calls are bounded and repeated.
    #[serde(default)]
    pub retry: RetryFile,
    /// The providers.
    pub lane: LanesFile,
}

/// The providers of both lanes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanesFile {
    /// The lane for trouble.
    pub p: LaneFile,
    /// The lane for routine; absent, it is the same provider.
    pub e: Option<LaneFile>,
}

/// Bounds of calls, on both lanes; absent ones are those of a simulated run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryFile {
    /// How long one call may take, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// How many calls a lane gets for one tick, the first included.
    pub max_attempts: Option<u32>,
    /// The first pause between two calls, in milliseconds.
    pub backoff_ms: Option<u64>,
    /// The longest pause of the back-off, in milliseconds.
    pub max_backoff_ms: Option<u64>,
    /// The longest `Retry-After` that is waited for, in milliseconds.
    pub max_retry_after_ms: Option<u64>,
}

/// One lane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneFile {
    /// The wire format.
    pub kind: Option<Provider>,
    /// The model's name.
    pub model: Option<String>,
    /// Where the provider is; absent, the kind's public address.
    pub base_url: Option<String>,
    /// The environment variable with the key; absent, the kind's usual one at its public address,
    /// none elsewhere.
    pub key_variable: Option<String>,
    /// How JSON is requested; absent, by the schema, or by the text for the messages API.
    pub output: Option<OutputMode>,
    /// Whether the reply is streamed; absent, it is not.
    pub stream: Option<bool>,
    /// The most tokens of one reply; absent, 2,048.
    pub max_output_tokens: Option<u32>,
    /// Whether temperature 0 is sent; absent, it is.
    pub temperature: Option<bool>,
    /// The sampling seed; absent, none is sent.
    pub seed: Option<u64>,
    /// How long a connection may take, in milliseconds; absent, 10 seconds.
    pub connect_timeout_ms: Option<u64>,
    /// How long a response may pause, in milliseconds; absent, 30 seconds.
    pub idle_timeout_ms: Option<u64>,
    /// The steady rate of calls; absent, 60 a minute.
    pub calls_per_minute: Option<u32>,
    /// How many calls may come at once; absent, 8.
    pub burst: Option<u32>,
    /// What a million input tokens cost, in micro-dollars; absent, nothing.
    pub input_price: Option<u64>,
    /// What a million output tokens cost, in micro-dollars; absent, nothing.
    pub output_price: Option<u64>,
}

impl SettingsFile {
    /// Reads the shape of a settings file; its values are judged when they are resolved.
    ///
    /// # Errors
    /// [`SettingsFault`], for anything but well-formed TOML of exactly these keys and types.
    pub fn parse(bytes: &[u8]) -> Result<Self, SettingsFault> {
        if bytes.len() > MAX_SETTINGS_BYTES {
            return Err(SettingsFault::new(
                SettingsFaultCode::TooLong,
                "file",
                format!("{} bytes, at most {MAX_SETTINGS_BYTES}", bytes.len()),
            ));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            SettingsFault::new(
                SettingsFaultCode::NotUtf8,
                "file",
                format!("not UTF-8 at byte {}", error.valid_up_to()),
            )
        })?;
        let table: toml::Table = read(text, SettingsFaultCode::NotToml)?;
        // A newer version may have unknown keys, so the version is checked first.
        match table.get("version").and_then(toml::Value::as_integer) {
            Some(version) if version > VERSION => {
                return Err(SettingsFault::new(
                    SettingsFaultCode::NewerVersion,
                    "version",
                    format!("newer than {VERSION}; update this program"),
                ));
            }
            Some(version) if version < VERSION => {
                return Err(SettingsFault::new(
                    SettingsFaultCode::BadValue,
                    "version",
                    format!("the first version is {VERSION}"),
                ));
            }
            _ => {}
        }
        read(text, SettingsFaultCode::WrongShape)
    }
}

fn read<T: DeserializeOwned>(text: &str, code: SettingsFaultCode) -> Result<T, SettingsFault> {
    toml::from_str(text).map_err(|error| {
        // Where a key is missing from the file itself, the reader points at nothing.
        let is_pointing = |span: &Range<usize>| code == SettingsFaultCode::NotToml || span.end > 0;
        let place = error.span().filter(is_pointing);
        let place = place.map_or_else(
            || String::from("file"),
            |span| {
                let before = text.get(..span.start).unwrap_or(text);
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|it| *it != '\n').count() + 1;
                format!("{line}:{column}")
            },
        );
        SettingsFault::new(code, place, clipped(error.message()))
    })
}

/// The reader's message names keys, which may be of any length and hold anything.
fn clipped(message: &str) -> String {
    (message.chars().take(240))
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect()
}
