//! Every protocol, whole and streamed: shapes, headers, and the same text in each.

use serde_json::{Value, json};
use turingos::bus::{self, Provider};
use turingos::isa::decode_model;
use turingos_agents::{Clerk, Worker};
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::request::ParsedRequest;
use turingos_run::providers::prompt::compose;

use super::client::{Served, faithful, noisy, on_real_time, prompt};

async fn text(served: &Served, endpoint: Endpoint, body: &Value) -> String {
    let response = served.ask(endpoint, body).await;
    assert_eq!(response.status(), 200);
    let bytes = response.bytes().await.unwrap();
    bus::parse(endpoint.provider(), 200, &bytes).unwrap().text
}

#[test]
fn every_protocol_gives_the_same_transition() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        let user = compose(&Clerk::boot_q(""), "[OBSERVED_SLICE]\n");
        let mut texts = Vec::new();
        for endpoint in Endpoint::CHAT {
            for stream in [false, true] {
                texts.push(text(&served, endpoint, &prompt(endpoint, &user, stream)).await);
            }
        }
        decode_model(texts[0].as_bytes()).unwrap();
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        let summary = served.stop().await;
        assert_eq!((summary.answered, summary.refused), (8, 0));
    });
}

#[test]
fn unknown_prompt_gets_text_or_requested_json() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        for endpoint in Endpoint::CHAT {
            let mut body = prompt(endpoint, "hello", false);
            let spoken = text(&served, endpoint, &body).await;
            assert!(spoken.contains("has 5 characters"), "{spoken}");
            let format = match endpoint.provider() {
                Provider::OpenAi => ("response_format", json!({"type": "json_object"})),
                Provider::Anthropic | Provider::Kimi => {
                    ("output_config", json!({"format": {"type": "json_schema"}}))
                }
                Provider::Ollama => ("format", json!("json")),
            };
            body[format.0] = format.1;
            let spoken = text(&served, endpoint, &body).await;
            decode_model(spoken.as_bytes()).unwrap();
        }
        served.stop().await;
    });
}

#[test]
fn answers_depend_on_the_seed_only() {
    on_real_time(async {
        let body = prompt(Endpoint::ChatCompletions, "hello", false);
        let mut answers = Vec::new();
        for seed in [1, 1, 2] {
            let served = Served::by(faithful(seed)).await;
            let response = served.ask(Endpoint::ChatCompletions, &body).await;
            answers.push(response.bytes().await.unwrap());
            served.stop().await;
        }
        assert_eq!(answers[0], answers[1]);
        assert_ne!(answers[0], answers[2]);
    });
}

#[test]
fn noise_is_drawn_per_attempt() {
    on_real_time(async {
        let served = Served::by(noisy(3)).await;
        let user = compose(&Clerk::boot_q(""), "[OBSERVED_SLICE]\n");
        let body = prompt(Endpoint::OllamaChat, &user, false);
        let mut texts = std::collections::BTreeSet::new();
        for _ in 0..40 {
            let response = served.ask(Endpoint::OllamaChat, &body).await;
            texts.insert(response.bytes().await.unwrap());
        }
        // Envelopes differ by their ids; a text that is noisy differs in length.
        let lengths: std::collections::BTreeSet<_> = texts.iter().map(|text| text.len()).collect();
        assert!(lengths.len() > 3, "{lengths:?}");
        served.stop().await;
    });
}

#[test]
fn worker_answers_a_worker_register() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        let user = compose(&Worker::boot_q("MISSION.md"), "[OBSERVED_SLICE]\n");
        let body = prompt(Endpoint::Messages, &user, false);
        let said = text(&served, Endpoint::Messages, &body).await;
        decode_model(said.as_bytes()).unwrap();
        assert!(
            said.contains("PHASE ") && said.contains("MISSION MISSION.md"),
            "{said}"
        );
        served.stop().await;
    });
}

#[test]
fn headers_and_models_follow_the_provider() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        for (endpoint, stream, content, id) in [
            (
                Endpoint::ChatCompletions,
                false,
                "application/json",
                Some("x-request-id"),
            ),
            (
                Endpoint::ChatCompletions,
                true,
                "text/event-stream; charset=utf-8",
                Some("x-request-id"),
            ),
            (
                Endpoint::Messages,
                false,
                "application/json",
                Some("request-id"),
            ),
            (
                Endpoint::Messages,
                true,
                "text/event-stream; charset=utf-8",
                Some("request-id"),
            ),
            (Endpoint::OllamaChat, false, "application/json", None),
            (Endpoint::OllamaGenerate, true, "application/x-ndjson", None),
        ] {
            let response = served.ask(endpoint, &prompt(endpoint, "x", stream)).await;
            assert_eq!(response.headers()["content-type"], content);
            for name in ["x-request-id", "request-id"] {
                let value = response.headers().get(name);
                assert_eq!(value.is_some(), id == Some(name), "{endpoint:?} {name}");
            }
            let body = response.text().await.unwrap();
            assert!(body.contains(r#""model":"m""#), "{body}");
        }
        served.stop().await;
    });
}

