//! What users of other recorders complain of; each test is named after the complaint.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::scene::{Scene, Step, chunk, read_until, send, whole};
use turingos_exchange::End;

const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// aimock #172: eleven events arrived in 35 µs, after 515 ms.
#[tokio::test]
async fn recording_does_not_buffer_a_stream() {
    let pause = Duration::from_millis(20);
    let told = Arc::new(Notify::new());
    let mut steps = vec![send(HEAD)];
    for event in 0..4 {
        let event = chunk(&format!("data: {event}\n\n"));
        steps.extend([event, Step::Until(Arc::clone(&told))]);
    }
    steps.push(send("0\r\n\r\n"));
    let scene = Scene::with(steps).await;
    let request = "GET /v1/s HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = scene.connect(request).await;
    // The service sends no event before the agent has the one before.
    for event in 0..4 {
        read_until(&mut stream, &format!("data: {event}\n\n")).await;
        assert!(!scene.lines().contains("\"response\""), "{}", scene.lines());
        tokio::time::sleep(pause).await;
        told.notify_one();
    }
    read_until(&mut stream, "0\r\n\r\n").await;
    let (exchanges, _) = scene.end().await;
    let response = &exchanges[0].response;
    let mut times: Vec<_> = response.chunks.iter().map(|chunk| chunk.at_us).collect();
    assert_eq!(times.len(), 4, "each event is a chunk of its own");
    times.push(response.end_us);
    let least = u64::try_from(pause.as_micros()).unwrap();
    assert!(
        times.windows(2).all(|pair| pair[1] - pair[0] >= least),
        "{times:?}"
    );
}

/// Law of this recorder: nothing that an agent acted on is missing from the tape.
#[tokio::test]
async fn response_is_on_the_tape_before_its_end_reaches_the_agent() {
    for steps in [
        whole("the end"),
        vec![send(HEAD), chunk("the end"), send("0\r\n\r\n")],
    ] {
        let scene = Scene::with(steps).await;
        let mut stream = scene
            .connect("GET /v1/s HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await;
        let text = read_until(&mut stream, "the end").await;
        if text.contains("chunked") && !text.ends_with("0\r\n\r\n") {
            read_until(&mut stream, "0\r\n\r\n").await;
        }
        let lines = scene.lines();
        assert!(
            lines.contains("\"response\"") && lines.ends_with("}\n"),
            "{lines}"
        );
        scene.end().await;
    }
}

/// tapes #71: the blank lines between events were lost.
#[tokio::test]
async fn blank_lines_between_events_are_kept() {
    let events = "event: a\r\ndata: 1\r\n\r\n\n\n: ping\n\ndata: 2\n\n";
    let steps = vec![send(HEAD), chunk(events), send("0\r\n\r\n")];
    let scene = Scene::with(steps).await;
    let answer = scene.ask("POST", "/v1/s", "{}").await;
    assert!(answer.contains(events), "{answer}");
    let (exchanges, _) = scene.end().await;
    assert_eq!(exchanges[0].response.body(), events.as_bytes());
}

/// lmnr-python #326: a body was decompressed, and its Content-Encoding kept.
#[tokio::test]
async fn encoded_body_stays_as_it_is_with_its_header() {
    let steps = vec![
        send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"),
        Step::Send(vec![0x1f, 0x8b, 0xff, 0x00]),
    ];
    let scene = Scene::with(steps).await;
    let answer = scene.ask("GET", "/v1/s", "").await;
    assert!(answer.contains("content-encoding: gzip\r\n"), "{answer}");
    let (exchanges, _) = scene.end().await;
    let response = &exchanges[0].response;
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    assert_eq!(response.body(), [0x1f, 0x8b, 0xff, 0x00]);
}

/// aimock PR 166: two equal calls of one run became one.
#[tokio::test]
async fn equal_calls_are_recorded_as_often_as_they_were_made() {
    let scene = Scene::with(whole("{}")).await;
    for _ in 0..3 {
        scene
            .ask("POST", "/v1/chat/completions", "{\"same\":1}")
            .await;
    }
    let (exchanges, _) = scene.end().await;
    assert_eq!(exchanges.len(), 3);
}

/// vcrpy #597: a stream hung when its client stopped reading.
#[tokio::test]
async fn agent_that_leaves_a_stream_ends_the_call() {
    let steps = vec![send(HEAD), chunk("data: 1\n\n"), Step::Hang];
    let scene = Scene::with(steps).await;
    let mut stream = scene
        .connect("GET /v1/s HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    read_until(&mut stream, "data: 1\n\n").await;
    drop(stream);
    let started = tokio::time::Instant::now();
    while !scene.lines().contains("client_left") {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{}",
            scene.lines()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (exchanges, _) = scene.end().await;
    let response = &exchanges[0].response;
    assert_eq!(
        (response.end, response.status),
        (End::ClientLeft, Some(200))
    );
    assert_eq!(response.body(), b"data: 1\n\n");
}
