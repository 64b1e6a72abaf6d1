//! The one loop: observe, ask, commit, on tokio's clock.
//!
//! The same code runs on the paused clock of a simulation and on a real clock. It never draws
//! anything but retry jitter, never spawns a task, and never asks an oracle twice at once, so the
//! order of its steps is fixed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use turingos::Manifold;
use turingos::bus::{self, BusFault, BusFaultCode};
use turingos::dispatch::Lane;
use turingos::kernel::{Committed, Kernel, OracleFault, OracleOutcome, Stopped};

use super::retry::{LaneLimit, RateLimit, RetryConfig};
use super::system_prompt::system_prompt;
use turingos_agents::{Oracle, RawReply, Request, TransportFault};
use turingos_draws::{Draws, Stream};

/// Settings of a driver; part of a run's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverConfig {
    /// Bounds of a lane's calls.
    pub retry: RetryConfig,
    /// Rate limit of lane P.
    pub limit_p: LaneLimit,
    /// Rate limit of lane E.
    pub limit_e: LaneLimit,
}

impl Default for DriverConfig {
    fn default() -> Self {
        Self {
            retry: RetryConfig::default(),
            limit_p: LaneLimit {
                calls_per_minute: 60,
                burst: 8,
            },
            limit_e: LaneLimit {
                calls_per_minute: 240,
                burst: 16,
            },
        }
    }
}

/// What a timer counts in, in microseconds: a wait is rounded up to it, on paused clocks too.
const TIMER_US: u64 = 1_000;

/// One call of an oracle, as its driver saw it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What was asked.
    pub request: Request<'a>,
    /// What came; a time limit that passed is a fault too.
    pub outcome: Result<&'a RawReply, TransportFault>,
    /// How long it took on the driver's clock, in microseconds.
    pub took_us: u64,
}

/// Whoever is told what a driver does: a tape. Nobody, in a soak.
pub trait Observer {
    /// A tick is about to be opened.
    fn opening(&mut self, _tick: u64) {}

    /// A call has ended and nothing has followed from it yet. Returns how long it counts, in
    /// microseconds: as long as it took, unless it is an old call that is played again.
    fn called(&mut self, call: &Call<'_>) -> u64 {
        call.took_us
    }

    /// What happens has happened before and is played again, so that nothing is waited for.
    fn is_playing(&self) -> bool {
        false
    }

    /// The run has to end: no oracle is called any more, and what is committed does not count.
    fn has_stopped(&self) -> bool {
        false
    }
}

impl Observer for () {}

/// A kernel, a world and an oracle on one clock.
///
/// A run's time is no clock's reading but a sum: each wait, in whole milliseconds rounded up as
/// timers take them, and each call's duration. Both follow from header and tape, so that a replay,
/// which neither waits nor measures, comes to the same times.
#[derive(Debug)]
pub struct Driver<W, O, R = ()> {
    kernel: Kernel,
    world: W,
    oracle: O,
    caller: Caller<R>,
}

impl<W: Manifold, O: Oracle> Driver<W, O> {
    /// Starts at time 0. Ticks must be run inside a tokio runtime with time enabled.
    #[must_use]
    pub fn start(kernel: Kernel, world: W, oracle: O, config: &DriverConfig, seed: u64) -> Self {
        Self {
            kernel,
            world,
            oracle,
            caller: Caller {
                retry: config.retry.clone(),
                limit_p: RateLimit::new(&config.limit_p),
                limit_e: RateLimit::new(&config.limit_e),
                jitter: Draws::new(seed, Stream::RetryJitter),
                system_prompt: system_prompt(),
                reply: Vec::new(),
                now_us: 0,
                observer: (),
            },
        }
    }

    /// The same driver, telling `observer` what it does. Before the first tick.
    #[must_use]
    pub fn observed_by<R: Observer>(self, observer: R) -> Driver<W, O, R> {
        Driver {
            kernel: self.kernel,
            world: self.world,
            oracle: self.oracle,
            caller: self.caller.observed_by(observer),
        }
    }
}

impl<W: Manifold, O: Oracle, R: Observer> Driver<W, O, R> {
    /// Runs one tick to its commit.
    ///
    /// # Errors
    /// [`Stopped`] if the kernel has halted or failed.
    pub async fn tick(&mut self) -> Result<Committed, Stopped> {
        let caller = &mut self.caller;
        caller.observer.opening(self.kernel.tick());
        // A real command has taken its time already when the tick is open; a simulated one has not.
        let opened = Instant::now();
        let open = self.kernel.open(caller.now_us, &mut self.world)?;
        let mut request = Request {
            tick: open.tick(),
            lane: open.lane(),
            attempt: 0,
            system_prompt: "",
            q: open.q(),
            frame: open.frame(),
        };
        let oracle = &mut self.oracle;
        let mut answer = caller.ask(oracle, request, opened, open.elapsed_us()).await;
        let failed_over = answer.is_err() && request.lane == Lane::E;
        if failed_over {
            request.lane = Lane::P;
            answer = caller.ask(oracle, request, Instant::now(), 0).await;
        }
        let outcome = OracleOutcome {
            lane: request.lane,
            failed_over,
            raw: &caller.reply,
            reply: match &answer {
                Ok(text) => Ok(text.as_str()),
                Err(fault) => Err(fault.clone()),
            },
        };
        Ok(open.commit(caller.now_us, &mut self.world, &outcome))
    }

    /// Virtual time since the start, in microseconds.
    #[must_use]
    pub const fn now_us(&self) -> u64 {
        self.caller.now_us
    }

    /// The kernel, between ticks.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The kernel, to reboot it.
    pub const fn kernel_mut(&mut self) -> &mut Kernel {
        &mut self.kernel
    }

