//! Contract files: what is read out of one, and each document that is refused, with its place.

use turingos::contract::{
    Contract, ContractCode as Code, Expectation, MAX_CONTRACT_BYTES, MAX_PARTS, MAX_PATTERN_BYTES,
    MAX_REQUIRED_FILES, MAX_STEP_BYTES, MAX_STEPS,
};

/// A document with these members beside `enabled` and `progress_file`.
fn with(members: &str) -> String {
    format!(r#"{{"enabled":true,"progress_file":"log",{members}}}"#)
}

/// A document whose step ONE has that expectation.
fn expecting(expectation: &str) -> String {
    with(&format!(
        r#""ordered_steps":["ONE"],"step_file_map":{{"ONE":"one"}},"step_expectations":{{"ONE":{expectation}}}"#
    ))
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    let items: Vec<_> = (0..count)
        .map(|number| format!("\"{}\"", item(number)))
        .collect();
    format!("[{}]", items.join(","))
}

#[test]
fn a_contract_says_what_its_file_says() {
    let json = with(
        r#""ordered_steps":["ONE","t.w-o_2"],"required_files":["out/b","a"],
        "step_file_map":{"ONE":"work/one.txt"},
        "step_expectations":{"ONE":{"kind":"includes","values":["x","y"]}}"#,
    );
    let contract = Contract::parse(json.as_bytes()).expect("a contract");
    let [one, two] = contract.steps() else {
        panic!("{contract:?}");
    };
    assert_eq!((one.name(), two.name()), ("ONE", "t.w-o_2"));
    let files = [one, two].map(|step| step.file().map(ToString::to_string));
    assert_eq!(files, [Some("work/one.txt".into()), None]);
    let Some(Expectation::Includes(parts)) = one.expectation() else {
        panic!("{one:?}");
    };
    assert_eq!(parts, &["x", "y"]);
    assert!(two.expectation().is_none());
    let required: Vec<_> = contract
        .required_files()
        .iter()
        .map(|path| path.as_str())
        .collect();
    assert_eq!(required, ["out/b", "a"]);
    assert_eq!(contract.progress_file().expect("a file").as_str(), "log");
}

#[test]
fn a_contract_of_the_greatest_size_is_taken() {
    let steps = list(MAX_STEPS, |number| format!("S{number}"));
    let map: Vec<_> = (0..MAX_STEPS)
        .map(|number| format!(r#""S{number}":"f{number}""#))
        .collect();
    let parts = list(MAX_PARTS, |number| number.to_string());
    for json in [
        with(&format!(r#""ordered_steps":{steps}"#)),
        with(&format!(
            r#""ordered_steps":{steps},"step_file_map":{{{}}}"#,
            map.join(",")
        )),
        with(&format!(
            r#""required_files":{}"#,
            list(MAX_REQUIRED_FILES, |number| format!("f{number}"))
        )),
        with(&format!(
            r#""ordered_steps":["{}"]"#,
            "S".repeat(MAX_STEP_BYTES)
        )),
        expecting(&format!(r#"{{"kind":"includes","values":{parts}}}"#)),
        expecting(&format!(
            r#"{{"kind":"regex","pattern":"{}"}}"#,
            "a".repeat(MAX_PATTERN_BYTES)
        )),
        with(r#""required_files":[]"#)
            + &" ".repeat(MAX_CONTRACT_BYTES - with(r#""required_files":[]"#).len()),
    ] {
        if let Err(error) = Contract::parse(json.as_bytes()) {
            panic!("{error}");
        }
    }
}

#[test]
fn each_refusal_names_its_place() {
    let plain = with(r#""required_files":[]"#);
    let steps = r#""ordered_steps":["ONE"]"#;
    let over = |limit: usize| list(limit + 1, |number| format!("S{number}"));
    let rows = [
        (
            plain.clone() + &" ".repeat(MAX_CONTRACT_BYTES),
            Code::TooLarge,
            "",
        ),
        (format!("\u{feff}{plain}"), Code::ByteOrderMark, ""),
        (format!("{plain} x"), Code::TrailingBytes, ""),
        (format!("{plain}{plain}"), Code::TrailingBytes, ""),
        ("[]".into(), Code::WrongType, ""),
        ("null".into(), Code::NullValue, ""),
        (r#"{"enabled":1}"#.into(), Code::WrongType, "/enabled"),
        (r#"{"enabled":null}"#.into(), Code::NullValue, "/enabled"),
        (with(r#""a/b~c":1"#), Code::UnknownKey, "/a~1b~0c"),
        (
            with(r#""required_files":{}"#),
            Code::WrongType,
            "/required_files",
        ),
        (
            with(r#""required_files":["a","./b"]"#),
            Code::BadPath,
            "/required_files/1",
        ),
        (
            with(r#""required_files":["../b"]"#),
            Code::BadPath,
            "/required_files/0",
        ),
        (
            with(r#""required_files":["a","b","a"]"#),
            Code::DuplicatePath,
            "/required_files/2",
        ),
        (
            with(&format!(r#""required_files":{}"#, over(MAX_REQUIRED_FILES))),
            Code::TooMany,
            "/required_files",
        ),
        (
            with(r#""ordered_steps":["ONE",""]"#),
            Code::BadStepName,
            "/ordered_steps/1",
        ),
        (
            with(r#""ordered_steps":["ONE TWO"]"#),
            Code::BadStepName,
            "/ordered_steps/0",
        ),
        (
            with(&format!(
                r#""ordered_steps":["{}"]"#,
                "S".repeat(MAX_STEP_BYTES + 1)
            )),
            Code::BadStepName,
            "/ordered_steps/0",
        ),
        (
            with(r#""ordered_steps":["ONE","ONE"]"#),
            Code::DuplicateStep,
            "/ordered_steps/1",
        ),
        (
            with(&format!(r#""ordered_steps":{}"#, over(MAX_STEPS))),
            Code::TooMany,
            "/ordered_steps",
        ),
        (
            r#"{"enabled":true,"ordered_steps":["ONE"]}"#.into(),
            Code::NoProgressFile,
            "",
        ),
        (
            with(&format!(r#"{steps},"step_file_map":{{"TWO":"f"}}"#)),
            Code::UnknownStep,
            "/step_file_map/TWO",
        ),
        (
            with(&format!(r#"{steps},"step_file_map":{{"ONE":"log"}}"#)),
            Code::ProgressFileIsStepFile,
            "/step_file_map/ONE",
        ),
        (
            with(&format!(
                r#"{steps},"step_expectations":{{"ONE":{{"kind":"text","value":""}}}}"#
            )),
            Code::ExpectationWithoutFile,
            "/step_expectations/ONE",
        ),
        (
            with(&format!(
                r#"{steps},"step_expectations":{{"TWO":{{"kind":"text","value":""}}}}"#
            )),
            Code::UnknownStep,
            "/step_expectations/TWO",
        ),
        (expecting("{}"), Code::MissingKey, "/step_expectations/ONE"),
        (
            expecting(r#"{"kind":"glob"}"#),
            Code::UnknownKind,
            "/step_expectations/ONE/kind",
        ),
        (
            expecting(r#"{"kind":"json"}"#),
            Code::MissingKey,
            "/step_expectations/ONE",
        ),
        (
            expecting(r#"{"kind":"text","value":1}"#),
            Code::WrongType,
            "/step_expectations/ONE/value",
        ),
        (
            expecting(r#"{"kind":"text","value":"a","pattern":"b"}"#),
            Code::UnknownKey,
            "/step_expectations/ONE/pattern",
        ),
        (
            expecting(r#"{"kind":"includes","values":[]}"#),
            Code::EmptyList,
            "/step_expectations/ONE/values",
        ),
        (
            expecting(r#"{"kind":"includes","values":["a",""]}"#),
            Code::EmptyString,
            "/step_expectations/ONE/values/1",
        ),
        (
            expecting(&format!(
                r#"{{"kind":"includes","values":{}}}"#,
                over(MAX_PARTS)
            )),
            Code::TooMany,
            "/step_expectations/ONE/values",
        ),
        (
            expecting(r#"{"kind":"regex","pattern":""}"#),
            Code::EmptyString,
            "/step_expectations/ONE/pattern",
        ),
        (
            expecting(r#"{"kind":"regex","pattern":"("}"#),
            Code::BadRegex,
            "/step_expectations/ONE/pattern",
        ),
        (
            expecting(r#"{"kind":"regex","pattern":"\\pL"}"#),
            Code::BadRegex,
            "/step_expectations/ONE/pattern",
        ),
        (
            expecting(&format!(
                r#"{{"kind":"regex","pattern":"{}"}}"#,
                "a".repeat(MAX_PATTERN_BYTES + 1)
            )),
            Code::BadRegex,
            "/step_expectations/ONE/pattern",
        ),
        (
            expecting(r#"{"kind":"regex","pattern":"(a{900}){90}"}"#),
            Code::RegexTooLarge,
            "/step_expectations/ONE/pattern",
        ),
    ];
    for (json, code, place) in rows {
        let shown = json.get(..200).unwrap_or(&json);
        let error = Contract::parse(json.as_bytes()).expect_err(shown);
        assert_eq!(
            (error.code, error.place.as_str()),
            (code, place),
            "{shown}: {error}"
        );
    }
}

/// A JSON expectation may be any value, `null` and nested ones included.
#[test]
fn any_json_value_may_be_expected() {
    for (value, content) in [
        ("null", "null"),
        ("1.0", "1"),
        (r#""text""#, r#" "text" "#),
        (r#"{"a":[1,{"b":2}]}"#, r#"{ "a": [1, {"b": 2.0}] }"#),
    ] {
        let json = expecting(&format!(r#"{{"kind":"json","value":{value}}}"#));
        let contract = Contract::parse(json.as_bytes()).expect("a contract");
        let expectation = contract.steps()[0].expectation().expect("one");
        assert_eq!(expectation.judge(content), None, "{value}");
        assert!(expectation.judge("[]").is_some(), "{value}");
    }
}
