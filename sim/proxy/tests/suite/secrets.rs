//! Keys reach their service, and no tape.

use crate::scene::{Scene, chunk, send, whole};
use turingos_exchange::End;
use turingos_proxy::Trouble;

/// A key of a known shape, made here so that no scan of this repository reports one.
fn key() -> String {
    format!("sk-{}", "A1B2C3D4".repeat(4))
}

/// vcrpy #983, php-vcr #503: keys were visible in cassettes.
#[tokio::test]
async fn keys_in_headers_queries_and_bodies_reach_the_service_but_not_the_tape() {
    let key = key();
    let mut scene = Scene::with(whole(&format!("{{\"echo\":\"{key}\"}}"))).await;
    let headers = format!("Authorization: Bearer {key}\r\nX-Api-Key: {key}\r\n");
    let body = format!("{{\"prompt\":\"my key is {key}.\"}}");
    let path = format!("/v1/chat?key={key}&alt=sse");
    let answer = scene.ask_with("POST", &path, &headers, &body).await;
    assert!(
        answer.contains(&key),
        "the agent gets what the service sent: {answer}"
    );
    let seen = scene.requests.recv().await.unwrap();
    assert_eq!(seen.matches(&key).count(), 4, "{seen}");
    assert!(!scene.lines().contains(&key), "{}", scene.lines());
    let (exchanges, trouble) = scene.end().await;
    assert!(trouble.is_none());
    let exchange = &exchanges[0];
    assert_eq!(
        exchange.request.query.as_deref(),
        Some("key=[redacted]&alt=sse")
    );
    assert_eq!(
        exchange.request.body.0,
        b"{\"prompt\":\"my key is [redacted].\"}"
    );
    assert_eq!(exchange.response.body(), b"{\"echo\":\"[redacted]\"}");
}

#[tokio::test]
async fn key_of_no_known_shape_is_known_from_its_header() {
    let key = "0123-local-gateway-password";
    let scene = Scene::with(whole(&format!("{{\"echo\":\"{key}\"}}"))).await;
    let headers = format!("api-key: {key}\r\n");
    scene
        .ask_with("POST", "/v1", &headers, &format!("\"{key}\""))
        .await;
    assert!(!scene.lines().contains(key), "{}", scene.lines());
    scene.end().await;
}

#[tokio::test]
async fn secret_that_cannot_be_redacted_refuses_the_call_before_it_is_written() {
    let key = key();
    let mut scene = Scene::with(whole("{}")).await;
    let coded = key.replace('-', "%2D").replace('A', "%41");
    let answer = scene
        .ask("POST", "/v1/chat", &format!("{{\"u\":\"{coded}\"}}"))
        .await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("of the request's body"), "{answer}");
    assert!(scene.requests.try_recv().is_err(), "it is not passed on");
    assert_eq!(scene.lines(), "");
    // The next call is recorded.
    scene.ask("POST", "/v1/chat", "{}").await;
    let (exchanges, trouble) = scene.end().await;
    assert_eq!(exchanges.len(), 1);
    let Some(trouble @ Trouble::Secret { .. }) = trouble else {
        panic!("{trouble:?}");
    };
    let message = trouble.to_string();
    assert!(
        message.starts_with("call 0 to openai was refused: "),
        "{message}"
    );
    assert!(message.contains("of the request's body"), "{message}");
    assert!(!message.contains(&key), "{message}");
}

#[tokio::test]
async fn secret_in_the_pieces_of_a_stream_never_reaches_the_tape() {
    let key = key();
    let (left, right) = key.split_at(7);
    let event = |text: &str| format!("data: {{\"delta\":{{\"content\":\"{text}\"}}}}\n\n");
    let steps = vec![
        send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        chunk(&event(left)),
        chunk(&event(right)),
        send("0\r\n\r\n"),
    ];
    let scene = Scene::with(steps).await;
    let answer = scene.ask("POST", "/v1/chat", "{}").await;
    assert!(
        !answer.ends_with("0\r\n\r\n"),
        "its end does not reach the agent: {answer}"
    );
    assert!(!scene.lines().contains(right), "{}", scene.lines());
    let (exchanges, trouble) = scene.end().await;
    assert!(
        matches!(trouble, Some(Trouble::Secret { .. })),
        "{trouble:?}"
    );
    let response = &exchanges[0].response;
    assert_eq!((response.end, response.chunks.len()), (End::Cut, 0));
    assert!(
        response
            .note
            .as_deref()
            .unwrap()
            .contains("response's body")
    );
}
