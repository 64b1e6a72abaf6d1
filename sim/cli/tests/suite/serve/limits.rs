//! Malformed requests, oversized requests, and the stop of a server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU64;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use turingos::bus::{self, Provider};
use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::request::MAX_REQUEST_BYTES;
use turingos_serve::{ServeError, Server, Settings, Source};

use super::client::{Served, faithful, on_real_time, prompt, troubled};

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

/// A request of so many bytes, of which the last one is not sent.
async fn half_sent(address: SocketAddr, length: usize) -> tokio::net::TcpStream {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST /api/chat HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; length - 1]).await.unwrap();
    stream
}

/// The first line of what a connection says.
async fn status_line(stream: &mut tokio::net::TcpStream) -> String {
    let mut said = vec![0; 256];
    let length = stream.read(&mut said).await.unwrap();
    said.truncate(length);
    let said = String::from_utf8(said).unwrap();
    said.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn bodies_in_flight_have_a_total() {
    on_real_time(async {
        let served = Served::by(faithful(42)).await;
        let mut waiting = Vec::new();
        for _ in 0..64 {
            waiting.push(half_sent(served.address, MAX_REQUEST_BYTES).await);
        }
        // One more is answered before it is whole, and so is a small one.
        let mut late = half_sent(served.address, MAX_REQUEST_BYTES).await;
        assert_eq!(
            status_line(&mut late).await,
            "HTTP/1.1 503 Service Unavailable"
        );
        let body = prompt(Endpoint::OllamaChat, "x", false);
        let busy = served.ask(Endpoint::OllamaChat, &body).await;
        assert_eq!(
            (busy.status().as_u16(), &busy.headers()["retry-after"]),
            (503, &"1".parse().unwrap())
        );
        drop(waiting);
        let answered = async {
            loop {
                let again = served.ask(Endpoint::OllamaChat, &body).await;
                if again.status() == 200 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), answered)
            .await
            .unwrap();
        served.stop().await;
    });
}

#[test]
fn half_closed_client_is_answered() {
    on_real_time(async {
        let chaos = Chaos::of_kinds(10_000, &[ChaosKind::Slow]);
        for agent in [faithful(42), troubled(42, chaos)] {
            let served = Served::by(agent).await;
            let body = prompt(Endpoint::OllamaChat, "x", false).to_string();
            let mut stream = tokio::net::TcpStream::connect(served.address)
                .await
                .unwrap();
            let head = format!(
                "POST /api/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            assert_eq!(status_line(&mut stream).await, "HTTP/1.1 200 OK");
            assert_eq!(served.stop().await.answered, 1);
        }
    });
}

/// A page whose name was bound to this address sends that name.
#[test]
fn foreign_host_is_refused_unless_allowed() {
    on_real_time(async {
        let server = Server::bind(Settings {
            port: 0,
            source: Source::Seeded(faithful(42)),
            max_requests: None,
            log: None,
            allowed_hosts: vec!["mock.internal".into()],
        });
        let server = server.await.unwrap();
        let address = server.address();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::task::spawn_local(server.run(async {
            let _ = stopped.await;
        }));
        for (host, status) in [
            (format!("host: {address}"), "200 OK"),
            ("host: LOCALHOST:1".into(), "200 OK"),
            ("host: [::1]:80".into(), "200 OK"),
            ("host: Mock.Internal:80".into(), "200 OK"),
            ("x-host: none".into(), "200 OK"),
            ("host: evil.example".into(), "421 Misdirected Request"),
            (
                "host: 127.0.0.1.evil.example".into(),
                "421 Misdirected Request",
            ),
            (
                "host: localhost\r\nhost: evil.example".into(),
                "421 Misdirected Request",
            ),
            ("host: ".into(), "421 Misdirected Request"),
        ] {
            for path in ["/", "/no/such/path"] {
                let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                // Without a host, only the older version is valid.
                let version = if host == "x-host: none" { "1.0" } else { "1.1" };
                let request = format!("GET {path} HTTP/{version}\r\n{host}\r\n\r\n");
                stream.write_all(request.as_bytes()).await.unwrap();
                let line = status_line(&mut stream).await;
                let expected = match (path, status) {
                    ("/", _) | (_, "421 Misdirected Request") => status,
                    _ => "404 Not Found",
                };
                assert!(line.ends_with(expected), "{host}, {path}: {line}");
            }
        }
        drop(stop);
        assert_eq!(running.await.unwrap().unwrap().refused, 4 * 2 + 5);
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
            allowed_hosts: Vec::new(),
        };
        let error = Server::bind(settings).await.unwrap_err();
        assert!(matches!(error, ServeError::System { .. }));
        let message = error.to_string();
        assert!(message.contains(&served.address.to_string()), "{message}");
        served.stop().await;
    });
}
