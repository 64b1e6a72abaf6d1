//! The seeded oracle as a whole: bodies, faults, retries, counts.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::toy_kernel::ToyKernel;
use serde_json::Value;
use turingos::bus::Provider;
use turingos::dispatch::Lane;
use turingos_agents::wire::{Ending, Envelope, Shape, envelope_key, push_reply};
use turingos_agents::{
    AgentProfile, FaultRates, NoiseKind, Oracle, ProviderFaultKind, RawReply, Recovery, Request,
    SeededOracle, TransportFault,
};

fn request<'a>(tick: u64, lane: Lane, attempt: u32, q: &'a str, frame: &'a str) -> Request<'a> {
    Request {
        tick,
        lane,
        attempt,
        system_prompt: "",
        q,
        frame,
    }
}

fn body_of(shape: Shape, ending: Ending, text: &str) -> String {
    let mut body = Vec::new();
    let envelope = Envelope {
        shape,
        model: None,
        key: envelope_key(1, 2, 3),
        tick: 2,
        reasoning: Some("because"),
        ending,
        text: text.as_bytes(),
        calls: &[],
        echo: "",
        prompt_tokens: None,
    };
    push_reply(&envelope, &mut body);
    String::from_utf8(body).unwrap()
}

fn text_of(shape: Shape, body: &str) -> String {
    let data = || body.lines().filter_map(|line| line.strip_prefix("data: "));
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let whole = |path: &str| {
        parse(body)
            .pointer(path)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    let joined = |values: Vec<Value>, path: &str| {
        let pieces = values
            .iter()
            .filter_map(|value| value.pointer(path)?.as_str());
        pieces.collect::<String>()
    };
    match shape {
        Shape::OpenAiChat => whole("/choices/0/message/content"),
        Shape::OllamaChat => whole("/message/content"),
        Shape::OllamaGenerate => whole("/response"),
        Shape::KimiMessages => {
            let reply = parse(body);
            let blocks = reply["content"].as_array().unwrap();
            let text = blocks.iter().find(|block| block["type"] == "text").unwrap();
            text["text"].as_str().unwrap().to_owned()
        }
        Shape::OpenAiStream | Shape::OpenAiBareStream => {
            assert!(body.ends_with("data: [DONE]\n\n"));
            let chunks = data().filter(|data| *data != "[DONE]").map(parse);
            joined(chunks.collect(), "/choices/0/delta/content")
        }
        Shape::KimiStream => joined(data().map(parse).collect(), "/delta/text"),
        Shape::OllamaChatStream => joined(body.lines().map(parse).collect(), "/message/content"),
        Shape::OllamaGenerateStream => joined(body.lines().map(parse).collect(), "/response"),
        Shape::OpenAiResponses => {
            let reply = parse(body);
            let items = reply["output"].as_array().unwrap();
            let message = items.iter().find(|item| item["type"] == "message");
            let text = &message.unwrap()["content"][0]["text"];
            text.as_str().unwrap().to_owned()
        }
        Shape::OpenAiResponsesStream => {
            let events = data().map(parse);
            let texts = events.filter(|event| event["type"] == "response.output_text.delta");
            joined(texts.collect(), "/delta")
        }
    }
}

#[test]
fn shapes_carry_the_text() {
    let long = "naïve \"façade\"\\ \n\t此处 ".repeat(40);
    for text in ["x", "{\"q_next\":\"a\"}", long.as_str()] {
        for &shape in Shape::ALL {
            let body = body_of(shape, Ending::Stop, text);
            assert_eq!(text_of(shape, &body), text, "{shape:?}");
        }
    }
}

#[test]
fn bodies_have_their_providers_fields() {
    let reply =
        |shape, ending| -> Value { serde_json::from_str(&body_of(shape, ending, "text")).unwrap() };
    let openai = reply(Shape::OpenAiChat, Ending::Stop);
    assert_eq!(openai["object"], "chat.completion");
    assert_eq!(openai["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        openai["choices"][0]["message"]["reasoning_content"],
        "because"
    );
    assert!(openai["usage"]["total_tokens"].is_u64());
    let openai = reply(Shape::OpenAiChat, Ending::ToolCall);
    assert!(openai["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"].is_string());
    let kimi = reply(Shape::KimiMessages, Ending::Length);
    assert_eq!(kimi["type"], "message");
    assert_eq!(kimi["stop_reason"], "max_tokens");
    assert_eq!(kimi["content"][0]["type"], "thinking");
    let kimi = reply(Shape::KimiMessages, Ending::ToolCall);
    assert_eq!(kimi["content"][1]["type"], "tool_use");
    let ollama = reply(Shape::OllamaChat, Ending::Length);
    assert_eq!(ollama["done"], true);
    assert_eq!(ollama["done_reason"], "length");
    assert_eq!(ollama["message"]["thinking"], "because");
    let ollama = reply(Shape::OllamaChat, Ending::ToolCall);
    assert_eq!(
        ollama["message"]["tool_calls"][0]["function"]["name"],
        "act"
    );
}

#[test]
fn fault_statuses_and_bodies() {
    for &kind in ProviderFaultKind::ALL {
        let profile = AgentProfile {
            faults: FaultRates::none().with(kind, 10_000),
            ..AgentProfile::hostile()
        };
        let mut providers = BTreeSet::new();
        for tick in 0..40 {
            let mut oracle = SeededOracle::new(tick, profile.clone());
            let (latency, answer) = oracle.answer(&request(tick, Lane::E, 0, "BOOT", ""));
            assert_eq!(oracle.injected().fault, Some(kind));
            assert!(!oracle.injected().faithful && !oracle.injected().must_be_refused());
            assert_eq!(oracle.counts().fault(kind), 1);
            assert_eq!(
                latency >= Duration::from_secs(86_400),
                kind == ProviderFaultKind::Timeout
            );
            match answer {
                Err(fault) => assert_eq!(
                    fault == TransportFault::Reset,
                    kind == ProviderFaultKind::ConnectionReset
                ),
                Ok(reply) => {
                    check_fault(kind, &reply);
                    providers.insert(reply.provider);
                }
            }
        }
        assert!(providers.len() != 1 || kind == ProviderFaultKind::Refusal);
    }
}

fn check_fault(kind: ProviderFaultKind, reply: &RawReply) {
    use ProviderFaultKind as F;
    let status = match kind {
        F::RateLimited | F::QuotaExhausted => 429,
        F::ServerError => 500,
        F::GatewayPage => 502,
        F::Unavailable => 503,
        F::Overloaded => 529,
        _ => 200,
    };
    assert_eq!(reply.status, status, "{kind:?}");
    assert_eq!(reply.retry_after_us.is_some(), kind == F::RateLimited);
    let json = serde_json::from_slice::<Value>(&reply.body);
    match kind {
        F::EmptyBody => assert!(reply.body.is_empty()),
        F::CutBody | F::GatewayPage => assert!(json.is_err()),
        F::Refusal | F::LengthTruncated | F::ToolCall | F::ReasoningOnly => {
            assert!(json.unwrap().get("error").is_none());
        }
        _ => {
            let error = &json.unwrap()["error"];
            assert!(error.is_string() == (reply.provider == Provider::Ollama));
            assert!(error.is_string() || error["message"].is_string());
        }
    }
}

#[test]
fn routine_replies_within_the_retries() {
    let mut oracle = SeededOracle::new(42, AgentProfile::routine());
    let mut kernel = ToyKernel::new(42);
    let mut faulted = 0;
    for tick in 0..20_000 {
        let lane = if tick % 5 == 0 { Lane::P } else { Lane::E };
        let q = kernel.q.clone();
        let frame = kernel.frame();
        kernel.tick();
        oracle.answer(&request(tick, lane, 0, &q, &frame)).1.ok();
        let Some(kind) = oracle.injected().fault else {
            continue;
        };
        faulted += 1;
        let recovered = match kind.recovery() {
            Recovery::Retryable => (1..=3).any(|attempt| {
                oracle
                    .answer(&request(tick, lane, attempt, &q, &frame))
                    .1
                    .ok();
                oracle.injected().fault.is_none()
            }),
            Recovery::Final => {
                assert_eq!(lane, Lane::E);
                oracle.answer(&request(tick, Lane::P, 0, &q, &frame)).1.ok();
                oracle.injected().fault.is_none()
            }
        };
        assert!(recovered, "{kind:?}");
    }
    assert!((250..550).contains(&faulted), "{faulted}");
    for &kind in NoiseKind::ALL {
        assert!(oracle.counts().noise(kind) == 0 || !kind.must_be_refused());
    }
}

/// The text of a reply whose body holds one.
fn text_in(reply: RawReply) -> String {
    let body = String::from_utf8(reply.body).unwrap();
    let shapes = Shape::ALL.iter().copied();
    let mut shapes = shapes.filter(|shape| shape.provider() == reply.provider);
    let streamed = body.contains("\ndata: ") || body.trim_end().contains('\n');
    let shape = if body.contains("\"response\":") {
        Shape::OllamaGenerate
    } else {
        shapes.find(|shape| shape.is_stream() == streamed).unwrap()
    };
    text_of(shape, &body)
}

/// The texts that six attempts of a lane bring, without malformed ones.
fn texts(oracle: &mut SeededOracle, tick: u64, lane: Lane) -> BTreeSet<String> {
    (0..6)
        .filter_map(|attempt| {
            let reply = oracle.answer(&request(tick, lane, attempt, "BOOT 7", "")).1;
            let injected = oracle.injected();
            let is_whole = injected.fault.is_none() && !injected.must_be_refused();
            reply.ok().filter(|_| is_whole).map(text_in)
        })
        .collect()
}

#[test]
fn retry_repeats_the_text() {
    let mut oracle = SeededOracle::new(6, AgentProfile::hostile());
    for tick in 0..200 {
        let texts = texts(&mut oracle, tick, Lane::E);
        assert!(texts.len() <= 1, "{texts:?}");
    }
}

#[test]
fn other_lane_words_anew_what_was_not_taken() {
    let mut oracle = SeededOracle::new(6, AgentProfile::hostile());
    let (mut replaced, mut differing) = (0, 0);
    for tick in 0..600 {
        oracle
            .answer(&request(tick, Lane::E, 0, "BOOT 7", ""))
            .1
            .ok();
        let first = *oracle.injected();
        let texts = texts(&mut oracle, tick, Lane::P);
        assert!(texts.len() <= 1, "{texts:?}");
        let second = *oracle.injected();
        if first.fault.is_some() {
            // No text had come, so that the other lane says what the first would have said.
            assert_eq!((second.replaced, second.noise), (None, first.noise));
        } else {
            let noise = second.replaced.map(|reply| reply.noise);
            assert_eq!(noise, Some(first.noise));
            replaced += 1;
            differing += u32::from(second.noise != first.noise);
        }
    }
    assert!(replaced > 200 && differing > 20, "{replaced} {differing}");
}

#[test]
fn seed_decides_the_bytes() {
    let run = |seed| {
        let mut oracle = SeededOracle::new(seed, AgentProfile::hostile());
        let mut kernel = ToyKernel::new(1);
        (0..500)
            .map(|tick| {
                let q = kernel.q.clone();
                let frame = kernel.frame();
                kernel.tick();
                oracle.answer(&request(tick, Lane::E, 0, &q, &frame))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(run(42), run(42));
    assert_ne!(run(42), run(43));
}

#[test]
fn hostile_run_applies_every_kind() {
    let mut oracle = SeededOracle::new(4, AgentProfile::hostile());
    let mut kernel = ToyKernel::new(4);
    for tick in 0..30_000 {
        let q = kernel.q.clone();
        let frame = kernel.frame();
        kernel.tick();
        oracle.answer(&request(tick, Lane::E, 0, &q, &frame)).1.ok();
    }
    for (name, count) in oracle.counts().iter() {
        assert!(count > 0, "{name}");
    }
    assert!(oracle.counts().draws() > 30_000);
}

#[test]
fn call_reports_latency_without_sleeping() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let quiet = AgentProfile {
            faults: FaultRates::none(),
            ..AgentProfile::routine()
        };
        let mut oracle = SeededOracle::new(1, quiet);
        let start = tokio::time::Instant::now();
        for (lane, range) in [(Lane::E, 150..=900), (Lane::P, 600..=3_000)] {
            oracle.call(request(0, lane, 0, "BOOT", "")).await.unwrap();
            assert!(range.contains(&(oracle.simulated_latency_us() / 1_000)));
        }
        assert!(start.elapsed().is_zero());
    });
}
