//! Model output against the decoder: what is taken, what is refused, and with which code.

use std::collections::BTreeSet;

use turingos::isa::{
    FaultCode, MAX_NESTING, MAX_REPLY_BYTES, OPCODE_KEY_SYNONYMS, Opcode, OperandKind, Syscall,
    decode, decode_canonical, decode_model,
};

/// A model envelope around a syscall's members.
fn reply(members: &str) -> String {
    format!(r#"{{"q_next":"s","a_t":{{{members}}}}}"#)
}

fn taken(text: &str) -> Syscall {
    match decode(text.as_bytes()) {
        Ok(transition) => transition.syscall,
        Err(fault) => panic!("{fault}\n{text}"),
    }
}

fn code(text: &str) -> FaultCode {
    match decode(text.as_bytes()) {
        Ok(transition) => panic!("taken: {transition:?}\n{text}"),
        Err(fault) => {
            assert!(fault.detail.chars().count() <= 200, "{fault}");
            assert!(!fault.detail.is_empty(), "{}", fault.code);
            fault.code
        }
    }
}

const HALT: &str = r#"{"q_next":"s","a_t":{"op":"SYS_HALT"}}"#;

/// One case for each code, in the order of the list.
fn refusals() -> Vec<(FaultCode, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let call = |members: &str| reply(members).into_bytes();
    vec![
        (FaultCode::ReplyTooLarge, vec![b' '; MAX_REPLY_BYTES + 1]),
        (FaultCode::NotUtf8, b"{\"q_next\":\"\xff\"}".to_vec()),
        (
            FaultCode::ByteOrderMark,
            format!("\u{feff}{HALT}").into_bytes(),
        ),
        (FaultCode::EmptyReply, text(" \r\n\t")),
        (FaultCode::Syntax, text("{'q_next':'s'}")),
        (FaultCode::Truncated, text(&HALT[..HALT.len() - 1])),
        (
            FaultCode::TrailingBytes,
            format!("{HALT} done").into_bytes(),
        ),
        (
            FaultCode::TooDeep,
            call(&format!(
                r#""op":"SYS_PUSH","task":{}1{}"#,
                "[".repeat(15),
                "]".repeat(15)
            )),
        ),
        (
            FaultCode::DuplicateKey,
            call(r#""op":"SYS_HALT","op":"SYS_HALT""#),
        ),
        (
            FaultCode::ForbiddenCharacter,
            call(r#""op":"SYS_EXEC","cmd":"a\u0000""#),
        ),
        (
            FaultCode::LoneSurrogate,
            call(r#""op":"SYS_EXEC","cmd":"\ud800""#),
        ),
        (
            FaultCode::FloatNumber,
            call(r#""op":"SYS_GIT_LOG","limit":1.5"#),
        ),
        (
            FaultCode::IntegerOverflow,
            call(r#""op":"SYS_GIT_LOG","limit":18446744073709551616"#),
        ),
        (FaultCode::NotAnObject, format!("[{HALT}]").into_bytes()),
        (FaultCode::NoTransition, text("I will halt now.")),
        (
            FaultCode::SeveralTransitions,
            format!("{HALT}\n{HALT}").into_bytes(),
        ),
        (
            FaultCode::TooManyCandidates,
            "so {} ".repeat(65).into_bytes(),
        ),
        (
            FaultCode::UnknownKey,
            call(r#""op":"SYS_HALT","why":"done""#),
        ),
        (
            FaultCode::MissingQNext,
            text(r#"{"a_t":{"op":"SYS_HALT"}}"#),
        ),
        (FaultCode::MissingAction, text(r#"{"q_next":"s"}"#)),
        (FaultCode::MissingOpcode, call(r#""pointer":"a""#)),
        (
            FaultCode::SeveralOpcodeKeys,
            call(r#""op":"SYS_HALT","sys":"SYS_HALT""#),
        ),
        (FaultCode::UnknownOpcode, call(r#""op":"SYS_JUMP""#)),
        (
            FaultCode::MutexViolation,
            call(r#""op":"SYS_GOTO","pointer":"a","payload":"b""#),
        ),
        (
            FaultCode::SynonymConflict,
            call(r#""op":"SYS_GOTO","pointer":"a","handle":"a""#),
        ),
        (FaultCode::MissingOperand, call(r#""op":"SYS_WRITE""#)),
        (
            FaultCode::NullValue,
            call(r#""op":"SYS_WRITE","payload":null"#),
        ),
        (
            FaultCode::WrongType,
            call(r#""op":"SYS_WRITE","content":7"#),
        ),
        (
            FaultCode::EmptyString,
            call(r#""op":"SYS_EXEC","cmd":" \n ""#),
        ),
        (
            FaultCode::BadEnum,
            call(r#""op":"SYS_MOVE","target":"MIDDLE""#),
        ),
        (FaultCode::BadLimit, call(r#""op":"SYS_GIT_LOG","limit":0"#)),
        (
            FaultCode::LimitOverflow,
            call(r#""op":"SYS_GIT_LOG","limit":"99999999999999999999""#),
        ),
    ]
}

#[test]
fn every_code_is_reached() {
    let mut reached = BTreeSet::new();
    for (expected, bytes) in refusals() {
        let fault = decode(&bytes).expect_err(expected.name());
        assert_eq!(fault.code, expected, "{fault}");
        reached.insert(expected);
    }
    let not_canonical = reply(r#""op":"SYS_GOTO","handle":"a""#);
    let fault = decode_canonical(not_canonical.as_bytes()).expect_err("a synonym");
    reached.insert(fault.code);
    assert_eq!(reached, BTreeSet::from(FaultCode::ALL));
}

/// The table of what serde_json lets through by default, each row by name.
#[test]
fn nothing_that_serde_json_lets_through_passes() {
    let long = "x".repeat(50_000_000);
    let rows: &[(&str, FaultCode, String)] = &[
        (
            "duplicate at the top",
            FaultCode::DuplicateKey,
            r#"{"q_next":"a","q_next":"b","a_t":{"op":"SYS_HALT"}}"#.into(),
        ),
        (
            "duplicate a_t",
            FaultCode::DuplicateKey,
            r#"{"q_next":"a","a_t":{"op":"SYS_POP"},"a_t":{"op":"SYS_HALT"}}"#.into(),
        ),
        (
            "duplicate by escape",
            FaultCode::DuplicateKey,
            r#"{"q_next":"a","q\u005fnext":"b","a_t":{"op":"SYS_HALT"}}"#.into(),
        ),
        (
            "duplicate operand by escape",
            FaultCode::DuplicateKey,
            reply(r#""op":"SYS_EXEC","cmd":"a","\u0063md":"b""#),
        ),
        (
            "duplicate in a task",
            FaultCode::DuplicateKey,
            reply(r#""op":"SYS_PUSH","task":{"a":[{"b":1,"b":2}]}"#),
        ),
        (
            "duplicate of an unknown key",
            FaultCode::DuplicateKey,
            r#"{"x":1,"x":1,"q_next":"a","a_t":{"op":"SYS_HALT"}}"#.into(),
        ),
        (
            "array for the syscall",
            FaultCode::WrongType,
            r#"{"q_next":"a","a_t":["SYS_HALT"]}"#.into(),
        ),
        (
            "extra key on SYS_POP",
            FaultCode::UnknownKey,
            reply(r#""op":"SYS_POP","x":1"#),
        ),
        (
            "extra operand on SYS_HALT",
            FaultCode::MutexViolation,
            reply(r#""op":"SYS_HALT","task":"a""#),
        ),
        (
            "lone surrogate in an ignored place",
            FaultCode::LoneSurrogate,
            r#"{"q_next":"a","a_t":{"op":"SYS_HALT"},"x":"\udead"}"#.into(),
        ),
        (
            "1e400 in an ignored place",
            FaultCode::FloatNumber,
            r#"{"q_next":"a","a_t":{"op":"SYS_HALT"},"x":1e400}"#.into(),
        ),
        (
            "deep nesting in an ignored place",
            FaultCode::TooDeep,
            format!(
                r#"{{"q_next":"a","a_t":{{"op":"SYS_HALT"}},"x":{}"#,
                "[".repeat(200_000)
            ),
        ),
        (
            "integer beyond u64",
            FaultCode::IntegerOverflow,
            reply(r#""op":"SYS_GIT_LOG","limit":99999999999999999999"#),
        ),
        (
            "1e-400",
            FaultCode::FloatNumber,
            reply(r#""op":"SYS_GIT_LOG","limit":1e-400"#),
        ),
        (
            "escaped NUL in a key",
            FaultCode::ForbiddenCharacter,
            reply(r#""op":"SYS_HALT","a\u0000":1"#),
        ),
        (
            "escaped bidi control",
            FaultCode::ForbiddenCharacter,
            reply(r#""op":"SYS_EXEC","cmd":"a\u202eb""#),
        ),
        (
            "raw bidi control",
            FaultCode::ForbiddenCharacter,
            reply("\"op\":\"SYS_EXEC\",\"cmd\":\"a\u{2066}b\""),
        ),
        (
            "raw DEL",
            FaultCode::ForbiddenCharacter,
            reply("\"op\":\"SYS_EXEC\",\"cmd\":\"a\u{7f}b\""),
        ),
        (
            "escaped backspace in a task",
            FaultCode::ForbiddenCharacter,
            reply(r#""op":"SYS_PUSH","task":["\b"]"#),
        ),
        (
            "a 50 MB string",
            FaultCode::ReplyTooLarge,
            reply(&format!(r#""op":"SYS_EXEC","cmd":"{long}""#)),
        ),
        (
            "a second value",
            FaultCode::TrailingBytes,
            format!("{HALT}1"),
        ),
        (
            "a second brace",
            FaultCode::TrailingBytes,
            format!("{HALT}}}"),
        ),
        (
            "a comment",
            FaultCode::Syntax,
            r#"{"q_next":"a",/**/"a_t":{"op":"SYS_HALT"}}"#.into(),
        ),
        (
            "a trailing comma",
            FaultCode::Syntax,
            reply(r#""op":"SYS_HALT","#),
        ),
        (
            "NaN",
            FaultCode::Syntax,
            reply(r#""op":"SYS_GIT_LOG","limit":NaN"#),
        ),
    ];
    for (name, expected, text) in rows {
        let fault = decode(text.as_bytes()).expect_err(name);
        assert_eq!(fault.code, *expected, "{name}: {fault}");
        let exact = decode_model(text.as_bytes()).expect_err(name);
        assert_eq!(exact.code, *expected, "{name}: {exact}");
        assert!(decode_canonical(text.as_bytes()).is_err(), "{name}");
    }
    for bad in [
        &b"\xef\xbb\xbf{}"[..],
        b"{\"q_next\":\"\xc0\xaf\"}",
        b"{\"q_next\":\"\xed\xa0\x80\"}",
    ] {
        assert!(decode(bad).is_err());
    }
}

/// A value that suits the operand, and the same as the canonical envelope writes it.
fn sample(kind: OperandKind) -> (&'static str, &'static str) {
    match kind {
        OperandKind::Text => ("\"  a b \"", "\"a b\""),
        OperandKind::Verbatim => ("\"  a\\u000Ab \"", "\"  a\\nb \""),
        OperandKind::Task => (
            "{ \"b\" : [1, 2] , \"a\" : null }",
            r#""{\"b\":[1,2],\"a\":null}""#,
        ),
        OperandKind::Limit => ("\"250\"", "200"),
        OperandKind::Placement => ("\"bottom\"", "\"BOTTOM\""),
        OperandKind::Status => ("\"Blocked\"", "\"BLOCKED\""),
    }
}

#[test]
fn every_synonym_of_every_opcode_becomes_canonical_and_stays_so() {
    for opcode in Opcode::ALL {
        let spellings = opcode.aliases().iter().copied().chain([opcode.name()]);
        for spelling in spellings {
            for opcode_key in OPCODE_KEY_SYNONYMS.into_iter().chain(["op"]) {
                let mut varied = vec![(String::new(), String::new())];
                for operand in opcode.operands() {
                    let (model, canonical) = sample(operand.kind);
                    let written: Vec<_> = operand
                        .synonyms
                        .iter()
                        .copied()
                        .chain([operand.name])
                        .map(|key| {
                            (
                                format!(",\"{key}\":{model}"),
                                format!(",\"{}\":{canonical}", operand.name),
                            )
                        })
                        .collect();
                    varied = varied
                        .iter()
                        .flat_map(|(m, c)| {
                            written
                                .iter()
                                .map(move |(wm, wc)| (format!("{m}{wm}"), format!("{c}{wc}")))
                        })
                        .collect();
                }
                for (model, canonical) in varied {
                    let loose =
                        format!("\"{opcode_key}\":\" {} \"{model}", spelling.to_lowercase());
                    let transition = decode(reply(&loose).as_bytes()).expect(&loose);
                    assert_eq!(transition.syscall.opcode(), opcode);
                    let text = transition.to_canonical();
                    assert_eq!(text, reply(&format!("\"op\":\"{opcode}\"{canonical}")));
                    assert_eq!(decode_canonical(text.as_bytes()), Ok(transition.clone()));
                    assert_eq!(decode_model(text.as_bytes()), Ok(transition));
                }
            }
        }
    }
}

#[test]
fn each_synonym_is_checked_like_the_name() {
    for opcode in Opcode::ALL {
        for operand in opcode.operands() {
            for key in operand.synonyms.iter().chain([&operand.name]) {
                let with =
                    |value: &str| code(&reply(&format!("\"op\":\"{opcode}\",\"{key}\":{value}")));
                assert_eq!(with("null"), FaultCode::NullValue, "{opcode} {key}");
                assert_eq!(with("true"), FaultCode::WrongType, "{opcode} {key}");
                if operand.kind != OperandKind::Task {
                    assert_eq!(with("[]"), FaultCode::WrongType, "{opcode} {key}");
                }
                let blank = match operand.kind {
                    OperandKind::Text | OperandKind::Verbatim | OperandKind::Task => {
                        FaultCode::EmptyString
                    }
                    OperandKind::Limit => FaultCode::BadLimit,
                    OperandKind::Placement | OperandKind::Status => FaultCode::BadEnum,
                };
                assert_eq!(with("\"\""), blank, "{opcode} {key}");
            }
        }
    }
}

#[test]
fn a_key_of_another_opcode_is_a_mutex_violation() {
    for opcode in Opcode::ALL {
        let keys = Opcode::ALL
            .iter()
            .flat_map(|other| other.operands())
            .flat_map(|operand| operand.synonyms.iter().chain([&operand.name]));
        for key in keys {
            let owned = opcode
                .operands()
                .iter()
                .any(|operand| operand.is_spelled(key));
            if !owned {
                let text = reply(&format!("\"{key}\":\"a\",\"op\":\"{opcode}\""));
                assert_eq!(code(&text), FaultCode::MutexViolation, "{opcode} {key}");
            }
        }
    }
}

#[test]
fn limits_are_positive_integers_up_to_the_cap() {
    for (value, expected) in [
        ("1", 1),
        ("200", 200),
        ("201", 200),
        ("18446744073709551615", 200),
        ("\"7\"", 7),
        ("\"65537\"", 200),
    ] {
        let Syscall::GitLog(query) =
            taken(&reply(&format!("\"op\":\"SYS_GIT_LOG\",\"limit\":{value}")))
        else {
            panic!("not a query");
        };
        assert_eq!(query.limit, Some(expected), "{value}");
    }
    for value in [
        "0", "-1", "\"0\"", "\"-1\"", "\"+1\"", "\" 1\"", "\"1.0\"", "\"007\"", "\"1e2\"", "\"\"",
        "\"١\"",
    ] {
        assert_eq!(
            code(&reply(&format!("\"op\":\"SYS_GIT_LOG\",\"limit\":{value}"))),
            FaultCode::BadLimit,
            "{value}"
        );
    }
}

#[test]
fn nesting_is_counted_from_the_transition() {
    let nested = |levels: usize| {
        reply(&format!(
            r#""op":"SYS_PUSH","task":{}{}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        ))
    };
    assert!(decode(nested(MAX_NESTING - 2).as_bytes()).is_ok());
    assert_eq!(code(&nested(MAX_NESTING - 1)), FaultCode::TooDeep);
}

#[test]
fn the_envelope_itself_is_typed() {
    let rows = [
        (
            r#"{"thought":1,"q_next":"s","a_t":{"op":"SYS_POP"}}"#,
            FaultCode::WrongType,
        ),
        (
            r#"{"thought":null,"q_next":"s","a_t":{"op":"SYS_POP"}}"#,
            FaultCode::NullValue,
        ),
        (
            r#"{"q_next":null,"a_t":{"op":"SYS_POP"}}"#,
            FaultCode::NullValue,
        ),
        (
            r#"{"q_next":"  ","a_t":{"op":"SYS_POP"}}"#,
            FaultCode::EmptyString,
        ),
        (r#"{"q_next":"s","a_t":null}"#, FaultCode::NullValue),
        (r#"{"q_next":"s","a_t":"SYS_POP"}"#, FaultCode::WrongType),
        (r#"{"q_next":"s","a_t":{"op":null}}"#, FaultCode::NullValue),
        (r#"{"q_next":"s","a_t":{"op":{}}}"#, FaultCode::WrongType),
        (r#"{"q_next":"s","op":"SYS_POP"}"#, FaultCode::UnknownKey),
        (
            r#"{"Q_NEXT":"s","a_t":{"op":"SYS_POP"}}"#,
            FaultCode::UnknownKey,
        ),
        (
            r#"{"q_next":"s","a_t":{"op":""}}"#,
            FaultCode::UnknownOpcode,
        ),
        (r#"{}"#, FaultCode::MissingAction),
    ];
    for (text, expected) in rows {
        assert_eq!(code(text), expected, "{text}");
    }
    for text in ["1", "\"a\"", "null", "true", "[]", "-1"] {
        let fault = decode_model(text.as_bytes()).expect_err(text);
        assert_eq!(fault.code, FaultCode::NotAnObject, "{text}");
    }
}

#[test]
fn one_transition_is_found_in_prose() {
    for text in [
        format!("Sure! Here it is:\n```json\n{HALT}\n```\nHope that helps {{really}}."),
        format!("fn main() {{ println!(\"{{}}\", 1) }} so {HALT}"),
        format!("Given {{\"note\": 1.5, \"list\": [1, {{}}]}} I choose {HALT}"),
        format!("<think>{HALT} or {{\"q_next\": </think>{HALT}"),
        format!("<THOUGHT>\n{HALT}\n</Thought>\n{HALT}\n"),
        format!("{HALT} no, wait </think> {HALT}"),
        format!("{{\"q_next\": \"oops </think>\n{HALT}"),
        format!("<think>a<think>b</think>{HALT}</think>{HALT}"),
        format!("Answer: {HALT} <think>was {HALT} right?"),
        format!("「{HALT}」"),
        r#"ok {"q_next":"use <think> {","a_t":{"op":"SYS_WRITE","payload":"</think>"}} ok"#.into(),
        r#"{"q_next":"</think>","a_t":{"op":"SYS_WRITE","payload":"<think>"}}"#.into(),
    ] {
        taken(&text);
    }
}

#[test]
fn prose_without_exactly_one_transition_is_refused() {
    let malformed = r#"{"q_next":"s","a_t":{"op":"SYS_JUMP"}}"#;
    for (text, expected) in [
        (format!("a {HALT} b {HALT}"), FaultCode::SeveralTransitions),
        (
            format!("<think>x</think>{HALT}{HALT}"),
            FaultCode::SeveralTransitions,
        ),
        (format!("a {HALT} b {malformed}"), FaultCode::UnknownOpcode),
        (format!("a {malformed} b {HALT}"), FaultCode::UnknownOpcode),
        (
            format!("a {{\"x\":1.5,\"q_next\":\"s\"}} b {HALT}"),
            FaultCode::FloatNumber,
        ),
        (
            format!("a {{\"x\":oops,\"a_t\":1}} b {HALT}"),
            FaultCode::Syntax,
        ),
        (format!("a [{HALT}]"), FaultCode::NotAnObject),
        (format!("a {{\"answer\":{HALT}}}"), FaultCode::NoTransition),
        (format!("{{\"answer\":{HALT}}}"), FaultCode::UnknownKey),
        (format!("{{\"note\":1}} {HALT}"), FaultCode::TrailingBytes),
        (format!("<think>{HALT}"), FaultCode::NoTransition),
        (format!("{HALT}</think>"), FaultCode::NoTransition),
        (format!("<think>{HALT}</thought>"), FaultCode::NoTransition),
        (
            format!("<think></think>{HALT} bye"),
            FaultCode::TrailingBytes,
        ),
        (format!("{HALT}<think>"), FaultCode::TrailingBytes),
        (
            format!("a {}", &HALT[..HALT.len() - 1]),
            FaultCode::Truncated,
        ),
        (format!("{:?}", HALT), FaultCode::NoTransition),
        ("hi {\"".repeat(40_000), FaultCode::TooManyCandidates),
    ] {
        assert_eq!(code(&text), expected, "{text:.300}");
    }
}

#[test]
fn a_transition_further_back_in_an_array_was_taken() {
    for text in [
        format!("Plan: [1, {HALT}]"),
        format!("[\"plan\", {HALT}]"),
        format!("[{{\"status\":\"ok\"}},{HALT}]"),
        format!("[ // the plan\n {HALT}\n]"),
        format!("[ // up to ]\n {HALT}\n]"),
        format!("[[1], {{}}, {HALT}"),
        format!("[\"{{\",[\":1}}\"], {HALT}"),
    ] {
        assert_eq!(code(&text), FaultCode::NotAnObject, "{text}");
    }
}

#[test]
fn a_transition_in_an_object_cut_short_was_taken() {
    let push = r#"{"q_next":"s","a_t":{"op":"SYS_PUSH","task":"#;
    for text in [
        format!("So {{\"answer\": {HALT}"),
        format!("So {{\"a\":1,\"b\":[2, {HALT}"),
        format!("So {{\"a\":\"}}\",\"b\": {HALT}"),
        format!("so {{\"op\":\"SYS_PUSH\",\"task\":{HALT}"),
        format!("so {push}{HALT}"),
    ] {
        assert_eq!(code(&text), FaultCode::Truncated, "{text}");
    }
}

#[test]
fn a_tag_in_a_string_let_a_task_out_of_a_cut_transition() {
    let push = r#"{"q_next":"</think>","a_t":{"op":"SYS_PUSH","task":"#;
    for text in [
        format!("{push}{HALT}"),
        format!("{push}{HALT}}}"),
        format!("so {push}{HALT}}}"),
    ] {
        assert_eq!(code(&text), FaultCode::Truncated, "{text}");
    }
    let skipped = format!("[\"<think>\",[\"</think>\"],{HALT}");
    assert_eq!(code(&skipped), FaultCode::NotAnObject);
}

#[test]
fn a_transition_in_an_object_that_is_not_json_was_taken() {
    for text in [
        format!("So {{answer: {HALT}}}"),
        format!("So {{answer: {HALT}"),
        format!("So {{'answer': {HALT}}}"),
        format!("So {{'a': '}}', 'b': {HALT}}}"),
        format!("So {{\"a\": yes, \"b\": {HALT}}}"),
        format!("So {{{HALT}}}"),
    ] {
        assert_eq!(code(&text), FaultCode::Syntax, "{text}");
    }
}

#[test]
fn balanced_brackets_are_prose() {
    for text in [
        format!("see [1] and {{x}}: {HALT}"),
        format!("- [ ] [text](url)\n- [x] {{{{name}}}}\n{HALT}\n[2] {{y}} [z]"),
        format!("It is {{5\" wide}}\n{HALT}"),
        format!("Good :] {HALT} fine :["),
        format!("so {{ \"]\" }} [ \"}}\" ] {HALT}"),
        format!("[ {{ \"odd </think>\n{HALT}"),
    ] {
        taken(&text);
    }
}

#[test]
fn the_two_words_of_a_move_are_not_trimmed() {
    for members in [
        r#""op":"SYS_MOVE","status":" active ""#,
        r#""op":"SYS_MOVE","target":"TOP\n""#,
    ] {
        assert_eq!(code(&reply(members)), FaultCode::BadEnum, "{members}");
    }
}

#[test]
fn faults_name_the_place_without_echoing_the_reply() {
    let detail = |text: &str| decode(text.as_bytes()).expect_err("a fault").detail;
    assert_eq!(detail("  {\"q_next\" 1}"), "expected `:` at byte 12");
    assert_eq!(
        detail("{\n\n \"q_next\":\"s\",\n}"),
        "trailing comma at byte 18"
    );
    assert_eq!(
        detail(&reply(r#""op":"SYS_POP","b\u0061d\n":1"#)),
        "`bad\\n` is no key of any opcode"
    );
    let long = detail(&reply(&format!("\"op\":\"{}\"", "Z".repeat(100_000))));
    assert!(long.chars().count() < 80, "{long}");
}

#[test]
fn the_canonical_envelope_takes_nothing_else() {
    for members in [
        r#""sys":"SYS_POP""#,
        r#""op":"sys_pop""#,
        r#""op":" SYS_POP""#,
        r#""op":"SYS_STACK_EDIT","task":"a""#,
        r#""op":"SYS_GOTO","d_next":"a""#,
        r#""op":"SYS_GOTO","pointer":"a ""#,
        r#""op":"SYS_GIT_LOG","limit":201"#,
        r#""op":"SYS_MOVE","status":"active""#,
    ] {
        assert!(decode(reply(members).as_bytes()).is_ok(), "{members}");
        let fault = decode_canonical(reply(members).as_bytes()).expect_err(members);
        assert_eq!(fault.code, FaultCode::NotCanonical, "{members}");
    }
    for members in [
        r#""op":"SYS_GIT_LOG","limit":"5""#,
        r#""op":"SYS_PUSH","task":{}"#,
    ] {
        let fault = decode_canonical(reply(members).as_bytes()).expect_err(members);
        assert_eq!(fault.code, FaultCode::WrongType, "{members}");
    }
    for around in [
        format!("a {HALT}"),
        format!("```\n{HALT}\n```"),
        format!("{HALT} {HALT}"),
    ] {
        assert!(decode_canonical(around.as_bytes()).is_err());
        assert!(decode_model(around.as_bytes()).is_err());
    }
}
