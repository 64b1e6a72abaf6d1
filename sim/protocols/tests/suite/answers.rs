//! Answers of every protocol, read as a client reads them: the text and the calls of whole and
//! streamed replies, vectors, and lengths.

use serde_json::{Value, json};
use turingos_agents::NoiseRates;
use turingos_protocols::agent::Agent;
use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::request::ParsedRequest;

/// The documents of a body: one, or those of a stream's events.
pub(super) fn said(endpoint: Endpoint, body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).unwrap();
    if !text.starts_with("event: ") && !text.starts_with("data: ") {
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        return lines.collect();
    }
    let events = text.split_terminator("\n\n");
    let mut documents = Vec::new();
    for event in events {
        let data = event
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .unwrap();
        let name = event.lines().find_map(|line| line.strip_prefix("event: "));
        if data == "[DONE]" {
            assert_eq!(endpoint, Endpoint::ChatCompletions);
            continue;
        }
        let document: Value = serde_json::from_str(data).unwrap();
        assert_eq!(name, document["type"].as_str(), "{event}");
        documents.push(document);
    }
    documents
}

/// The pieces of a member, joined.
fn joined<'v>(documents: &'v [Value], pointers: &[&str]) -> String {
    let pieces = documents.iter().flat_map(|document| {
        let found = pointers
            .iter()
            .filter_map(|pointer| document.pointer(pointer));
        found.filter_map(Value::as_str).collect::<Vec<&'v str>>()
    });
    pieces.collect()
}

/// The completed response of a whole or a streamed reply of the Responses API.
fn response(documents: &[Value]) -> &Value {
    let last = documents.last().unwrap();
    last.get("response").unwrap_or(last)
}

pub(super) fn text_in(endpoint: Endpoint, documents: &[Value]) -> String {
    match endpoint {
        Endpoint::ChatCompletions => joined(
            documents,
            &["/choices/0/message/content", "/choices/0/delta/content"],
        ),
        Endpoint::Messages => joined(documents, &["/content/0/text", "/delta/text"]),
        Endpoint::Responses => {
            let whole = joined(
                &[response(documents).clone()],
                &["/output/0/content/0/text"],
            );
            if documents.len() > 1 {
                let deltas: Vec<Value> = documents
                    .iter()
                    .filter(|event| event["type"] == "response.output_text.delta")
                    .cloned()
                    .collect();
                assert_eq!(joined(&deltas, &["/delta"]), whole);
            }
            whole
        }
        _ => joined(documents, &["/message/content"]),
    }
}

/// The id, name and arguments of the call; none without one.
pub(super) fn call_in(endpoint: Endpoint, documents: &[Value]) -> Option<(String, String, Value)> {
    let last = documents.last().unwrap();
    let is_call = match endpoint {
        Endpoint::ChatCompletions => last["choices"][0]["finish_reason"] == "tool_calls",
        Endpoint::Messages => documents.iter().any(|document| {
            document["stop_reason"] == "tool_use" || document["delta"]["stop_reason"] == "tool_use"
        }),
        Endpoint::Responses => response(documents)["output"][0]["type"] == "function_call",
        _ => documents
            .iter()
            .any(|document| document["message"]["tool_calls"].is_array()),
    };
    if !is_call {
        return None;
    }
    let find = |pointers: &[&str]| {
        let text = joined(documents, pointers);
        (!text.is_empty()).then_some(text)
    };
    let parsed = |text: String| serde_json::from_str(&text).unwrap();
    Some(match endpoint {
        Endpoint::ChatCompletions => {
            let (whole, part) = (
                "/choices/0/message/tool_calls/0",
                "/choices/0/delta/tool_calls/0",
            );
            let both =
                |member: &str| find(&[&format!("{whole}{member}"), &format!("{part}{member}")]);
            let arguments = both("/function/arguments")?;
            (both("/id")?, both("/function/name")?, parsed(arguments))
        }
        Endpoint::Messages => {
            let both = |member: &str| {
                find(&[
                    &format!("/content/0{member}"),
                    &format!("/content_block{member}"),
                ])
            };
            let arguments = match last.pointer("/content/0/input") {
                Some(input) => input.clone(),
                None => parsed(find(&["/delta/partial_json"])?),
            };
            (both("/id")?, both("/name")?, arguments)
        }
        Endpoint::Responses => {
            let call = &response(documents)["output"][0];
            let text = |name: &str| call[name].as_str().unwrap().to_owned();
            if documents.len() > 1 {
                let deltas: Vec<Value> = documents
                    .iter()
                    .filter(|event| event["type"] == "response.function_call_arguments.delta")
                    .cloned()
                    .collect();
                assert_eq!(joined(&deltas, &["/delta"]), text("arguments"));
            }
            (text("call_id"), text("name"), parsed(text("arguments")))
        }
        _ => {
            let call = { documents.iter() }.find_map(|it| it.pointer("/message/tool_calls/0"))?;
            let text = |pointer: &str| call.pointer(pointer).unwrap().as_str().unwrap().to_owned();
            let arguments = call.pointer("/function/arguments").unwrap().clone();
            (text("/id"), text("/function/name"), arguments)
        }
    })
}

fn agent() -> Agent {
    Agent::new(7, NoiseRates::none(), 0, Chaos::NONE)
}

fn answer(endpoint: Endpoint, body: &Value) -> Vec<Value> {
    let request = ParsedRequest::parse(endpoint, body.to_string().as_bytes()).unwrap();
    said(endpoint, &agent().answer(&request, 0).unwrap().body)
}

