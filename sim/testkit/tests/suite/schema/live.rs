//! The header of a live run, its settings' lists, and its mutants: schema and reader agree.

use serde_json::Value;
use turingos::bus::Provider;
use turingos_run::providers::mission::mission;
use turingos_run::providers::settings::SettingsFile;
use turingos_run::providers::{Config, OutputMode, Settings};
use turingos_run::{Header, Sandbox};
use turingos_schema::Schema;

use super::checker;
use super::mutants::mutants;
use super::tree::Tree;

const SETTINGS: &str = "version = 1\n\
    [lane.p]\nkind = \"openai\"\nmodel = \"m\"\nseed = 7\n\
    [lane.e]\nkind = \"kimi\"\nmodel = \"n\"\nstream = true\n";

fn header() -> Header<Config> {
    let settings = Settings::parse(SETTINGS.as_bytes()).unwrap();
    let scenario = mission("Do this.\n", None).unwrap();
    Config::of(scenario, &settings)
        .in_sandbox(Some(Sandbox::Landlock {
            abi: 7,
            network: true,
        }))
        .into_header(u64::MAX, 500)
}

#[test]
fn header_is_valid_and_round_trips() {
    let bytes = header().to_bytes();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(checker("live-run-header.v1").violation(&document), None);
    assert_eq!(Header::<Config>::from_bytes(&bytes).unwrap(), header());
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("://") && !text.contains("KEY"), "{text}");
}

#[test]
fn changed_header_is_refused_by_both() {
    let schema = checker("live-run-header.v1");
    let text = String::from_utf8(header().to_bytes()).unwrap();
    let (mut refused, mut taken) = (0, 0);
    for mutant in mutants(&Tree::of(&text)) {
        // The scenario has tests of its own.
        if mutant.pointer.starts_with("/config/scenario") {
            continue;
        }
        let changed = mutant.tree.to_string() + "\n";
        let read = Header::<Config>::from_bytes(changed.as_bytes()).is_ok();
        let document: Option<Value> = serde_json::from_str(&changed).ok();
        let by_schema = document.is_some_and(|document| schema.accepts(&document));
        assert_eq!(read, by_schema, "{:?} at {}", mutant.change, mutant.pointer);
        if read {
            taken += 1;
        } else {
            refused += 1;
        }
    }
    assert!(refused > 500 && taken > 20, "{refused} {taken}");
}

#[test]
fn setting_names_match() {
    let document = Schema::named("provider-settings.v1").unwrap().document();
    let lane = &document["$defs"]["lane"];
    let names = |value: &Value| -> Vec<String> {
        let words = value["enum"].as_array().unwrap().iter();
        words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&lane["properties"]["kind"]),
        Provider::ALL.map(Provider::name)
    );
    assert_eq!(
        names(&lane["properties"]["output"]),
        OutputMode::ALL
            .iter()
            .map(|mode| mode.name())
            .collect::<Vec<_>>()
    );
    let kimi = &lane["allOf"][0]["then"]["properties"]["output"];
    let offered = OutputMode::ALL
        .iter()
        .copied()
        .filter(|it| it.is_offered_by(Provider::Kimi));
    assert_eq!(
        names(kimi),
        offered.map(OutputMode::name).collect::<Vec<_>>()
    );
}

/// Every key of the schema is one that the reader knows: with a value of no type at all it says
/// that the type is wrong, and not that the key is unknown.
#[test]
fn reader_knows_every_key() {
    let document = Schema::named("provider-settings.v1").unwrap().document();
    let keys = |value: &Value| -> Vec<String> {
        value["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let refused = |text: String| SettingsFile::parse(text.as_bytes()).unwrap_err().detail;
    for key in keys(&document["$defs"]["lane"]) {
        let detail = refused(format!("version = 1\n[lane.p]\n{key} = [[]]\n"));
        assert!(!detail.contains("unknown field"), "{key}: {detail}");
    }
    for key in keys(&document["properties"]["retry"]) {
        let detail = refused(format!("version = 1\n[lane.p]\n[retry]\n{key} = [[]]\n"));
        assert!(!detail.contains("unknown field"), "{key}: {detail}");
    }
    for key in keys(&document["properties"]["route"]) {
        let detail = refused(format!("version = 1\n[lane.p]\n[route]\n{key} = [[]]\n"));
        assert!(!detail.contains("unknown field"), "{key}: {detail}");
    }
    for key in keys(&document["properties"]["route"]["properties"]["lanes"]) {
        let text = format!("version = 1\n[lane.p]\n[route.lanes]\n{key} = [[]]\n");
        let detail = refused(text);
        assert!(!detail.contains("unknown field"), "{key}: {detail}");
    }
    for key in keys(&document) {
        let detail = refused(format!("{key} = [[]]\n"));
        assert!(!detail.contains("unknown field"), "{key}: {detail}");
    }
}
