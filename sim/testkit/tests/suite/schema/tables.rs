//! Every list in a schema is the list in the code: opcodes, operands and their synonyms, traps,
//! faults, lanes, kinds of noise.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use turingos::bus::{BusFaultCode, Finish, Provider};
use turingos::contract::{
    MAX_PARTS, MAX_PATTERN_BYTES, MAX_REQUIRED_FILES, MAX_STEP_BYTES, MAX_STEPS,
};
use turingos::dispatch::{Lane, RouteReason};
use turingos::isa::{
    FaultCode, GitLogQuery, OPCODE_KEY, OPCODE_KEY_SYNONYMS, OPTIONAL_KEYS, Opcode, OpcodeClass,
    Operand, OperandKind, Placement, REQUIRED_KEYS, TaskStatus,
};
use turingos::journal::{MAX_SHOWN_POINTER, Status};
use turingos::kernel::OracleFault;
use turingos::pointer::MAX_PATH_BYTES;
use turingos::trap::{TrapFrame, TrapKind};
use turingos_agents::{NoiseKind, ProviderFaultKind};
use turingos_run::Profile;
use turingos_run::system_prompt::system_prompt;
use turingos_schema::Schema;

fn document(name: &str) -> Value {
    Schema::named(name).unwrap().document()
}

/// The schema without what is only for people.
fn without_descriptions(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.remove("description");
            for member in members.values_mut() {
                *member = without_descriptions(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_descriptions(item.take());
            }
        }
        _ => {}
    }
    value
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

fn opcode_keys() -> Vec<&'static str> {
    [OPCODE_KEY]
        .into_iter()
        .chain(OPCODE_KEY_SYNONYMS)
        .collect()
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

#[test]
fn envelope_branches_match_opcodes() {
    let expected: Vec<Value> = Opcode::ALL.map(|opcode| reference(opcode.name())).into();
    for name in ["syscall-canonical.v4", "syscall-model.v4"] {
        let document = document(name);
        assert_eq!(
            document["properties"]["a_t"]["oneOf"],
            json!(expected),
            "{name}"
        );
        let defined: BTreeSet<_> = document["$defs"]
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| key.starts_with("SYS_"))
            .map(String::as_str)
            .collect();
        assert_eq!(defined, Opcode::ALL.map(Opcode::name).into());
    }
}

#[test]
fn canonical_operands_match() {
    let definition = |kind| match kind {
        OperandKind::Verbatim => "clean",
        OperandKind::Text | OperandKind::Task => "trimmed",
        OperandKind::Limit => "limit",
        OperandKind::Placement => "placement",
        OperandKind::Status => "status",
    };
    let document = document("syscall-canonical.v4");
    for opcode in Opcode::ALL {
        let mut properties = json!({ OPCODE_KEY: { "const": opcode.name() } });
        let mut required = vec![OPCODE_KEY];
        for operand in opcode.operands() {
            properties[operand.name] = reference(definition(operand.kind));
            required.extend(operand.required.then_some(operand.name));
        }
        let expected = json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        let branch = without_descriptions(document["$defs"][opcode.name()].clone());
        assert_eq!(branch, expected, "{opcode}");
    }
    let limit = &document["$defs"]["limit"];
    assert_eq!(limit["maximum"], GitLogQuery::MAX_LIMIT);
    assert_eq!(words(&document["$defs"]["placement"]["enum"]), placements());
    assert_eq!(words(&document["$defs"]["status"]["enum"]), statuses());
}

fn placements() -> [&'static str; 2] {
    [Placement::Top, Placement::Bottom].map(Placement::name)
}

fn statuses() -> [&'static str; 3] {
    [
        TaskStatus::Active,
        TaskStatus::Suspended,
        TaskStatus::Blocked,
    ]
    .map(TaskStatus::name)
}

