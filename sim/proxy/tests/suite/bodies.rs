//! What passes, passes unchanged, and is on the tape as it was.

use crate::scene::{Scene, chunk, send, whole};
use turingos_exchange::{End, Origin};

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn unknown_path_and_method_pass_and_are_recorded_as_bytes() {
    let mut scene = Scene::with(whole("ok")).await;
    let answer = scene
        .ask("PATCH", "/any/../path%2f?q=don't&q=%27", "\u{1}no JSON")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    let seen = scene.requests.recv().await.unwrap();
    assert!(
        seen.starts_with("PATCH /any/../path%2f?q=don't&q=%27 HTTP/1.1\r\n"),
        "{seen}"
    );
    assert!(seen.ends_with("\u{1}no JSON"), "{seen}");
    let (exchanges, trouble) = scene.end().await;
    assert!(trouble.is_none());
    let [exchange] = &exchanges[..] else {
        panic!("{exchanges:?}");
    };
    let request = &exchange.request;
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("PATCH", "/any/../path%2f")
    );
    assert_eq!(request.query.as_deref(), Some("q=don't&q=%27"));
    assert_eq!(request.body.0, b"\x01no JSON");
    let response = &exchange.response;
    assert_eq!(
        (response.end, response.origin),
        (End::Whole, Origin::Upstream)
    );
    assert_eq!(response.body(), b"ok");
}

#[tokio::test]
async fn encoding_is_asked_for_as_identity_and_other_headers_stay() {
    let mut scene = Scene::with(whole("{}")).await;
    let headers = "Accept-Encoding: gzip\r\nanthropic-beta: a\r\nx-stainless-lang: js\r\n\
                   Keep-Alive: 5\r\nauthorization: Bearer sk-local\r\n";
    scene.ask_with("POST", "/v1/messages", headers, "{}").await;
    let seen = scene.requests.recv().await.unwrap().to_lowercase();
    for line in [
        "accept-encoding: identity\r\n",
        "anthropic-beta: a\r\n",
        "x-stainless-lang: js\r\n",
        "authorization: bearer sk-local\r\n",
    ] {
        assert!(seen.contains(line), "{line}: {seen}");
    }
    assert!(!seen.contains("keep-alive:"), "{seen}");
    let (exchanges, _) = scene.end().await;
    let headers = &exchanges[0].request.headers;
    assert_eq!(*headers, [("anthropic-beta".to_owned(), "a".to_owned())]);
}

#[tokio::test]
async fn empty_bodies_and_statuses_without_one_are_whole() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ] {
        let scene = Scene::with(vec![send(head)]).await;
        let answer = scene.ask("GET", "/v1/models", "").await;
        assert!(answer.starts_with(&head[..12]), "{answer}");
        let (exchanges, _) = scene.end().await;
        assert_eq!(exchanges[0].response.end, End::Whole, "{head}");
    }
}

#[tokio::test]
async fn head_request_keeps_the_length_of_the_body_that_it_lacks() {
    let scene = Scene::with(vec![send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")]).await;
    let answer = scene.ask("HEAD", "/v1/models", "").await;
    assert!(answer.contains("content-length: 7\r\n"), "{answer}");
    let (exchanges, _) = scene.end().await;
    let response = &exchanges[0].response;
    assert_eq!(
        (response.end, response.header("content-length")),
        (End::Whole, Some("7"))
    );
}

#[tokio::test]
async fn redirect_is_passed_on_and_not_followed() {
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
    let mut scene = Scene::with(vec![send(redirect)]).await;
    let answer = scene.ask("POST", "/v1", "{}").await;
    assert!(answer.starts_with("HTTP/1.1 307"), "{answer}");
    assert!(answer.contains("location: /elsewhere\r\n"), "{answer}");
    scene.requests.recv().await.unwrap();
    assert!(scene.requests.try_recv().is_err(), "one request only");
    let (exchanges, _) = scene.end().await;
    assert_eq!(exchanges[0].response.header("location"), Some("/elsewhere"));
}

#[tokio::test]
async fn calls_in_flight_at_once_are_recorded_each_with_its_own_response() {
    let steps = vec![send(HEAD), chunk("one "), chunk("two"), send("0\r\n\r\n")];
    let scene = Scene::with(steps).await;
    let asks = (0..32).map(|call| {
        let body = format!("{{\"call\":{call}}}");
        let scene = &scene;
        async move { scene.ask("POST", "/v1/x", &body).await }
    });
    let answers = join_all(asks.collect()).await;
    assert!(answers.iter().all(|answer| answer.contains("one ")));
    let (exchanges, _) = scene.end().await;
    assert_eq!(exchanges.len(), 32);
    let mut bodies: Vec<_> = exchanges
        .iter()
        .map(|it| it.request.body.0.clone())
        .collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 32);
    assert!(exchanges.iter().all(|it| it.response.body() == b"one two"));
}

async fn join_all<F: Future<Output = String>>(asks: Vec<F>) -> Vec<String> {
    let mut asks: Vec<_> = asks.into_iter().map(Box::pin).collect();
    let mut answers: Vec<Option<String>> = asks.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (ask, answer) in asks.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let std::task::Poll::Ready(text) = ask.as_mut().poll(context)
            {
                *answer = Some(text);
            }
        }
        match answers.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    answers.into_iter().flatten().collect()
}
