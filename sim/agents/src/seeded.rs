//! The seeded oracle: an agent, its noise and its simulated providers, as raw provider bytes.
//!
//! Its answers are a function of the seed, the profile and the sequence of requests. The agent decides
//! once for each tick, and the reply text is the same in every retry; only the provider's envelope
//! varies. The other lane says the same if no text had come, and words its reply anew, with noise of
//! its own, if a text had come and was not taken.

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use turingos::bus::Provider;
use turingos::dispatch::Lane;

use super::brownout::Brownout;
use super::clerk::Clerk;
use super::intent::Intent;
use super::noise::{Noise, NoiseClass, NoiseKind};
use super::profile::AgentProfile;
use super::provider_faults::{FaultPlan, ProviderFaultKind, Recovery};
use super::wire::{Ending, Envelope, REASONING_TEXT, Shape, envelope_key, push_reply};
use super::{Agent, Oracle, RawReply, Request, TransportFault};
use turingos_draws::{Draws, FaultEdits, Seeds, Stream};

/// What a fork changes about a seeded oracle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OracleEdits {
    /// Which noise is applied.
    pub noise: FaultEdits<NoiseKind>,
    /// Which provider faults are applied.
    pub faults: FaultEdits<ProviderFaultKind>,
    /// Replies that are given in place of the agent's, by tick: to every call of the first lane.
    pub replies: BTreeMap<u64, GivenReply>,
}

/// A reply in place of an agent's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum GivenReply {
    /// The text of a reply, which any provider carries.
    Text(String),
    /// The whole body of a response with status 200.
    Body {
        /// The provider whose format the body has.
        provider: Provider,
        /// The body.
        body: String,
    },
}

/// The most memory of an earlier body that is kept.
const MAX_SPARE_BYTES: usize = 64 * 1024;

/// How long a call without an answer stays pending.
const NEVER: Duration = Duration::from_secs(86_400);

/// The noise and the fault of the last reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injected {
    /// The tick of the reply.
    pub tick: u64,
    /// The noise in the text, even if a fault replaced the reply.
    pub noise: Option<NoiseKind>,
    /// The provider fault that replaced the reply.
    pub fault: Option<ProviderFaultKind>,
    /// True if the reply carried the agent's intent: no fault, and at most harmless noise.
    pub faithful: bool,
    /// The reply in whose place it came, in the same tick.
    pub replaced: Option<Replaced>,
    /// What began in this tick; lasting noise only counts in its first.
    pub begun: Begun,
    /// How many words the noise had drawn before this tick.
    pub noise_draw: u64,
    /// How many words the provider faults had drawn before this tick.
    pub fault_draw: u64,
}

/// The faults that began in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// The noise of the first reply, and of the one that replaced it.
    pub noise: [Option<NoiseKind>; 2],
    /// The provider fault of the tick's first call, even if a retry succeeded.
    pub fault: Option<ProviderFaultKind>,
    /// The first reply was given in place of the agent's.
    pub given: bool,
}

/// A reply that came and was not taken, so that the other lane was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The noise in its text.
    pub noise: Option<NoiseKind>,
    /// It was given in place of the agent's.
    pub given: bool,
}

impl Injected {
    /// True if the reply arrived but the decoder must refuse it.
    #[must_use]
    pub fn must_be_refused(&self) -> bool {
        self.fault.is_none() && self.noise.is_some_and(NoiseKind::must_be_refused)
    }
}

/// How often each kind was applied: noise counts replies, faults count calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectionCounts {
    noise: [u64; NoiseKind::COUNT],
    faults: [u64; ProviderFaultKind::ALL.len()],
    draws: u64,
}

impl InjectionCounts {
    /// How often a kind of noise was applied. A behaviour counts in each reply it lasts.
    #[must_use]
    pub const fn noise(&self, kind: NoiseKind) -> u64 {
        self.noise[kind as usize]
    }

    /// How often a provider fault was applied.
    #[must_use]
    pub const fn fault(&self, kind: ProviderFaultKind) -> u64 {
        self.faults[kind as usize]
    }

    /// How many raw words the oracle has drawn.
    #[must_use]
    pub const fn draws(&self) -> u64 {
        self.draws
    }

    /// Every kind with its count by name, noise first, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let noise = NoiseKind::ALL.iter().copied();
        let faults = ProviderFaultKind::ALL.iter().copied();
        noise
            .map(|kind| (kind.name(), self.noise(kind)))
            .chain(faults.map(|kind| (kind.name(), self.fault(kind))))
    }
}

