//! Services that fail, and requests that are not passed on.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use crate::scene::{Scene, Step, chunk, send};
use turingos_exchange::{End, Origin};

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn service_that_is_down_is_answered_502_with_a_reason() {
    let scene = Scene::without_service().await;
    let answer = scene.ask("POST", "/v1/chat/completions", "{}").await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert!(answer.contains("cannot be reached: "), "{answer}");
    let (exchanges, trouble) = scene.end().await;
    assert!(
        trouble.is_none(),
        "the recording is sound although the service is down"
    );
    let response = &exchanges[0].response;
    assert_eq!(
        (response.status, response.origin),
        (Some(502), Origin::Proxy)
    );
    let note = response.note.as_deref().unwrap();
    assert!(note.contains("cannot be reached: "), "{note}");
    assert!(answer.ends_with(std::str::from_utf8(&response.body()).unwrap()));
}

#[tokio::test]
async fn connection_that_is_closed_before_the_head_is_answered_502() {
    for steps in [Vec::new(), vec![Step::Reset], vec![send("HTTP/1.1 200 O")]] {
        let scene = Scene::with(steps).await;
        let answer = scene.ask("POST", "/v1", "{}").await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        let (exchanges, _) = scene.end().await;
        let note = exchanges[0].response.note.clone().unwrap();
        assert!(note.contains("sent no response: "), "{note}");
    }
}

#[tokio::test]
async fn body_that_is_cut_is_cut_for_the_agent_too() {
    for steps in [
        vec![send(HEAD), chunk("half")],
        vec![send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")],
    ] {
        let scene = Scene::with(steps).await;
        let answer = scene.ask("POST", "/v1", "{}").await;
        assert!(answer.contains("half"), "{answer}");
        assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
        let (exchanges, _) = scene.end().await;
        let response = &exchanges[0].response;
        assert_eq!((response.end, &*response.body()), (End::Cut, &b"half"[..]));
        assert!(response.note.is_some());
    }
}

#[tokio::test]
async fn reset_body_is_recorded_as_a_reset_and_is_one_for_the_agent() {
    let steps = vec![
        send(HEAD),
        chunk("half"),
        Step::Wait(Duration::from_millis(50)),
        Step::Reset,
    ];
    let scene = Scene::with(steps).await;
    let request = "GET /v1/s HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = scene.connect(request).await;
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer).await;
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.ends_with("half\r\n"), "{answer}");
    let (exchanges, _) = scene.end().await;
    let response = &exchanges[0].response;
    assert_eq!(
        (response.end, &*response.body()),
        (End::Reset, &b"half"[..])
    );
}

#[tokio::test]
async fn websocket_upgrade_is_answered_426_and_not_passed_on() {
    let mut scene = Scene::with(vec![Step::Hang]).await;
    let upgrade = "GET /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
    let mut stream = scene.connect(upgrade).await;
    let answer = crate::scene::read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
    drop(stream);
    assert!(scene.requests.try_recv().is_err());
    let (exchanges, _) = scene.end().await;
    assert_eq!(exchanges[0].response.status, Some(426));
}

#[tokio::test]
async fn body_over_the_limit_is_answered_413_and_recorded() {
    let mut scene = Scene::changed(vec![Step::Hang], |header| {
        header.limits.request_bytes = 100;
    })
    .await;
    let answer = scene.ask("POST", "/v1", &"x".repeat(101)).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("longer than 100 bytes"), "{answer}");
    assert!(scene.requests.try_recv().is_err(), "it is not passed on");
    let (exchanges, trouble) = scene.end().await;
    assert!(trouble.is_none());
    assert_eq!(exchanges[0].response.status, Some(413));
    assert!(exchanges[0].request.body.0.is_empty());
}

#[tokio::test]
async fn response_over_the_limit_is_cut() {
    let scene = Scene::changed(vec![send(HEAD), chunk("1234"), chunk("5678")], |header| {
        header.limits.response_bytes = 6;
    })
    .await;
    scene.ask("POST", "/v1", "{}").await;
    let (exchanges, _) = scene.end().await;
    let response = &exchanges[0].response;
    assert_eq!(
        (response.end, response.origin),
        (End::Cut, Origin::Upstream)
    );
    assert!(
        response.note.as_deref().unwrap().contains("limit"),
        "{response:?}"
    );
}

#[tokio::test]
async fn page_of_the_web_is_refused_and_not_recorded() {
    let mut scene = Scene::with(vec![Step::Hang]).await;
    let request = "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let mut stream = scene.connect(request).await;
    let answer = crate::scene::read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    assert!(scene.requests.try_recv().is_err());
    assert_eq!(scene.lines(), "");
    scene.end().await;
}

#[tokio::test]
async fn call_in_flight_at_the_end_is_recorded_as_left() {
    let scene = Scene::with(vec![send(HEAD), chunk("half"), Step::Hang]).await;
    let mut stream = scene
        .connect("GET /v1/s HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    crate::scene::read_until(&mut stream, "half").await;
    let (exchanges, _) = scene.end().await;
    assert_eq!(exchanges[0].response.end, End::ClientLeft);
}
