//! What no schema can say, one test for each name of the list: the schema accepts or never sees
//! what the code refuses.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use turingos::Digest;
use turingos::bus::{self, BusFaultCode, MAX_BODY_BYTES, MAX_BODY_NESTING, Provider};
use turingos::contract::{Contract, ContractCode, MAX_PATTERN_BYTES};
use turingos::isa::{FaultCode, MAX_NESTING, MAX_REPLY_BYTES, decode_canonical, decode_model};
use turingos::journal::{Chain, ChainFaultCode};
use turingos::pointer::MAX_PATH_BYTES;
use turingos_run::scenario::{BuiltIn, Scenario, ScenarioCode};
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::tape::Entry;
use turingos_run::{DocumentError, Header, Profile, Tick};
use turingos_schema::BEYOND_SCHEMA;

use super::checker;

const POP: &str = r#"{"q_next":"go on","a_t":{"op":"SYS_POP"}}"#;

/// Marks a test as that of one name of the list.
fn shows(name: &str) {
    assert!(
        BEYOND_SCHEMA.iter().any(|beyond| beyond.name == name),
        "{name}"
    );
}

#[test]
fn every_name_has_a_reason_and_a_test() {
    let source = include_str!("limits.rs");
    let names: BTreeSet<_> = BEYOND_SCHEMA.iter().map(|beyond| beyond.name).collect();
    assert_eq!(names.len(), BEYOND_SCHEMA.len(), "duplicate name");
    for beyond in BEYOND_SCHEMA {
        let mark = format!("    shows(\"{}\");", beyond.name);
        assert_eq!(source.matches(&mark).count(), 1, "{}", beyond.name);
        assert!(beyond.reason.len() > 20);
    }
}

/// What the schema of each envelope says of a text as parsed, and the code of each decoder.
fn judged(text: &str) -> [(bool, Option<FaultCode>); 2] {
    let value: Value = serde_json::from_str(text).unwrap();
    let code = |result: Result<_, turingos::isa::Fault>| result.err().map(|fault| fault.code);
    [
        (
            checker("syscall-model.v4").accepts(&value),
            code(decode_model(text.as_bytes()).map(|_| ())),
        ),
        (
            checker("syscall-canonical.v4").accepts(&value),
            code(decode_canonical(text.as_bytes()).map(|_| ())),
        ),
    ]
}

fn never_seen(bytes: &[u8], code: FaultCode) {
    assert!(serde_json::from_slice::<Value>(bytes).is_err());
    for decode in [decode_model, decode_canonical] {
        assert_eq!(decode(bytes).unwrap_err().code, code);
    }
}

#[test]
fn duplicate_keys() {
    shows("duplicate-keys");
    for text in [
        POP.replace("{\"q_next\"", "{\"q_next\":\"first\",\"q_next\""),
        POP.replace("\"op\"", "\"\\u006fp\":\"SYS_POP\",\"op\""),
    ] {
        assert_eq!(
            judged(&text),
            [(true, Some(FaultCode::DuplicateKey)); 2],
            "{text}"
        );
    }
}

#[test]
fn text_encoding() {
    shows("text-encoding");
    never_seen(
        b"{\"q_next\":\"\xff\",\"a_t\":{\"op\":\"SYS_POP\"}}",
        FaultCode::NotUtf8,
    );
    never_seen(
        format!("\u{feff}{POP}").as_bytes(),
        FaultCode::ByteOrderMark,
    );
}

#[test]
fn lone_surrogates() {
    shows("lone-surrogates");
    let text = POP.replace("go on", "\\ud800");
    never_seen(text.as_bytes(), FaultCode::LoneSurrogate);
}

#[test]
fn one_document() {
    shows("one-document");
    for text in [format!("{POP}{POP}"), format!("{POP} so be it")] {
        let mut documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        let first = documents.next().unwrap().unwrap();
        assert!(checker("syscall-model.v4").accepts(&first));
        assert!(checker("syscall-canonical.v4").accepts(&first));
        never_seen(text.as_bytes(), FaultCode::TrailingBytes);
    }
}

