//! Hostile servers: each is bounded in time and memory and is a provider's fault in the
//! record, and the run continues when the server recovers.

use std::time::Duration;

use turingos::bus::MAX_BODY_BYTES;
use turingos::journal::Record;
use turingos_live::LiveOracle;
use turingos_run::providers::Settings;

use super::server::{Behaviour, Server, good, on_real_time, response};
use super::stage::{key, session, settings, tick};

/// Requests of a tick with a permanent failure: one of lane E, then one of lane P.
pub(crate) const ASKED: usize = 2;
/// Requests of a tick with a transient failure: two attempts of each lane.
pub(crate) const ASKED_AGAIN: usize = 4;

const OK: &str = "200 OK\r\ncontent-type: application/json";

/// The outcome of one tick against a server, how many requests it saw and what it could send.
struct Harm {
    record: Record,
    requests: Vec<String>,
    sent: usize,
}

/// One tick against `behaviour`, and one against the same server when it is honest again.
fn suffer(behaviour: Behaviour) -> Harm {
    on_real_time(async {
        let server = Server::start(behaviour).await;
        let mut session = session(&settings("openai", server.address, ""), None);
        let record = tick(&mut session).await;
        let harm = Harm {
            record,
            requests: server.requests.take(),
            sent: server.sent.get(),
        };
        server
            .behaviour
            .replace(Behaviour::Send(response(OK, &good("openai"))));
        let after = tick(&mut session).await;
        assert_eq!(after.fault, None, "the run does not go on");
        harm
    })
}

fn fault(harm: &Harm) -> &str {
    harm.record.fault.as_deref().unwrap_or("none")
}

#[test]
fn html_answer_is_retried() {
    let page = response(
        "200 OK\r\ncontent-type: text/html",
        "<html><body>captive portal</body></html>",
    );
    let harm = suffer(Behaviour::Send(page));
    assert_eq!(
        (fault(&harm), harm.requests.len()),
        ("NOT_JSON", ASKED_AGAIN)
    );
}

#[test]
fn html_error_page_keeps_its_status() {
    let harm = suffer(Behaviour::Send(response(
        "502 Bad Gateway",
        "<html>oops</html>",
    )));
    assert_eq!(
        (fault(&harm), harm.requests.len()),
        ("SERVER_ERROR", ASKED_AGAIN)
    );
}

#[test]
fn hanging_server_times_out() {
    for head in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-le"] {
        let harm = suffer(Behaviour::SendThenHang(head.to_vec()));
        assert_eq!(
            (fault(&harm), harm.requests.len()),
            ("ORACLE_TIMEOUT", ASKED_AGAIN)
        );
        let took = Duration::from_micros(harm.record.time_us);
        assert!(took >= Duration::from_millis(1_200), "{took:?}");
        assert!(took < Duration::from_millis(2_500), "{took:?}");
    }
}

#[test]
fn stalled_body_is_aborted_before_the_time_limit() {
    let beginning = format!("HTTP/1.1 {OK}\r\ncontent-length: 500\r\n\r\n{{\"choices\":");
    let harm = suffer(Behaviour::SendThenHang(beginning.into_bytes()));
    assert_eq!(
        (fault(&harm), harm.requests.len()),
        ("ORACLE_TIMEOUT", ASKED_AGAIN)
    );
    let took = Duration::from_micros(harm.record.time_us);
    assert!(took < Duration::from_millis(1_100), "{took:?}");
}

#[test]
fn close_and_reset_are_broken_connections() {
    for behaviour in [
        Behaviour::Send(Vec::new()),
        Behaviour::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Behaviour::Reset(Vec::new()),
        Behaviour::Reset(format!("HTTP/1.1 {OK}\r\ncontent-length: 500\r\n\r\n{{").into_bytes()),
    ] {
        let harm = suffer(behaviour.clone());
        assert_eq!(fault(&harm), "ORACLE_RESET", "{behaviour:?}");
    }
}

#[test]
fn invalid_http_is_a_broken_connection() {
    for garbage in [
        &b"SSH-2.0-OpenSSH_9.0\r\n"[..],
        b"HTTP/1.1 9999 NO\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}",
    ] {
        let harm = suffer(Behaviour::Send(garbage.to_vec()));
        let shown = String::from_utf8_lossy(garbage);
        assert_eq!(fault(&harm), "ORACLE_RESET", "{shown}");
    }
}

#[test]
fn endless_headers_are_refused() {
    let header = format!("x-filler: {}\r\n", "y".repeat(4_000));
    let harm = suffer(Behaviour::Repeat(
        b"HTTP/1.1 200 OK\r\n".to_vec(),
        header.into_bytes(),
        Duration::ZERO,
    ));
    assert_eq!(fault(&harm), "ORACLE_RESET");
    assert!(harm.sent < 32 * 1024 * 1024, "{}", harm.sent);
}

#[test]
fn redirect_is_not_followed_or_retried() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
    ] {
        let head = format!("{status}\r\nlocation: /elsewhere");
        let harm = suffer(Behaviour::Send(response(&head, "")));
        assert_eq!(fault(&harm), "UNEXPECTED_STATUS");
        assert_eq!(harm.requests.len(), ASKED);
        assert!(harm.requests[0].starts_with("POST /v1/chat/completions "));
    }
}

