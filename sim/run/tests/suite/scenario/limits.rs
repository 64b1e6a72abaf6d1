//! Both sides of each limit of a scenario file, and what is read of one that is taken.

use serde_json::{Value, json};
use turingos::dispatch::Lane;
use turingos::kernel::KernelConfig;
use turingos::trap::TrapKind;
use turingos_agents::ProviderFaultKind;
use turingos_run::scenario::{
    BuiltIn, MAX_CONTENT_BYTES, MAX_SCENARIO_BYTES, MAX_TICK_LIMIT, Scenario, ScenarioCode,
    ScenarioError,
};

fn document() -> Value {
    json!({
        "format": "turingos.scenario/1",
        "name": "small",
        "about": "One step.",
        "mission": "MISSION.md",
        "files": {"MISSION.md": {"text": "STEP ONE: copy a to b\n"}},
        "contract": {
            "enabled": true, "progress_file": "p.log", "ordered_steps": ["ONE"],
            "step_file_map": {"ONE": "b"},
        },
        "expected": {"b": {"text": "x\n"}},
        "tick_limit": 40,
    })
}

fn parsed(document: &Value) -> Result<Scenario, ScenarioError> {
    Scenario::parse(document.to_string().as_bytes())
}

/// What is said of the document with this member: nothing, or a code and a place.
fn with(member: &str, value: Value) -> Result<(), (ScenarioCode, String)> {
    let mut document = document();
    document[member] = value;
    match parsed(&document) {
        Ok(_) => Ok(()),
        Err(error) => Err((error.code, error.place)),
    }
}

fn refused(code: ScenarioCode, place: &str) -> Result<(), (ScenarioCode, String)> {
    Err((code, place.to_owned()))
}

use ScenarioCode::{BadCount, BadFormat, BadText, OutOfRange, TooLarge};

#[test]
fn file_of_exactly_the_limit_is_read() {
    let text = document().to_string();
    let padded = |length: usize| format!("{text}{}", " ".repeat(length - text.len()));
    assert!(Scenario::parse(padded(MAX_SCENARIO_BYTES).as_bytes()).is_ok());
    let error = Scenario::parse(padded(MAX_SCENARIO_BYTES + 1).as_bytes()).unwrap_err();
    assert_eq!(error.code, TooLarge);
    assert_eq!(error.detail, "524289 bytes; at most 524288");
}

#[test]
fn name_is_a_short_word_in_kebab_case() {
    for good in ["a", "a-1", &format!("a{}", "0".repeat(63))] {
        assert_eq!(with("name", json!(good)), Ok(()), "{good}");
    }
    let long = "a".repeat(65);
    for bad in ["", "1a", "-a", "A", "aB", "a_b", "a.b", "é", &long] {
        assert_eq!(with("name", json!(bad)), refused(BadText, "/name"), "{bad}");
    }
}

#[test]
fn line_has_up_to_200_characters() {
    for good in ["a", &"é".repeat(200)] {
        assert_eq!(with("about", json!(good)), Ok(()));
    }
    for bad in ["", " \u{a0}", "a\nb", "a\u{7f}", &"é".repeat(201)] {
        assert_eq!(with("about", json!(bad)), refused(BadText, "/about"));
    }
    let error = parsed(&{
        let mut document = document();
        document["about"] = json!("");
        document
    });
    let detail = error.unwrap_err().detail;
    assert_eq!(detail, "expected one line of 1 to 200 characters");
}

#[test]
fn tick_limit_has_a_range() {
    for good in [1, MAX_TICK_LIMIT] {
        assert_eq!(with("tick_limit", json!(good)), Ok(()));
    }
    for bad in [0, MAX_TICK_LIMIT + 1] {
        assert_eq!(
            with("tick_limit", json!(bad)),
            refused(OutOfRange, "/tick_limit")
        );
    }
}