#[test]
fn model_operands_match() {
    let definition = |kind| match kind {
        OperandKind::Verbatim => "clean",
        OperandKind::Text => "filled",
        OperandKind::Task => "task",
        OperandKind::Limit => "limit",
        OperandKind::Placement => "placement",
        OperandKind::Status => "status",
    };
    let document = document("syscall-model.v4");
    for opcode in Opcode::ALL {
        let mut properties = json!({});
        for key in opcode_keys() {
            properties[key] = reference(&format!("spelled_{opcode}"));
        }
        let mut exclusions = vec![reference("one_opcode_key")];
        for operand in opcode.operands() {
            for key in keys(operand) {
                properties[key] = reference(definition(operand.kind));
            }
            exclusions.extend(exclusion(operand));
        }
        let expected = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "allOf": exclusions,
        });
        let branch = without_descriptions(document["$defs"][opcode.name()].clone());
        assert_eq!(branch, expected, "{opcode}");

        let spellings: Vec<_> = [opcode.name()]
            .into_iter()
            .chain(opcode.aliases().iter().copied())
            .collect();
        let spelled = &document["$defs"][format!("spelled_{opcode}")];
        assert_eq!(
            spelled["pattern"],
            any_case(PADDING, &spellings),
            "{opcode}"
        );
    }
    let one_key: Vec<_> = opcode_keys()
        .into_iter()
        .map(|key| json!({ "required": [key] }))
        .collect();
    assert_eq!(document["$defs"]["one_opcode_key"]["oneOf"], json!(one_key));
    assert_eq!(
        document["$defs"]["placement"]["pattern"],
        any_case("", &placements())
    );
    assert_eq!(
        document["$defs"]["status"]["pattern"],
        any_case("", &statuses())
    );
}

fn keys(operand: &Operand) -> impl Iterator<Item = &'static str> {
    [operand.name]
        .into_iter()
        .chain(operand.synonyms.iter().copied())
}

/// One key of an operand at most; exactly one if it is required.
fn exclusion(operand: &Operand) -> Option<Value> {
    if !operand.required && operand.synonyms.is_empty() {
        return None;
    }
    let each: Vec<_> = keys(operand)
        .map(|key| json!({ "required": [key] }))
        .collect();
    let mut branches = each.clone();
    if !operand.required {
        branches.push(json!({ "not": { "anyOf": each } }));
    }
    Some(json!({ "oneOf": branches }))
}

/// The white space that may stand around an opcode.
const PADDING: &str =
    r"[\u0009\u000a\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*";

/// The pattern of words in any ASCII case with `padding` around them.
fn any_case(padding: &str, words: &[&str]) -> String {
    let either = |letter: char| {
        if letter.is_ascii_alphabetic() {
            format!("[{letter}{}]", letter.to_ascii_lowercase())
        } else {
            letter.to_string()
        }
    };
    let words: Vec<String> = words
        .iter()
        .map(|word| word.chars().map(either).collect())
        .collect();
    format!("^{padding}({}){padding}$", words.join("|"))
}

/// The white space that the patterns name is all that the decoder trims, less what it refuses.
#[test]
fn white_space_pattern_matches_unicode() {
    let document = document("syscall-canonical.v4");
    let filled = document["$defs"]["filled"]["pattern"].as_str().unwrap();
    let listed: BTreeSet<char> = [
        '\u{9}', '\u{a}', '\u{b}', '\u{c}', '\u{d}', ' ', '\u{85}', '\u{a0}', '\u{1680}',
    ]
    .into_iter()
    .chain('\u{2000}'..='\u{200a}')
    .chain(['\u{2028}', '\u{2029}', '\u{202f}', '\u{205f}', '\u{3000}'])
    .collect();
    let white: BTreeSet<char> = ('\0'..=char::MAX)
        .filter(|letter| letter.is_whitespace())
        .collect();
    assert_eq!(listed, white);
    assert_eq!(
        filled,
        r"[^\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
    );
}