#[test]
fn size() {
    shows("size");
    let text = POP.replace("go on", &"x".repeat(MAX_REPLY_BYTES));
    assert_eq!(judged(&text), [(true, Some(FaultCode::ReplyTooLarge)); 2]);

    let response = json!({"response": "x".repeat(MAX_BODY_BYTES), "done": true});
    assert_eq!(refused_body(&response), BusFaultCode::BodyTooLarge);
}

/// Why the bus refuses a body that the frame's schema accepts.
fn refused_body(response: &Value) -> BusFaultCode {
    let frame = json!({
        "provider": "ollama",
        "response": response,
        "reply": {"text": "x", "usage": {}, "finish": "stop"},
        "transition_in": {"q_next": "q", "a_t": {"op": "SYS_POP"}},
        "transition_out": {"q_next": "q", "a_t": {"op": "SYS_POP"}},
    });
    assert!(checker("bus-frame.v1").accepts(&frame));
    let body = response.to_string();
    bus::parse(Provider::Ollama, 200, body.as_bytes())
        .unwrap_err()
        .code
}

#[test]
fn nesting_depth() {
    shows("nesting-depth");
    let nested = |depth: usize| {
        // The transition and its syscall are two of the levels.
        let task = format!("{}{}", "[".repeat(depth - 2), "]".repeat(depth - 2));
        POP.replace("SYS_POP\"", &format!("SYS_PUSH\",\"task\":{task}"))
    };
    assert_eq!(judged(&nested(MAX_NESTING))[0], (true, None));
    assert_eq!(
        judged(&nested(MAX_NESTING + 1))[0],
        (true, Some(FaultCode::TooDeep))
    );

    let deep = (0..MAX_BODY_NESTING).fold(json!([]), |inner, _| json!([inner]));
    let response = json!({"response": "x", "done": true, "context": deep});
    assert_eq!(refused_body(&response), BusFaultCode::TooDeep);
}

#[test]
fn integer_spelling() {
    shows("integer-spelling");
    for spelling in ["5.0", "50e-1", "5E0"] {
        let operands = format!("SYS_GIT_LOG\",\"limit\":{spelling}");
        let text = POP.replace("SYS_POP\"", &operands);
        assert_eq!(
            judged(&text),
            [(true, Some(FaultCode::FloatNumber)); 2],
            "{spelling}"
        );
    }
    let header = header_text().replace("\"ticks\":10,", "\"ticks\":10.0,");
    assert!(checker("run-header.v1").accepts(&serde_json::from_str(&header).unwrap()));
    let error = Header::<Settings>::from_bytes(header.as_bytes()).unwrap_err();
    assert!(matches!(error, DocumentError::NotValid(_)), "{error}");
}

#[test]
fn integer_precision() {
    shows("integer-precision");
    // The nearest double is the least integer of 64 bits.
    let task = r#"SYS_PUSH","task":{"number":-9223372036854775809}"#;
    let text = POP.replace("SYS_POP\"", task);
    assert_eq!(judged(&text)[0], (true, Some(FaultCode::IntegerOverflow)));
}

#[test]
fn limit_in_digits() {
    shows("limit-in-digits");
    let limit = |digits: &str| {
        let operands = format!("SYS_GIT_LOG\",\"limit\":\"{digits}\"");
        judged(&POP.replace("SYS_POP\"", &operands))[0]
    };
    assert_eq!(limit("18446744073709551615"), (true, None));
    assert_eq!(
        limit("18446744073709551616"),
        (true, Some(FaultCode::LimitOverflow))
    );
    assert_eq!(
        limit("99999999999999999999"),
        (true, Some(FaultCode::LimitOverflow))
    );
    assert_eq!(
        limit("100000000000000000000"),
        (false, Some(FaultCode::LimitOverflow))
    );
}