/// The simulated oracle of a seed. Its agent is the soak's clerk unless another is given.
#[derive(Clone, Debug)]
pub struct SeededOracle<A = Clerk> {
    seed: u64,
    profile: AgentProfile,
    agent: A,
    brownouts: Vec<Brownout>,
    edits: OracleEdits,
    /// The text of this tick's reply was given in place of the agent's.
    given: bool,
    noise: Noise,
    provider_draws: Draws,
    latency_draws: Draws,
    intent: Intent,
    /// The tick and the lane of the last call.
    last: Option<(u64, Lane)>,
    calls_in_tick: u64,
    replaced: Option<Replaced>,
    text: Vec<u8>,
    /// The memory of an earlier body.
    spare: Vec<u8>,
    spoken: Option<NoiseKind>,
    fault: Option<FaultPlan>,
    injected: Injected,
    counts: InjectionCounts,
    simulated_latency_us: u64,
}

impl SeededOracle {
    /// The oracle of `seed` and `profile` with the soak's clerk as its agent.
    #[must_use]
    pub fn new(seed: u64, profile: AgentProfile) -> Self {
        Self::with_agent(seed, profile, Clerk::new(seed))
    }
}

impl<A: Agent> SeededOracle<A> {
    /// The oracle of `seed` and `profile` with the given agent.
    #[must_use]
    pub fn with_agent(seed: u64, profile: AgentProfile, agent: A) -> Self {
        let seeds = Seeds::of(seed);
        Self {
            seed,
            agent,
            brownouts: Vec::new(),
            edits: OracleEdits::default(),
            given: false,
            noise: Noise::new(seed, profile.noise.clone()),
            profile,
            provider_draws: Draws::windowed(&seeds, Stream::ProviderFault),
            latency_draws: Draws::windowed(&seeds, Stream::Latency),
            intent: Intent::default(),
            last: None,
            calls_in_tick: 0,
            replaced: None,
            text: Vec::new(),
            spare: Vec::new(),
            spoken: None,
            fault: None,
            injected: Injected {
                tick: 0,
                noise: None,
                fault: None,
                faithful: false,
                replaced: None,
                begun: Begun::default(),
                noise_draw: 0,
                fault_draw: 0,
            },
            counts: InjectionCounts {
                noise: [0; NoiseKind::COUNT],
                faults: [0; ProviderFaultKind::ALL.len()],
                draws: 0,
            },
            simulated_latency_us: 0,
        }
    }

    /// This oracle with brown-outs, windows in which lanes always fail. A tick in a window draws no
    /// fault of its own.
    #[must_use]
    pub fn with_brownouts(mut self, brownouts: Vec<Brownout>) -> Self {
        self.brownouts = brownouts;
        self
    }

    /// This oracle before its first call, with seeds that may change and with edits. The agent stays
    /// that of the first seed.
    #[must_use]
    pub fn edited(mut self, seeds: &Seeds, edits: OracleEdits) -> Self {
        self.noise = Noise::edited(seeds, self.profile.noise.clone(), edits.noise.clone());
        self.provider_draws = Draws::windowed(seeds, Stream::ProviderFault);
        self.latency_draws = Draws::windowed(seeds, Stream::Latency);
        self.edits = edits;
        self
    }

    /// Answers with these edits from the next tick on.
    pub fn set_edits(&mut self, edits: OracleEdits) {
        self.noise.set_edits(edits.noise.clone());
        self.edits = edits;
    }

    /// The noise and the fault of the last reply or, while a call is pending, of its reply.
    #[must_use]
    pub const fn injected(&self) -> &Injected {
        &self.injected
    }

    /// How often each kind was applied so far.
    #[must_use]
    pub const fn counts(&self) -> &InjectionCounts {
        &self.counts
    }

