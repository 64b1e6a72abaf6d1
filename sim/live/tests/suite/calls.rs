//! Single calls: what is sent, and what comes back.

use turingos::bus::{MAX_BODY_BYTES, Provider};
use turingos_agents::{Oracle as _, TransportFault};

use super::server::{Behaviour, Server, good, on_real_time, response};
use super::stage::{REQUEST, oracle};

#[test]
fn body_may_have_the_longest_length_and_not_a_byte_more() {
    for (length, is_announced) in [
        (MAX_BODY_BYTES, true),
        (MAX_BODY_BYTES, false),
        (MAX_BODY_BYTES + 1, true),
        (MAX_BODY_BYTES + 1, false),
    ] {
        on_real_time(async {
            let head = match is_announced {
                true => format!("content-length: {length}"),
                false => "connection: close".into(),
            };
            let body = " ".repeat(length);
            let sent = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}");
            let server = Server::start(Behaviour::Send(sent.into_bytes())).await;
            let answer = oracle(server.address, "").call(REQUEST).await;
            let read = answer.map(|reply| reply.body.len());
            match length {
                MAX_BODY_BYTES => assert_eq!(read, Ok(length), "{head}"),
                _ => assert_eq!(read, Err(TransportFault::TooLarge), "{head}"),
            }
        });
    }
}

#[test]
fn reply_has_the_status_the_kept_headers_and_the_wait() {
    on_real_time(async {
        let head = "503 Service Unavailable\r\nx-request-id: req_1\r\nset-cookie: a=b\r\n\
                    retry-after: 7";
        let server = Server::start(Behaviour::Send(response(head, "later"))).await;
        let reply = oracle(server.address, "").call(REQUEST).await.unwrap();
        assert_eq!((reply.provider, reply.status), (Provider::OpenAi, 503));
        assert_eq!(reply.body, b"later");
        let mut headers = reply.headers;
        headers.sort();
        let kept = [("retry-after", "7"), ("x-request-id", "req_1")];
        assert_eq!(
            headers,
            kept.map(|(name, value)| (name.into(), value.into()))
        );
        assert_eq!(reply.retry_after_us, Some(7_000_000));
    });
}

#[test]
fn body_as_it_was_sent_is_handed_out_once() {
    on_real_time(async {
        let server = Server::start(Behaviour::Send(response("200 OK", &good("openai")))).await;
        let mut oracle = oracle(server.address, "");
        assert_eq!(oracle.take_sent(), None, "nothing was sent yet");
        oracle.call(REQUEST).await.unwrap();
        let sent = String::from_utf8(oracle.take_sent().unwrap()).unwrap();
        let requests = server.requests.take();
        assert_eq!(requests[0].split_once("\r\n\r\n").unwrap().1, sent);
        assert!(sent.contains("be exact"), "{sent}");
        assert_eq!(oracle.take_sent(), None);
    });
}
