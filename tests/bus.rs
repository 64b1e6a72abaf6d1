//! Provider responses against the bus: what is a whole reply, and what each other body is.

use std::collections::BTreeSet;

use proptest::prelude::*;
use turingos::bus::{
    BusFaultCode, Finish, MAX_BODY_BYTES, MAX_BODY_NESTING, Provider, Reply, Usage, parse,
};

fn code(provider: Provider, status: u16, body: &[u8]) -> BusFaultCode {
    match parse(provider, status, body) {
        Ok(reply) => panic!("{provider}: {reply:?}\n{}", String::from_utf8_lossy(body)),
        Err(fault) => {
            assert!(fault.detail.chars().count() <= 200, "{fault}");
            assert!(!fault.detail.chars().any(char::is_control), "{fault}");
            fault.code
        }
    }
}

fn taken(provider: Provider, body: &str) -> Reply {
    parse(provider, 200, body.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{body}"))
}

fn openai(choice: &str) -> String {
    format!(
        r#"{{"id":"c1","object":"chat.completion","created":1700000000,"model":"m","choices":[{{"index":0,{choice}}}],"usage":{{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{{"cached_tokens":0}}}}}}"#
    )
}

fn messages(content: &str, stop: &str) -> String {
    format!(
        r#"{{"id":"m1","type":"message","role":"assistant","model":"m","content":{content},"stop_reason":"{stop}","stop_sequence":null,"usage":{{"input_tokens":11,"output_tokens":7,"cache_read_input_tokens":0}}}}"#
    )
}

fn ollama(message: &str, end: &str) -> String {
    format!(
        r#"{{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{{"role":"assistant",{message}}},{end},"total_duration":5,"prompt_eval_count":11,"eval_count":7}}"#
    )
}

const OPENAI_STREAM: &str = r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}

: keep-alive

data: {"choices":[{"index":0,"delta":{"content":"he"},"finish_reason":null}],"usage":null}

data: {"choices":[{"index":0,"delta":{"content":"llo"},"finish_reason":null}],"usage":null}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7}}

data: [DONE]

"#;

const MESSAGES_STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":11,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"he"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"llo"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}

event: message_stop
data: {"type":"message_stop"}

"#;

