//! Scenarios and the headers of their runs: schema and reader judge alike, but for what no schema
//! can say.

use turingos_run::scenario::{AgentKind, BuiltIn, Scenario, ScenarioCode, Settings};
use turingos_run::strict_json::strict_value;
use turingos_run::{Header, Profile, Sandbox};
use turingos_schema::Checker;

use super::checker;
use super::mutants::count_judged;
use super::tree::Tree;

const SMALL: &str = r#"{
    "format": "turingos.scenario/1", "name": "small", "about": "One step.", "mission": "M.md",
    "files": {
        "M.md": {"lines": ["STEP ONE: copy a to b", {"repeat": 2, "line": "{n%3}"}]},
        "a": {"text": "x\n"}
    },
    "contract": {"enabled": true},
    "expected": {"a": {"lines": ["x"]}, "b": {"json": {"n": [1]}}, "c": {"text": "x"}},
    "tick_limit": 40,
    "required_traps": [{"trap": "PAGE_FAULT", "at": "b"}],
    "test_commands": ["test -f"],
    "interruptions": [{"operation": "write", "path": "b", "times": 1, "fault": "denied"}],
    "brownouts": [{"first_tick": 0, "last_tick": 7, "lane": "E", "fault": "timeout"}]
}"#;

/// Says whether the document is taken, if both say the same.
fn judge(schema: &Checker, document: &Tree) -> Result<bool, String> {
    let text = document.to_string();
    let by_schema = strict_value(text.as_bytes()).is_ok_and(|value| schema.accepts(&value));
    let is_beyond = |code| {
        matches!(code, ScenarioCode::BadWorld | ScenarioCode::BadFile)
            // A window that ends before it begins.
            || (code == ScenarioCode::OutOfRange && text.contains("\"first_tick\":7"))
    };
    match Scenario::parse(text.as_bytes()) {
        Ok(_) if by_schema => Ok(true),
        Err(error) if !by_schema || is_beyond(error.code) => Ok(false),
        Ok(_) => Err(format!("only the schema refuses {text}")),
        Err(error) => Err(format!("only the reader refuses {text}: {error}")),
    }
}

#[test]
fn agree_on_a_changed_scenario() {
    let schema = checker("scenario.v1");
    let (taken, refused) = count_judged(&Tree::of(SMALL), |tree| judge(&schema, tree));
    assert!(
        refused > 500 && taken > 20,
        "{refused} refused, {taken} taken"
    );
}

#[test]
fn built_in_scenarios_are_valid() {
    let schema = checker("scenario.v1");
    for built_in in BuiltIn::ALL {
        let document = strict_value(built_in.text.as_bytes()).unwrap();
        assert_eq!(schema.violation(&document), None, "{}", built_in.name);
    }
}

#[test]
fn header_is_valid_and_round_trips() {
    let schema = checker("scenario-run-header.v1");
    for built_in in BuiltIn::ALL {
        for &profile in Profile::ALL {
            let settings = Settings::of(built_in.scenario(), profile, AgentKind::Worker, 500);
            let settings = match profile {
                Profile::Routine => settings.swarm(7),
                Profile::Hostile => settings
                    .in_a_directory()
                    .in_sandbox(Some(Sandbox::Bwrap { network: false })),
            };
            let header = settings.into_header(profile, u64::MAX);
            let bytes = header.to_bytes();
            let document = strict_value(&bytes).unwrap();
            assert_eq!(schema.violation(&document), None, "{}", built_in.name);
            assert_eq!(
                Header::<Settings>::from_bytes(&bytes).unwrap(),
                header,
                "{}",
                built_in.name
            );
        }
    }
}

#[test]
fn changed_header_is_refused_by_both() {
    let schema = checker("scenario-run-header.v1");
    let scenario = Scenario::parse(SMALL.as_bytes()).unwrap();
    let settings = Settings::of(scenario, Profile::Routine, AgentKind::Worker, 0);
    let text = String::from_utf8(settings.into_header(Profile::Routine, 1).to_bytes()).unwrap();
    let read = |text: &str| Header::<Settings>::from_bytes(text.as_bytes()).is_ok();
    assert!(read(&text));
    for (from, to) in [
        ("\"agent\":\"worker\"", "\"agent\":\"nobody\""),
        ("\"place\":\"memory\"", "\"place\":\"nowhere\""),
        ("\"place\":\"memory\",", ""),
        ("\"speech\":", "\"agent\":"),
        ("\"tick_limit\":40", "\"tick_limit\":0"),
        ("\"lane\":\"E\"", "\"lane\":\"F\""),
        ("\"scenario\":\"small\"", "\"scenario\":7"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(!read(&changed), "{to}");
        let by_schema = strict_value(changed.as_bytes()).is_ok_and(|it| schema.accepts(&it));
        assert!(!by_schema, "{to}");
    }
}
