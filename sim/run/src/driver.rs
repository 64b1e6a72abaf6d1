//! Asking a lane: attempts, back-off, rate limits and virtual time.
//!
//! Runs on whatever clock tokio has, paused or real, and leaves it alone where the oracle is simulated.
//! Draws nothing but retry jitter.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use turingos::bus::{self, BusFault, BusFaultCode, Reply};
use turingos::dispatch::PerLane;
use turingos::kernel::{Answer, OracleFault};

use super::error::RunIoError;
use super::retry::{LaneLimit, RateLimit, RetryConfig};
use super::system_prompt::system_prompt;
use super::tape::TapedOracle;
use turingos_agents::{Oracle, RawReply, Request, TransportFault};
use turingos_draws::{Draws, Seeds, Stream};

/// Settings of a driver; part of a run's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverConfig {
    /// Bounds of a lane's calls.
    pub retry: RetryConfig,
    /// Rate limit of each lane.
    pub limits: PerLane<LaneLimit>,
}

impl Default for DriverConfig {
    fn default() -> Self {
        Self {
            retry: RetryConfig::default(),
            limits: PerLane {
                p: LaneLimit {
                    calls_per_minute: 60,
                    burst: 8,
                },
                e: LaneLimit {
                    calls_per_minute: 240,
                    burst: 16,
                },
            },
        }
    }
}

/// What a timer counts in, in microseconds: a wait is rounded up to it, on paused clocks too.
const TIMER_US: u64 = 1_000;

/// Asks lanes within bounds, and keeps a run's time.
///
/// A run's time is no clock's reading but a sum: each wait, in whole milliseconds rounded up as
/// timers take them, and each call's duration. Both follow from header and tape, so a replay, which
/// neither waits nor measures, arrives at the same times.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    retry: RetryConfig,
    limits: PerLane<RateLimit>,
    jitter: Draws,
    system_prompt: String,
    /// The raw bytes of the last response; empty if the last call brought none.
    reply: Vec<u8>,
    /// Virtual time since the start, in microseconds.
    now_us: u64,
}

impl Driver {
    /// A driver at time 0, whose jitter is drawn from `seed`.
    pub(crate) fn new(config: &DriverConfig, seed: u64) -> Self {
        Self {
            retry: config.retry.clone(),
            limits: config.limits.as_ref().map(RateLimit::new),
            jitter: Draws::windowed(&Seeds::of(seed), Stream::RetryJitter),
            system_prompt: system_prompt(),
            reply: Vec::new(),
            now_us: 0,
        }
    }

    /// Draws the jitter from these seeds, from its beginning.
    pub(crate) fn draw_from(&mut self, seeds: &Seeds) {
        self.jitter = Draws::windowed(seeds, Stream::RetryJitter);
    }

    /// Keeps to these settings from now on.
    pub(crate) fn continue_with(&mut self, config: &DriverConfig) {
        self.retry = config.retry.clone();
        self.limits = config.limits.as_ref().map(RateLimit::new);
    }

    /// Virtual time since the start, in microseconds.
    pub(crate) const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// The raw bytes of the last response; empty if the last call brought none.
    pub(crate) fn reply(&self) -> &[u8] {
        &self.reply
    }

    /// Calls one lane until it answers, fails for good, or has had its attempts, and decodes the answer.
    /// The first call waits for `delay_us` from `since` on, each further one for its back-off, and all
    /// of them for the lane's rate limit: one wait a call. A simulated oracle is not waited for: `since`
    /// is [`started`].
    ///
    /// # Errors
    /// The tape fails or diverges.
    pub(crate) async fn ask<O: Oracle>(
        &mut self,
        oracle: &mut TapedOracle<'_, O>,
        request: Request<'_>,
        mut since: Option<Instant>,
        mut delay_us: u64,
    ) -> Result<Answer, RunIoError> {
        let timeout_us = self.retry.timeout_us;
        self.jitter.open(request.tick, request.tick);
        let mut attempt = 0;
        loop {
            let limit = &mut self.limits[request.lane];
            let ready_us = self.now_us.saturating_add(delay_us);
            let wait_us = delay_us.saturating_add(limit.reserve(ready_us));
            let since_then = since.filter(|_| !oracle.calls.is_playing());
            self.wait(since_then, wait_us).await;
            oracle.oracle.recycle(std::mem::take(&mut self.reply));
            let request = Request {
                attempt,
                system_prompt: &self.system_prompt,
                ..request
            };
            let (outcome, took_us) = oracle.call(request, timeout_us).await?;
            self.now_us = self.now_us.saturating_add(took_us);
            attempt += 1;
            let mut read = |reply: Result<&Reply, &BusFault>| oracle.oracle.read(reply);
            match self.judge(outcome, attempt, &mut read) {
                ControlFlow::Break(answer) => return Ok(answer),
                ControlFlow::Continue(pause_us) => delay_us = pause_us,
            }
            since = started(oracle.oracle);
        }
    }

