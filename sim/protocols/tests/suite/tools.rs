//! Tool calls in every protocol: whole and streamed, chosen, and ended.

use serde_json::{Value, json};
use turingos_agents::NoiseRates;
use turingos_protocols::agent::Agent;
use turingos_protocols::chaos::Chaos;
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::refusal::Refusal;
use turingos_protocols::request::ParsedRequest;

use super::answers::{call_in, said, text_in};

const PROTOCOLS: [Endpoint; 4] = [
    Endpoint::ChatCompletions,
    Endpoint::Responses,
    Endpoint::Messages,
    Endpoint::OllamaChat,
];

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "city": {"type": "string", "minLength": 3},
            "days": {"type": "integer", "minimum": 1, "maximum": 7},
            "unit": {"enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city", "days"],
        "additionalProperties": false,
    })
}

/// A tool in the format of the endpoint.
pub(super) fn tool(endpoint: Endpoint, name: &str, schema: &Value) -> Value {
    match endpoint {
        Endpoint::Responses => json!({"type": "function", "name": name, "parameters": schema}),
        Endpoint::Messages => json!({"name": name, "input_schema": schema}),
        _ => json!({"type": "function", "function": {"name": name, "parameters": schema}}),
    }
}

fn body(endpoint: Endpoint, tools: &[&str], stream: bool) -> Value {
    let tools: Vec<_> = tools
        .iter()
        .map(|name| tool(endpoint, name, &schema()))
        .collect();
    let messages = json!([{"role": "user", "content": "What is the weather?"}]);
    let mut body = json!({"model": "m", "tools": tools, "stream": stream});
    match endpoint {
        Endpoint::Responses => body["input"] = "What is the weather?".into(),
        Endpoint::Messages => {
            body["max_tokens"] = 64.into();
            body["messages"] = messages;
        }
        _ => body["messages"] = messages,
    }
    body
}

fn answer(endpoint: Endpoint, body: &Value) -> Result<Vec<u8>, Refusal> {
    let request = ParsedRequest::parse(endpoint, body.to_string().as_bytes())?;
    let agent = Agent::new(7, NoiseRates::none(), 0, Chaos::NONE);
    Ok(agent.answer(&request, 0)?.body)
}

fn called(endpoint: Endpoint, body: &Value) -> Option<(String, String, Value)> {
    call_in(endpoint, &said(endpoint, &answer(endpoint, body).unwrap()))
}

#[test]
fn offered_tool_is_called_with_valid_arguments() {
    let checker = jsonschema::draft202012::new(&schema()).unwrap();
    for endpoint in PROTOCOLS {
        let whole = called(endpoint, &body(endpoint, &["weather"], false)).unwrap();
        assert_eq!(whole.1, "weather");
        assert!(checker.is_valid(&whole.2), "{endpoint:?}: {}", whole.2);
        // The identity of a request leaves streaming out, so the ids agree too.
        assert_eq!(
            called(endpoint, &body(endpoint, &["weather"], true)),
            Some(whole)
        );
    }
}

/// Adds the call and its result to the conversation.
fn add_result(endpoint: Endpoint, body: &mut Value, call: &(String, String, Value)) {
    let (id, name, arguments) = call;
    let text = arguments.to_string();
    let more = match endpoint {
        Endpoint::Responses => {
            let question = json!({"role": "user", "content": "What is the weather?"});
            if body["input"].is_string() {
                body["input"] = json!([question]);
            }
            json!([
                {"type": "function_call", "call_id": id, "name": name, "arguments": text},
                {"type": "function_call_output", "call_id": id, "output": "sunny"},
            ])
        }
        Endpoint::Messages => json!([
            {"role": "assistant", "content": [{"type": "tool_use", "id": id, "name": name, "input": arguments}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "sunny"}]},
        ]),
        _ => json!([
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": id, "type": "function", "function": {"name": name, "arguments": text}}]},
            {"role": "tool", "tool_call_id": id, "content": "sunny"},
        ]),
    };
    let list = if endpoint == Endpoint::Responses {
        "input"
    } else {
        "messages"
    };
    let list = body[list].as_array_mut().unwrap();
    list.extend(more.as_array().unwrap().iter().cloned());
}

