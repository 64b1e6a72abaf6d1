//! Chaos: every kind as a client sees it, exactly as drawn from the seed.

use turingos::bus;
use turingos_protocols::answer::Delivery;
use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::request::ParsedRequest;

use super::client::{Served, on_real_time, prompt, troubled};

/// A status and a body; nothing without a whole response.
async fn received(
    served: &Served,
    endpoint: Endpoint,
    body: &serde_json::Value,
) -> Option<(u16, Vec<u8>)> {
    let response = served.post(endpoint, body).send().await.ok()?;
    let status = response.status().as_u16();
    let bytes = response.bytes().await.ok()?;
    Some((status, bytes.to_vec()))
}

#[test]
fn chaos_follows_the_seed() {
    on_real_time(async {
        let agent = troubled(9, Chaos::spread(6_000).without(ChaosKind::Slow));
        let served = Served::by(agent.clone()).await;
        let mut met = std::collections::BTreeSet::new();
        // The streamed and the whole request are the same one: each is its next attempt.
        let mut attempts = std::collections::BTreeMap::new();
        for number in 0..120 {
            let endpoint = Endpoint::CHAT[number % 4];
            let body = prompt(endpoint, &format!("prompt {}", number / 8), number % 8 < 4);
            let asked = ParsedRequest::parse(endpoint, body.to_string().as_bytes()).unwrap();
            let attempt = *attempts.get(&asked.hash).unwrap_or(&0);
            let expected = agent.answer(&asked, attempt).unwrap();
            let kind = agent.trouble(&asked, attempt);
            attempts.insert(asked.hash, attempt + 1);
            let received = received(&served, endpoint, &body).await;
            met.extend(kind);
            match expected.delivery {
                Delivery::Whole | Delivery::Slowly { .. } => {
                    assert_eq!(received, Some((expected.status, expected.body)), "{kind:?}");
                }
                Delivery::CutAfter(_) | Delivery::StallAfter(_) | Delivery::Reset => {
                    assert_eq!(received, None, "{kind:?}");
                }
            }
        }
        assert!(met.len() >= 8, "{met:?}");
        served.stop().await;
    });
}

#[test]
fn no_chaos_kind_parses_as_an_answer() {
    on_real_time(async {
        for &kind in ChaosKind::ALL {
            let is_right_or_late = matches!(
                kind,
                ChaosKind::Slow | ChaosKind::SlowChunks | ChaosKind::Hang | ChaosKind::Stall
            );
            if is_right_or_late {
                continue;
            }
            let served = Served::by(troubled(4, Chaos::of_kinds(10_000, &[kind]))).await;
            for endpoint in Endpoint::CHAT {
                for stream in [false, true] {
                    if !kind.exists_at(endpoint.provider()) {
                        continue;
                    }
                    let body = prompt(endpoint, "hello", stream);
                    let Some((status, bytes)) = received(&served, endpoint, &body).await else {
                        assert!(matches!(
                            kind,
                            ChaosKind::CutBody | ChaosKind::ConnectionReset
                        ));
                        continue;
                    };
                    let fault = bus::parse(endpoint.provider(), status, &bytes).unwrap_err();
                    let is_final = matches!(
                        kind,
                        ChaosKind::QuotaExhausted | ChaosKind::Refusal | ChaosKind::LengthTruncated
                    );
                    // Ollama's envelope has no code for a spent quota.
                    let is_told = kind != ChaosKind::QuotaExhausted
                        || endpoint.provider() != bus::Provider::Ollama;
                    if is_told {
                        assert_eq!(
                            fault.code.is_retryable(),
                            !is_final,
                            "{kind:?} {endpoint:?}: {fault:?}"
                        );
                    }
                }
            }
            served.stop().await;
        }
    });
}

#[test]
fn rate_limit_has_retry_after() {
    on_real_time(async {
        let served = Served::by(troubled(
            4,
            Chaos::of_kinds(10_000, &[ChaosKind::RateLimited]),
        ))
        .await;
        for &endpoint in Endpoint::ALL {
            let response = served.ask(endpoint, &prompt(endpoint, "x", false)).await;
            assert_eq!(response.status(), 429);
            assert_eq!(response.headers()["retry-after"], "1");
            let exact = response.headers().get("retry-after-ms");
            assert_eq!(
                exact.is_none(),
                endpoint.provider() == bus::Provider::Ollama
            );
        }
        served.stop().await;
    });
}

#[test]
fn slow_answer_is_late_and_complete() {
    on_real_time(async {
        let agent = troubled(4, Chaos::of_kinds(10_000, &[ChaosKind::Slow]));
        let served = Served::by(agent.clone()).await;
        let body = prompt(Endpoint::Messages, "hello", true);
        let asked = ParsedRequest::parse(Endpoint::Messages, body.to_string().as_bytes()).unwrap();
        let expected = agent.answer(&asked, 0).unwrap();
        let began = tokio::time::Instant::now();
        let received = received(&served, Endpoint::Messages, &body).await;
        let took = began.elapsed().as_micros();
        assert!(took >= u128::from(expected.wait_us) && expected.wait_us >= 20_000);
        assert_eq!(received, Some((200, expected.body)));
        served.stop().await;
    });
}

#[test]
fn stop_releases_delayed_requests() {
    on_real_time(async {
        let served = Served::by(troubled(4, Chaos::of_kinds(10_000, &[ChaosKind::Hang]))).await;
        let body = prompt(Endpoint::OllamaChat, "x", false);
        let request = served.post(Endpoint::OllamaChat, &body).send();
        let asking = tokio::task::spawn_local(request);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(!asking.is_finished());
        let began = tokio::time::Instant::now();
        assert_eq!(served.stop().await.answered, 1);
        assert!(began.elapsed().as_secs() < 3);
        assert!(asking.await.unwrap().is_err());
    });
}
