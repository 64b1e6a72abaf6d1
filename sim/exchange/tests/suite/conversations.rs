//! What an exchange says, in each protocol.

use turingos_exchange::{Conversation, ToolCall};

use crate::{request, response};

fn read(sent: &str, received: &str) -> Conversation {
    Conversation::of(&request(sent.as_bytes()), &response(received.as_bytes()))
}

/// Holds the whole and the streamed form of a reply to the same conversation.
#[track_caller]
fn assert_said(sent: &str, whole: &str, streamed: &str, expected: &str) {
    assert_eq!(said(sent, whole), expected);
    assert_eq!(said(sent, streamed), expected);
}

/// A conversation in one line.
fn said(sent: &str, received: &str) -> String {
    let it = read(sent, received);
    let calls = |calls: &[ToolCall]| -> String {
        calls
            .iter()
            .map(|call| format!(" {}({})", call.name, call.arguments))
            .collect()
    };
    let messages: Vec<_> = (it.messages.iter())
        .map(|message| {
            format!(
                "{}: {}{}",
                message.role,
                message.text,
                calls(&message.tool_calls)
            )
        })
        .collect();
    format!(
        "{} [{}] {} => {}{} {} {:?}/{:?}",
        it.model.unwrap_or_default(),
        it.tools.join(","),
        messages.join(" | "),
        it.reply.text,
        calls(&it.reply.tool_calls),
        it.reply.finish.unwrap_or_default(),
        it.input_tokens.unwrap_or(0),
        it.output_tokens.unwrap_or(0),
    )
}

#[test]
fn chat_completions_whole_and_streamed() {
    let request = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},
        {"role":"assistant","content":null,"tool_calls":[{"function":{"name":"add","arguments":"{}"}}]},
        {"role":"tool","content":"3"}],"tools":[{"function":{"name":"add"}}]}"#;
    let whole = r#"{"model":"m-1","choices":[{"message":{"content":"done",
        "tool_calls":[{"function":{"name":"add","arguments":"{\"a\":1}"}}]},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":5,"completion_tokens":2}}"#;
    let expected =
        "m-1 [add] user: hi | assistant:  add({}) | tool: 3 => done add({\"a\":1}) stop 5/2";
    let streamed = concat!(
        "data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"content\":\"do\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"ne\",\"tool_calls\":[{\"index\":0,",
        "\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"a\\\"\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,",
        "\"function\":{\"arguments\":\":1}\"}}]},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
        "data: [DONE]\n\n",
    );
    assert_said(request, whole, streamed, expected);
}

#[test]
fn messages_whole_and_streamed() {
    let request = r#"{"model":"c","system":"be brief","messages":[{"role":"user","content":"hi"},
        {"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"3"}]}]}]}"#;
    let whole = r#"{"type":"message","model":"c-1","content":[{"type":"text","text":"done"},
        {"type":"tool_use","name":"add","input":{"a":1}}],"stop_reason":"tool_use",
        "usage":{"input_tokens":5,"output_tokens":2}}"#;
    let expected =
        "c-1 [] system: be brief | user: hi | user: 3 => done add({\"a\":1}) tool_use 5/2";
    let streamed = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"c-1\",",
        "\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n",
        "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"done\"}}\n\n",
        "data: {\"type\":\"content_block_start\",\"content_block\":",
        "{\"type\":\"tool_use\",\"name\":\"add\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"partial_json\":\"{\\\"a\\\":\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"partial_json\":\"1}\"}}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},",
        "\"usage\":{\"output_tokens\":2}}\n\n",
    );
    assert_said(request, whole, streamed, expected);
}

#[test]
fn responses_ollama_and_gemini() {
    let request = r#"{"model":"r","instructions":"be brief","input":[{"role":"user","content":"hi"},
        {"type":"function_call","name":"add","arguments":"{}"},{"type":"function_call_output","output":"3"}]}"#;
    let streamed = concat!(
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"do\"}\n\n",
        "data: {\"type\":\"response.completed\",\"response\":{\"model\":\"r-1\",\"status\":\"completed\",",
        "\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"done\"}]}],",
        "\"usage\":{\"input_tokens\":5,\"output_tokens\":2}}}\n\n",
    );
    assert_eq!(
        said(request, streamed),
        "r-1 [] system: be brief | user: hi | assistant:  add({}) | tool: 3 => done completed 5/2"
    );
    assert_eq!(
        said(
            r#"{"model":"l","prompt":"hi"}"#,
            "{\"model\":\"l\",\"response\":\"do\",\"done\":false}\n\
             {\"response\":\"ne\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":5,\"eval_count\":2}\n"
        ),
        "l [] user: hi => done stop 5/2"
    );
    assert_eq!(
        said(
            r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"done"},{"functionCall":{"name":"add","args":{}}}]},
                "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}"#
        ),
        " [] user: hi => done add({}) STOP 5/2"
    );
}

#[test]
fn error_and_foreign_bodies_have_no_messages() {
    let it = read("{}", r#"{"error":{"message":"too fast"}}"#);
    assert_eq!(it.reply.error.as_deref(), Some("too fast"));
    assert_eq!(read("no JSON", "\u{1}"), Conversation::default());
    let search = read(r#"{"input":5,"messages":"x","tools":7}"#, "[[1],\"a\"]");
    assert!(
        search
            .messages
            .iter()
            .all(|message| message.text.is_empty())
    );
}