    /// The answer to a request and its latency, without waiting. [`Oracle::call`] returns the same
    /// answer and reports the latency through [`Oracle::simulated_latency_us`].
    ///
    /// # Errors
    /// [`TransportFault`], as [`Oracle::call`].
    pub fn answer(
        &mut self,
        request: &Request<'_>,
    ) -> (Duration, Result<RawReply, TransportFault>) {
        match self.last.replace((request.tick, request.lane)) {
            Some((tick, lane)) if tick == request.tick => {
                if lane != request.lane && self.injected.fault.is_none() {
                    self.replaced = Some(Replaced {
                        noise: self.spoken,
                        given: self.given,
                    });
                    self.given = false;
                    self.speak(request, 1);
                }
            }
            _ => self.open_tick(request),
        }
        let call = self.calls_in_tick;
        self.calls_in_tick += 1;
        let fault = self
            .fault
            .filter(|plan| plan.applies_to(request.lane, request.attempt))
            .map(|plan| plan.kind);
        self.note(request.tick, fault);
        if let Some(reply) = self.given_body(request) {
            return (latency(request.lane, &mut self.latency_draws), Ok(reply));
        }
        let (shape, reasoning) = self.draw_shape(request.lane, fault);
        let envelope = Envelope {
            shape,
            model: None,
            key: envelope_key(self.seed, request.tick, call),
            tick: request.tick,
            reasoning: reasoning.then_some(REASONING_TEXT),
            ending: Ending::Stop,
            text: &self.text,
            calls: &[],
            echo: "",
            prompt_tokens: None,
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
                let mut body = std::mem::take(&mut self.spare);
                body.clear();
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

    /// Decides the reply text of a tick and its fault.
    fn open_tick(&mut self, request: &Request<'_>) {
        let tick = request.tick;
        self.calls_in_tick = 0;
        self.replaced = None;
        self.provider_draws.open(tick, tick);
        self.latency_draws.open(tick, tick);
        self.injected.begun = Begun::default();
        self.injected.noise_draw = self.noise.drawn();
        self.injected.fault_draw = self.provider_draws.drawn();
        self.agent
            .answer(request.q, request.frame, &mut self.intent);
        self.speak(request, 0);
        let planned = self.plan_fault(tick, request.lane);
        let brownout = self.brownouts.iter().find(|it| it.covers(tick));
        self.given = self.edits.replies.contains_key(&tick);
        self.fault = match brownout {
            _ if self.given => None,
            Some(brownout) => Some(brownout.plan()),
            None => {
                self.injected.begun.fault = planned.map(|plan| plan.kind);
                planned
            }
        };
        self.injected.begun.given = self.given;
        if self.given {
            self.spoken = None;
            self.injected.begun.noise = [None; 2];
            if let Some(GivenReply::Text(text)) = self.edits.replies.get(&tick) {
                self.text.clear();
                self.text.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// The response that is given in place of any other, if a whole body is.
    fn given_body(&self, request: &Request<'_>) -> Option<RawReply> {
        match self.edits.replies.get(&request.tick)? {
            GivenReply::Body { provider, body } if self.given => Some(RawReply {
                provider: *provider,
                status: 200,
                retry_after_us: None,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            }),
            GivenReply::Body { .. } | GivenReply::Text(_) => None,
        }
    }

    /// Words the agent's intent, with the noise of one reply.
    fn speak(&mut self, request: &Request<'_>, reply: usize) {
        self.text.clear();
        self.spoken = self.noise.say(request, &self.intent, &mut self.text);
        if let Some(kind) = self.spoken {
            self.counts.noise[kind as usize] += 1;
        }
        self.injected.begun.noise[reply] = self.spoken.filter(|_| self.noise.has_begun());
    }

    /// The fault of a tick. Always takes as many draws, so that those of the calls do not depend on
    /// it.
    fn plan_fault(&mut self, tick: u64, lane: Lane) -> Option<FaultPlan> {
        let is_lasting = self.profile.lasting_faults;
        let draws = &mut self.provider_draws;
        let drawn = self.profile.faults.draw(draws);
        let failing_attempts = draws.range(1, if is_lasting { 6 } else { 2 });
        let both_lanes = draws.chance(3_000) && is_lasting;
        let drawn = drawn.filter(|kind| {
            // Lane P has no failover, so a final fault there would fail the tick.
            let is_survivable = kind.recovery() != Recovery::Final || lane == Lane::E;
            (is_lasting || is_survivable) && self.edits.faults.allow(tick, *kind)
        });
        let kind = self.edits.faults.added(tick).or(drawn)?;
        let is_final = kind.recovery() == Recovery::Final;
        Some(FaultPlan {
            kind,
            failing_attempts: if is_final { u32::MAX } else { failing_attempts },
            both_lanes,
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
            faithful: fault.is_none() && harmless && !self.given,
            replaced: self.replaced,
            ..self.injected
        };
    }

    /// Draws the provider and shape of the answer, and whether it includes reasoning.
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
        // A stream is split between characters, so its text must be UTF-8.
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

    fn is_simulated(&self) -> bool {
        true
    }

    fn recycle(&mut self, body: Vec<u8>) {
        // An oversized reply must not keep its memory for the rest of the run.
        if body.capacity() <= MAX_SPARE_BYTES {
            self.spare = body;
        }
    }

    fn injected(&self) -> Option<&Injected> {
        Some(&self.injected)
    }
}
