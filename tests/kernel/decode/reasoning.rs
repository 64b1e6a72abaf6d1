//! What comes before the answer: reasoning that opens brackets, strings and blocks of code.

use turingos::isa::{FaultCode, decode};

use super::{HALT, code, taken};

#[test]
fn what_reasoning_leaves_open_does_not_enclose_the_answer() {
    for open in ["a list [", "code {", "a note {\"x\": ["] {
        for text in [
            format!("{open} </think>{HALT}"),
            format!("{open} </think>\nso {HALT}"),
            format!("[] {open} </thought> {HALT}"),
        ] {
            taken(&text);
        }
    }
}

/// The answer is judged as a document, wherever the white space before it ends.
#[test]
fn white_space_after_reasoning_is_not_prose() {
    for (document, expected) in [
        (r#"{"note":"no transition"}"#, FaultCode::UnknownKey),
        ("{}", FaultCode::MissingAction),
    ] {
        assert_eq!(code(document), expected);
        for space in ["", " ", "\n", "\r\n\t "] {
            assert_eq!(
                code(&format!("<think>so</think>{space}{document}")),
                expected,
                "{space:?}"
            );
        }
        // After a word it is an object in prose.
        assert_eq!(
            code(&format!("<think>so</think> then {document}")),
            FaultCode::NoTransition
        );
    }
}

#[test]
fn code_in_prose_costs_no_candidate() {
    let code_blocks = "if (a) { b(); } ".repeat(1_000);
    taken(&format!("{code_blocks}{HALT}"));
}

/// A broken object in prose ends where its braces outside of strings do.
#[test]
fn braces_in_the_strings_of_a_broken_object_do_not_end_it() {
    for text in ["}", "{", "}}", "\\\"}", "\\\\", "\\\"{"] {
        let broken = format!(r#"{{"x":oops,"note":"{text}","q_next":"s"}}"#);
        let prose = format!("a {broken} b {HALT}");
        assert_eq!(code(&prose), FaultCode::Syntax, "{prose}");
        // What does not mention the envelope is only passed by.
        let harmless = format!(r#"a {{"x":oops,"note":"{text}"}} b {HALT}"#);
        taken(&harmless);
    }
}

/// A backslash escapes in strings only.
#[test]
fn a_backslash_outside_of_strings_escapes_no_brace() {
    taken(&format!(r#"a {{"x":\}} "q_next" }} then {HALT}"#));
}

/// An escaped quotation mark does not end a string, so a bracket after it is text.
#[test]
fn an_escaped_quotation_mark_does_not_end_a_string() {
    for (string, is_closed) in [
        (r#""a \" ] ""#, false),
        (r#""a \\" ] ""#, true),
        (r#""a \\\" ] ""#, false),
        (r#""a ] ""#, false),
        (r#""a" ] "#, true),
    ] {
        let text = format!("see [ {string} {HALT}");
        if is_closed {
            taken(&text);
        } else {
            assert_eq!(code(&text), FaultCode::NotAnObject, "{text}");
        }
    }
}

#[test]
fn a_fault_names_its_byte_and_its_text() {
    let fault = decode(br#"{"q_next":1.5}"#).expect_err("a float");
    assert_eq!(fault.code, FaultCode::FloatNumber);
    assert_eq!(fault.byte, Some(10));
    assert_eq!(fault.to_string(), format!("FLOAT_NUMBER: {}", fault.detail));
    let fault = decode(b"<think>so</think>{\"q_next\":oops}").expect_err("no JSON");
    assert_eq!(fault.byte, Some(27));
    assert_eq!(decode(b"prose").expect_err("prose").byte, None);
}

#[test]
fn a_wrong_type_is_named() {
    for (value, shown) in [
        ("1", "a number"),
        ("-1", "a number"),
        ("true", "a boolean"),
        ("[]", "an object or array"),
        ("{}", "an object or array"),
    ] {
        let text = format!(r#"{{"q_next":{value},"a_t":{{"op":"SYS_HALT"}}}}"#);
        let fault = decode(text.as_bytes()).expect_err("a wrong type");
        assert_eq!(fault.code, FaultCode::WrongType, "{value}");
        assert!(fault.detail.contains(shown), "{}", fault.detail);
    }
    let text = r#"{"q_next":"s","a_t":"SYS_HALT"}"#;
    let fault = decode(text.as_bytes()).expect_err("a wrong type");
    assert!(fault.detail.contains("a string"), "{}", fault.detail);
}

#[test]
fn half_of_a_surrogate_pair_is_refused_at_both_ends_of_its_range() {
    let text = |string: &str| format!(r#"{{"q_next":"{string}","a_t":{{"op":"SYS_HALT"}}}}"#);
    for lone in [
        r"\ud800",
        r"\udbff",
        r"\udc00",
        r"\udfff",
        r"\ud800\ue000",
        r"\ud800\udbff",
        r"\udc00\udc00",
        r"\ud800x",
        r"\ud800\n",
    ] {
        assert_eq!(code(&text(lone)), FaultCode::LoneSurrogate, "{lone}");
    }
    for whole in [r"\ud7ff", r"\ue000", r"\ud800\udc00", r"\udbff\udfff"] {
        taken(&text(whole));
    }
    assert_eq!(code(r#"{"q_next":"\udc00"#), FaultCode::LoneSurrogate);
    assert_eq!(code(r#"{"q_next":"\ud800"#), FaultCode::Truncated);
}