#[test]
fn usage_is_streamed_only_on_request() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        let mut body = prompt(Endpoint::ChatCompletions, "x", true);
        let bare = served.ask(Endpoint::ChatCompletions, &body).await;
        assert!(!bare.text().await.unwrap().contains("usage"));
        body["stream_options"] = json!({"include_usage": true});
        let full = served.ask(Endpoint::ChatCompletions, &body).await;
        assert!(
            full.text()
                .await
                .unwrap()
                .contains(r#""choices":[],"usage""#)
        );
        served.stop().await;
    });
}

/// Over a connection as without one: the other tests of tools and vectors need none.
#[test]
fn every_endpoint_is_served_as_its_answer_is_made() {
    on_real_time(async {
        let agent = faithful(42);
        let served = Served::by(agent.clone()).await;
        let mut attempts = std::collections::BTreeMap::new();
        for &endpoint in Endpoint::ALL {
            for stream in [false, true] {
                let mut body = prompt(endpoint, "hello", stream);
                body["tools"] = json!([match endpoint {
                    Endpoint::Responses => json!({"type": "function", "name": "f"}),
                    Endpoint::Messages => json!({"name": "f", "input_schema": {"type": "object"}}),
                    _ => json!({"type": "function", "function": {"name": "f"}}),
                }]);
                let asked = ParsedRequest::parse(endpoint, body.to_string().as_bytes()).unwrap();
                // Whole or streamed, and at whichever endpoint: equal bodies are attempts of one.
                let attempt = attempts.entry(asked.hash).or_insert(0);
                let expected = agent.answer(&asked, *attempt).unwrap();
                *attempt += 1;
                let response = served.ask(endpoint, &body).await;
                assert_eq!(response.status(), 200);
                let content = response.headers()["content-type"].to_str().unwrap();
                assert_eq!(content, expected.content.header(), "{endpoint:?}");
                assert_eq!(
                    response.bytes().await.unwrap(),
                    expected.body,
                    "{endpoint:?}"
                );
            }
        }
        served.stop().await;
    });
}

#[test]
fn discovery_paths_are_answered() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        let get = |path: &str| served.client.get(served.url(path)).send();
        let json = async |path: &str| get(path).await.unwrap().json_value().await;
        assert_eq!(
            get("/").await.unwrap().text().await.unwrap(),
            "Ollama is running"
        );
        assert!(json("/api/version").await["version"].is_string());
        assert!(json("/api/tags").await["models"][0]["name"].is_string());
        let body = r#"{"model":"qwen3:8b"}"#;
        let shown = served
            .client
            .post(served.url("/api/show"))
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(shown.json_value().await["capabilities"][1], "tools");
        for body in [r#"{"model":"none"}"#, "{"] {
            let shown = served
                .client
                .post(served.url("/api/show"))
                .body(body)
                .send()
                .await
                .unwrap();
            assert!(shown.status().is_client_error());
        }
        let models = json("/v1/models").await;
        let name = models["data"][0]["id"].as_str().unwrap();
        assert_eq!(json(&format!("/v1/models/{name}")).await["object"], "model");
        assert_eq!(get("/v1/models/none").await.unwrap().status(), 404);
        let request = served.client.get(served.url("/v1/models"));
        let response = request
            .header("anthropic-version", "2023-06-01")
            .send()
            .await;
        let listed = response.unwrap().json_value().await;
        assert_eq!(listed["data"][0]["type"], "model");
        let name = listed["first_id"].as_str().unwrap();
        let path = format!("/v1/models/{name}");
        let request = served.client.get(served.url(&path));
        let response = request
            .header("anthropic-version", "2023-06-01")
            .send()
            .await;
        assert_eq!(response.unwrap().json_value().await["type"], "model");
        served.stop().await;
    });
}

/// The greeting of `sim live` made every strict server fail.
#[test]
fn greeting_of_a_base_address_is_answered_and_not_counted() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        for base in ["/", "/v1", "/anthropic", "/coding"] {
            let greeting = served.client.head(served.url(base)).send().await;
            assert_eq!(greeting.unwrap().status(), 200, "{base}");
        }
        let unknown = served.client.get(served.url("/v1")).send().await;
        assert_eq!(unknown.unwrap().status(), 405);
        assert_eq!(served.stop().await.refused, 1);
    });
}

trait JsonValue {
    async fn json_value(self) -> Value;
}

impl JsonValue for reqwest::Response {
    async fn json_value(self) -> Value {
        serde_json::from_slice(&self.bytes().await.unwrap()).unwrap()
    }
}
