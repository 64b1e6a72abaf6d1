//! Provider responses against the bus: what is a whole reply, and what each other body is.

mod codes;
mod errors;
mod streams;

use proptest::prelude::*;
use turingos::bus::{BusFaultCode, Finish, Provider, Reply, Usage, parse};

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

/// The three samples of the system that this project grew from, and a completion of an Ollama server.
#[test]
fn an_unstreamed_body_needs_no_finish_member() {
    for (provider, body) in [
        (
            Provider::OpenAi,
            r#"{"choices":[{"message":{"content":"hello"}}]}"#,
        ),
        (
            Provider::Kimi,
            r#"{"content":[{"type":"text","text":"hello"}]}"#,
        ),
        (Provider::Ollama, r#"{"message":{"content":"hello"}}"#),
        (
            Provider::Ollama,
            r#"{"choices":[{"message":{"content":"hello"}}]}"#,
        ),
    ] {
        let reply = taken(provider, body);
        assert_eq!((reply.text.as_str(), reply.finish), ("hello", Finish::Stop));
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
        "expected one of openai anthropic kimi ollama"
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

#[test]
fn messages_content_is_blocks_and_never_a_plain_string() {
    let body = messages("\"plain\"", "end_turn");
    assert_eq!(
        code(Provider::Kimi, 200, body.as_bytes()),
        BusFaultCode::WrongType
    );
}

#[test]
fn an_openai_content_part_without_type_is_refused() {
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
fn bidirectional_controls_pass_but_raw_controls_are_not_json() {
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
fn only_known_keys_are_refused_as_duplicates() {
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
