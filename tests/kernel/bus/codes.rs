//! Every code of the bus, and what follows from it.

use std::collections::BTreeSet;

use turingos::bus::{BusFaultCode, MAX_BODY_BYTES, MAX_BODY_NESTING, Provider, parse};

use super::{MESSAGES_STREAM, OLLAMA_STREAM, OPENAI_STREAM, code, messages, ollama, openai};

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
        (Code::MissingField, Ollama, 200, r#"{"response":"a","done":null}"#.into()),
        (Code::MissingField, Ollama, 200, "{\"response\":\"a\"}\n{\"response\":\"b\"}".into()),
        (Code::UnknownFinish, Ollama, 200, openai(r#""message":{"content":"a"},"finish_reason":null"#)),
        (Code::CutStream, OpenAi, 200, openai_stream.replace(",\"finish_reason\":\"stop\"", "")),
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
fn only_transient_faults_are_retried() {
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
