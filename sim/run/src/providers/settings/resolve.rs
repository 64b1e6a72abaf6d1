//! Resolves a settings file: fills in defaults and checks every value.
//!
//! Does not read the environment: a missing key is found when a run starts.

use std::ops::RangeInclusive;
use std::time::Duration;

use turingos::bus::Provider;
use url::{Host, Url};

use turingos::dispatch::{PerLane, RouteConfig};

use super::fault::{SettingsFault, SettingsFaultCode};
use super::file::{LaneFile, RetryFile, SettingsFile};
use super::{Connection, LaneSettings, Prices, Settings};
use crate::providers::provider::{OutputMode, ProviderSettings};
use crate::retry::{LaneLimit, RetryConfig};

/// The longest time that can be set, in milliseconds: ten minutes.
const MAX_MILLISECONDS: u64 = 600_000;
/// The highest price of a million tokens, in micro-dollars: 10,000 dollars.
const MAX_PRICE: u64 = 10_000_000_000;
/// The longest address, in bytes.
const MAX_ADDRESS_BYTES: usize = 500;
/// The longest model name, in characters.
const MAX_MODEL_CHARS: usize = 200;
/// The longest name of an environment variable, in bytes.
const MAX_VARIABLE_BYTES: usize = 100;

impl SettingsFile {
    /// Fills in defaults and checks every value.
    ///
    /// # Errors
    /// [`SettingsFault`]: the first value that cannot be used, by its key.
    pub fn resolve(self) -> Result<Settings, SettingsFault> {
        let p = self.lane.p.resolve("lane.p")?;
        let e = match self.lane.e {
            Some(lane) => lane.resolve("lane.e")?,
            None => p.clone(),
        };
        Ok(Settings {
            lanes: PerLane { p, e },
            retry: self.retry.resolve()?,
            system_proxy: self.system_proxy,
            route: route(self.route)?,
        })
    }
}

fn route(route: RouteConfig) -> Result<RouteConfig, SettingsFault> {
    let thresholds = 0..=RouteConfig::MAX_THRESHOLD;
    for (key, value) in [("weak_below", route.weak_below), ("margin", route.margin)] {
        Place("route").number(key, Some(value), 0, thresholds.clone())?;
    }
    Ok(route)
}

impl RetryFile {
    fn resolve(self) -> Result<RetryConfig, SettingsFault> {
        let place = Place("retry");
        let default = RetryConfig::default();
        let micros = |key, milliseconds: Option<u64>, default| {
            let milliseconds = place.number(key, milliseconds, default / 1_000, TIMES)?;
            Ok(milliseconds * 1_000)
        };
        Ok(RetryConfig {
            timeout_us: micros("timeout_ms", self.timeout_ms, default.timeout_us)?,
            max_attempts: place.number(
                "max_attempts",
                self.max_attempts,
                default.max_attempts,
                1..=10,
            )?,
            backoff_us: micros("backoff_ms", self.backoff_ms, default.backoff_us)?,
            max_backoff_us: micros(
                "max_backoff_ms",
                self.max_backoff_ms,
                default.max_backoff_us,
            )?,
            max_retry_after_us: micros(
                "max_retry_after_ms",
                self.max_retry_after_ms,
                default.max_retry_after_us,
            )?,
        })
    }
}

const TIMES: RangeInclusive<u64> = 1..=MAX_MILLISECONDS;

