//! Malformed requests, oversized requests, and the stop of a server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU64;

use serde_json::Value;
use turingos::bus::{self, Provider};
use turingos_serve::endpoint::Endpoint;
use turingos_serve::parsed_request::MAX_REQUEST_BYTES;
use turingos_serve::{ServeError, Server, Settings, Source};

use super::client::{Served, faithful, on_real_time, prompt};

/// The type and the message in the provider's error envelope.
fn envelope(provider: Provider, body: &[u8]) -> (String, String) {
    let body: Value = serde_json::from_slice(body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match provider {
        Provider::OpenAi => {
            assert!(body["error"].get("param").is_some() && body["error"].get("code").is_some());
            (
                text(&body["error"]["type"]),
                text(&body["error"]["message"]),
            )
        }
        Provider::Anthropic | Provider::Kimi => {
            assert_eq!(body["type"], "error");
            assert!(body["request_id"].is_string());
            (
                text(&body["error"]["type"]),
                text(&body["error"]["message"]),
            )
        }
        Provider::Ollama => (String::new(), text(&body["error"])),
    }
}

#[test]
fn errors_use_the_provider_envelope() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        let long = vec![b' '; MAX_REQUEST_BYTES + 1];
        for &endpoint in Endpoint::ALL {
            let provider = endpoint.provider();
            let url = served.url(endpoint.paths()[0]);
            let post = |body: Vec<u8>| served.client.post(&url).body(body).send();
            for (response, status, part) in [
                (post(b"{".to_vec()).await, 400, "not a JSON document"),
                (post(b"{}".to_vec()).await, 400, "`model` is required"),
                (post(long.clone()).await, 413, "longer than 4194304 bytes"),
                (served.client.get(&url).send().await, 405, "this method"),
                (
                    served.client.post(format!("{url}/x")).send().await,
                    404,
                    "no endpoint at",
                ),
            ] {
                let response = response.unwrap();
                assert_eq!(response.status(), status);
                assert_eq!(response.headers()["content-type"], "application/json");
                let bytes = response.bytes().await.unwrap();
                let (kind, message) = envelope(provider, &bytes);
                assert!(message.contains(part), "{message}");
                let expected = match (provider, status) {
                    (Provider::OpenAi, _) | (Provider::Anthropic | Provider::Kimi, 400 | 405) => {
                        "invalid_request_error"
                    }
                    (Provider::Anthropic | Provider::Kimi, 413) => "request_too_large",
                    (Provider::Anthropic | Provider::Kimi, _) => "not_found_error",
                    (Provider::Ollama, _) => "",
                };
                assert_eq!(kind, expected);
                assert!(
                    !bus::parse(provider, status, &bytes)
                        .unwrap_err()
                        .code
                        .is_retryable()
                );
            }
        }
        assert_eq!(served.stop().await.refused, 20);
    });
}

#[test]
fn answer_limit_stops_the_server() {
    on_real_time(async {
        let source = Source::Seeded(faithful(42));
        let served = Served::from(source, None, NonZeroU64::new(3)).await;
        for _ in 0..3 {
            let body = prompt(Endpoint::OllamaGenerate, "x", false);
            assert_eq!(
                served.ask(Endpoint::OllamaGenerate, &body).await.status(),
                200
            );
        }
        assert_eq!(served.wait().await.answered, 3);
    });
}

#[test]
fn silent_client_does_not_delay_stop() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        let mut silent = TcpStream::connect(served.address).unwrap();
        silent
            .write_all(b"POST /api/chat HTTP/1.1\r\nhost: x\r\n")
            .unwrap();
        let body = prompt(Endpoint::OllamaChat, "x", false);
        served.ask(Endpoint::OllamaChat, &body).await;
        let began = tokio::time::Instant::now();
        served.stop().await;
        assert!(began.elapsed().as_secs() < 10);
        // The connection is closed: nothing more comes.
        assert_eq!(silent.read(&mut [0; 8]).unwrap_or(0), 0);
    });
}

#[test]
fn port_in_use_is_named() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        let settings = Settings {
            port: served.address.port(),
            source: Source::Seeded(faithful(42)),
            max_requests: None,
            log: None,
        };
        let error = Server::bind(settings).await.unwrap_err();
        assert!(matches!(error, ServeError::System { .. }));
        let message = error.to_string();
        assert!(message.contains(&served.address.to_string()), "{message}");
        served.stop().await;
    });
}
