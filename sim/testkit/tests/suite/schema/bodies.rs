//! Provider bodies: the bus frame's schema and the bus accept and refuse the same responses, and
//! what the bus makes of a response is what the frame says.

use proptest::prelude::*;
use serde_json::{Value, json};
use turingos::bus::{self, Finish, Provider};
use turingos::isa::decode_model;
use turingos_agents::wire::{Ending, Envelope, Shape, push_reply};

use super::mutants::{mutants, values};
use super::tree::Tree;
use super::{checker, runner};

const TRANSITION: &str = r#"{"q_next":"go on","a_t":{"sys":"sys_goto","handle":" a.txt "}}"#;

/// Whole bodies of every shape, as the simulated providers send them.
fn sent(text: &str) -> Vec<(Provider, Tree)> {
    let mut bodies = Vec::new();
    for &shape in Shape::ALL.iter().filter(|shape| shape.is_chat()) {
        for reasoning in [None, Some("so it is")] {
            let envelope = Envelope {
                shape,
                model: None,
                key: 7,
                tick: 3,
                reasoning,
                ending: Ending::Stop,
                text: text.as_bytes(),
                calls: &[],
                echo: "",
                prompt_tokens: None,
            };
            let mut body = Vec::new();
            push_reply(&envelope, &mut body);
            if !shape.is_stream() {
                let body = std::str::from_utf8(&body).unwrap();
                bodies.push((shape.provider(), Tree::of(body)));
            }
        }
    }
    bodies
}

