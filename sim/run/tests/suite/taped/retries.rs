//! Calls that fail: how often a lane is asked, and how long is waited between.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;
use turingos::bus::Provider;
use turingos::dispatch::Lane;
use turingos::{Digest, Record};
use turingos_agents::{Oracle, RawReply, Request, TransportFault};
use turingos_run::soak::on_virtual_time;
use turingos_run::{Inputs, Session, Start, Ticks};

use super::stage::{header, world};

/// Answers every call with the same outcome, and notes when it was made.
#[derive(Clone)]
struct Same {
    outcome: Result<RawReply, TransportFault>,
    calls: Rc<RefCell<Vec<(Lane, u32, Instant)>>>,
}

impl Oracle for Same {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        let call = (request.lane, request.attempt, Instant::now());
        self.calls.borrow_mut().push(call);
        self.outcome.clone()
    }
}

/// One tick; its calls and its record.
fn ticked(outcome: Result<RawReply, TransportFault>) -> (Vec<(Lane, u32, Instant)>, Record) {
    let oracle = Same {
        outcome,
        calls: Rc::default(),
    };
    let calls = Rc::clone(&oracle.calls);
    let parts = (world(), oracle);
    let start = Start::of_soak(&header(1));
    let mut session = Session::new(start, Ticks::new(1), parts, Inputs::Seeded, ());
    let tick = on_virtual_time(session.tick()).unwrap().unwrap();
    let calls = calls.borrow().clone();
    (calls, tick.record)
}

fn reply(status: u16, retry_after_us: Option<u64>, body: &[u8]) -> RawReply {
    RawReply {
        provider: Provider::OpenAi,
        status,
        retry_after_us,
        headers: Vec::new(),
        body: body.to_vec(),
    }
}

fn places(calls: &[(Lane, u32, Instant)]) -> Vec<(Lane, u32)> {
    calls.iter().map(|call| (call.0, call.1)).collect()
}

#[test]
fn each_lane_is_asked_four_times_with_growing_pauses() {
    for fault in [TransportFault::Reset, TransportFault::Unreachable] {
        let (calls, record) = ticked(Err(fault));
        let four = |lane| (0..4).map(move |attempt| (lane, attempt));
        let expected: Vec<_> = four(Lane::E).chain(four(Lane::P)).collect();
        assert_eq!(places(&calls), expected);
        for lane in [0, 4] {
            for (number, full_ms) in [(0, 500), (1, 1_000), (2, 2_000)] {
                let [(.., one), (.., next)] = [calls[lane + number], calls[lane + number + 1]];
                let pause = next - one;
                let full = Duration::from_millis(full_ms);
                let range = full / 2..full + Duration::from_millis(2);
                assert!(range.contains(&pause), "{number}: {pause:?}");
            }
        }
        assert_eq!(record.reply, Digest::EMPTY, "nothing came");
        let last = calls[7].2 - calls[0].2;
        let time = Duration::from_micros(record.time_us);
        assert!(
            time >= last && time < last + Duration::from_millis(20),
            "{time:?}"
        );
    }
}

#[test]
fn wait_that_a_provider_asks_for_is_kept() {
    let (calls, _) = ticked(Ok(reply(429, Some(3_000_000), b"{}")));
    let pauses: Vec<_> = calls.windows(2).map(|two| two[1].2 - two[0].2).collect();
    assert_eq!(pauses[..3], [Duration::from_secs(3); 3]);
    // One that is longer than any that is kept ends the lane's calls.
    let (calls, _) = ticked(Ok(reply(429, Some(120_000_001), b"{}")));
    assert_eq!(places(&calls), [(Lane::E, 0), (Lane::P, 0)]);
}

#[test]
fn failure_that_will_not_pass_is_not_repeated() {
    for outcome in [Ok(reply(401, None, b"{}")), Err(TransportFault::TooLarge)] {
        let (calls, record) = ticked(outcome);
        assert_eq!(places(&calls), [(Lane::E, 0), (Lane::P, 0)]);
        assert!(record.fault.is_some());
    }
}

#[test]
fn record_has_the_digest_of_the_reply() {
    let body = b"no transition at all";
    let (_, record) = ticked(Ok(reply(200, None, body)));
    assert_eq!(record.reply, Digest::of(body));
}