impl LaneFile {
    fn resolve(self, place: &'static str) -> Result<LaneSettings, SettingsFault> {
        let place = Place(place);
        let kind = place.present("kind", self.kind)?;
        let model = place.present("model", self.model)?;
        let chars = model.chars().count();
        if chars > MAX_MODEL_CHARS || model.chars().any(char::is_control) || !is_filled(&model) {
            return Err(place.bad(
                "model",
                format!("expected 1 to {MAX_MODEL_CHARS} printable characters"),
            ));
        }
        let output = self.output.unwrap_or(match kind {
            Provider::OpenAi | Provider::Ollama => OutputMode::Schema,
            Provider::Anthropic | Provider::Kimi => OutputMode::Text,
        });
        if !output.is_offered_by(kind) {
            return Err(place.bad(
                "output",
                format!("providers of kind {kind} do not offer `{}`", output.name()),
            ));
        }
        if self.seed.is_some() && kind.speaks_messages() {
            return Err(place.bad("seed", format!("providers of kind {kind} have no seed")));
        }
        let times = |key, milliseconds, default| {
            place
                .number(key, milliseconds, default, TIMES)
                .map(Duration::from_millis)
        };
        let (base_url, key_variable) = place.address(kind, self.base_url, self.key_variable)?;
        Ok(LaneSettings {
            provider: ProviderSettings {
                kind,
                model,
                output,
                stream: self.stream.unwrap_or(false),
                max_output_tokens: place.number(
                    "max_output_tokens",
                    self.max_output_tokens,
                    2_048,
                    1..=1_000_000,
                )?,
                temperature: self.temperature.unwrap_or(true),
                seed: self.seed,
            },
            connection: Connection {
                base_url,
                key_variable,
                connect_timeout: times("connect_timeout_ms", self.connect_timeout_ms, 10_000)?,
                idle_timeout: times("idle_timeout_ms", self.idle_timeout_ms, 30_000)?,
            },
            limit: LaneLimit {
                calls_per_minute: place.number(
                    "calls_per_minute",
                    self.calls_per_minute,
                    60,
                    1..=60_000,
                )?,
                burst: place.number("burst", self.burst, 8, 1..=10_000)?,
            },
            prices: Prices {
                input: place.number("input_price", self.input_price, 0, 0..=MAX_PRICE)?,
                output: place.number("output_price", self.output_price, 0, 0..=MAX_PRICE)?,
            },
        })
    }
}

/// The public address of a provider kind, and the variable in which its clients look for a key.
const fn public_address(kind: Provider) -> (&'static str, Option<&'static str>) {
    match kind {
        Provider::OpenAi => ("https://api.openai.com/v1", Some("OPENAI_API_KEY")),
        Provider::Anthropic => ("https://api.anthropic.com", Some("ANTHROPIC_API_KEY")),
        Provider::Kimi => ("https://api.kimi.com/coding", Some("KIMI_API_KEY")),
        Provider::Ollama => ("http://localhost:11434", None),
    }
}