/// Whole bodies in the less common forms of each provider.
fn rare() -> Vec<(Provider, Tree)> {
    [
        (
            Provider::OpenAi,
            r#"{"choices":[{"index":0,"message":{"content":[{"type":"thinking"},{"text":" "},{"type":"text","text":"x"}],"refusal":"","tool_calls":[],"function_call":null},"delta":{"content":[{"type":"any"}]},"finish_reason":"stop"}],"usage":null,"error":null}"#,
        ),
        (
            Provider::Kimi,
            r#"{"content":[{"type":"redacted_thinking"},{"type":"text","text":"x","stop_reason":null}],"stop_reason":"stop_sequence","usage":{"input_tokens":null}}"#,
        ),
        (
            Provider::Kimi,
            r#"{"type":"message","content":"x","stop_reason":"end_turn","error":null}"#,
        ),
        (Provider::OpenAi, r#"{"choices":[{"message":{"content":"x"}}]}"#),
        (Provider::Kimi, r#"{"content":[{"type":"text","text":"x"}]}"#),
        (Provider::Ollama, r#"{"message":{"content":"x"}}"#),
        (
            Provider::Ollama,
            r#"{"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3},"done":true,"done_reason":"stop","message":null}"#,
        ),
        (
            Provider::Ollama,
            r#"{"message":null,"response":"x","done":true,"done_reason":null,"eval_count":3}"#,
        ),
        (
            Provider::Ollama,
            r#"{"message":{"content":"x","tool_calls":[],"thinking":{"deep":1.5}},"response":null,"done":true}"#,
        ),
    ]
    .map(|(provider, body)| (provider, Tree::of(body)))
    .into()
}

/// A frame around a response, valid in everything else.
fn frame(provider: Provider, response: &Value) -> Value {
    json!({
        "provider": provider.name(),
        "response": response,
        "reply": {"text": "x", "usage": {}, "finish": "stop"},
        "transition_in": {"q_next": "q", "a_t": {"sys": "sys_pop"}},
        "transition_out": {"q_next": "q", "a_t": {"op": "SYS_POP"}},
    })
}

#[test]
fn bus_results_are_valid_frames() {
    let checker = checker("bus-frame.v1");
    let transition: Value = serde_json::from_str(TRANSITION).unwrap();
    for (provider, body) in sent(TRANSITION) {
        let reply = bus::parse(provider, 200, body.to_string().as_bytes()).unwrap();
        let canonical = decode_model(reply.text.as_bytes()).unwrap().to_canonical();
        let frame = json!({
            "provider": provider,
            "response": body.value(),
            "reply": {"text": reply.text, "usage": reply.usage, "finish": reply.finish},
            "transition_in": transition,
            "transition_out": serde_json::from_str::<Value>(&canonical).unwrap(),
        });
        assert_eq!(checker.violation(&frame), None, "{frame}");
        for member in [
            "provider",
            "response",
            "reply",
            "transition_in",
            "transition_out",
        ] {
            let mut without = frame.clone();
            without.as_object_mut().unwrap().remove(member);
            assert!(!checker.accepts(&without), "{member}");
        }
        let mut swapped = frame;
        swapped["transition_out"] = transition.clone();
        assert!(!checker.accepts(&swapped), "out is canonical");
    }
}

#[test]
fn agree_on_a_changed_body() {
    let checker = checker("bus-frame.v1");
    let mut judged = [0, 0];
    for (provider, body) in sent("x").into_iter().chain(rare()) {
        for tree in mutants(&body)
            .into_iter()
            .map(|mutant| mutant.tree)
            .chain([body])
        {
            judged[usize::from(judge(&checker, provider, &tree).unwrap())] += 1;
        }
    }
    assert!(judged[0] > 500 && judged[1] > 500, "{judged:?}");
}

/// True if both accept the body.
fn judge(
    checker: &turingos_schema::Checker,
    provider: Provider,
    body: &Tree,
) -> Result<bool, String> {
    let text = body.to_string();
    let by_bus = bus::parse(provider, 200, text.as_bytes());
    let by_schema = checker.violation(&frame(provider, &body.value()));
    match (&by_bus, &by_schema) {
        (Ok(_), None) => Ok(true),
        (Err(_), Some(_)) => Ok(false),
        _ => Err(format!("{provider}: {by_bus:?}, {by_schema:?}: {text}")),
    }
}

/// Every finish word of every provider: only those of a whole reply pass, and as the same words.
#[test]
fn incomplete_endings_are_refused() {
    let checker = checker("bus-frame.v1");
    let words = [
        "stop",
        "length",
        "tool_calls",
        "function_call",
        "content_filter",
        "end_turn",
        "stop_sequence",
        "max_tokens",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
        "load",
        "unload",
        "STOP",
        "",
    ];
    let mut whole = Vec::new();
    for word in words {
        for (provider, body) in [
            (
                Provider::OpenAi,
                json!({"choices": [{"message": {"content": "x"}, "finish_reason": word}]}),
            ),
            (
                Provider::Kimi,
                json!({"content": [{"type": "text", "text": "x"}], "stop_reason": word}),
            ),
            (
                Provider::Ollama,
                json!({"response": "x", "done": true, "done_reason": word}),
            ),
        ] {
            if judge(&checker, provider, &Tree::of(&body.to_string())).unwrap() {
                whole.push((provider, word));
            }
        }
    }
    assert_eq!(
        whole,
        [
            (Provider::OpenAi, "stop"),
            (Provider::Ollama, "stop"),
            (Provider::Kimi, "end_turn"),
            (Provider::Kimi, "stop_sequence"),
        ]
    );
    assert_eq!(Finish::Stop.name(), "stop");
}

/// Two changes to one body: the bus and the schema still judge alike.
#[test]
fn agree_on_a_body_changed_twice() {
    let checker = checker("bus-frame.v1");
    let once: Vec<(Provider, Tree)> = sent("x")
        .into_iter()
        .chain(rare())
        .flat_map(|(provider, body)| {
            let changed = mutants(&body).into_iter();
            changed.map(move |mutant| (provider, mutant.tree))
        })
        .collect();
    let member = proptest::sample::select(vec![
        "error",
        "choices",
        "message",
        "delta",
        "content",
        "refusal",
        "tool_calls",
        "type",
        "text",
        "usage",
        "prompt_tokens",
        "stop_reason",
        "response",
        "done",
        "thinking",
    ]);
    let index = any::<prop::sample::Index>;
    let change = (index(), index(), proptest::sample::select(values()), member);
    runner(512)
        .run(&change, |(which, place, value, member)| {
            let (provider, mut body) = which.get(&once).clone();
            let paths = body.paths();
            let place = body.at_mut(&paths[place.index(paths.len())]);
            let value = Tree::of(&value.to_string());
            match place {
                Tree::Object(members) => {
                    match members.iter_mut().find(|(name, _)| name == member) {
                        Some(found) => found.1 = value,
                        None => members.push((member.to_owned(), value)),
                    }
                }
                _ => *place = value,
            }
            judge(&checker, provider, &body)
                .map(|_| ())
                .map_err(TestCaseError::fail)
        })
        .unwrap();
}
