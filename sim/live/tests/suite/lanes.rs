//! Honest servers: the requests of each provider kind, waits, costs, and secrets that stop a call.

use std::time::Duration;

use turingos::dispatch::{Lane, PerLane};
use turingos_run::providers::Settings;

use super::hostile::{ASKED, ASKED_AGAIN};
use super::server::{Behaviour, Server, good, on_real_time, response};
use super::stage::{Live, key, session, session_in, settings, tick};

const OK: &str = "200 OK\r\ncontent-type: application/json";

#[test]
fn each_provider_kind_has_its_own_request() {
    for (kind, path, header) in [
        (
            "openai",
            "/v1/chat/completions",
            "authorization: Bearer a-key-of-the-test",
        ),
        ("kimi", "/v1/messages", "x-api-key: a-key-of-the-test"),
        (
            "ollama",
            "/api/chat",
            "authorization: Bearer a-key-of-the-test",
        ),
    ] {
        on_real_time(async {
            let server = Server::start(Behaviour::Send(response(OK, &good(kind)))).await;
            let settings = settings(kind, server.address, "key_variable = \"KEY\"\n");
            let mut session = session(&settings, Some(&key()));
            assert_eq!(tick(&mut session).await.fault, None, "{kind}");
            let requests = server.requests.take();
            let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
            assert!(
                head.starts_with(&format!("POST {path} HTTP/1.1\r\n")),
                "{head}"
            );
            let mut lines = head.lines();
            assert!(lines.any(|line| line == header), "{head}");
            assert_eq!(
                head.contains("anthropic-version: 2023-06-01"),
                kind == "kimi"
            );
            assert!(!head.contains("accept-encoding"), "{head}");
            assert!(body.starts_with(r#"{"model":"m","#), "{body}");
            assert!(body.contains("[OBSERVED_SLICE]\\nhello"), "{body}");
            let used = session.oracle().spending();
            assert_eq!((used.tokens, session.oracle().calls()), (2_020, 1));
        });
    }
}

#[test]
fn streams_are_reassembled() {
    let sse = r#"data: {"choices":[{"index":0,"delta":{"content":"{\"q_next\":\"n\",\"a_t\":"},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"content":"{\"op\":\"SYS_PUSH\",\"task\":\"work\"}}"},"finish_reason":"stop"}]}

data: [DONE]

"#;
    on_real_time(async {
        let server = Server::start(Behaviour::Send(response("200 OK", sse))).await;
        let mut session = session(&settings("openai", server.address, "stream = true\n"), None);
        let record = tick(&mut session).await;
        assert_eq!(record.fault, None);
        assert_eq!(record.reply, turingos::Digest::of(sse.as_bytes()));
        assert!(server.requests.take()[0].contains(r#""stream":true"#));
    });
}

#[test]
fn retry_after_is_honoured() {
    on_real_time(async {
        let head = "429 Too Many Requests\r\nretry-after: 9\r\nretry-after-ms: 150";
        let error = r#"{"error":{"type":"rate_limit_error","message":"slow down"}}"#;
        let server = Server::start(Behaviour::Send(response(head, error))).await;
        let mut session = session(&settings("openai", server.address, ""), None);
        let record = tick(&mut session).await;
        assert_eq!(record.fault.as_deref(), Some("RATE_LIMITED"));
        assert_eq!(server.requests.take().len(), ASKED_AGAIN);
        let took = Duration::from_micros(record.time_us);
        assert!(took >= Duration::from_millis(300), "{took:?}");
        assert!(took < Duration::from_secs(3), "{took:?}");
        assert_eq!(
            session.oracle().spending().tokens,
            0,
            "a refusal costs nothing"
        );
    });
}

#[test]
fn exhausted_quota_is_not_retried() {
    on_real_time(async {
        let error = r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;
        let server = Server::start(Behaviour::Send(response("429 Too Many Requests", error))).await;
        let mut session = session(&settings("openai", server.address, ""), None);
        let record = tick(&mut session).await;
        assert_eq!(record.fault.as_deref(), Some("QUOTA_EXHAUSTED"));
        assert_eq!(server.requests.take().len(), ASKED);
    });
}

#[test]
fn unanswered_call_costs_its_maximum() {
    on_real_time(async {
        let server = Server::start(Behaviour::SendThenHang(Vec::new())).await;
        let mut session = session(
            &settings("openai", server.address, "max_output_tokens = 1000\n"),
            None,
        );
        tick(&mut session).await;
        assert!(session.oracle().spending().tokens > 2_000);
    });
}

/// Settings with an Ollama server as lane E and a Kimi one as lane P.
fn two_lanes(routine: &Server, strong: &Server) -> Settings {
    let strong = settings("kimi", strong.address, "");
    let e = settings("ollama", routine.address, "").lanes.e;
    let p = strong.lanes.p.clone();
    Settings {
        lanes: PerLane { p, e },
        ..strong
    }
}

#[test]
fn lane_p_takes_over_from_lane_e() {
    on_real_time(async {
        let routine = Server::start(Behaviour::Send(response("400 Bad Request", "{}"))).await;
        let strong = Server::start(Behaviour::Send(response(OK, &good("kimi")))).await;
        let mut session = session(&two_lanes(&routine, &strong), None);
        let record = tick(&mut session).await;
        assert_eq!(record.fault, None);
        assert!(record.route.failover.is_some());
        assert!(routine.requests.take()[0].starts_with("POST /api/chat "));
        assert!(strong.requests.take()[0].starts_with("POST /v1/messages "));
    });
}

#[test]
fn lane_p_takes_over_from_a_reply_that_does_not_decode() {
    on_real_time(async {
        let broken = good("ollama").replace("a_t", "a_x");
        let routine = Server::start(Behaviour::Send(response(OK, &broken))).await;
        let strong = Server::start(Behaviour::Send(response(OK, &good("kimi")))).await;
        let mut session = session(&two_lanes(&routine, &strong), None);
        let record = tick(&mut session).await;
        assert_eq!((record.fault, record.route.lane), (None, Lane::P));
        assert_eq!(record.route.failover.as_deref(), Some("UNKNOWN_KEY"));
        assert_eq!(routine.requests.take().len(), 1);
        assert_eq!(strong.requests.take().len(), 1);
    });
}

/// Runs a tick until the timer fires; the tick itself must never end.
async fn until_the_alarm(session: &mut Live) -> String {
    let alarm = session.oracle().alarm();
    let ticked = tokio::time::timeout(Duration::from_millis(300), session.tick()).await;
    assert!(ticked.is_err(), "the tick was committed");
    alarm.leak().unwrap().to_string()
}

#[test]
fn reply_with_the_key_stops_the_call() {
    on_real_time(async {
        let leaking = good("openai").replace("work", "use a-key-of-the-test");
        let server = Server::start(Behaviour::Send(response(OK, &leaking))).await;
        let settings = settings("openai", server.address, "key_variable = \"KEY\"\n");
        let mut session = session(&settings, Some(&key()));
        let leak = until_the_alarm(&mut session).await;
        assert!(
            leak.starts_with("the key of a provider of this run"),
            "{leak}"
        );
        assert!(leak.contains("a reply"), "{leak}");
    });
}

#[test]
fn key_split_over_a_stream_stops_the_call() {
    let half = |text: &str, finish: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    on_real_time(async {
        let sse = half("a-key-of", "null") + &half("-the-test", "\"stop\"") + "data: [DONE]\n\n";
        let server = Server::start(Behaviour::Send(response("200 OK", &sse))).await;
        let settings = settings(
            "openai",
            server.address,
            "stream = true\nkey_variable = \"KEY\"\n",
        );
        let mut session = session(&settings, Some(&key()));
        let leak = until_the_alarm(&mut session).await;
        assert!(leak.contains("a reply"), "{leak}");
    });
}

#[test]
fn workspace_secret_is_not_sent() {
    on_real_time(async {
        let server = Server::start(Behaviour::Send(response(OK, &good("openai")))).await;
        let settings = settings("openai", server.address, "");
        let token = format!("token = sk-{}\n", "Ab12".repeat(6));
        let mut session = session_in(&settings, None, &token);
        let leak = until_the_alarm(&mut session).await;
        assert!(leak.contains("a request"), "{leak}");
        assert!(server.requests.take().is_empty());
    });
}
