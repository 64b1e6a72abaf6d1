//! The one loop: observe, ask, commit, on tokio's clock.
//!
//! The same code runs on the paused clock of a simulation and on a real clock. It never draws
//! anything but retry jitter, never spawns a task, and never asks an oracle twice at once, so the
//! order of its steps is fixed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use turingos::Manifold;
use turingos::bus;
use turingos::dispatch::Lane;
use turingos::kernel::{Collapse, Committed, Kernel, OracleFault, Stopped};

use super::discipline::discipline;
use super::retry::{LaneLimit, RateLimit, RetryConfig};
use crate::draws::{Draws, Stream};
use crate::oracle::{Oracle, RawReply, Request, TransportFault};

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

/// A kernel, a world and an oracle on one clock.
#[derive(Debug)]
pub struct Driver<W, O> {
    kernel: Kernel,
    world: W,
    oracle: O,
    caller: Caller,
    started: Instant,
}

impl<W: Manifold, O: Oracle> Driver<W, O> {
    /// Starts the clock. Must be called inside a tokio runtime with time enabled.
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
                discipline: discipline(),
                reply: Vec::new(),
            },
            started: Instant::now(),
        }
    }

    /// Runs one tick to its commit.
    ///
    /// # Errors
    /// [`Stopped`] if the kernel has halted or failed.
    pub async fn tick(&mut self) -> Result<Committed, Stopped> {
        let started = self.started;
        let opened_us = micros_since(started);
        let open = self.kernel.open(opened_us, &mut self.world)?;
        let mut request = Request {
            tick: open.tick(),
            lane: open.lane(),
            attempt: 0,
            discipline: "",
            q: open.q(),
            frame: open.frame(),
        };
        let caller = &mut self.caller;
        let oracle = &mut self.oracle;
        let mut answer = caller
            .ask(oracle, request, started, open.elapsed_us())
            .await;
        let failed_over = answer.is_err() && request.lane == Lane::E;
        if failed_over {
            request.lane = Lane::P;
            answer = caller.ask(oracle, request, started, 0).await;
        }
        let collapse = Collapse {
            lane: request.lane,
            failed_over,
            raw: &caller.reply,
            outcome: match &answer {
                Ok(text) => Ok(text.as_str()),
                Err(fault) => Err(fault.clone()),
            },
        };
        let committed_us = micros_since(started);
        Ok(open.commit(committed_us, &mut self.world, &collapse))
    }

    /// Virtual time since the start, in microseconds.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        micros_since(self.started)
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
}

fn micros_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// What it takes to call an oracle within bounds.
#[derive(Debug)]
struct Caller {
    retry: RetryConfig,
    limit_p: RateLimit,
    limit_e: RateLimit,
    jitter: Draws,
    discipline: String,
    /// The raw bytes of the last response; empty if the last call brought none.
    reply: Vec<u8>,
}

impl Caller {
    /// Calls one lane until it answers, fails for good, or has had its attempts. The first call
    /// waits for `delay_us`, each further one for its back-off, and all of them for the lane's
    /// rate limit: one sleep a call.
    async fn ask<O: Oracle>(
        &mut self,
        oracle: &mut O,
        request: Request<'_>,
        started: Instant,
        mut delay_us: u64,
    ) -> Result<String, OracleFault> {
        let timeout = Duration::from_micros(self.retry.timeout_us);
        let mut attempt = 0;
        loop {
            let limit = match request.lane {
                Lane::P => &mut self.limit_p,
                Lane::E => &mut self.limit_e,
            };
            let ready_us = micros_since(started).saturating_add(delay_us);
            let wait_us = delay_us.saturating_add(limit.reserve(ready_us));
            if wait_us > 0 {
                tokio::time::sleep(Duration::from_micros(wait_us)).await;
            }
            self.reply.clear();
            let call = oracle.call(Request {
                attempt,
                discipline: &self.discipline,
                ..request
            });
            let failure = match tokio::time::timeout(timeout, call).await {
                Ok(Ok(raw)) => {
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
                Ok(Err(TransportFault::Unreachable)) => Failure::passing(OracleFault::Unreachable),
                Ok(Err(TransportFault::Reset)) => Failure::passing(OracleFault::Reset),
                Ok(Err(TransportFault::Timeout)) | Err(_) => Failure::passing(OracleFault::Timeout),
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
        }
    }
}

/// Why one call brought no text.
struct Failure {
    retryable: bool,
    retry_after_us: Option<u64>,
    fault: OracleFault,
}

impl Failure {
    /// A failure that may have passed by the next call.
    const fn passing(fault: OracleFault) -> Self {
        Self {
            retryable: true,
            retry_after_us: None,
            fault,
        }
    }
}