/// The table that a key is in.
#[derive(Clone, Copy)]
struct Place(&'static str);

impl Place {
    fn bad(self, key: &str, detail: impl Into<String>) -> SettingsFault {
        let place = format!("{}.{key}", self.0);
        SettingsFault::new(SettingsFaultCode::BadValue, place, detail)
    }

    fn present<T>(self, key: &str, value: Option<T>) -> Result<T, SettingsFault> {
        value.ok_or_else(|| {
            let place = format!("{}.{key}", self.0);
            SettingsFault::new(SettingsFaultCode::WrongShape, place, "missing")
        })
    }

    fn number<T: PartialOrd + std::fmt::Display>(
        self,
        key: &str,
        value: Option<T>,
        default: T,
        range: RangeInclusive<T>,
    ) -> Result<T, SettingsFault> {
        let value = value.unwrap_or(default);
        if range.contains(&value) {
            return Ok(value);
        }
        let (least, most) = range.into_inner();
        Err(self.bad(key, format!("expected {least} to {most}")))
    }

    /// Where to connect, and which variable has the key.
    fn address(
        self,
        kind: Provider,
        base_url: Option<String>,
        key_variable: Option<String>,
    ) -> Result<(String, Option<String>), SettingsFault> {
        let (public, usual_variable) = public_address(kind);
        let usual_variable = usual_variable
            .filter(|_| base_url.is_none())
            .map(String::from);
        let key_variable = key_variable.or(usual_variable);
        if key_variable.as_deref().is_some_and(|it| !is_variable(it)) {
            return Err(self.bad(
                "key_variable",
                "not the name of an environment variable: letters, digits and `_`; \
                 never write the key itself into settings",
            ));
        }
        let Some(base_url) = base_url else {
            return Ok((public.into(), key_variable));
        };
        let url = address(&base_url).ok_or_else(|| {
            self.bad(
                "base_url",
                "not an address such as `https://host:port/path`, in lower case, without user, \
                 query, fragment or a slash at its end",
            )
        })?;
        if key_variable.is_some() && url.scheme() == "http" && !is_loopback(&url) {
            return Err(self.bad(
                "base_url",
                "a key would travel in clear text: use https, or a loopback address",
            ));
        }
        Ok((base_url, key_variable))
    }
}

fn is_filled(text: &str) -> bool {
    text.chars().any(|it| !it.is_whitespace())
}

fn is_variable(name: &str) -> bool {
    name.len() <= MAX_VARIABLE_BYTES
        && name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && (name.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Reads an address in its one spelling: `Url` would drop, decode or normalise nothing, so that what
/// is connected to is what is written.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let (scheme, host) = (url.scheme(), url.host_str()?);
    let path = Some(url.path()).filter(|path| *path != "/").unwrap_or("");
    let spelling = |port: Option<u16>| match port {
        Some(port) => format!("{scheme}://{host}:{port}{path}"),
        None => format!("{scheme}://{host}{path}"),
    };
    // The port that a scheme has anyway may be written or not.
    let is_spelled = [url.port(), url.port_or_known_default()]
        .into_iter()
        .any(|port| spelling(port) == text);
    let is_plain = |text: &str, others: &[u8]| {
        (text.bytes()).all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
    };
    let fits = text.len() <= MAX_ADDRESS_BYTES
        && matches!(scheme, "http" | "https")
        && is_spelled
        && is_plain(host, b"-._[:]")
        && url.port() != Some(0)
        && (path.split('/').skip(1)).all(|it| !it.is_empty() && is_plain(it, b"-._~"));
    fits.then_some(url)
}

/// True for the addresses from which nothing leaves this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(number)) => number.is_loopback(),
        Some(Host::Ipv6(number)) => number.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "version = 1\n[lane.p]\nkind = \"openai\"\nmodel = \"m\"\n";

    fn fault(text: &str) -> (SettingsFaultCode, String) {
        let fault = Settings::parse(text.as_bytes()).unwrap_err();
        (fault.code, fault.place)
    }

    #[test]
    fn minimal_settings_use_the_public_address() {
        let settings = Settings::parse(LEAST.as_bytes()).unwrap();
        assert_eq!(settings.lanes.p, settings.lanes.e);
        let connection = &settings.lanes.p.connection;
        assert_eq!(connection.base_url, "https://api.openai.com/v1");
        assert_eq!(connection.key_variable.as_deref(), Some("OPENAI_API_KEY"));
        assert_eq!(settings.retry, RetryConfig::default());
        assert!(!settings.system_proxy);
    }

    #[test]
    fn each_kind_has_its_own_address_and_key() {
        for (kind, address, variable) in [
            (
                "openai",
                "https://api.openai.com/v1",
                Some("OPENAI_API_KEY"),
            ),
            (
                "anthropic",
                "https://api.anthropic.com",
                Some("ANTHROPIC_API_KEY"),
            ),
            ("kimi", "https://api.kimi.com/coding", Some("KIMI_API_KEY")),
            ("ollama", "http://localhost:11434", None),
        ] {
            let settings = Settings::parse(LEAST.replace("openai", kind).as_bytes()).unwrap();
            let lane = &settings.lanes.e;
            assert_eq!(lane.connection.base_url, address);
            assert_eq!(lane.connection.key_variable.as_deref(), variable);
            assert_eq!(lane.provider.kind.name(), kind);
        }
    }

    #[test]
    fn custom_address_needs_a_named_key() {
        let text = format!("{LEAST}base_url = \"http://10.0.0.7:8000/v1\"\n");
        let settings = Settings::parse(text.as_bytes()).unwrap();
        assert_eq!(settings.lanes.p.connection.key_variable, None);
    }

    #[test]
    fn key_over_http_needs_loopback() {
        let with =
            |address: &str| format!("{LEAST}key_variable = \"KEY\"\nbase_url = \"{address}\"\n");
        for good in [
            "https://host.example",
            "http://localhost:1/v1",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert!(Settings::parse(with(good).as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "http://host.example",
            "http://localhost.example",
            "http://10.0.0.1",
        ] {
            let place = "lane.p.base_url".to_owned();
            assert_eq!(fault(&with(bad)), (SettingsFaultCode::BadValue, place));
        }
    }

    #[test]
    fn fault_names_its_place_without_the_value() {
        let pasted = format!("{LEAST}key_variable = \"sk-secret\"\n");
        let error = Settings::parse(pasted.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        let unknown = format!("{LEAST}api_key = \"sk-secret\"\n");
        let error = Settings::parse(unknown.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(error.place, "5:1");
        assert!(error.detail.contains("api_key"), "{error}");
    }

    #[test]
    fn newer_version_wins_over_unknown_keys() {
        let newer = LEAST.replace("version = 1", "version = 2\nnovelty = true");
        assert_eq!(fault(&newer).0, SettingsFaultCode::NewerVersion);
        assert_eq!(
            fault(&LEAST.replace('1', "0")).0,
            SettingsFaultCode::BadValue
        );
        assert_eq!(
            fault(&LEAST.replace("version = 1", "")).0,
            SettingsFaultCode::WrongShape
        );
    }
}
