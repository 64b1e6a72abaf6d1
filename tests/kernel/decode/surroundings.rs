//! What stands around a transition: prose, fences, thoughts, other objects.

use turingos::isa::FaultCode;

use super::{HALT, code, taken};

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
        format!("{HALT} That is all."),
        format!("{HALT}\n```"),
        format!("{HALT}<think>or {HALT}?"),
        format!("<think></think>{HALT} bye"),
        format!("{{\"note\":1}} {HALT}"),
        format!("{HALT} {{\"note\":1}}"),
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
        (format!("{HALT} or {HALT}"), FaultCode::SeveralTransitions),
        (format!("{malformed} bye"), FaultCode::UnknownOpcode),
        (
            format!("{{\"answer\":{HALT}}} bye"),
            FaultCode::NoTransition,
        ),
        (format!("{HALT}}}"), FaultCode::Syntax),
        (format!("{HALT}]"), FaultCode::NotAnObject),
        (format!("<think>{HALT}"), FaultCode::NoTransition),
        (format!("{HALT}</think>"), FaultCode::NoTransition),
        (format!("<think>{HALT}</thought>"), FaultCode::NoTransition),
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
fn a_later_transition_in_an_array_was_taken() {
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
fn a_tag_in_a_string_freed_a_task_from_a_cut_transition() {
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