#[test]
fn traps_are_the_kernel_s() {
    let frame = document("trap-frame.v1");
    assert_eq!(
        words(&frame["$defs"]["trap_base"]["enum"]),
        TrapKind::ALL.map(TrapKind::base)
    );
    assert_eq!(
        frame["properties"]["details"]["maxLength"],
        TrapFrame::MAX_DETAILS
    );
    assert_eq!(
        frame["properties"]["panic_reset_count"]["maximum"],
        turingos::trap::MAX_PANIC_RESETS
    );
    assert_eq!(
        frame["properties"]["cause"]["properties"]["code"]["maxLength"],
        TrapFrame::MAX_CODE
    );
    let record = document("journal-record.v1");
    assert_eq!(
        words(&record["properties"]["traps"]["items"]["enum"]),
        TrapKind::ALL.map(TrapKind::name)
    );
}

#[test]
fn guard_block_names_match() {
    let block = document("guard-block.v1");
    let properties = &block["properties"];
    assert_eq!(properties["code"]["maxLength"], TrapFrame::MAX_CODE);
    assert_eq!(properties["detail"]["maxLength"], TrapFrame::MAX_DETAILS);
    let reply = &properties["reply"]["properties"];
    assert_eq!(reply["required"]["const"], json!(REQUIRED_KEYS));
    assert_eq!(reply["optional"]["const"], json!(OPTIONAL_KEYS));
    assert_eq!(reply["opcode_key"]["const"], OPCODE_KEY);
    let digits = turingos::trap::TrapCause::SHOWN_DIGITS;
    assert_eq!(
        properties["signature"]["pattern"],
        format!("^[0-9a-f]{{{digits}}}$")
    );
    let legal = &properties["legal"];
    for opcode in Opcode::ALL {
        let names = |all: bool| -> Vec<_> {
            let operands = opcode.operands().iter();
            let needed = operands.filter(|operand| all || operand.required);
            needed.map(|operand| operand.name).collect()
        };
        let expected = match opcode {
            Opcode::Write => json!({ "enum": [names(false), names(true)] }),
            _ => json!({ "const": names(false) }),
        };
        let branch = without_descriptions(legal["properties"][opcode.name()].clone());
        assert_eq!(branch, expected, "{opcode}");
    }
    assert_eq!(
        legal["properties"].as_object().unwrap().len(),
        Opcode::ALL.len()
    );
    assert_eq!(legal["required"], properties["leave"]["const"]);
    assert_eq!(
        properties["attempts_left"]["maximum"],
        turingos::trap::SAME_TRAP
    );
    assert_eq!(
        properties["resets_left"]["maximum"],
        turingos::trap::MAX_PANIC_RESETS
    );
}

#[test]
fn record_names_match() {
    let record = document("journal-record.v1");
    let properties = &record["properties"];
    assert_eq!(
        words(&properties["op"]["enum"]),
        Opcode::ALL.map(Opcode::name)
    );
    assert_eq!(
        words(&properties["status"]["enum"]),
        [Status::Running, Status::Halted, Status::Failed].map(Status::name)
    );
    let oracle = [
        OracleFault::Timeout,
        OracleFault::Unreachable,
        OracleFault::Reset,
    ];
    let faults: BTreeSet<_> = (FaultCode::ALL.map(FaultCode::name).into_iter())
        .chain(BusFaultCode::ALL.map(BusFaultCode::name))
        .chain(oracle.iter().map(OracleFault::code))
        .collect();
    let listed = words(&properties["fault"]["enum"]);
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), faults);
    assert_eq!(listed.len(), faults.len(), "duplicate code");
    for member in ["op", "fault"] {
        assert_eq!(
            properties[member]["enum"].as_array().unwrap().last(),
            Some(&Value::Null)
        );
    }
    assert_eq!(record["$defs"]["pointer"]["maxLength"], MAX_SHOWN_POINTER);
}

