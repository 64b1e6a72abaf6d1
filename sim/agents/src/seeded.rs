//! The seeded oracle: a clerk, its noise and its providers, as raw provider bytes.
//!
//! Everything it answers follows from the seed, the profile and the requests in their order. What
//! an agent says in a tick is settled once: a retry or the other lane gets the same text, and only
//! the provider's part varies. It never sees the kernel or the world.

use core::time::Duration;

use turingos::bus::Provider;
use turingos::dispatch::Lane;

use super::brownout::Brownout;
use super::clerk::Clerk;
use super::intent::Intent;
use super::noise::{Noise, NoiseClass, NoiseKind};
use super::profile::AgentProfile;
use super::provider_faults::{FaultPlan, ProviderFaultKind, Recovery, THOUGHT};
use super::wire::{Ending, Envelope, Shape, envelope_key, push_reply};
use super::{Agent, Oracle, RawReply, Request, TransportFault};
use turingos_draws::{Draws, Stream};

/// How long a call that is never answered pends before it gives up.
const NEVER: Duration = Duration::from_secs(86_400);

/// What was done to the reply last returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injected {
    /// The tick of the reply.
    pub tick: u64,
    /// The noise on the text, whether or not a fault kept the text from arriving.
    pub noise: Option<NoiseKind>,
    /// The provider fault in place of the reply.
    pub fault: Option<ProviderFaultKind>,
    /// True if the reply said what the agent meant: no fault, and no noise but harmless.
    pub faithful: bool,
}

impl Injected {
    /// True if the reply arrived and the decoder must refuse it.
    #[must_use]
    pub fn must_be_refused(&self) -> bool {
        self.fault.is_none() && self.noise.is_some_and(NoiseKind::must_be_refused)
    }
}

/// How often each kind was applied: noise once for each tick, faults once for each call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectionCounts {
    noise: [u64; NoiseKind::COUNT],
    faults: [u64; ProviderFaultKind::ALL.len()],
    draws: u64,
}

impl InjectionCounts {
    /// How often a kind of noise was applied. A behaviour counts in each tick it lasts.
    #[must_use]
    pub const fn noise(&self, kind: NoiseKind) -> u64 {
        self.noise[kind as usize]
    }

    /// How often a provider fault was applied.
    #[must_use]
    pub const fn fault(&self, kind: ProviderFaultKind) -> u64 {
        self.faults[kind as usize]
    }

    /// How many words were drawn from the streams of the oracle's own layers.
    #[must_use]
    pub const fn draws(&self) -> u64 {
        self.draws
    }

    /// Every kind by name, noise first, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let noise = NoiseKind::ALL.into_iter();
        let faults = ProviderFaultKind::ALL.into_iter();
        noise
            .map(|kind| (kind.name(), self.noise(kind)))
            .chain(faults.map(|kind| (kind.name(), self.fault(kind))))
    }
}

/// The oracle of a seed, through which an agent speaks: the soak's clerk unless another is given.
#[derive(Clone, Debug)]
pub struct SeededOracle<A = Clerk> {
    seed: u64,
    profile: AgentProfile,
    agent: A,
    brownouts: Vec<Brownout>,
    noise: Noise,
    provider_draws: Draws,
    latency_draws: Draws,
    intent: Intent,
    tick: Option<u64>,
    calls_in_tick: u64,
    text: Vec<u8>,
    spoken: Option<NoiseKind>,
    fault: Option<FaultPlan>,
    injected: Injected,
    counts: InjectionCounts,
    simulated_latency_us: u64,
}

impl SeededOracle {
    /// The oracle of `seed` with the given profile, through which the soak's clerk speaks.
    #[must_use]
    pub fn new(seed: u64, profile: AgentProfile) -> Self {
        Self::with_agent(seed, profile, Clerk::new(seed))
    }
}

impl<A: Agent> SeededOracle<A> {
    /// The oracle of `seed` with the given profile, through which `agent` speaks.
    #[must_use]
    pub fn with_agent(seed: u64, profile: AgentProfile, agent: A) -> Self {
        Self {
            seed,
            agent,
            brownouts: Vec::new(),
            noise: Noise::new(seed, profile.noise.clone()),
            profile,
            provider_draws: Draws::new(seed, Stream::ProviderFault),
            latency_draws: Draws::new(seed, Stream::Latency),
            intent: Intent::default(),
            tick: None,
            calls_in_tick: 0,
            text: Vec::new(),
            spoken: None,
            fault: None,
            injected: Injected {
                tick: 0,
                noise: None,
                fault: None,
                faithful: false,
            },
            counts: InjectionCounts {
                noise: [0; NoiseKind::COUNT],
                faults: [0; ProviderFaultKind::ALL.len()],
                draws: 0,
            },
            simulated_latency_us: 0,
        }
    }

    /// The same oracle with windows in which lanes fail for certain. They come before any draw, so
    /// that an oracle without them draws what it always drew.
    #[must_use]
    pub fn with_brownouts(mut self, brownouts: Vec<Brownout>) -> Self {
        self.brownouts = brownouts;
        self
    }

    /// What was done to the reply last returned or, while a call pends, to the one it will return.
    #[must_use]
    pub const fn injected(&self) -> &Injected {
        &self.injected
    }

    /// How often each kind was applied so far.
    #[must_use]
    pub const fn counts(&self) -> &InjectionCounts {
        &self.counts
    }