#[test]
fn result_of_a_call_is_answered_with_text() {
    for endpoint in PROTOCOLS {
        for stream in [false, true] {
            let mut body = body(endpoint, &["weather"], stream);
            let call = called(endpoint, &body).unwrap();
            add_result(endpoint, &mut body, &call);
            let reply = said(endpoint, &answer(endpoint, &body).unwrap());
            assert_eq!(call_in(endpoint, &reply), None);
            let text = text_in(endpoint, &reply);
            assert!(text.contains("has 20 characters"), "{endpoint:?}: {text}");
        }
    }
}

fn choice(endpoint: Endpoint, word: &str) -> Value {
    match (endpoint, word) {
        (Endpoint::Messages, "required") => json!({"type": "any"}),
        (Endpoint::Messages, "none" | "auto") => json!({"type": word}),
        (Endpoint::Messages, name) => json!({"type": "tool", "name": name}),
        (_, "none" | "auto" | "required") => json!(word),
        (Endpoint::Responses, name) => json!({"type": "function", "name": name}),
        (_, name) => json!({"type": "function", "function": {"name": name}}),
    }
}

#[test]
fn tool_choice_is_honoured() {
    for endpoint in [
        Endpoint::ChatCompletions,
        Endpoint::Responses,
        Endpoint::Messages,
    ] {
        let mut body = body(endpoint, &["a", "b", "c"], false);
        body["tool_choice"] = choice(endpoint, "none");
        assert_eq!(called(endpoint, &body), None);
        for name in ["a", "b", "c"] {
            body["tool_choice"] = choice(endpoint, name);
            assert_eq!(called(endpoint, &body).unwrap().1, name);
        }
        body["tool_choice"] = choice(endpoint, "auto");
        assert!(called(endpoint, &body).is_some());
        body["tool_choice"] = choice(endpoint, "d");
        assert_eq!(
            answer(endpoint, &body).unwrap_err().param,
            Some("tool_choice")
        );
    }
}

#[test]
fn required_calls_take_each_tool_in_turn() {
    for endpoint in [
        Endpoint::ChatCompletions,
        Endpoint::Responses,
        Endpoint::Messages,
    ] {
        let mut body = body(endpoint, &["a", "b", "c"], false);
        body["tool_choice"] = choice(endpoint, "required");
        let mut names = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let call = called(endpoint, &body).unwrap();
            names.insert(call.1.clone());
            add_result(endpoint, &mut body, &call);
        }
        assert_eq!(names.len(), 3, "{endpoint:?}");
        assert!(called(endpoint, &body).is_some());
    }
}

#[test]
fn tool_with_an_unsatisfiable_schema_is_not_called() {
    for endpoint in PROTOCOLS {
        let mut body = body(endpoint, &[], false);
        body["tools"] = json!([tool(
            endpoint,
            "bad",
            &json!({"type": "object", "unevaluatedProperties": false})
        )]);
        assert_eq!(called(endpoint, &body), None);
        if endpoint == Endpoint::OllamaChat {
            continue;
        }
        body["tool_choice"] = choice(endpoint, "required");
        let refusal = answer(endpoint, &body).unwrap_err();
        assert!(
            refusal.message.contains("unevaluatedProperties"),
            "{refusal:?}"
        );
        // Another tool takes its place.
        body["tools"]
            .as_array_mut()
            .unwrap()
            .push(tool(endpoint, "good", &schema()));
        assert_eq!(called(endpoint, &body).unwrap().1, "good");
    }
}

#[test]
fn tools_of_the_provider_are_not_called() {
    for (endpoint, hosted) in [
        (Endpoint::Responses, json!({"type": "web_search"})),
        (
            Endpoint::Messages,
            json!({"type": "web_search_20250305", "name": "web_search"}),
        ),
        (
            Endpoint::ChatCompletions,
            json!({"type": "custom", "custom": {"name": "x"}}),
        ),
    ] {
        let mut body = body(endpoint, &[], false);
        body["tools"] = json!([hosted]);
        assert_eq!(called(endpoint, &body), None);
    }
}