#[test]
fn route_names_match() {
    let route = document("route-entry.v1");
    assert_eq!(
        words(&route["$defs"]["lane"]["enum"]),
        [Lane::P, Lane::E].map(Lane::name)
    );
    assert_eq!(
        words(&route["properties"]["reason"]["enum"]),
        RouteReason::ALL.map(RouteReason::name)
    );
    let classes: Vec<_> = words(&route["$defs"]["class"]["enum"]);
    for opcode in Opcode::ALL {
        assert!(classes.contains(&opcode.class().name()), "{opcode}");
    }
    assert_eq!(classes.len(), 4);
    assert_eq!(classes[0], OpcodeClass::WorldMutation.name());
}

#[test]
fn header_rates_match() {
    let header = document("run-header.v1");
    let agent = &header["properties"]["config"]["properties"]["agent"]["properties"];
    let names = |member: &str| -> BTreeSet<String> {
        let properties = agent[member]["properties"].as_object().unwrap();
        properties.keys().cloned().collect()
    };
    assert_eq!(
        names("noise"),
        NoiseKind::ALL
            .iter()
            .map(|kind| kind.name().to_owned())
            .collect()
    );
    assert_eq!(
        names("faults"),
        ProviderFaultKind::ALL
            .iter()
            .map(|kind| kind.name().to_owned())
            .collect()
    );
    for name in ["run-header.v1", "run-manifest.v1"] {
        assert_eq!(
            words(&document(name)["properties"]["profile"]["enum"]),
            Profile::ALL
                .iter()
                .map(|profile| profile.name())
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn contract_limits_match() {
    let document = document("contract.v1");
    let (members, definitions) = (&document["properties"], &document["$defs"]);
    assert_eq!(members["ordered_steps"]["maxItems"], MAX_STEPS);
    assert_eq!(members["step_file_map"]["maxProperties"], MAX_STEPS);
    assert_eq!(members["step_expectations"]["maxProperties"], MAX_STEPS);
    assert_eq!(members["required_files"]["maxItems"], MAX_REQUIRED_FILES);
    assert_eq!(definitions["path"]["maxLength"], MAX_PATH_BYTES);
    assert_eq!(
        definitions["step"]["pattern"],
        format!("^[A-Za-z0-9_.-]{{1,{MAX_STEP_BYTES}}}$")
    );
    let parts = &definitions["includes"]["properties"]["values"];
    assert_eq!(parts["maxItems"], MAX_PARTS);
    let pattern = &definitions["regex"]["properties"]["pattern"];
    assert_eq!(pattern["maxLength"], MAX_PATTERN_BYTES);
}

#[test]
fn bus_frame_names_match() {
    let frame = document("bus-frame.v1");
    assert_eq!(
        words(&frame["properties"]["provider"]["enum"]),
        Provider::ALL.map(Provider::name)
    );
    assert_eq!(
        words(&frame["$defs"]["reply"]["properties"]["finish"]["enum"]),
        [Finish::Stop, Finish::StopSequence].map(Finish::name)
    );
    let response = |providers: Value, form: &str| {
        json!({
            "if": { "properties": { "provider": providers } },
            "then": { "properties": { "response": reference(form) } },
        })
    };
    let messages: Vec<_> = (Provider::ALL.into_iter())
        .filter(|provider| provider.speaks_messages())
        .map(Provider::name)
        .collect();
    let responses = [
        response(
            json!({ "const": Provider::OpenAi.name() }),
            "openai_response",
        ),
        response(json!({ "enum": messages }), "messages_response"),
        response(
            json!({ "const": Provider::Ollama.name() }),
            "ollama_response",
        ),
    ];
    assert_eq!(frame["allOf"], json!(responses));
}

#[test]
fn prompt_names_every_opcode_and_operand() {
    let text = system_prompt();
    for opcode in Opcode::ALL {
        let line = text
            .lines()
            .find(|line| line.starts_with(opcode.name()))
            .unwrap();
        for operand in opcode.operands() {
            assert!(line.contains(operand.name), "{line}");
        }
    }
}