    /// The answer that this outcome of so many attempts is, or the pause before another attempt.
    fn judge(
        &mut self,
        outcome: Result<RawReply, TransportFault>,
        attempts: u32,
        read: &mut dyn FnMut(Result<&Reply, &BusFault>),
    ) -> ControlFlow<Answer, u64> {
        let failure = match self.text_of(outcome, read) {
            Ok(text) => return ControlFlow::Break(Answer::decode(&text)),
            Err(failure) => failure,
        };
        let may_retry = failure.retryable && attempts < self.retry.max_attempts;
        let pause = may_retry.then(|| {
            let retry_after_us = failure.retry_after_us;
            (self.retry).pause_us(attempts - 1, retry_after_us, &mut self.jitter)
        });
        match pause.flatten() {
            Some(pause_us) => ControlFlow::Continue(pause_us),
            None => ControlFlow::Break(Answer::failed(failure.fault)),
        }
    }

    /// The text of a response, whose bytes are kept, or why there is none. What was parsed is shown
    /// to `read`.
    fn text_of(
        &mut self,
        outcome: Result<RawReply, TransportFault>,
        read: &mut dyn FnMut(Result<&Reply, &BusFault>),
    ) -> Result<String, Failure> {
        let raw = match outcome {
            Ok(raw) => raw,
            Err(TransportFault::Unreachable) => {
                return Err(Failure::passing(OracleFault::Unreachable));
            }
            Err(TransportFault::Reset) => return Err(Failure::passing(OracleFault::Reset)),
            Err(TransportFault::Timeout) => return Err(Failure::passing(OracleFault::Timeout)),
            Err(TransportFault::TooLarge) => return Err(Failure::too_large()),
        };
        let parsed = bus::parse(raw.provider, raw.status, &raw.body);
        read(parsed.as_ref());
        self.reply = raw.body;
        parsed.map(|reply| reply.text).map_err(|fault| Failure {
            retryable: fault.code.is_retryable(),
            retry_after_us: raw.retry_after_us,
            fault: OracleFault::Bus(fault),
        })
    }

    /// Lets `wait_us` pass, in whole milliseconds rounded up, and waits for them from `since` on.
    async fn wait(&mut self, since: Option<Instant>, wait_us: u64) {
        if wait_us == 0 {
            return;
        }
        let whole_us = wait_us.div_ceil(TIMER_US).saturating_mul(TIMER_US);
        self.now_us = self.now_us.saturating_add(whole_us);
        if let Some(since) = since {
            tokio::time::sleep_until(since + Duration::from_micros(wait_us)).await;
        }
    }
}

/// The time on the clock, from which a wait for `oracle` is measured; none if it is simulated, because
/// nothing happens on the clock then.
pub(crate) fn started<O: Oracle>(oracle: &O) -> Option<Instant> {
    (!oracle.is_simulated()).then(Instant::now)
}

/// Why one call brought no text.
struct Failure {
    retryable: bool,
    retry_after_us: Option<u64>,
    fault: OracleFault,
}

impl Failure {
    /// The failure that the bus would find, had the whole body been read.
    fn too_large() -> Self {
        let code = BusFaultCode::BodyTooLarge;
        let detail = format_args!("more than {} bytes", bus::MAX_BODY_BYTES);
        Self {
            retryable: code.is_retryable(),
            retry_after_us: None,
            fault: OracleFault::Bus(BusFault::new(code, detail)),
        }
    }

    /// A failure that may have passed by the next call.
    const fn passing(fault: OracleFault) -> Self {
        Self {
            retryable: true,
            retry_after_us: None,
            fault,
        }
    }
}