/// Why a contract is refused that its schema accepts.
fn refused_contract(members: &Value) -> ContractCode {
    let mut contract = json!({
        "enabled": true,
        "progress_file": "p",
        "ordered_steps": ["A", "B"],
        "step_file_map": {"A": "a"},
    });
    assert!(Contract::parse(contract.to_string().as_bytes()).is_ok());
    for (key, value) in members.as_object().unwrap() {
        contract[key] = value.clone();
    }
    assert!(checker("contract.v1").accepts(&contract), "{contract}");
    Contract::parse(contract.to_string().as_bytes())
        .unwrap_err()
        .code
}

#[test]
fn bytes_of_a_text() {
    shows("bytes-of-a-text");
    let wide = json!({"progress_file": "é".repeat(MAX_PATH_BYTES / 2 + 1)});
    assert_eq!(refused_contract(&wide), ContractCode::BadPath);
    let pattern = "é".repeat(MAX_PATTERN_BYTES / 2 + 1);
    let regex = json!({"step_expectations": {"A": {"kind": "regex", "pattern": pattern}}});
    assert_eq!(refused_contract(&regex), ContractCode::BadRegex);
}

#[test]
fn regular_expressions() {
    shows("regular-expressions");
    for (pattern, code) in [
        ("(?=a)", ContractCode::BadRegex),
        ("((a{99}){99}){99}", ContractCode::RegexTooLarge),
    ] {
        let regex = json!({"step_expectations": {"A": {"kind": "regex", "pattern": pattern}}});
        assert_eq!(refused_contract(&regex), code);
    }
}

#[test]
fn step_in_order() {
    shows("step-in-order");
    let unknown = json!({"step_file_map": {"C": "c"}});
    assert_eq!(refused_contract(&unknown), ContractCode::UnknownStep);
}

#[test]
fn expectation_has_a_file() {
    shows("expectation-has-a-file");
    let orphan = json!({"step_expectations": {"B": {"kind": "text", "value": "x"}}});
    assert_eq!(
        refused_contract(&orphan),
        ContractCode::ExpectationWithoutFile
    );
}

#[test]
fn progress_file_apart() {
    shows("progress-file-apart");
    let own = json!({"step_file_map": {"A": "p"}});
    assert_eq!(refused_contract(&own), ContractCode::ProgressFileIsStepFile);
}

/// Why a scenario is refused that its schema accepts.
fn refused_scenario(change: impl Fn(&mut Value)) -> ScenarioCode {
    let mut scenario = serde_json::from_str(BuiltIn::ALL[0].text).unwrap();
    change(&mut scenario);
    assert!(checker("scenario.v1").accepts(&scenario), "{scenario}");
    Scenario::parse(scenario.to_string().as_bytes())
        .unwrap_err()
        .code
}

#[test]
fn mission_among_files() {
    shows("mission-among-files");
    let code = refused_scenario(|it| it["mission"] = json!("OTHER.md"));
    assert_eq!(code, ScenarioCode::BadFile);
}

#[test]
fn content_size() {
    shows("content-size");
    let many = json!({"lines": [{"repeat": 100_000, "line": "three"}]});
    let code = refused_scenario(|it| it["files"]["big"] = many.clone());
    assert_eq!(code, ScenarioCode::TooLarge);
}

#[test]
fn files_side_by_side() {
    shows("files-side-by-side");
    let code = refused_scenario(|it| it["files"]["MISSION.md/below"] = json!({"text": ""}));
    assert_eq!(code, ScenarioCode::BadWorld);
}

#[test]
fn window_order() {
    shows("window-order");
    let window = json!([{"first_tick": 2, "last_tick": 1, "lane": "E", "fault": "timeout"}]);
    let code = refused_scenario(|it| it["brownouts"] = window.clone());
    assert_eq!(code, ScenarioCode::OutOfRange);
}

fn header_text() -> String {
    let header = Settings::header(Profile::Routine, 7, 10);
    String::from_utf8(header.to_bytes()).unwrap()
}

