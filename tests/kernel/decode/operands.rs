//! The envelopes: opcodes, operands and their synonyms.

use turingos::isa::{
    FaultCode, OPCODE_KEY_SYNONYMS, Opcode, OperandKind, Syscall, decode, decode_canonical,
    decode_model,
};

use super::{HALT, code, reply, taken};

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
                    // An empty payload makes an empty file.
                    OperandKind::Verbatim => continue,
                    OperandKind::Text | OperandKind::Task => FaultCode::EmptyString,
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
fn the_two_words_of_a_move_are_not_trimmed() {
    for members in [
        r#""op":"SYS_MOVE","status":" active ""#,
        r#""op":"SYS_MOVE","target":"TOP\n""#,
    ] {
        assert_eq!(code(&reply(members)), FaultCode::BadEnum, "{members}");
    }
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