const OLLAMA_STREAM: &str = r#"{"model":"m","message":{"role":"assistant","content":"he"},"done":false}
{"model":"m","message":{"role":"assistant","content":"llo"},"done":false}
{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":7}
"#;

/// Bodies that are the same whole reply.
fn whole() -> Vec<(Provider, String)> {
    vec![
        (
            Provider::OpenAi,
            openai(
                r#""message":{"role":"assistant","content":"hello","refusal":null,"tool_calls":[]},"logprobs":null,"finish_reason":"stop""#,
            ),
        ),
        (
            Provider::OpenAi,
            openai(
                r#""message":{"content":[{"type":"text","text":"he"},{"type":"text","text":"l\u006co"}]},"finish_reason":"stop""#,
            ),
        ),
        (Provider::OpenAi, OPENAI_STREAM.into()),
        (Provider::OpenAi, OPENAI_STREAM.replace('\n', "\r\n")),
        (Provider::OpenAi, OPENAI_STREAM.trim_end().into()),
        (
            Provider::Kimi,
            messages(
                r#"[{"type":"text","text":"he"},{"type":"text","text":"llo"}]"#,
                "end_turn",
            ),
        ),
        (Provider::Kimi, MESSAGES_STREAM.into()),
        (
            Provider::Ollama,
            ollama(
                r#""content":"hello""#,
                r#""done":true,"done_reason":"stop""#,
            ),
        ),
        (
            Provider::Ollama,
            ollama(r#""content":"hello""#, r#""done":true"#),
        ),
        (
            Provider::Ollama,
            r#"{"response":"hello","done":true,"prompt_eval_count":11,"eval_count":7}"#.into(),
        ),
        (Provider::Ollama, OLLAMA_STREAM.into()),
    ]
}

#[test]
fn whole_replies_are_taken_from_every_form() {
    for (provider, body) in whole() {
        let expected = Reply {
            text: "hello".into(),
            usage: Usage {
                input_tokens: Some(11),
                output_tokens: Some(7),
            },
            finish: Finish::Stop,
            has_reasoning: false,
        };
        assert_eq!(taken(provider, &body), expected, "{body}");
    }
}

#[test]
fn reasoning_beside_the_text_is_noted_and_not_taken() {
    for (provider, body) in [
        (
            Provider::OpenAi,
            openai(
                r#""message":{"reasoning_content":"hm","content":"hello"},"finish_reason":"stop""#,
            ),
        ),
        (
            Provider::OpenAi,
            openai(r#""message":{"reasoning":"hm","content":"hello"},"finish_reason":"stop""#),
        ),
        (
            Provider::Kimi,
            messages(
                r#"[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"hello"}]"#,
                "stop_sequence",
            ),
        ),
        (
            Provider::Ollama,
            ollama(
                r#""content":"hello","thinking":"hm""#,
                r#""done":true,"done_reason":"stop""#,
            ),
        ),
    ] {
        let reply = taken(provider, &body);
        assert_eq!(
            (reply.text.as_str(), reply.has_reasoning),
            ("hello", true),
            "{body}"
        );
    }
}

/// A response for each code, and more than one where providers differ.
fn refusals() -> Vec<(BusFaultCode, Provider, u16, Vec<u8>)> {
    use BusFaultCode as Code;
    use Provider::{Kimi, Ollama, OpenAi};
    let error = |kind: &str, code: &str| {
        format!(r#"{{"error":{{"message":"m","type":"{kind}","param":null,"code":{code}}}}}"#)
    };
    let anthropic = |kind: &str| {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"m"}},"request_id":"r"}}"#)
    };
    let plain = |content: &str, finish: &str| {
        openai(&format!(
            r#""message":{{"content":{content}}},"finish_reason":{finish}"#
        ))
    };
    let deep = |levels: usize| {
        format!(
            r#"{{"x":{}{},"choices":[]}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    let html = "<html><body>502 Bad Gateway</body></html>".to_owned();
    let openai_stream = OPENAI_STREAM.to_owned();
    let rows: Vec<(Code, Provider, u16, String)> = vec![
        (Code::RateLimited, OpenAi, 429, error("requests", "\"rate_limit_exceeded\"")),
        (Code::RateLimited, Kimi, 429, anthropic("rate_limit_error")),
        (Code::RateLimited, OpenAi, 429, String::new()),
        (Code::QuotaExhausted, OpenAi, 429, error("insufficient_quota", "\"insufficient_quota\"")),
        (Code::QuotaExhausted, Kimi, 402, anthropic("billing_error")),
        (Code::Overloaded, Kimi, 529, anthropic("overloaded_error")),
        (Code::Overloaded, Kimi, 429, anthropic("engine_overloaded_error")),
        (Code::Overloaded, Ollama, 503, r#"{"error":"server busy"}"#.into()),
        (Code::Overloaded, Kimi, 200, anthropic("overloaded_error")),
        (Code::ServerError, OpenAi, 500, html.clone()),
        (Code::ServerError, Kimi, 200, anthropic("api_error")),
        (Code::Timeout, OpenAi, 504, html.clone()),
        (Code::Timeout, Kimi, 504, anthropic("timeout_error")),
        (Code::Timeout, OpenAi, 408, String::new()),
        (Code::Conflict, OpenAi, 409, String::new()),
        (Code::Unauthorized, OpenAi, 401, error("invalid_request_error", "\"invalid_api_key\"")),
        (Code::Unauthorized, Kimi, 403, anthropic("permission_error")),
        (Code::InvalidRequest, OpenAi, 400, error("invalid_request_error", "null")),
        (Code::InvalidRequest, OpenAi, 422, "{".into()),
        (Code::InvalidRequest, Kimi, 200, anthropic("invalid_request_error")),
        (Code::NotFound, OpenAi, 404, error("invalid_request_error", "\"model_not_found\"")),
        (Code::NotFound, Ollama, 404, r#"{"error":"model 'x' not found"}"#.into()),
        (Code::RequestTooLarge, Kimi, 413, anthropic("request_too_large")),
        (Code::UnexpectedStatus, OpenAi, 302, String::new()),
        (Code::ProviderError, Ollama, 200, r#"{"error":"runner stopped"}"#.into()),
        (Code::ProviderError, OpenAi, 200, error("strange", "500")),
        (Code::ProviderError, Ollama, 200, OLLAMA_STREAM.replace(r#""done":true"#, r#""error":"gone""#)),
        (Code::ServerError, OpenAi, 200, openai_stream.replace("data: [DONE]", r#"data: {"error":{"message":"m","type":"server_error"}}"#)),
        (Code::Overloaded, Kimi, 200, MESSAGES_STREAM.replace("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}")),
        (Code::Refusal, OpenAi, 200, openai(r#""message":{"content":null,"refusal":"no"},"finish_reason":"stop""#)),
        (Code::Refusal, OpenAi, 200, openai(r#""message":{"content":[{"type":"refusal","refusal":"no"}]},"finish_reason":"stop""#)),
        (Code::Refusal, Kimi, 200, messages("[]", "refusal")),
        (Code::ContentFilter, OpenAi, 200, plain("\"hel\"", "\"content_filter\"")),
        (Code::ToolCall, OpenAi, 200, openai(r#""message":{"content":"hello","tool_calls":[{"id":"t"}]},"finish_reason":"tool_calls""#)),
        (Code::ToolCall, OpenAi, 200, plain("null", "\"function_call\"")),
        (Code::ToolCall, Kimi, 200, messages(r#"[{"type":"text","text":"hello"},{"type":"tool_use","id":"t","name":"n","input":{}}]"#, "tool_use")),
        (Code::ToolCall, Ollama, 200, ollama(r#""content":"","tool_calls":[{"function":{}}]"#, r#""done":true,"done_reason":"stop""#)),
        (Code::CutOff, OpenAi, 200, plain("\"hel\"", "\"length\"")),
        (Code::CutOff, Kimi, 200, messages(r#"[{"type":"text","text":"hel"}]"#, "max_tokens")),
        (Code::CutOff, Ollama, 200, ollama(r#""content":"hel""#, r#""done":true,"done_reason":"length""#)),
        (Code::CutOff, OpenAi, 200, openai_stream.replace("\"stop\"", "\"length\"")),
        (Code::ContextExceeded, Kimi, 200, messages(r#"[{"type":"text","text":"hel"}]"#, "model_context_window_exceeded")),
        (Code::Paused, Kimi, 200, messages(r#"[{"type":"text","text":"hel"}]"#, "pause_turn")),
        (Code::EmptyContent, OpenAi, 200, plain("null", "\"stop\"")),
        (Code::EmptyContent, OpenAi, 200, plain("\" \\n\"", "\"stop\"")),
        (Code::EmptyContent, Kimi, 200, messages("[]", "end_turn")),
        (Code::EmptyContent, Ollama, 200, ollama(r#""content":"""#, r#""done":true"#)),
        (Code::OnlyReasoning, OpenAi, 200, openai(r#""message":{"content":"","reasoning_content":"hm"},"finish_reason":"stop""#)),
        (Code::OnlyReasoning, Kimi, 200, messages(r#"[{"type":"thinking","thinking":"hm"}]"#, "end_turn")),
        (Code::OnlyReasoning, Ollama, 200, r#"{"response":"","thinking":"hm","done":true}"#.into()),
        (Code::NoChoice, OpenAi, 200, r#"{"choices":[]}"#.into()),
        (Code::SeveralChoices, OpenAi, 200, r#"{"choices":[{},{}]}"#.into()),
        (Code::SeveralChoices, OpenAi, 200, openai_stream.replacen("\"index\":0", "\"index\":1", 1)),
        (Code::UnknownFinish, OpenAi, 200, plain("\"hello\"", "\"tired\"")),
        (Code::UnknownFinish, OpenAi, 200, plain("\"hello\"", "null")),
        (Code::UnknownFinish, Kimi, 200, messages(r#"[{"type":"text","text":"a"}]"#, "tired")),
        (Code::UnknownFinish, Ollama, 200, ollama(r#""content":"a""#, r#""done":true,"done_reason":"tired""#)),
        (Code::NotDone, Ollama, 200, ollama(r#""content":"hel""#, r#""done":false"#)),
        (Code::NotGenerated, Ollama, 200, ollama(r#""content":"""#, r#""done":true,"done_reason":"load""#)),
        (Code::NotGenerated, Ollama, 200, r#"{"response":"","done":true,"done_reason":"unload"}"#.into()),
        (Code::CutStream, OpenAi, 200, openai_stream.replace("data: [DONE]", "")),
        (Code::CutStream, OpenAi, 200, openai_stream[..200].into()),
        (Code::CutStream, OpenAi, 200, openai_stream.replace("[DONE]", "[DO")),
        (Code::CutStream, Kimi, 200, MESSAGES_STREAM.replace("event: message_stop\ndata: {\"type\":\"message_stop\"}", "")),
        (Code::CutStream, Ollama, 200, OLLAMA_STREAM[..OLLAMA_STREAM.len() - 9].into()),
        (Code::CutStream, Ollama, 200, OLLAMA_STREAM.lines().take(2).collect::<Vec<_>>().join("\n")),
        (Code::BadStream, OpenAi, 200, format!("{openai_stream}data: {{\"choices\":[]}}\n\n")),
        (Code::BadStream, Kimi, 200, MESSAGES_STREAM.replacen("content_block_start", "content_block_stop", 2)),
        (Code::BadStream, Kimi, 200, MESSAGES_STREAM.replace("event: ping", "event: pong")),
        (Code::BadStream, Kimi, 200, format!("{MESSAGES_STREAM}{MESSAGES_STREAM}")),
        (Code::BadStream, Ollama, 200, format!("{OLLAMA_STREAM}{OLLAMA_STREAM}")),
        (Code::EmptyBody, OpenAi, 200, String::new()),
        (Code::EmptyBody, Kimi, 200, " \r\n".into()),
        (Code::BodyTooLarge, Ollama, 200, " ".repeat(MAX_BODY_BYTES + 1)),
        (Code::NotJson, OpenAi, 200, html.clone()),
        (Code::NotJson, Kimi, 200, html.clone()),
        (Code::NotJson, Ollama, 200, html),
        (Code::NotJson, OpenAi, 200, format!("{} {{}}", plain("\"hello\"", "\"stop\""))),
        (Code::NotJson, OpenAi, 200, openai(r#""message":{"content":"\ud800"},"finish_reason":"stop""#)),
        (Code::NotJson, OpenAi, 200, r#"{"x":1e400,"choices":[]}"#.into()),
        (Code::NotJson, OpenAi, 200, r#"{"x":"\udfff","choices":[]}"#.into()),
        (Code::TruncatedBody, OpenAi, 200, plain("\"hello\"", "\"stop\"")[..150].into()),
        (Code::TooDeep, OpenAi, 200, deep(MAX_BODY_NESTING)),
        (Code::TooDeep, OpenAi, 200, deep(1_000_000)),
        (Code::NoChoice, OpenAi, 200, deep(MAX_BODY_NESTING - 1)),
        (Code::DuplicateKey, OpenAi, 200, openai(r#""message":{"content":"a","c\u006fntent":"b"},"finish_reason":"stop""#)),
        (Code::DuplicateKey, Ollama, 200, r#"{"response":"a","done":true,"response":"b"}"#.into()),
        (Code::WrongType, OpenAi, 200, "[]".into()),
        (Code::WrongType, OpenAi, 200, "null".into()),
        (Code::WrongType, OpenAi, 200, r#"{"choices":[["hello","stop"]]}"#.into()),
        (Code::WrongType, OpenAi, 200, plain("7", "\"stop\"")),
        (Code::WrongType, OpenAi, 200, plain(r#"[{"type":"image_url"}]"#, "\"stop\"")),
        (Code::WrongType, OpenAi, 200, r#"{"usage":{"prompt_tokens":1.5},"choices":[]}"#.into()),
        (Code::WrongType, Kimi, 200, messages(r#"[{"type":"video"}]"#, "end_turn")),
        (Code::WrongType, Kimi, 200, r#"{"type":"completion","content":[]}"#.into()),
        (Code::WrongType, Ollama, 200, r#"{"response":"a","message":{"content":"b"},"done":true}"#.into()),
        (Code::MissingField, OpenAi, 200, "{}".into()),
        (Code::MissingField, OpenAi, 200, r#"{"choices":[{"finish_reason":"stop"}]}"#.into()),
        (Code::MissingField, Kimi, 200, plain("\"hello\"", "\"stop\"")),
        (Code::MissingField, Ollama, 200, r#"{"done":true}"#.into()),
        (Code::MissingField, Ollama, 200, r#"{"response":"a"}"#.into()),
    ];
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|(code, provider, status, body)| (code, provider, status, body.into_bytes()))
        .collect();
    rows.push((
        Code::NotUtf8,
        OpenAi,
        200,
        b"{\"choices\":\"\xff\"}".to_vec(),
    ));
    rows
}

#[test]
fn every_code_is_reached() {
    let mut reached = BTreeSet::new();
    for (expected, provider, status, body) in refusals() {
        let shown = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
        assert_eq!(
            code(provider, status, &body),
            expected,
            "{provider} {status} {shown}"
        );
        reached.insert(expected);
    }
    assert_eq!(reached, BTreeSet::from(BusFaultCode::ALL));
}

#[test]
fn only_what_may_pass_by_itself_is_retried() {
    let sdk_retries = [
        BusFaultCode::RateLimited,
        BusFaultCode::Overloaded,
        BusFaultCode::ServerError,
        BusFaultCode::Timeout,
        BusFaultCode::Conflict,
    ];
    assert!(sdk_retries.iter().all(|code| code.is_retryable()));
    let never = [
        BusFaultCode::QuotaExhausted,
        BusFaultCode::Unauthorized,
        BusFaultCode::InvalidRequest,
        BusFaultCode::NotFound,
        BusFaultCode::Refusal,
        BusFaultCode::CutOff,
    ];
    assert!(never.iter().all(|code| !code.is_retryable()));
}

#[test]
fn a_provider_message_cannot_forge_a_line_or_flood_a_record() {
    let body = format!(
        r#"{{"error":{{"message":"a\n\u0000\u202e{}"}}}}"#,
        "z".repeat(5000)
    );
    let fault = parse(Provider::OpenAi, 500, body.as_bytes()).unwrap_err();
    assert!(
        fault.detail.starts_with("status 500, error: a   zz"),
        "{}",
        fault.detail
    );
    assert_eq!(fault.detail.chars().count(), 200);
}

#[test]
fn usage_has_one_text() {
    for (input_tokens, output_tokens) in [
        (None, None),
        (Some(1), None),
        (None, Some(2)),
        (Some(1), Some(u64::MAX)),
    ] {
        let usage = Usage {
            input_tokens,
            output_tokens,
        };
        let mut text = String::new();
        usage.write_canonical(&mut text);
        assert_eq!(serde_json::to_string(&usage).unwrap(), text);
        assert_eq!(serde_json::from_str::<Usage>(&text).unwrap(), usage);
    }
}

#[test]
fn providers_are_named_as_they_are_serialised() {
    for provider in Provider::ALL {
        assert_eq!(provider.name().parse(), Ok(provider));
        assert_eq!(
            serde_json::to_string(&provider).unwrap(),
            format!("\"{provider}\"")
        );
    }
    assert_eq!(
        "gpt".parse::<Provider>().unwrap_err().to_string(),
        "expected one of openai kimi ollama"
    );
}

/// Only the white space after the last byte that says something may be missing.
#[test]
fn a_body_cut_anywhere_is_refused() {
    for (provider, body) in whole() {
        let least = body.trim_end().len();
        for end in 0..least {
            let cut = &body.as_bytes()[..end];
            assert!(
                parse(provider, 200, cut).is_err(),
                "{provider} {end}\n{body}"
            );
        }
    }
}

/// A stream of one provider with one passage replaced.
#[track_caller]
fn changed(stream: &str, passage: &str, replacement: &str) -> Vec<u8> {
    assert!(stream.contains(passage), "{passage}");
    stream.replacen(passage, replacement, 1).into_bytes()
}

const OPENAI_END: &str =
    r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#;

#[test]
fn an_openai_stream_that_goes_on_after_its_finish_is_refused() {
    let after = |delta: &str, reason: &str| {
        let chunk = format!(
            r#"data: {{"choices":[{{"index":0,"delta":{delta},"finish_reason":{reason}}}]}}"#
        );
        changed(
            OPENAI_STREAM,
            OPENAI_END,
            &format!("{OPENAI_END}\n\n{chunk}"),
        )
    };
    for delta in [
        r#"{"content":"!"}"#,
        r#"{"content":[{"type":"text","text":"!"}]}"#,
        r#"{"refusal":"no"}"#,
        r#"{"reasoning_content":"hm"}"#,
        r#"{"tool_calls":[{"id":"t"}]}"#,
    ] {
        let body = after(delta, "null");
        assert_eq!(
            code(Provider::OpenAi, 200, &body),
            BusFaultCode::BadStream,
            "{delta}"
        );
    }
    for nothing in ["{}", "null", r#"{"role":"assistant","content":""}"#] {
        for reason in ["null", "\"stop\""] {
            let body = String::from_utf8(after(nothing, reason)).unwrap();
            assert_eq!(taken(Provider::OpenAi, &body).text, "hello");
        }
    }
}

#[test]
fn a_second_finish_reason_does_not_hide_the_first() {
    let cut_off = OPENAI_END.replace("stop", "length");
    let body = changed(
        OPENAI_STREAM,
        OPENAI_END,
        &format!("{cut_off}\n\n{OPENAI_END}"),
    );
    assert_eq!(code(Provider::OpenAi, 200, &body), BusFaultCode::BadStream);
    let start = MESSAGES_STREAM.find("event: message_delta").unwrap();
    let end = MESSAGES_STREAM.find("event: message_stop").unwrap();
    let ended = &MESSAGES_STREAM[start..end];
    let cut_off = ended.replace("end_turn", "max_tokens");
    let body = changed(MESSAGES_STREAM, ended, &format!("{cut_off}{ended}"));
    assert_eq!(code(Provider::Kimi, 200, &body), BusFaultCode::BadStream);
    let body = MESSAGES_STREAM.replace(ended, &format!("{ended}{ended}"));
    assert_eq!(taken(Provider::Kimi, &body).text, "hello");
}

#[test]
fn a_content_block_after_message_delta_is_refused() {
    let start = MESSAGES_STREAM.find("event: content_block_start").unwrap();
    let end = MESSAGES_STREAM.find("event: message_delta").unwrap();
    let block = MESSAGES_STREAM[start..end].replace("\"index\":0", "\"index\":1");
    let last = "event: message_stop";
    let body = changed(MESSAGES_STREAM, last, &format!("{block}{last}"));
    assert_eq!(code(Provider::Kimi, 200, &body), BusFaultCode::BadStream);
}

#[test]
fn a_delta_of_another_kind_than_its_block_is_refused() {
    for (block, delta) in [
        ("thinking", "text_delta"),
        ("redacted_thinking", "text_delta"),
        ("tool_use", "text_delta"),
        ("text", "thinking_delta"),
        ("text", "input_json_delta"),
    ] {
        let block = format!(r#""content_block":{{"type":"{block}","#);
        let body = MESSAGES_STREAM
            .replace(r#""content_block":{"type":"text","#, &block)
            .replace("text_delta", delta);
        assert_eq!(
            code(Provider::Kimi, 200, body.as_bytes()),
            BusFaultCode::BadStream,
            "{block} {delta}"
        );
    }
    let body = changed(
        MESSAGES_STREAM,
        r#""delta":{"type":"text_delta","#,
        r#""delta":{"#,
    );
    assert_eq!(code(Provider::Kimi, 200, &body), BusFaultCode::MissingField);
}

#[test]
fn an_event_of_another_block_than_the_open_one_is_refused() {
    for event in ["content_block_delta", "content_block_stop"] {
        let passage = format!(r#""type":"{event}","index":0"#);
        let body = changed(MESSAGES_STREAM, &passage, &passage.replace('0', "1"));
        assert_eq!(code(Provider::Kimi, 200, &body), BusFaultCode::BadStream);
        let body = changed(MESSAGES_STREAM, &passage, &format!(r#""type":"{event}""#));
        assert_eq!(code(Provider::Kimi, 200, &body), BusFaultCode::MissingField);
    }
}

#[test]
fn messages_content_is_blocks_and_never_a_plain_string() {
    let body = messages("\"plain\"", "end_turn");
    assert_eq!(
        code(Provider::Kimi, 200, body.as_bytes()),
        BusFaultCode::WrongType
    );
}

#[test]
fn an_openai_content_part_without_type_is_no_text() {
    for kind in ["", "\"type\":null,"] {
        let content = format!(r#""message":{{"content":[{{{kind}"text":"hello"}}]}}"#);
        let body = openai(&format!(r#"{content},"finish_reason":"stop""#));
        assert_eq!(
            code(Provider::OpenAi, 200, body.as_bytes()),
            BusFaultCode::MissingField
        );
    }
}

#[test]
fn dropped_fields_may_hold_any_number_but_known_counts_may_not() {
    for number in ["1.5", "-0", "1e-400", "18446744073709551616", "-1"] {
        let body = openai(&format!(
            r#""logprobs":[{number}],"message":{{"content":"hello"}},"finish_reason":"stop""#
        ));
        assert_eq!(taken(Provider::OpenAi, &body).text, "hello");
        let count = format!("\"completion_tokens\":{number},");
        let body = body.replace("\"completion_tokens\":7,", &count);
        assert_eq!(
            code(Provider::OpenAi, 200, body.as_bytes()),
            BusFaultCode::WrongType,
            "{number}"
        );
    }
}

#[test]
fn characters_are_the_decoders_matter_but_raw_controls_are_not_json() {
    for (quoted, text) in [
        (r"a\u0000\u202e", "a\0\u{202e}"),
        ("\u{7f}\u{202e}", "\u{7f}\u{202e}"),
    ] {
        let body = ollama(&format!(r#""content":"{quoted}""#), r#""done":true"#);
        assert_eq!(taken(Provider::Ollama, &body).text, text);
    }
    let body = ollama("\"content\":\"a\nb\"", r#""done":true"#);
    let ends = code(Provider::Ollama, 200, body.as_bytes());
    assert_eq!(ends, BusFaultCode::NotJson);
}

#[test]
fn unknown_keys_may_stand_twice_and_known_ones_may_not() {
    let twice = |key: &str| {
        openai(&format!(
            r#""{key}":null,"{key}":null,"message":{{"content":"hello"}},"finish_reason":"stop""#
        ))
    };
    assert_eq!(taken(Provider::OpenAi, &twice("logprobs")).text, "hello");
    assert_eq!(
        code(Provider::OpenAi, 200, twice("delta").as_bytes()),
        BusFaultCode::DuplicateKey
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), status in any::<u16>()) {
        for provider in Provider::ALL {
            let _ = parse(provider, status, &bytes);
        }
    }

    #[test]
    fn mutated_bodies_never_panic(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let bodies = whole();
        let (provider, body) = which.get(&bodies);
        let mut bytes = body.clone().into_bytes();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(reply) = parse(*provider, 200, &bytes) {
            prop_assert!(!reply.text.trim().is_empty());
        }
    }

    #[test]
    fn any_text_survives_every_form(text in "\\PC{1,40}") {
        prop_assume!(!text.trim().is_empty());
        let quoted = serde_json::to_string(&text).unwrap();
        for (provider, body) in whole() {
            // In the bodies that carry the text in one piece.
            if body.contains("\"hello\"") {
                let body = body.replace("\"hello\"", &quoted);
                prop_assert_eq!(parse(provider, 200, body.as_bytes()).unwrap().text, text.clone());
            }
        }
    }
}
