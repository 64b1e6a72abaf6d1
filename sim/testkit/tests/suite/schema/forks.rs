//! The header of a fork, its lists, and its mutants: schema and reader agree.

use turingos_agents::GivenReply;
use turingos_run::fork::{Config, fork};
use turingos_run::scenario::{AgentKind, BuiltIn, Settings};
use turingos_run::strict_json::strict_value;
use turingos_run::{Edit, Fault, FaultKind, Header, Kind, Profile, soak};

use super::checker;
use turingos_schema::Schema;

fn edits() -> Vec<Edit> {
    let fault = |name: &str| Fault {
        tick: 3,
        kind: FaultKind::named(name).unwrap(),
    };
    vec![
        Edit::Only(vec![fault("loop"), fault("timeout"), fault("no_space")]),
        Edit::Mute(fault("loop")),
        Edit::Inject(fault("denied")),
        Edit::Reseed { tick: 4, seed: 9 },
        Edit::Reply {
            tick: 5,
            reply: GivenReply::Text("no".to_owned()),
        },
        Edit::Reply {
            tick: 6,
            reply: GivenReply::Body {
                provider: turingos::bus::Provider::Kimi,
                body: "{}".to_owned(),
            },
        },
    ]
}

fn headers() -> [Header<Config>; 2] {
    let soak = soak::Settings::header(Profile::Hostile, 7, 10);
    let scenario = BuiltIn::ALL[0].scenario();
    let scenario = Settings::of(scenario, Profile::Routine, AgentKind::Worker, 500);
    let scenario = scenario.into_header(Profile::Routine, 7);
    let parents = [
        Kind::Soak(Box::new(soak)),
        Kind::Scenario(Box::new(scenario)),
    ];
    parents.map(|parent| fork(&parent, turingos::Digest::EMPTY, 3, edits()).unwrap())
}

#[test]
fn header_is_valid_and_round_trips() {
    for header in headers() {
        let bytes = header.to_bytes();
        let document = strict_value(&bytes).unwrap();
        assert_eq!(checker("fork-run-header.v1").violation(&document), None);
        assert_eq!(Header::<Config>::from_bytes(&bytes).unwrap(), header);
    }
}

#[test]
fn changed_header_is_refused_by_both() {
    let schema = checker("fork-run-header.v1");
    let [soak, _] = headers();
    let text = String::from_utf8(soak.to_bytes()).unwrap();
    for (from, to) in [
        ("\"kind\":\"loop\"", "\"kind\":\"doubt\""),
        ("\"mute\":", "\"hush\":"),
        ("\"at\":3,", ""),
        ("\"soak\":", "\"live\":"),
        ("\"tick\":4", "\"tick\":-4"),
        ("{\"text\":\"no\"}", "{\"text\":7}"),
        ("\"provider\":\"kimi\"", "\"provider\":\"acme\""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(
            Header::<Config>::from_bytes(changed.as_bytes()).is_err(),
            "{to}"
        );
        let by_schema = strict_value(changed.as_bytes()).is_ok_and(|it| schema.accepts(&it));
        assert!(!by_schema, "{to}");
    }
}

#[test]
fn kinds_of_faults_match() {
    let schema = Schema::named("fork-run-header.v1").unwrap().document();
    let names: Vec<_> = FaultKind::all().map(FaultKind::name).collect();
    assert_eq!(schema["$defs"]["kind"]["enum"], serde_json::json!(names));
}
