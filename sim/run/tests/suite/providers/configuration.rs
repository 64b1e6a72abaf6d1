//! The configuration of a live run.

use std::path::Path;

use serde_json::json;
use turingos::dispatch::RouteConfig;
use turingos_run::Sandbox;
use turingos_run::providers::{Config, Settings};
use turingos_run::scenario::BuiltIn;
use turingos_run::system_prompt::system_prompt;

use crate::scenario::changed;

fn settings() -> Settings {
    let text = "version = 1\n[route]\nweak_below = 123\n[retry]\nmax_attempts = 2\n\
                [lane.p]\nkind = \"openai\"\nmodel = \"m\"\nburst = 3\n";
    Settings::parse(text.as_bytes()).unwrap()
}

#[test]
fn kernel_is_configured_by_the_scenario_and_the_settings() {
    let scenario = changed("ordered-pipeline", |document| {
        document["test_commands"] = json!(["make check", "true"]);
    });
    let settings = settings();
    let config = Config::of(scenario.clone(), &settings);
    let prompt = u32::try_from(system_prompt().chars().count()).unwrap();
    assert_eq!(config.kernel.system_prompt_chars, prompt);
    assert_eq!(config.kernel.test_commands, ["make check", "true"]);
    let route = RouteConfig {
        weak_below: 123,
        ..RouteConfig::default()
    };
    assert_eq!(config.kernel.route, route);
    assert_eq!(config.driver, settings.driver());
    assert_eq!((&config.sandbox, &config.scenario), (&None, &scenario));
}

#[test]
fn live_run_is_repeated_by_its_replay() {
    let scenario = BuiltIn::named("ordered-pipeline").unwrap().scenario();
    let sandbox = Some(Sandbox::None);
    let config = Config::of(scenario, &settings()).in_sandbox(sandbox);
    assert_eq!(config.sandbox, sandbox);
    let header = config.into_header(7, 5);
    assert_eq!((header.seed, header.ticks), (7, 5));
    assert_eq!(header.command(None), "sim replay RUN");
    let spaced = header.command(Some(Path::new("my run")));
    assert_eq!(spaced, "sim replay 'my run'");
}
