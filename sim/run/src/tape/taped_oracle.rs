//! An oracle whose calls are on a tape: each is answered from it, or made and recorded.
//!
//! Records every answer before it is used. A recorded call asks nobody and takes no time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use turingos_agents::{Oracle, RawReply, Request, TransportFault};

use super::entry::CallOutcome;
use super::request_encoder::RequestEncoder;
use super::tape_session::Answered;
use crate::error::RunIoError;
use crate::outlet::Outlet;

/// One call of an oracle and its outcome.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What was asked.
    pub request: Request<'a>,
    /// What came; a time limit that passed is a fault too.
    pub outcome: Result<&'a RawReply, TransportFault>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// An oracle between a driver and a tape, for one tick.
pub(crate) struct TapedOracle<'a, O> {
    pub(crate) oracle: &'a mut O,
    pub(crate) calls: CallTape<'a>,
}

/// Where the calls of an oracle are recorded or taken from.
pub(crate) struct CallTape<'a> {
    /// How requests are written on the tape; `None` if calls are not taped.
    pub(crate) encoder: Option<&'a mut dyn RequestEncoder>,
    /// Holds the tape, and is shown every call.
    pub(crate) outlet: &'a mut dyn Outlet,
}

/// The outcome of a call, and how long it took, in microseconds.
type Called = (Result<RawReply, TransportFault>, u64);

impl<O: Oracle> TapedOracle<'_, O> {
    /// The outcome of one call within a time limit, and how long it took, both in microseconds.
    pub(crate) async fn call(
        &mut self,
        request: Request<'_>,
        timeout_us: u64,
    ) -> Result<Called, RunIoError> {
        let called = match self.calls.recorded(&request)? {
            Some(recorded) => recorded,
            None => {
                let called = within(timeout_us, self.oracle, request).await;
                if self.calls.is_taped() {
                    let sent = self.oracle.take_sent();
                    self.calls.record(&request, sent, &called)?;
                }
                called
            }
        };
        self.calls.show(request, &called);
        Ok(called)
    }
}

impl CallTape<'_> {
    /// Whether the run is played from its tape, so that nothing has to be waited for.
    pub(crate) fn is_playing(&mut self) -> bool {
        self.outlet.tape().is_some_and(|tape| tape.is_playing())
    }

    fn is_taped(&mut self) -> bool {
        self.encoder.is_some() && self.outlet.tape().is_some()
    }

    /// What is on the tape for this call; `None` if it has to be made.
    fn recorded(&mut self, request: &Request<'_>) -> Result<Option<Called>, RunIoError> {
        let (Some(encoder), Some(tape)) = (self.encoder.as_deref_mut(), self.outlet.tape()) else {
            return Ok(None);
        };
        Ok(match tape.call(request, encoder)? {
            Answered::Recorded((CallOutcome::Reply(reply), took_us)) => {
                Some((Ok(reply.into_raw()), took_us))
            }
            Answered::Recorded((CallOutcome::Fault(fault), took_us)) => Some((Err(fault), took_us)),
            Answered::Live => None,
        })
    }

    /// Records a call that was made; `sent` is the body of its request, if the oracle has kept it.
    fn record(
        &mut self,
        request: &Request<'_>,
        sent: Option<Vec<u8>>,
        (outcome, took_us): &Called,
    ) -> Result<(), RunIoError> {
        let (Some(encoder), Some(tape)) = (self.encoder.as_deref_mut(), self.outlet.tape()) else {
            return Ok(());
        };
        let body = sent.unwrap_or_else(|| encoder.body(request));
        let outcome = outcome.as_ref().map_err(|fault| *fault);
        tape.record_call(request, body, outcome, *took_us)
    }

    fn show(&mut self, request: Request<'_>, (outcome, took_us): &Called) {
        self.outlet.called(&Call {
            request,
            outcome: outcome.as_ref().map_err(|fault| *fault),
            took_us: *took_us,
        });
    }
}

/// No oracle: what a replay has behind its tape. It is never called, because a call that is not on
/// the tape is a divergence.
#[derive(Clone, Copy, Debug)]
pub struct NoOracle;

impl Oracle for NoOracle {
    async fn call(&mut self, _request: Request<'_>) -> Result<RawReply, TransportFault> {
        Err(TransportFault::Unreachable)
    }
}

/// One call within a time limit, and how long it took, both in microseconds.
async fn within<O: Oracle>(
    timeout_us: u64,
    oracle: &mut O,
    request: Request<'_>,
) -> (Result<RawReply, TransportFault>, u64) {
    let mut asked = (!oracle.is_simulated()).then(Instant::now);
    let limit = Duration::from_micros(timeout_us);
    let outcome = {
        let mut call = pin!(oracle.call(request));
        // An answer that is there at once, as a simulated one is, needs no timer.
        let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        match first {
            Poll::Ready(outcome) => Ok(outcome),
            Poll::Pending => {
                asked.get_or_insert_with(Instant::now);
                tokio::time::timeout(limit, call).await
            }
        }
    };
    let waited_us = asked.map_or(0, micros_since);
    let Ok(outcome) = outcome else {
        return (Err(TransportFault::Timeout), waited_us);
    };
    let took_us = waited_us.saturating_add(oracle.simulated_latency_us());
    if took_us > timeout_us {
        return (Err(TransportFault::Timeout), timeout_us);
    }
    (outcome, took_us)
}

fn micros_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::on_virtual_time;
    use turingos::bus::Provider;
    use turingos::dispatch::Lane;

    /// Sleeps, and reports simulated latency on top.
    struct Slow {
        slept_us: u64,
        simulated_latency_us: u64,
    }

    impl Oracle for Slow {
        async fn call(&mut self, _: Request<'_>) -> Result<RawReply, TransportFault> {
            tokio::time::sleep(Duration::from_micros(self.slept_us)).await;
            Ok(RawReply {
                provider: Provider::Ollama,
                status: 200,
                retry_after_us: None,
                headers: Vec::new(),
                body: Vec::new(),
            })
        }

        fn simulated_latency_us(&self) -> u64 {
            self.simulated_latency_us
        }
    }

    fn call(slept_us: u64, simulated_latency_us: u64) -> (bool, u64) {
        let request = Request {
            tick: 0,
            lane: Lane::E,
            attempt: 0,
            system_prompt: "",
            q: "",
            frame: "",
        };
        let mut oracle = Slow {
            slept_us,
            simulated_latency_us,
        };
        let (outcome, took_us) = on_virtual_time(within(5_000, &mut oracle, request));
        (outcome == Err(TransportFault::Timeout), took_us)
    }

    #[test]
    fn slept_and_simulated_time_both_count_towards_the_limit() {
        assert_eq!(call(0, 0), (false, 0));
        assert_eq!(call(2_000, 3_000), (false, 5_000));
        assert_eq!(call(0, 5_000), (false, 5_000));
        assert_eq!(call(0, 5_001), (true, 5_000));
        assert_eq!(call(2_000, 3_001), (true, 5_000));
        assert_eq!(call(9_000, 0), (true, 5_000));
    }
}
