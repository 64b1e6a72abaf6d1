//! The faults of a served provider: their kinds, their rates, and the draw.
//!
//! The fault of a call is a function of the seed, the request's hash and the attempt, so the order of
//! clients does not matter. Never sleeps and never touches a connection.

use strum::{IntoStaticStr, VariantArray};
use turingos::bus::Provider;

use turingos_agents::{FaultRates, ProviderFaultKind};
use turingos_draws::{Draws, Stream};

/// The longest pause before a slow answer, in microseconds.
pub(crate) const MAX_SLOW_US: u64 = 1_500_000;

/// How long an unanswered call waits before its connection is reset, in microseconds.
pub const HANG_US: u64 = 15_000_000;

/// One kind of fault of a served call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
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
    /// 200, and a body of the announced length that is not JSON; in a stream, one such event.
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
    /// 200 and a part of the body, nothing for a long time, then a reset.
    Stall,
    /// 200 and the right body in pieces, each late.
    SlowChunks,
}

impl ChaosKind {
    /// How many kinds there are.
    pub(crate) const COUNT: usize = Self::VARIANTS.len();

    /// How many kinds `--chaos` spreads its rate over: the first ones, which a client can retry
    /// at once or after a pause.
    pub(crate) const SPREAD: usize = 9;

    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The profile's fault whose rate this kind takes, if there is one. Refused connections are
    /// left out because the server is running; a tool call or reasoning without a reply is left
    /// out because it is the model's fault, not the server's.
    const fn of_profile(self) -> Option<ProviderFaultKind> {
        use ProviderFaultKind as F;
        match self {
            Self::Slow | Self::MalformedJson | Self::Stall | Self::SlowChunks => None,
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
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// False where the provider's format cannot express it.
    #[must_use]
    pub fn exists_at(self, provider: Provider) -> bool {
        self != Self::Refusal || provider != Provider::Ollama
    }
}

/// How often calls fail, and in which ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// In ten-thousandths of the calls.
    rate: u32,
    weights: [u16; ChaosKind::COUNT],
}

impl Chaos {
    /// No faults.
    pub const NONE: Self = Self {
        rate: 0,
        weights: [0; ChaosKind::COUNT],
    };

    /// `rate` ten-thousandths of the calls fail, in equal parts of the first
    /// nine kinds. More than 10,000 counts as 10,000.
    #[must_use]
    pub fn spread(rate: u32) -> Self {
        Self::of_kinds(rate, &ChaosKind::ALL[..ChaosKind::SPREAD])
    }

    /// `rate` ten-thousandths of the calls fail, in equal parts of these kinds; none if there is
    /// no kind.
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

    /// The rates of a profile's provider faults.
    #[must_use]
    pub fn of_profile(faults: &FaultRates) -> Self {
        let mut weights = [0; ChaosKind::COUNT];
        for (weight, kind) in weights.iter_mut().zip(ChaosKind::ALL) {
            *weight = kind.of_profile().map_or(0, |it| faults.rate(it));
        }
        Self {
            rate: weights.iter().map(|weight| u32::from(*weight)).sum(),
            weights,
        }
    }

    /// The same rate with a subset of the kinds off, drawn from the seed: half of them on average.
    /// If the draw leaves none, no call fails.
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

    /// The share of calls that fail, in ten-thousandths; 0 if every kind is off.
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
        let kinds = ChaosKind::ALL.iter().copied();
        kinds.filter(|kind| self.weights[*kind as usize] > 0)
    }

    /// Draws the fault of a call, if it has one.
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
    fn rate_is_spread_over_retryable_kinds() {
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
    fn profile_rates_are_kept() {
        let faults = AgentProfile::hostile().faults;
        let chaos = Chaos::of_profile(&faults);
        assert_eq!(chaos.kinds().count(), ChaosKind::COUNT - 4);
        assert_eq!(chaos.rate(), 25 * 13);
    }

    #[test]
    fn swarm_disables_kinds_and_keeps_the_rate() {
        let swarms = [1, 2, 3].map(|seed| Chaos::spread(1_000).swarm(seed));
        assert!(
            swarms
                .iter()
                .all(|swarm| swarm.kinds().count() < ChaosKind::SPREAD)
        );
        assert_ne!(swarms[0], swarms[1]);
        assert_eq!(swarms[0], Chaos::spread(1_000).swarm(1));
    }
}
