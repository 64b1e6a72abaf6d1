//! How a served provider goes wrong: kinds, how often each comes, and the draw.
//!
//! What a call meets is a function of the seed, the request's hash and the attempt; nothing else
//! is looked at, so that the order in which clients come does not matter. Never sleeps and never
//! touches a connection.

use turingos::bus::Provider;

use turingos_agents::{FaultRates, ProviderFaultKind};
use turingos_draws::{Draws, Stream};

/// The longest pause before an answer that is only slow, in microseconds.
pub const MAX_SLOW_US: u64 = 1_500_000;

/// How long a call that is never answered pends before its connection is reset, in microseconds.
pub const HANG_US: u64 = 15_000_000;

/// One way for a served call to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChaosKind {
    /// The right answer, late.
    Slow,
    /// 429 with Retry-After.
    RateLimited,
    /// 500.
    ServerError,
    /// 503.
    Unavailable,
    /// 529.
    Overloaded,
    /// The connection is reset, without a response.
    ConnectionReset,
    /// 200, and the connection ends within the body.
    CutBody,
    /// 200, a body of the length that was announced that is no JSON; in a stream, one such event.
    MalformedJson,
    /// 200, and an error envelope in place of the answer; in a stream, after the first half of it.
    MidStreamError,
    /// Nothing for a long time, then a reset.
    Hang,
    /// 429 because the account is spent; no Retry-After.
    QuotaExhausted,
    /// 502 and a page of HTML.
    GatewayPage,
    /// 200 and no body.
    EmptyBody,
    /// 200, a refusal in place of the answer.
    Refusal,
    /// 200, ended by the output limit half-way through the answer.
    LengthTruncated,
}

impl ChaosKind {
    /// How many kinds there are.
    pub const COUNT: usize = 15;

    /// How many kinds `--chaos` spreads its rate over: the first ones, which a client gets over
    /// by asking again at once or a little later.
    pub const SPREAD: usize = 9;

    /// Every kind.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Slow,
        Self::RateLimited,
        Self::ServerError,
        Self::Unavailable,
        Self::Overloaded,
        Self::ConnectionReset,
        Self::CutBody,
        Self::MalformedJson,
        Self::MidStreamError,
        Self::Hang,
        Self::QuotaExhausted,
        Self::GatewayPage,
        Self::EmptyBody,
        Self::Refusal,
        Self::LengthTruncated,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
            Self::ConnectionReset => "connection_reset",
            Self::CutBody => "cut_body",
            Self::MalformedJson => "malformed_json",
            Self::MidStreamError => "mid_stream_error",
            Self::Hang => "hang",
            Self::QuotaExhausted => "quota_exhausted",
            Self::GatewayPage => "gateway_page",
            Self::EmptyBody => "empty_body",
            Self::Refusal => "refusal",
            Self::LengthTruncated => "length_truncated",
        }
    }

    /// The kind of a profile's fault whose rate this kind takes; none for what profiles do not
    /// have. Connections to a server that runs cannot fail to be made, and what a model does in
    /// place of a reply (a tool call, reasoning alone) is none of the server's.
    const fn of_profile(self) -> Option<ProviderFaultKind> {
        use ProviderFaultKind as F;
        match self {
            Self::Slow | Self::MalformedJson => None,
            Self::RateLimited => Some(F::RateLimited),
            Self::ServerError => Some(F::ServerError),
            Self::Unavailable => Some(F::Unavailable),
            Self::Overloaded => Some(F::Overloaded),
            Self::ConnectionReset => Some(F::ConnectionReset),
            Self::CutBody => Some(F::CutBody),
            Self::MidStreamError => Some(F::ErrorUnderSuccess),
            Self::Hang => Some(F::Timeout),
            Self::QuotaExhausted => Some(F::QuotaExhausted),
            Self::GatewayPage => Some(F::GatewayPage),
            Self::EmptyBody => Some(F::EmptyBody),
            Self::Refusal => Some(F::Refusal),
            Self::LengthTruncated => Some(F::LengthTruncated),
        }
    }

    /// The kind with exactly this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// False where the provider's format cannot say it.
    #[must_use]
    pub fn exists_at(self, provider: Provider) -> bool {
        self != Self::Refusal || provider != Provider::Ollama
    }
}

/// How often calls go wrong, and which kinds share that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// In ten-thousandths of the calls.
    rate: u32,
    weights: [u16; ChaosKind::COUNT],
}

