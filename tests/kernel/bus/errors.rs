//! Error bodies: what names the fault, and what its text says.

use turingos::bus::BusFaultCode::{self as Code, *};
use turingos::bus::{BusFault, MAX_BODY_BYTES, Provider, parse};

use super::{MESSAGES_STREAM, OPENAI_STREAM, code, messages, openai};

fn refused(provider: Provider, status: u16, body: &str) -> BusFault {
    parse(provider, status, body.as_bytes()).expect_err(body)
}

/// Every specific kind, with a status that alone would mean something else.
const KINDS: [(&str, Code); 18] = [
    ("insufficient_quota", QuotaExhausted),
    ("billing_error", QuotaExhausted),
    ("billing_hard_limit_reached", QuotaExhausted),
    ("exceeded_current_quota_error", QuotaExhausted),
    ("rate_limit_error", RateLimited),
    ("rate_limit_exceeded", RateLimited),
    ("rate_limit_reached_error", RateLimited),
    ("overloaded_error", Overloaded),
    ("engine_overloaded_error", Overloaded),
    ("timeout_error", Timeout),
    ("authentication_error", Unauthorized),
    ("invalid_api_key", Unauthorized),
    ("invalid_authentication_error", Unauthorized),
    ("permission_error", Unauthorized),
    ("not_found_error", NotFound),
    ("model_not_found", NotFound),
    ("request_too_large", RequestTooLarge),
    ("content_filter", ContentFilter),
];

#[test]
fn a_specific_kind_decides_against_the_status() {
    for (kind, expected) in KINDS {
        for error in [
            format!(r#""type":"{kind}","code":null"#),
            format!(r#""type":"invalid_request_error","code":"{kind}""#),
        ] {
            let body = format!(r#"{{"error":{{"message":"m",{error}}}}}"#);
            for status in [200, 400, 418, 500] {
                let fault = refused(Provider::OpenAi, status, &body);
                assert_eq!(fault.code, expected, "{status} {body}");
            }
        }
    }
}

#[test]
fn a_status_decides_where_no_kind_does() {
    for (status, expected) in [
        (199, UnexpectedStatus),
        (300, UnexpectedStatus),
        (399, UnexpectedStatus),
        (400, InvalidRequest),
        (401, Unauthorized),
        (402, QuotaExhausted),
        (403, Unauthorized),
        (404, NotFound),
        (408, Timeout),
        (409, Conflict),
        (413, RequestTooLarge),
        (429, RateLimited),
        (499, InvalidRequest),
        (500, ServerError),
        (503, Overloaded),
        (504, Timeout),
        (529, Overloaded),
        (599, ServerError),
        (600, UnexpectedStatus),
    ] {
        for body in ["", "{}", r#"{"error":{"message":"m","type":"api_error"}}"#] {
            assert_eq!(
                code(Provider::OpenAi, status, body.as_bytes()),
                expected,
                "{status} {body}"
            );
        }
    }
}

#[test]
fn a_fault_names_status_kind_and_message() {
    let text = |error: &str| {
        let body = format!(r#"{{"error":{{{error}}}}}"#);
        refused(Provider::OpenAi, 429, &body).to_string()
    };
    assert_eq!(
        text(r#""message":"slow down","type":"tokens","code":null"#),
        "RATE_LIMITED: status 429, tokens: slow down"
    );
    assert_eq!(
        text(r#""message":"slow down","code":"rate_limit_exceeded""#),
        "RATE_LIMITED: status 429, rate_limit_exceeded: slow down"
    );
    assert_eq!(text(""), "RATE_LIMITED: status 429, error: no message");
}

#[test]
fn a_wrong_type_is_named() {
    for (value, shown) in [
        ("\"s\"", "a string"),
        ("1", "a number"),
        ("-1", "a number"),
        ("1.5", "a number"),
        ("true", "a boolean"),
        ("{}", "an object"),
    ] {
        let fault = refused(Provider::OpenAi, 200, &format!(r#"{{"choices":{value}}}"#));
        assert_eq!(fault.code, WrongType, "{value}");
        let expected = format!("`choices` is {shown}, not ");
        assert!(fault.detail.starts_with(&expected), "{}", fault.detail);
    }
    let fault = refused(
        Provider::OpenAi,
        200,
        &openai(r#""message":{"content":"a"},"finish_reason":[]"#),
    );
    assert!(
        fault
            .detail
            .starts_with("`finish_reason` is an array, not "),
        "{}",
        fault.detail
    );
}

/// Only JSON that ends early is a cut stream; a wrong value is wrong at the end too.
#[test]
fn the_last_event_of_a_stream_may_be_wrong_and_not_cut() {
    let last = format!("{}\n\n", r#"data: {"choices":3}"#);
    let body = OPENAI_STREAM.replace("data: [DONE]\n\n", &last);
    assert_eq!(code(Provider::OpenAi, 200, body.as_bytes()), WrongType);
    let cut_inside = OPENAI_STREAM.replacen(r#"{"content":"he"}"#, r#"{"content":"he"#, 1);
    assert_ne!(
        code(Provider::OpenAi, 200, cut_inside.as_bytes()),
        CutStream
    );
}

#[test]
fn a_tool_call_is_found_whatever_the_finish_says() {
    for call in [
        r#""tool_calls":[{"id":"t"}]"#,
        r#""function_call":{"name":"f","arguments":""}"#,
        r#""tool_calls":[{"id":"t"}],"function_call":null"#,
    ] {
        let whole = openai(&format!(
            r#""message":{{"content":"hello",{call}}},"finish_reason":"stop""#
        ));
        assert_eq!(code(Provider::OpenAi, 200, whole.as_bytes()), ToolCall);
        let stream = OPENAI_STREAM.replacen(r#""content":"he""#, call, 1);
        assert_eq!(code(Provider::OpenAi, 200, stream.as_bytes()), ToolCall);
    }
    let text = r#"[{"type":"text","text":"hello"}]"#;
    let stopped = messages(text, "tool_use");
    assert_eq!(code(Provider::Kimi, 200, stopped.as_bytes()), ToolCall);
    let stream = MESSAGES_STREAM.replace("end_turn", "tool_use");
    assert_eq!(code(Provider::Kimi, 200, stream.as_bytes()), ToolCall);
}

#[test]
fn a_body_of_the_greatest_length_is_read() {
    let body = " ".repeat(MAX_BODY_BYTES);
    assert_eq!(code(Provider::Ollama, 200, body.as_bytes()), EmptyBody);
}

#[test]
fn two_providers_speak_messages() {
    let speak: Vec<_> = Provider::ALL
        .into_iter()
        .filter(|provider| provider.speaks_messages())
        .collect();
    assert_eq!(speak, [Provider::Anthropic, Provider::Kimi]);
}
