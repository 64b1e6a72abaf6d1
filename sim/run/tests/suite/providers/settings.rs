//! Settings files, value by value: what is written, what is absent, and the longest texts.

use std::fmt::Write as _;
use std::time::Duration;

use turingos::bus::Provider;
use turingos::dispatch::RouteConfig;
use turingos_run::RetryConfig;
use turingos_run::providers::settings::{Connection, Prices, SettingsFaultCode};
use turingos_run::providers::{LaneSettings, OutputMode, ProviderSettings, Settings};
use turingos_run::{DriverConfig, LaneLimit};

/// Settings of a lane P with these lines.
fn lane(lines: &str) -> String {
    format!("version = 1\n[lane.p]\nkind = \"openai\"\nmodel = \"m\"\n{lines}")
}

fn read(text: &str) -> Settings {
    Settings::parse(text.as_bytes()).unwrap()
}

/// The place of the value that is refused; nothing if all are taken.
fn refused(text: &str) -> Option<String> {
    let fault = Settings::parse(text.as_bytes()).err()?;
    assert_eq!(fault.code, SettingsFaultCode::BadValue, "{fault}");
    Some(fault.place)
}

#[test]
fn every_value_is_taken_in_its_unit() {
    let text = "version = 1\nsystem_proxy = true\n\
        [route]\nweak_below = 3000\nmargin = 10000\n\
        [retry]\ntimeout_ms = 5\nmax_attempts = 3\nbackoff_ms = 7\nmax_backoff_ms = 11\n\
        max_retry_after_ms = 13\n\
        [lane.p]\nkind = \"openai\"\nmodel = \"a model\"\n\
        base_url = \"https://host.example:8443/v1\"\nkey_variable = \"A_KEY\"\noutput = \"text\"\n\
        stream = true\nmax_output_tokens = 17\ntemperature = false\nseed = 19\n\
        connect_timeout_ms = 23\nidle_timeout_ms = 29\ncalls_per_minute = 31\nburst = 37\n\
        input_price = 41\noutput_price = 43\n\
        [lane.e]\nkind = \"ollama\"\nmodel = \"small\"\n";
    let settings = read(text);
    assert!(settings.system_proxy);
    let route = RouteConfig {
        weak_below: 3_000,
        margin: 10_000,
        ..RouteConfig::default()
    };
    assert_eq!(settings.route, route);
    let retry = RetryConfig {
        timeout_us: 5_000,
        max_attempts: 3,
        backoff_us: 7_000,
        max_backoff_us: 11_000,
        max_retry_after_us: 13_000,
    };
    assert_eq!(settings.retry, retry);
    let limit = LaneLimit {
        calls_per_minute: 31,
        burst: 37,
    };
    let p = LaneSettings {
        provider: ProviderSettings {
            kind: Provider::OpenAi,
            model: "a model".into(),
            output: OutputMode::Text,
            stream: true,
            max_output_tokens: 17,
            temperature: false,
            seed: Some(19),
        },
        connection: Connection {
            base_url: "https://host.example:8443/v1".into(),
            key_variable: Some("A_KEY".into()),
            connect_timeout: Duration::from_millis(23),
            idle_timeout: Duration::from_millis(29),
        },
        limit: limit.clone(),
        prices: Prices {
            input: 41,
            output: 43,
        },
    };
    assert_eq!(settings.lanes.p, p);
    assert_eq!(settings.lanes.e.provider.model, "small");
    let DriverConfig { retry: of, limits } = settings.driver();
    assert_eq!((of, limits.p), (retry, limit));
    assert_eq!(limits.e, settings.lanes.e.limit);
}

#[test]
fn absent_values_have_their_defaults() {
    for (kind, output) in [
        (Provider::OpenAi, OutputMode::Schema),
        (Provider::Ollama, OutputMode::Schema),
        (Provider::Anthropic, OutputMode::Text),
        (Provider::Kimi, OutputMode::Text),
    ] {
        let settings = read(&lane("").replace("openai", kind.name()));
        assert_eq!(settings.retry, RetryConfig::default());
        assert_eq!(settings.route, RouteConfig::default());
        let lane = settings.lanes.p;
        let provider = ProviderSettings {
            kind,
            model: "m".into(),
            output,
            stream: false,
            max_output_tokens: 2_048,
            temperature: true,
            seed: None,
        };
        assert_eq!(lane.provider, provider);
        let connection = &lane.connection;
        assert_eq!(connection.connect_timeout, Duration::from_secs(10));
        assert_eq!(connection.idle_timeout, Duration::from_secs(30));
        let limit = LaneLimit {
            calls_per_minute: 60,
            burst: 8,
        };
        assert_eq!((lane.limit, lane.prices), (limit, Prices::default()));
    }
}