#[test]
fn canonical_spelling() {
    shows("canonical-spelling");
    let text = header_text();
    let checker = checker("run-header.v1");
    let reordered = text
        .replace("\"ticks\":10,", "")
        .replace("\"seed\":7,", "\"ticks\":10,\"seed\":7,");
    for other in [
        text.replace("\"seed\":7", "\"seed\": 7"),
        text.replace("routine", "\\u0072outine"),
        reordered,
        text.trim_end().to_owned(),
    ] {
        assert_ne!(other, text);
        assert!(
            checker.accepts(&serde_json::from_str(&other).unwrap()),
            "{other}"
        );
        let error = Header::<Settings>::from_bytes(other.as_bytes()).unwrap_err();
        assert!(
            matches!(error, DocumentError::NotCanonical { .. }),
            "{error}"
        );
    }
}

#[test]
fn hash_chain() {
    shows("hash-chain");
    let header = Settings::header(Profile::Routine, 7, 1);
    let mut line = String::new();
    let look = |tick: &Tick<'_>| line.push_str(std::str::from_utf8(tick.line).unwrap());
    on_virtual_time(Soak::start_into(&header, look).drive()).unwrap();
    let line = line.trim_end();
    let accepts =
        |line: &str| checker("journal-line.v1").accepts(&serde_json::from_str(line).unwrap());
    let verify = |genesis: Digest, line: &str| {
        let verified = Chain::new(genesis).verify_line(line.as_bytes()).map(|_| ());
        verified.map_err(|fault| fault.code)
    };
    assert_eq!(verify(header.genesis(), line), Ok(()));
    let forged = line.replace("\"clipped\":false", "\"clipped\":true");
    for (genesis, line) in [(header.genesis(), forged.as_str()), (Digest::EMPTY, line)] {
        assert!(accepts(line));
        assert_eq!(verify(genesis, line), Err(ChainFaultCode::BrokenChain));
    }
}

fn tape_line(record: &str) -> Value {
    json!({"hash": Digest::EMPTY.to_string(), "record": serde_json::from_str::<Value>(record).unwrap()})
}

fn is_entry(record: &str) -> bool {
    Entry::read_json(record.as_bytes(), &mut Vec::new()).is_ok()
}

fn call_record(request: &str, hash: Digest) -> String {
    format!(
        "{{\"kind\":\"call\",\"tick\":0,\"lane\":\"P\",\"attempt\":0,\"request_hash\":\"{hash}\",\
         \"request\":{request},\"outcome\":{{\"fault\":\"reset\"}},\"took_us\":0}}"
    )
}

#[test]
fn hash_of_a_member() {
    shows("hash-of-a-member");
    let record = call_record("{\"text\":\"hello\"}", Digest::of(b"hello"));
    let changed = record.replace("hello", "hullo");
    assert!(is_entry(&record) && !is_entry(&changed));
    assert!(checker("tape.v1").accepts(&tape_line(&changed)));
}

#[test]
fn base64_of_text() {
    shows("base64-of-text");
    let record = |digits: &str, bytes: &[u8]| {
        call_record(&format!("{{\"base64\":\"{digits}\"}}"), Digest::of(bytes))
    };
    assert!(is_entry(&record("/wA=", b"\xff\0")));
    for other in [record("YQ==", b"a"), record("/wB=", b"\xff\0")] {
        assert!(!is_entry(&other));
        assert!(checker("tape.v1").accepts(&tape_line(&other)));
    }
}

#[test]
fn hosts_that_there_cannot_be() {
    shows("host");
    let checker = checker("provider-settings.v1");
    for host in ["256.256.256.256", "[::1::2]"] {
        let address = format!("https://{host}");
        let text = format!(
            "version = 1\n[lane.p]\nkind = \"openai\"\nmodel = \"m\"\nbase_url = \"{address}\"\n"
        );
        let lane = json!({"kind": "openai", "model": "m", "base_url": address});
        assert!(checker.accepts(&json!({"version": 1, "lane": {"p": lane}})));
        let fault = turingos_run::providers::Settings::parse(text.as_bytes()).unwrap_err();
        assert_eq!(fault.place, "lane.p.base_url");
    }
}