    /// The world, between ticks.
    #[must_use]
    pub const fn world(&self) -> &W {
        &self.world
    }

    /// The world, to ask it what it injected.
    pub const fn world_mut(&mut self) -> &mut W {
        &mut self.world
    }

    /// The oracle, between ticks.
    #[must_use]
    pub const fn oracle(&self) -> &O {
        &self.oracle
    }

    /// The observer, between ticks.
    pub const fn observer_mut(&mut self) -> &mut R {
        &mut self.caller.observer
    }
}

fn micros_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// What it takes to call an oracle within bounds.
#[derive(Debug)]
struct Caller<R> {
    retry: RetryConfig,
    limit_p: RateLimit,
    limit_e: RateLimit,
    jitter: Draws,
    system_prompt: String,
    /// The raw bytes of the last response; empty if the last call brought none.
    reply: Vec<u8>,
    /// Virtual time since the start, in microseconds.
    now_us: u64,
    observer: R,
}

impl Caller<()> {
    fn observed_by<R>(self, observer: R) -> Caller<R> {
        Caller {
            retry: self.retry,
            limit_p: self.limit_p,
            limit_e: self.limit_e,
            jitter: self.jitter,
            system_prompt: self.system_prompt,
            reply: self.reply,
            now_us: self.now_us,
            observer,
        }
    }
}

impl<R: Observer> Caller<R> {
    /// Calls one lane until it answers, fails for good, or has had its attempts. The first call
    /// waits for `delay_us` from `since` on, each further one for its back-off, and all of them for
    /// the lane's rate limit: one wait a call.
    async fn ask<O: Oracle>(
        &mut self,
        oracle: &mut O,
        request: Request<'_>,
        mut since: Instant,
        mut delay_us: u64,
    ) -> Result<String, OracleFault> {
        let timeout_us = self.retry.timeout_us;
        let mut attempt = 0;
        loop {
            if self.observer.has_stopped() {
                return Err(OracleFault::Unreachable);
            }
            let limit = match request.lane {
                Lane::P => &mut self.limit_p,
                Lane::E => &mut self.limit_e,
            };
            let ready_us = self.now_us.saturating_add(delay_us);
            let wait_us = delay_us.saturating_add(limit.reserve(ready_us));
            self.wait(since, wait_us).await;
            self.reply.clear();
            let request = Request {
                attempt,
                system_prompt: &self.system_prompt,
                ..request
            };
            let (outcome, took_us) = within(timeout_us, oracle, request).await;
            let took_us = self.observer.called(&Call {
                request,
                outcome: outcome.as_ref().map_err(|fault| *fault),
                took_us,
            });
            self.now_us = self.now_us.saturating_add(took_us);
            let failure = match outcome {
                Ok(raw) => {
                    let parsed = bus::parse(raw.provider, raw.status, &raw.body);
                    let RawReply {
                        retry_after_us,
                        body,
                        ..
                    } = raw;
                    self.reply = body;
                    match parsed {
                        Ok(reply) => return Ok(reply.text),
                        Err(fault) => Failure {
                            retryable: fault.code.is_retryable(),
                            retry_after_us,
                            fault: OracleFault::Bus(fault),
                        },
                    }
                }
                Err(TransportFault::Unreachable) => Failure::passing(OracleFault::Unreachable),
                Err(TransportFault::Reset) => Failure::passing(OracleFault::Reset),
                Err(TransportFault::Timeout) => Failure::passing(OracleFault::Timeout),
                Err(TransportFault::TooLarge) => Failure::too_large(),
            };
            attempt += 1;
            if !failure.retryable || attempt >= self.retry.max_attempts {
                return Err(failure.fault);
            }
            let pause = self
                .retry
                .pause_us(attempt - 1, failure.retry_after_us, &mut self.jitter);
            match pause {
                Some(pause_us) => delay_us = pause_us,
                None => return Err(failure.fault),
            }
            since = Instant::now();
        }
    }

    /// Lets `wait_us` pass from `since` on, in whole milliseconds rounded up.
    async fn wait(&mut self, since: Instant, wait_us: u64) {
        if wait_us == 0 {
            return;
        }
        let whole_us = wait_us.div_ceil(TIMER_US).saturating_mul(TIMER_US);
        self.now_us = self.now_us.saturating_add(whole_us);
        if !self.observer.is_playing() {
            tokio::time::sleep_until(since + Duration::from_micros(wait_us)).await;
        }
    }
}

/// One call within a time limit, and how long it took, both in microseconds.
async fn within<O: Oracle>(
    timeout_us: u64,
    oracle: &mut O,
    request: Request<'_>,
) -> (Result<RawReply, TransportFault>, u64) {
    let asked = Instant::now();
    let limit = Duration::from_micros(timeout_us);
    let Ok(outcome) = tokio::time::timeout(limit, oracle.call(request)).await else {
        return (Err(TransportFault::Timeout), micros_since(asked));
    };
    let took_us = micros_since(asked).saturating_add(oracle.simulated_latency_us());
    if took_us > timeout_us {
        return (Err(TransportFault::Timeout), timeout_us);
    }
    (outcome, took_us)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::on_virtual_time;
    use turingos::bus::Provider;

    /// Sleeps, and says that it took a while longer.
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
    fn time_slept_and_time_told_count_alike_towards_the_limit() {
        assert_eq!(call(0, 0), (false, 0));
        assert_eq!(call(2_000, 3_000), (false, 5_000));
        assert_eq!(call(0, 5_000), (false, 5_000));
        assert_eq!(call(0, 5_001), (true, 5_000));
        assert_eq!(call(2_000, 3_001), (true, 5_000));
        assert_eq!(call(9_000, 0), (true, 5_000));
    }
}