#[test]
fn files_and_expectations_are_counted() {
    let files = |count: usize| {
        let mut files = json!({"MISSION.md": {"text": ""}});
        for number in 1..count {
            files[format!("f{number}")] = json!({"text": ""});
        }
        files
    };
    assert_eq!(with("files", files(256)), Ok(()));
    assert_eq!(with("files", files(257)), refused(BadCount, "/files"));
    let expected = |count: usize| -> Value {
        (0..count)
            .map(|number| (format!("f{number}"), json!({"json": null})))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    for (count, verdict) in [
        (0, refused(BadCount, "/expected")),
        (1, Ok(())),
        (64, Ok(())),
        (65, refused(BadCount, "/expected")),
    ] {
        assert_eq!(with("expected", expected(count)), verdict, "{count}");
    }
}

#[test]
fn lists_of_conditions_are_counted() {
    let members = [
        ("required_traps", json!({"trap": "DEADLOCK"})),
        ("test_commands", json!("true")),
        (
            "interruptions",
            json!({"operation": "read", "path": "a", "times": 1, "fault": "denied"}),
        ),
        (
            "brownouts",
            json!({"first_tick": 0, "last_tick": 0, "lane": "P", "fault": "quota_exhausted"}),
        ),
    ];
    for (member, item) in members {
        for (count, is_taken) in [(0, false), (1, true), (64, true), (65, false)] {
            let list = Value::Array(vec![item.clone(); count]);
            let verdict = match is_taken {
                true => Ok(()),
                false => refused(BadCount, &format!("/{member}")),
            };
            assert_eq!(with(member, list), verdict, "{count} {member}");
        }
    }
}

#[test]
fn interruption_strikes_up_to_64_times() {
    let interruption = |times: u64| json!([{"operation": "write", "path": "a", "times": times, "fault": "denied"}]);
    for good in [1, 64] {
        assert_eq!(with("interruptions", interruption(good)), Ok(()));
    }
    for bad in [0, 65] {
        let place = "/interruptions/0/times";
        assert_eq!(
            with("interruptions", interruption(bad)),
            refused(OutOfRange, place)
        );
    }
}

#[test]
fn brownout_ends_where_it_begins_or_later() {
    let brownout = |first: u64, last: u64| json!([{"first_tick": first, "last_tick": last, "lane": "E", "fault": "quota_exhausted"}]);
    for (first, last) in [(0, 0), (7, 7), (7, MAX_TICK_LIMIT)] {
        assert_eq!(with("brownouts", brownout(first, last)), Ok(()));
    }
    for (first, last, member) in [
        (7, 6, "last_tick"),
        (0, MAX_TICK_LIMIT + 1, "last_tick"),
        (MAX_TICK_LIMIT + 1, MAX_TICK_LIMIT + 1, "first_tick"),
    ] {
        let place = format!("/brownouts/0/{member}");
        assert_eq!(
            with("brownouts", brownout(first, last)),
            refused(OutOfRange, &place)
        );
    }
}

#[test]
fn content_has_a_limit_in_bytes_and_lines() {
    let files = |file: Value| json!({"MISSION.md": {"text": ""}, "a": file});
    let line = |length: usize| json!({"lines": ["x".repeat(length)]});
    for (file, verdict) in [
        (json!({"text": "x".repeat(MAX_CONTENT_BYTES)}), Ok(())),
        (
            json!({"text": "x".repeat(MAX_CONTENT_BYTES + 1)}),
            refused(TooLarge, "/files/a"),
        ),
        // The line feed counts.
        (line(MAX_CONTENT_BYTES - 1), Ok(())),
        (line(MAX_CONTENT_BYTES), refused(TooLarge, "/files/a")),
        (json!({"lines": []}), Ok(())),
        (json!({"lines": vec![""; 4_096]}), Ok(())),
        (
            json!({"lines": vec![""; 4_097]}),
            refused(BadCount, "/files/a/lines"),
        ),
        (json!({"lines": [{"repeat": 100_000, "line": ""}]}), Ok(())),
        (
            json!({"lines": [{"repeat": 100_001, "line": ""}]}),
            refused(OutOfRange, "/files/a/lines/0/repeat"),
        ),
        (
            json!({"lines": [{"repeat": MAX_CONTENT_BYTES / 4, "line": "abc"}]}),
            Ok(()),
        ),
        (
            json!({"lines": [{"repeat": MAX_CONTENT_BYTES / 4 + 1, "line": "abc"}]}),
            refused(TooLarge, "/files/a"),
        ),
    ] {
        assert_eq!(with("files", files(file)), verdict);
    }
}

#[test]
fn repeated_line_is_numbered() {
    let mut document = document();
    document["files"]["a"] = json!({"lines": [
        {"repeat": 3, "line": "{n}"},
        {"repeat": 4, "line": "{n%2} of {n%999999999}"},
    ]});
    let scenario = parsed(&document).unwrap();
    let file = scenario
        .files()
        .iter()
        .find(|(path, _)| path.as_str() == "a");
    let (_, text) = file.unwrap();
    assert_eq!(text, "1\n2\n3\n1 of 1\n0 of 2\n1 of 3\n0 of 4\n");
    assert!(scenario.world().files().read("a").is_ok());
}

#[test]
fn expected_lines_are_not_generated() {
    let generated = json!({"b": {"lines": [{"repeat": 2, "line": "x"}]}});
    let place = "/expected/b/lines/0";
    assert_eq!(
        with("expected", generated),
        refused(ScenarioCode::WrongType, place)
    );
    assert_eq!(with("expected", json!({"b": {"lines": ["x"]}})), Ok(()));
    let error = with_error("expected", json!({"b": {}}));
    assert_eq!(
        error.detail,
        "expected exactly one of `text`, `lines` and `json`"
    );
    // Another fault keeps its own account.
    let error = with_error("expected", json!({"b": {"text": 1}}));
    assert_eq!(
        (error.code, error.place.as_str()),
        (ScenarioCode::WrongType, "/expected/b/text")
    );
}

fn with_error(member: &str, value: Value) -> ScenarioError {
    let mut document = document();
    document[member] = value;
    parsed(&document).unwrap_err()
}

#[test]
fn newer_version_is_told_from_another_format() {
    for (format, detail) in [
        (
            json!("turingos.scenario/2"),
            "a newer version than this program reads; update it",
        ),
        (
            json!("turingos.scenario/0"),
            "expected `turingos.scenario/1`",
        ),
        (
            json!("turingos.scenario/x"),
            "expected `turingos.scenario/1`",
        ),
        (
            json!("turingos.mission/2"),
            "expected `turingos.scenario/1`",
        ),
        (json!(1), "expected `turingos.scenario/1`"),
    ] {
        let error = with_error("format", format);
        assert_eq!((error.code, error.place.as_str()), (BadFormat, "/format"));
        assert_eq!(error.detail, detail);
    }
    // The format is judged first.
    let mut newer = document();
    newer["format"] = json!("turingos.scenario/2");
    newer["novelty"] = json!(1.5);
    assert_eq!(parsed(&newer).unwrap_err().code, BadFormat);
}

#[test]
fn number_that_is_no_integer_is_named_at_any_depth() {
    for (value, place) in [
        (json!(1.5), "/expected"),
        (
            json!({"b": {"json": [1, {"c/d~": [2.5]}]}}),
            "/expected/b/json/1/c~1d~0/0",
        ),
    ] {
        let error = with_error("expected", value);
        assert_eq!(error.code, ScenarioCode::NotAnInteger);
        assert_eq!(error.place, place);
    }
    let within = json!({"b": {"json": [u64::MAX, i64::MIN, null, true, "1.5"]}});
    assert_eq!(with("expected", within), Ok(()));
}

#[test]
fn unknown_name_is_shown_clipped_and_escaped() {
    let long = format!("\u{1b}{}", "x".repeat(100));
    let error = with_error("required_traps", json!([{"trap": long}]));
    assert_eq!(error.code, ScenarioCode::UnknownName);
    let shown = format!("`\\u{{1b}}{}…` is not one of: ", "x".repeat(59));
    assert!(error.detail.starts_with(&shown), "{}", error.detail);
    let error = with_error("required_traps", json!([{"trap": "NO_TRAP"}]));
    assert!(
        error.detail.starts_with("`NO_TRAP` is not one of: "),
        "{}",
        error.detail
    );
    assert_eq!(
        error.to_string(),
        format!("UNKNOWN_NAME at /required_traps/0/trap: {}", error.detail)
    );
}

#[test]
fn mission_is_one_of_the_files() {
    let error = with_error("mission", json!("other.md"));
    assert_eq!(
        (error.code, error.place.as_str()),
        (ScenarioCode::BadFile, "/mission")
    );
    assert_eq!(error.detail, "the mission `other.md` is not in `files`");
}

#[test]
fn every_member_is_read() {
    let mut document = document();
    document["required_traps"] =
        json!([{"trap": "DEADLOCK"}, {"trap": "PAGE_FAULT", "at": "missing.txt"}]);
    document["test_commands"] = json!(["make check"]);
    document["interruptions"] =
        json!([{"operation": "read", "path": "a", "times": 2, "fault": "denied"}]);
    document["brownouts"] = json!([
        {"first_tick": 1, "last_tick": 2, "lane": "P", "fault": "quota_exhausted"},
        {"first_tick": 3, "last_tick": 4, "lane": "E", "fault": "quota_exhausted"},
        {"first_tick": 5, "last_tick": 6, "lane": "both", "fault": "quota_exhausted"},
    ]);
    let scenario = parsed(&document).unwrap();
    assert_eq!((scenario.name(), scenario.about()), ("small", "One step."));
    assert_eq!(scenario.mission().as_str(), "MISSION.md");
    assert_eq!(scenario.tick_limit(), 40);
    let files: Vec<_> = scenario
        .files()
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(files, ["MISSION.md", ".turingos.contract.json"]);
    assert_eq!(scenario.contract().steps().len(), 1);
    assert_eq!(scenario.expected().len(), 1);
    let traps: Vec<_> = { scenario.required_traps().iter() }
        .map(|trap| (trap.kind, trap.at.as_deref()))
        .collect();
    assert_eq!(
        traps,
        [
            (TrapKind::Deadlock, None),
            (TrapKind::PageFault, Some("missing.txt")),
        ]
    );
    assert_eq!(scenario.test_commands(), ["make check"]);
    assert_eq!(scenario.interruptions().len(), 1);
    let kind = { ProviderFaultKind::ALL.iter().copied() }
        .find(|kind| kind.name() == "quota_exhausted")
        .unwrap();
    let brownouts: Vec<_> = { scenario.brownouts().iter() }
        .map(|it| (it.first, it.last, it.lane, it.kind))
        .collect();
    assert_eq!(
        brownouts,
        [
            (1, 2, Some(Lane::P), kind),
            (3, 4, Some(Lane::E), kind),
            (5, 6, None, kind),
        ]
    );
    // Without them: nothing fails, no trap is required, and the usual commands are tests.
    let plain = parsed(&self::document()).unwrap();
    assert!(plain.required_traps().is_empty() && plain.interruptions().is_empty());
    assert!(plain.brownouts().is_empty());
    assert_eq!(plain.test_commands(), KernelConfig::default().test_commands);
    assert_ne!(plain, scenario);
}

#[test]
fn scenario_in_a_header_is_the_document_again() {
    for built_in in BuiltIn::ALL {
        let scenario = built_in.scenario();
        let text = serde_json::to_string(&scenario).unwrap();
        let document: Value = serde_json::from_str(built_in.text).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
        let again: Scenario = serde_json::from_str(&text).unwrap();
        assert_eq!(again, scenario, "{}", built_in.name);
        let other = text.replacen("\"tick_limit\":", "\"tick_limit\":1", 1);
        if let Ok(other) = serde_json::from_str::<Scenario>(&other) {
            assert_ne!(other, scenario, "{}", built_in.name);
        }
    }
    let error = serde_json::from_str::<Scenario>("{}").unwrap_err();
    assert!(
        error.to_string().contains("BAD_FORMAT at /format"),
        "{error}"
    );
}