#[test]
fn response_has_what_clients_read() {
    let body = json!({"model": "m", "input": "hello", "instructions": "be brief", "metadata": {"a": "b"},
                      "previous_response_id": "resp_1", "max_output_tokens": 5});
    let reply = &answer(Endpoint::Responses, &body)[0];
    assert_eq!(reply["object"], "response");
    assert!(reply["id"].as_str().unwrap().starts_with("resp_"));
    for member in [
        "instructions",
        "metadata",
        "previous_response_id",
        "max_output_tokens",
    ] {
        assert_eq!(reply[member], body[member], "{member}");
    }
    assert_eq!(reply["tool_choice"], "auto");
    assert_eq!(reply["output"][0]["role"], "assistant");
    let usage = &reply["usage"];
    let total = usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], total);
    assert!(text_in(Endpoint::Responses, std::slice::from_ref(reply)).contains("has 5 characters"));
}

#[test]
fn response_events_are_numbered_and_complete() {
    let whole = &answer(
        Endpoint::Responses,
        &json!({"model": "m", "input": "hello"}),
    )[0];
    let body = json!({"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}], "stream": true});
    let events = answer(Endpoint::Responses, &body);
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    let names: Vec<_> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        names[..4],
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
        ]
    );
    assert_eq!(
        names[names.len() - 4..],
        [
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let plain = json!({"model": "m", "input": "hello", "stream": true});
    let streamed = answer(Endpoint::Responses, &plain);
    assert_eq!(response(&streamed), whole);
    assert_eq!(events[0]["response"]["status"], "in_progress");
}

#[test]
fn text_of_a_schema_is_valid() {
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    for (endpoint, member, format) in [
        (
            Endpoint::ChatCompletions,
            "response_format",
            json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}),
        ),
        (
            Endpoint::Responses,
            "text",
            json!({"format": {"type": "json_schema", "name": "x", "schema": schema}}),
        ),
        (
            Endpoint::Messages,
            "output_config",
            json!({"format": {"type": "json_schema", "schema": schema}}),
        ),
        (Endpoint::OllamaChat, "format", schema.clone()),
    ] {
        let mut body = json!({"model": "m", "max_tokens": 9, "stream": false});
        let messages = json!([{"role": "user", "content": "x"}]);
        body[if endpoint == Endpoint::Responses {
            "input"
        } else {
            "messages"
        }] = messages;
        body[member] = format;
        let text = text_in(endpoint, &answer(endpoint, &body));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value["n"].is_i64(), "{endpoint:?}: {text}");
    }
}

#[test]
fn vectors_depend_on_seed_model_and_text() {
    let body = json!({"model": "m", "input": ["a cat", "a dog", "a cat"], "dimensions": 8});
    let reply = &answer(Endpoint::Embeddings, &body)[0];
    let vector = |index: usize| &reply["data"][index]["embedding"];
    assert_eq!(vector(0), vector(2));
    assert_ne!(vector(0), vector(1));
    assert_eq!(vector(0).as_array().unwrap().len(), 8);
    let body =
        json!({"model": "m", "input": "a cat", "dimensions": 8, "encoding_format": "base64"});
    let base64 = &answer(Endpoint::Embeddings, &body)[0]["data"][0]["embedding"];
    assert_eq!(base64.as_str().unwrap().len(), 44);
    let body = json!({"model": "m", "input": [[1, 2], [3]]});
    let reply = &answer(Endpoint::Embeddings, &body)[0];
    assert_eq!(
        reply["data"][1]["embedding"].as_array().unwrap().len(),
        1_536
    );
    let body = json!({"model": "m", "input": "a cat"});
    let embedded = answer(Endpoint::OllamaEmbed, &body)[0]["embeddings"][0].clone();
    let body = json!({"model": "m", "prompt": "a cat"});
    assert_eq!(
        answer(Endpoint::OllamaEmbeddings, &body)[0]["embedding"],
        embedded
    );
}

#[test]
fn counted_tokens_are_those_of_the_usage() {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "How are you?"}], "system": "be brief"});
    let counted = answer(Endpoint::CountTokens, &body)[0]["input_tokens"].clone();
    body["max_tokens"] = 64.into();
    assert_eq!(
        answer(Endpoint::Messages, &body)[0]["usage"]["input_tokens"],
        counted
    );
}

/// Every kind of trouble is at every endpoint that can express it; elsewhere the answer is good.
#[test]
fn every_endpoint_has_its_troubles() {
    for &kind in ChaosKind::ALL {
        let agent = Agent::new(7, NoiseRates::none(), 0, Chaos::of_kinds(10_000, &[kind]));
        for (endpoint, body) in [
            (
                Endpoint::Responses,
                json!({"model": "m", "input": "x", "stream": true}),
            ),
            (Endpoint::Responses, json!({"model": "m", "input": "x"})),
            (Endpoint::Embeddings, json!({"model": "m", "input": "x"})),
            (
                Endpoint::CountTokens,
                json!({"model": "m", "messages": [{"role": "user", "content": "x"}]}),
            ),
            (Endpoint::OllamaEmbed, json!({"model": "m", "input": "x"})),
        ] {
            let request = ParsedRequest::parse(endpoint, body.to_string().as_bytes()).unwrap();
            let good = self::agent().answer(&request, 0).unwrap();
            let spoilt = agent.answer(&request, 0).unwrap();
            let is_of_model = matches!(kind, ChaosKind::Refusal | ChaosKind::LengthTruncated);
            let is_quiet = is_of_model && endpoint != Endpoint::Responses;
            assert_eq!(spoilt == good, is_quiet, "{kind:?} {endpoint:?}");
        }
    }
}