#[test]
fn texts_may_have_their_longest_length_and_no_more() {
    let url = |length: usize| {
        let address = "https://host.example/";
        format!("{address}{}", "a".repeat(length - address.len()))
    };
    type Case<'c> = (&'c str, usize, &'c dyn Fn(usize) -> String);
    let cases: [Case<'_>; 3] = [
        ("model", 200, &|length| "é".repeat(length)),
        ("key_variable", 100, &|length| "K".repeat(length)),
        ("base_url", 500, &url),
    ];
    for (key, most, text) in cases {
        let with = |length| {
            let without_model = lane("").replace("model = \"m\"\n", "");
            let model = if key == "model" {
                ""
            } else {
                "model = \"m\"\n"
            };
            format!("{without_model}{model}{key} = \"{}\"\n", text(length))
        };
        assert_eq!(refused(&with(most)), None);
        assert_eq!(refused(&with(most + 1)), Some(format!("lane.p.{key}")));
    }
    let file = |bytes: usize| {
        let mut text = lane("");
        let rest = bytes - text.len() - 1;
        write!(text, "#{:rest$}", "").unwrap();
        text
    };
    assert!(Settings::parse(file(65_536).as_bytes()).is_ok());
    let fault = Settings::parse(file(65_537).as_bytes()).unwrap_err();
    assert_eq!(fault.code, SettingsFaultCode::TooLong);
}

#[test]
fn names_of_variables() {
    let with = |name: &str| lane(&format!("key_variable = \"{name}\"\n"));
    for good in ["K", "_", "k1", "A_KEY_2", "_9"] {
        assert_eq!(refused(&with(good)), None, "{good}");
    }
    for bad in ["", "1K", "A KEY", "A-KEY", "É", "A.KEY", "KEYé"] {
        let place = Some("lane.p.key_variable".to_owned());
        assert_eq!(refused(&with(bad)), place, "{bad}");
    }
}

#[test]
fn models_have_a_printable_name() {
    let with = |name: &str| lane("").replace("\"m\"", &format!("\"{name}\""));
    for good in ["a b", "中", "org/model:7b"] {
        assert_eq!(refused(&with(good)), None, "{good}");
    }
    for bad in ["", "  ", "\\u3000", "a\\nb", "a\\u0085b", "\\u007f"] {
        assert_eq!(refused(&with(bad)), Some("lane.p.model".into()), "{bad}");
    }
}

#[test]
fn addresses_have_one_spelling() {
    let with = |address: &str| lane(&format!("base_url = \"{address}\"\n"));
    for good in [
        "https://host.example",
        "https://host.example:443",
        "http://host.example:80",
        "http://localhost:11434",
        "https://1.2.3.4/v1",
        "http://host_name:1/a-b/c._~d",
        "https://[2001:db8::1]:8443/v1",
    ] {
        assert_eq!(refused(&with(good)), None, "{good}");
    }
    for bad in [
        "https://host.example/",
        "https://host.example:0443",
        "https://host.example:0",
        "https://host.example//v1",
        "https://host.example/v1/",
        "https://HOST.example",
        "https://host.example/a%20b",
        "https://host.example/a*b",
        "https://ho*st.example",
        "https://user@host.example",
        "https://host.example?x=1",
        "https://host.example#x",
        "ftp://host.example",
        "host.example",
        "file:///v1",
    ] {
        let place = Some("lane.p.base_url".to_owned());
        assert_eq!(refused(&with(bad)), place, "{bad}");
    }
}

#[test]
fn key_stays_on_this_machine_or_is_encrypted() {
    for (address, is_taken) in [
        ("http://127.0.0.1:1", true),
        ("http://127.7.7.7:1", true),
        ("http://128.0.0.1:1", false),
        ("http://[::1]:1", true),
        ("http://[::2]:1", false),
        ("http://localhost", true),
        ("http://not-localhost", false),
        ("https://not-localhost", true),
    ] {
        let without_key = format!("base_url = \"{address}\"\n");
        assert_eq!(refused(&lane(&without_key)), None, "{address}");
        let with_key = format!("{without_key}key_variable = \"KEY\"\n");
        assert_eq!(refused(&lane(&with_key)).is_none(), is_taken, "{address}");
    }
}

#[test]
fn thresholds_of_routes_are_shares() {
    for key in ["weak_below", "margin"] {
        let with = |value: u32| lane(&format!("[route]\n{key} = {value}\n"));
        assert_eq!(refused(&with(10_000)), None);
        assert_eq!(refused(&with(10_001)), Some(format!("route.{key}")));
    }
}

#[test]
fn seed_needs_a_provider_that_takes_one() {
    for kind in Provider::ALL {
        let text = lane("seed = 1\n").replace("openai", kind.name());
        let place = kind.speaks_messages().then(|| "lane.p.seed".to_owned());
        assert_eq!(refused(&text), place, "{kind}");
    }
}

#[test]
fn faults_say_what_is_expected() {
    let fault = Settings::parse(lane("burst = 0\n").as_bytes()).unwrap_err();
    assert_eq!(fault.to_string(), "lane.p.burst: expected 1 to 10000");
    let fault = Settings::parse(b"version = 1\n[lane.p]\nkind = \"kimi\"\n").unwrap_err();
    assert_eq!(fault.to_string(), "lane.p.model: missing");
    let text = lane("output = \"object\"\n").replace("openai", "kimi");
    let fault = Settings::parse(text.as_bytes()).unwrap_err();
    let detail = "lane.p.output: providers of kind kimi do not offer `object`";
    assert_eq!(fault.to_string(), detail);
    assert_eq!(fault.code.to_string(), "BAD_VALUE");
    assert_eq!(SettingsFaultCode::NotToml.to_string(), "NOT_TOML");
}