/// The memory bound of bodies: the limit, and the socket buffers.
const MOST_SENT: usize = ASKED * (MAX_BODY_BYTES + 12 * 1024 * 1024);

#[test]
fn oversized_body_is_not_read() {
    let announced = format!("HTTP/1.1 {OK}\r\ncontent-length: 209715200\r\n\r\n");
    let unannounced = format!("HTTP/1.1 {OK}\r\nconnection: close\r\n\r\n");
    for head in [announced, unannounced] {
        let block = vec![b'x'; 64 * 1024];
        let harm = suffer(Behaviour::Repeat(head.into_bytes(), block, Duration::ZERO));
        assert_eq!(
            (fault(&harm), harm.requests.len()),
            ("BODY_TOO_LARGE", ASKED)
        );
        assert!(harm.sent < MOST_SENT, "{}", harm.sent);
    }
}

#[test]
fn endless_stream_is_aborted() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let ping = b": ping\n\n".to_vec();
    let fast = Behaviour::Repeat(head.into(), ping.repeat(8 * 1024), Duration::ZERO);
    let harm = suffer(fast);
    assert_eq!(fault(&harm), "BODY_TOO_LARGE");
    assert!(harm.sent < MOST_SENT, "{}", harm.sent);
    // Slow, but never stalled, and endless.
    let slow = Behaviour::Repeat(head.into(), ping, Duration::from_millis(20));
    let harm = suffer(slow);
    assert_eq!(
        (fault(&harm), harm.requests.len()),
        ("ORACLE_TIMEOUT", ASKED_AGAIN)
    );
}

#[test]
fn wrong_content_length_breaks_or_cuts_the_body() {
    let body = good("openai");
    let short = format!(
        "HTTP/1.1 {OK}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len() + 9
    );
    assert_eq!(
        fault(&suffer(Behaviour::Send(short.into()))),
        "ORACLE_RESET"
    );
    let long = format!(
        "HTTP/1.1 {OK}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len() - 9
    );
    assert_eq!(
        fault(&suffer(Behaviour::Send(long.into()))),
        "TRUNCATED_BODY"
    );
}

#[test]
fn binary_or_compressed_body_is_refused() {
    let head = format!("HTTP/1.1 {OK}\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n");
    let packed = [
        head.as_bytes(),
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xff",
    ]
    .concat();
    assert_eq!(fault(&suffer(Behaviour::Send(packed))), "NOT_UTF8");
    let head = format!("HTTP/1.1 {OK}\r\nconnection: close\r\n\r\n");
    let bytes = [head.as_bytes(), b"{\"choices\":\"\xff\xfe\"}"].concat();
    assert_eq!(fault(&suffer(Behaviour::Send(bytes))), "NOT_UTF8");
}

#[test]
fn false_content_encoding_keeps_a_plain_body() {
    on_real_time(async {
        let head = "200 OK\r\ncontent-encoding: gzip";
        let server = Server::start(Behaviour::Send(response(head, &good("openai")))).await;
        let mut session = session(&settings("openai", server.address, ""), None);
        assert_eq!(tick(&mut session).await.fault, None);
    });
}

#[test]
fn closed_port_is_unreachable() {
    on_real_time(async {
        let server = Server::start(Behaviour::Send(Vec::new())).await;
        // Port 1 of loopback is closed.
        let mut address = server.address;
        address.set_port(1);
        let settings = settings("openai", address, "");
        let mut session = session(&settings, None);
        assert_eq!(
            tick(&mut session).await.fault.as_deref(),
            Some("ORACLE_UNREACHABLE")
        );
        let error = session.oracle().reach().await.unwrap_err().to_string();
        assert!(error.contains("cannot be reached"), "{error}");
        assert!(error.contains("127.0.0.1:1"), "{error}");
        assert_eq!(session.oracle().spending().tokens, 0);
    });
}

/// TLS is real: a server without it is unreachable, and receives no readable bytes.
#[test]
fn https_to_a_plain_server_is_unreachable() {
    on_real_time(async {
        let server = Server::start(Behaviour::Send(response(OK, &good("openai")))).await;
        let address = format!("https://{}", server.address);
        let text = format!(
            "version = 1\n[retry]\nmax_attempts = 1\n[lane.p]\nkind = \"openai\"\nmodel = \"m\"\n\
             base_url = \"{address}\"\nconnect_timeout_ms = 400\n"
        );
        let settings = Settings::parse(text.as_bytes()).unwrap();
        let mut session = session(&settings, None);
        let record = tick(&mut session).await;
        assert_eq!(record.fault.as_deref(), Some("ORACLE_UNREACHABLE"));
        assert!(session.oracle().reach().await.is_err());
        assert!(server.requests.take().is_empty());
    });
}

#[test]
fn any_listener_is_reachable() {
    on_real_time(async {
        for behaviour in [
            Behaviour::Send(response("404 Not Found", "")),
            Behaviour::Send(b"SSH-2.0\r\n".to_vec()),
            Behaviour::SendThenHang(Vec::new()),
        ] {
            let server = Server::start(behaviour).await;
            let settings = settings("openai", server.address, "key_variable = \"KEY\"\n");
            let oracle = LiveOracle::new(&settings, Some(&key()), Some(&key())).unwrap();
            oracle.reach().await.unwrap();
        }
    });
}
