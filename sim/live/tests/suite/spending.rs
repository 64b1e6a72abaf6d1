//! What calls count: their most until they are read, then what the provider reported, if that can be.

use turingos::bus;
use turingos_agents::{Oracle as _, RawReply, Request, TransportFault};
use turingos_live::LiveOracle;

use super::server::{Behaviour, Server, good, on_real_time, response};
use super::stage::{CLOSED, REQUEST, oracle};

/// Two dollars a million tokens of requests, ten a million tokens of replies.
const LANE: &str = "max_output_tokens = 1000\ninput_price = 2000000\noutput_price = 10000000\n";

fn read(oracle: &mut LiveOracle, reply: &RawReply) {
    oracle.read(bus::parse(reply.provider, reply.status, &reply.body).as_ref());
}

/// The most tokens of one call with the body that was sent last.
fn most(oracle: &mut LiveOracle) -> u64 {
    let sent = oracle.take_sent().unwrap().len();
    u64::try_from(sent).unwrap().div_ceil(3) + 1_000
}

#[test]
fn call_counts_its_most_until_it_is_read() {
    on_real_time(async {
        let server = Server::start(Behaviour::Send(response("200 OK", &good("openai")))).await;
        let mut oracle = oracle(server.address, LANE);
        assert_eq!((oracle.calls(), oracle.spending().tokens), (0, 0));
        let reply = oracle.call(REQUEST).await.unwrap();
        let most = most(&mut oracle);
        assert_eq!((oracle.calls(), oracle.spending().tokens), (1, most));
        let reported = |oracle: &LiveOracle| {
            let used = oracle.spending();
            (oracle.calls(), used.tokens, used.micro_dollars())
        };
        read(&mut oracle, &reply);
        assert_eq!(reported(&oracle), (1, 2_020, 4_200));
        // A reply from a tape.
        read(&mut oracle, &reply);
        assert_eq!(reported(&oracle), (1, 2_020, 4_200));
        let reply = oracle.call(REQUEST).await.unwrap();
        assert_eq!(
            (oracle.calls(), oracle.spending().tokens),
            (2, 2_020 + most)
        );
        read(&mut oracle, &reply);
        assert_eq!(reported(&oracle), (2, 4_040, 8_400));
    });
}

#[test]
fn refusal_is_free_and_a_broken_reply_costs_its_most() {
    let error = r#"{"error":{"message":"m","type":"overloaded_error"}}"#;
    for (head, body, is_free) in [
        ("400 Bad Request", "{}", true),
        ("429 Too Many Requests", error, true),
        ("300 Multiple Choices", "", true),
        ("500 Internal Server Error", "", true),
        ("200 OK", "{}", false),
        ("200 OK", error, false),
        ("299 Odd", error, false),
        // The provider worked on these.
        ("408 Request Timeout", "", false),
        ("504 Gateway Timeout", "", false),
    ] {
        on_real_time(async {
            let server = Server::start(Behaviour::Send(response(head, body))).await;
            let mut oracle = oracle(server.address, LANE);
            let reply = oracle.call(REQUEST).await.unwrap();
            let most = most(&mut oracle);
            read(&mut oracle, &reply);
            let expected = if is_free { 0 } else { most };
            assert_eq!(oracle.spending().tokens, expected, "{head} {body}");
        });
    }
}

#[test]
fn only_a_call_that_was_not_sent_is_free_without_a_reply() {
    on_real_time(async {
        let server = Server::start(Behaviour::Reset(Vec::new())).await;
        let mut cut = oracle(server.address, LANE);
        assert_eq!(cut.call(REQUEST).await, Err(TransportFault::Reset));
        assert_eq!(cut.spending().tokens, most(&mut cut));
        let mut closed = oracle(CLOSED, LANE);
        let answer = closed.call(REQUEST).await;
        assert_eq!(answer, Err(TransportFault::Unreachable));
        assert_eq!((closed.calls(), closed.spending().tokens), (1, 0));
    });
}

#[test]
fn report_below_what_the_texts_must_take_is_raised() {
    let text = "y".repeat(8_000);
    let body = good("openai").replace("work", &text);
    let body = { body.replace(":2000,", ":0,") }.replace(":20}", ":0}");
    on_real_time(async {
        let server = Server::start(Behaviour::Send(response("200 OK", &body))).await;
        let mut oracle = oracle(server.address, LANE);
        let texts = [801, 83, 8_004].map(|length| "z".repeat(length));
        let [system_prompt, q, frame] = texts.each_ref().map(String::as_str);
        let request = Request {
            system_prompt,
            q,
            frame,
            ..REQUEST
        };
        let reply = oracle.call(request).await.unwrap();
        let read = bus::parse(reply.provider, reply.status, &reply.body).unwrap();
        assert_eq!(read.usage.input_tokens, Some(0));
        oracle.read(Ok(&read));
        let text = u64::try_from(read.text.len()).unwrap();
        assert_eq!(oracle.spending().tokens, (801 + 83 + 8_004) / 8 + text / 8);
    });
}