    /// The answer to a request and how long it takes, without waiting. [`Oracle::call`] is this,
    /// with [`Oracle::simulated_latency_us`].
    ///
    /// # Errors
    /// [`TransportFault`], as [`Oracle::call`].
    pub fn answer(
        &mut self,
        request: &Request<'_>,
    ) -> (Duration, Result<RawReply, TransportFault>) {
        if self.tick != Some(request.tick) {
            self.open_tick(request);
        }
        let call = self.calls_in_tick;
        self.calls_in_tick += 1;
        let fault = self
            .fault
            .filter(|plan| plan.strikes(request.lane, request.attempt))
            .map(|plan| plan.kind);
        self.note(request.tick, fault);
        let (shape, reasoning) = self.draw_shape(request.lane, fault);
        let envelope = Envelope {
            shape,
            model: None,
            key: envelope_key(self.seed, request.tick, call),
            tick: request.tick,
            reasoning: reasoning.then_some(THOUGHT),
            ending: Ending::Stop,
            text: &self.text,
        };
        let latency = latency(request.lane, &mut self.latency_draws);
        let answer = match fault {
            Some(kind) => {
                let latency = if kind == ProviderFaultKind::Timeout {
                    NEVER
                } else {
                    latency
                };
                (latency, kind.response(&envelope, &mut self.provider_draws))
            }
            None => {
                // Room for the envelope and for the text escaped once more, so that it grows once.
                let mut body = Vec::with_capacity(512 + 2 * self.text.len());
                push_reply(&envelope, &mut body);
                let reply = RawReply {
                    provider: shape.provider(),
                    status: 200,
                    retry_after_us: None,
                    headers: Vec::new(),
                    body,
                };
                (latency, Ok(reply))
            }
        };
        self.counts.draws =
            self.noise.drawn() + self.provider_draws.drawn() + self.latency_draws.drawn();
        answer
    }

    /// Settles what is said in a tick and what goes wrong with it.
    fn open_tick(&mut self, request: &Request<'_>) {
        self.tick = Some(request.tick);
        self.calls_in_tick = 0;
        self.agent
            .answer(request.q, request.frame, &mut self.intent);
        self.text.clear();
        self.spoken = self.noise.say(request, &self.intent, &mut self.text);
        if let Some(kind) = self.spoken {
            self.counts.noise[kind as usize] += 1;
        }
        let brownout = self.brownouts.iter().find(|it| it.covers(request.tick));
        self.fault = match brownout {
            Some(brownout) => Some(brownout.plan()),
            None => self.plan_fault(request.lane),
        };
    }

    fn plan_fault(&mut self, lane: Lane) -> Option<FaultPlan> {
        let kind = self.profile.faults.draw(&mut self.provider_draws)?;
        let draws = &mut self.provider_draws;
        let is_final = kind.recovery() == Recovery::Final;
        if !self.profile.lasting_faults {
            // Lane P has no lane to fail over to, so a final fault there would lose the tick.
            let survivable = !is_final || lane == Lane::E;
            return survivable.then(|| FaultPlan {
                kind,
                failing_attempts: if is_final {
                    u32::MAX
                } else {
                    draws.range(1, 2)
                },
                both_lanes: false,
                lane,
            });
        }
        Some(FaultPlan {
            kind,
            failing_attempts: if is_final {
                u32::MAX
            } else {
                draws.range(1, 6)
            },
            both_lanes: draws.chance(3_000),
            lane,
        })
    }

    fn note(&mut self, tick: u64, fault: Option<ProviderFaultKind>) {
        if let Some(kind) = fault {
            self.counts.faults[kind as usize] += 1;
        }
        let harmless = self
            .spoken
            .is_none_or(|kind| kind.class() == NoiseClass::Harmless);
        self.injected = Injected {
            tick,
            noise: self.spoken,
            fault,
            faithful: fault.is_none() && harmless,
        };
    }

    /// Which provider answers on the lane, in which shape, and whether it shows its reasoning.
    fn draw_shape(&mut self, lane: Lane, fault: Option<ProviderFaultKind>) -> (Shape, bool) {
        let draws = &mut self.provider_draws;
        let mut provider = match (lane, draws.below(2)) {
            (Lane::E, 0) => Provider::Ollama,
            (Lane::P, 0) => Provider::OpenAi,
            (Lane::E | Lane::P, _) => Provider::Kimi,
        };
        if fault.is_some_and(|kind| !kind.exists_at(provider)) {
            provider = Provider::Kimi;
        }
        let streamed = draws.chance(u32::from(self.profile.streamed));
        let reasoning = draws.chance(u32::from(self.profile.reasoning));
        // A stream is split at characters, which only text has.
        let splittable = self.spoken != Some(NoiseKind::NotUtf8);
        let shape = if streamed && splittable {
            Shape::stream(provider)
        } else if provider == Provider::Ollama && draws.chance(1_000) {
            Shape::OllamaGenerate
        } else {
            Shape::chat(provider)
        };
        (shape, reasoning)
    }
}

fn latency(lane: Lane, draws: &mut Draws) -> Duration {
    let milliseconds = match lane {
        Lane::E => draws.range(150, 900),
        Lane::P => draws.range(600, 3_000),
    };
    Duration::from_millis(u64::from(milliseconds))
}

impl<A: Agent> Oracle for SeededOracle<A> {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        let (latency, answer) = self.answer(&request);
        if latency == NEVER {
            return std::future::pending().await;
        }
        self.simulated_latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        answer
    }

    fn simulated_latency_us(&self) -> u64 {
        self.simulated_latency_us
    }

    fn injected(&self) -> Option<&Injected> {
        Some(&self.injected)
    }
}
