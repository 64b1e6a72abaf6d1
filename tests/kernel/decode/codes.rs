//! Every code of the decoder, and what a JSON library lets through.

use std::collections::BTreeSet;

use turingos::isa::{
    FaultCode, MAX_NESTING, MAX_REPLY_BYTES, decode, decode_canonical, decode_model,
};

use super::{HALT, code, reply};

/// One case for each code of a reply, in the order of the list.
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
    // Of a reply, what follows the document is prose.
    let followed = format!("{HALT} done");
    let fault = decode_model(followed.as_bytes()).expect_err("a document ends");
    reached.insert(fault.code);
    let not_canonical = reply(r#""op":"SYS_GOTO","handle":"a""#);
    let fault = decode_canonical(not_canonical.as_bytes()).expect_err("a synonym");
    reached.insert(fault.code);
    assert_eq!(reached, BTreeSet::from(FaultCode::ALL));
}

/// The table of what serde_json lets through by default, each row by name.
#[test]
fn what_serde_json_wrongly_accepts_is_refused() {
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
    for behind in ["1", "}", ",", "null"] {
        let text = format!("{HALT}{behind}");
        for decode in [decode_model, decode_canonical] {
            let fault = decode(text.as_bytes()).expect_err(behind);
            assert_eq!(fault.code, FaultCode::TrailingBytes, "{fault}");
        }
    }
    for bad in [
        &b"\xef\xbb\xbf{}"[..],
        b"{\"q_next\":\"\xc0\xaf\"}",
        b"{\"q_next\":\"\xed\xa0\x80\"}",
    ] {
        assert!(decode(bad).is_err());
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