impl Chaos {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        rate: 0,
        weights: [0; ChaosKind::COUNT],
    };

    /// `rate` ten-thousandths of the calls go wrong, in equal parts of the first
    /// [`ChaosKind::SPREAD`] kinds. More than 10,000 counts as 10,000.
    #[must_use]
    pub fn spread(rate: u32) -> Self {
        Self::of_kinds(rate, &ChaosKind::ALL[..ChaosKind::SPREAD])
    }

    /// `rate` ten-thousandths of the calls go wrong, in equal parts of these kinds; none, if
    /// there is no kind.
    #[must_use]
    pub fn of_kinds(rate: u32, kinds: &[ChaosKind]) -> Self {
        let mut weights = [0; ChaosKind::COUNT];
        for kind in kinds {
            weights[*kind as usize] = 1;
        }
        Self {
            rate: rate.min(10_000),
            weights,
        }
    }

    /// The same rate with one kind off.
    #[must_use]
    pub const fn without(mut self, kind: ChaosKind) -> Self {
        self.weights[kind as usize] = 0;
        self
    }

    /// As often as a profile's providers fail.
    #[must_use]
    pub fn of_profile(faults: &FaultRates) -> Self {
        let weights = ChaosKind::ALL.map(|kind| kind.of_profile().map_or(0, |it| faults.rate(it)));
        Self {
            rate: weights.iter().map(|weight| u32::from(*weight)).sum(),
            weights,
        }
    }

    /// The same rate with a subset of the kinds off, drawn from the seed: half of them on average.
    /// If the draw leaves none, nothing goes wrong.
    #[must_use]
    pub fn swarm(mut self, seed: u64) -> Self {
        let mut draws = Draws::new(seed, Stream::Swarm);
        for weight in &mut self.weights {
            if draws.chance(5_000) {
                *weight = 0;
            }
        }
        self
    }

    /// How often calls go wrong, in ten-thousandths; 0 if every kind is off.
    #[must_use]
    pub fn rate(&self) -> u32 {
        if self.kinds().next().is_some() {
            self.rate
        } else {
            0
        }
    }

    /// The kinds that are on.
    pub fn kinds(&self) -> impl Iterator<Item = ChaosKind> + '_ {
        let kinds = ChaosKind::ALL.into_iter();
        kinds.filter(|kind| self.weights[*kind as usize] > 0)
    }

    /// What a call meets, if anything.
    pub fn draw(&self, provider: Provider, draws: &mut Draws) -> Option<ChaosKind> {
        if !draws.chance(self.rate) {
            return None;
        }
        let weights = self.weights.map(u32::from);
        let mut point = draws.below(weights.iter().sum());
        let kind = self.kinds().find(|kind| {
            let weight = weights[*kind as usize];
            let hit = point < weight;
            point = point.saturating_sub(weight);
            hit
        });
        kind.filter(|kind| kind.exists_at(provider))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos_agents::AgentProfile;

    fn counts(chaos: &Chaos) -> [u32; ChaosKind::COUNT] {
        let mut draws = Draws::new(5, Stream::ProviderFault);
        let mut counts = [0; ChaosKind::COUNT];
        for _ in 0..20_000 {
            if let Some(kind) = chaos.draw(Provider::Kimi, &mut draws) {
                counts[kind as usize] += 1;
            }
        }
        counts
    }

    #[test]
    fn a_rate_is_spread_evenly_over_what_a_retry_gets_over() {
        let counts = counts(&Chaos::spread(4_500));
        for (index, count) in counts.into_iter().enumerate() {
            let expected = if index < ChaosKind::SPREAD {
                800..1_200
            } else {
                0..1
            };
            assert!(expected.contains(&count), "{index}: {count}");
        }
        assert_eq!(self::counts(&Chaos::NONE), [0; ChaosKind::COUNT]);
    }

    #[test]
    fn a_profile_s_rates_are_kept() {
        let faults = AgentProfile::hostile().faults;
        let chaos = Chaos::of_profile(&faults);
        assert_eq!(chaos.kinds().count(), ChaosKind::COUNT - 2);
        assert_eq!(chaos.rate(), 25 * 13);
    }

    #[test]
    fn a_swarm_turns_kinds_off_and_keeps_the_rate() {
        let swarms = [1, 2, 3].map(|seed| Chaos::spread(1_000).swarm(seed));
        assert!(
            swarms
                .iter()
                .all(|swarm| swarm.kinds().count() < ChaosKind::SPREAD)
        );
        assert_ne!(swarms[0], swarms[1]);
        assert_eq!(swarms[0], Chaos::spread(1_000).swarm(1));
    }

    #[test]
    fn the_table_of_kinds_is_whole() {
        for (index, kind) in ChaosKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
        }
    }
}
