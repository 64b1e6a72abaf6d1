//! Streamed bodies that go on, contradict themselves or lose their order.

use turingos::bus::{BusFaultCode, Provider};

use super::{MESSAGES_STREAM, OPENAI_STREAM, code, taken};

/// A stream of one provider with one passage replaced.
#[track_caller]
fn changed(stream: &str, passage: &str, replacement: &str) -> Vec<u8> {
    assert!(stream.contains(passage), "{passage}");
    stream.replacen(passage, replacement, 1).into_bytes()
}

const OPENAI_END: &str =
    r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#;

#[test]
fn an_openai_stream_that_continues_after_its_finish_is_refused() {
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
