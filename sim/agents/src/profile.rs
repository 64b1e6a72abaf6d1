//! Profiles: the rates of noise and provider faults for one agent.

use serde::{Deserialize, Serialize};

use super::noise::{NoiseKind, NoiseRates};
use super::provider_faults::ProviderFaultKind;
use turingos_draws::{Draws, Stream};

/// The number of kinds of provider fault.
const FAULTS: usize = ProviderFaultKind::ALL.len();

/// How often each provider fault occurs, per ten thousand ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRates {
    rates: [u16; FAULTS],
    /// The sum of the rates: most draws exceed it and need no search.
    total: u32,
}

impl FaultRates {
    /// All rates zero.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            rates: [0; FAULTS],
            total: 0,
        }
    }

    /// Every kind at `per_ten_thousand`.
    #[must_use]
    pub const fn each(per_ten_thousand: u16) -> Self {
        Self {
            rates: [per_ten_thousand; FAULTS],
            total: per_ten_thousand as u32 * FAULTS as u32,
        }
    }

    /// These rates with `kind` at `per_ten_thousand`.
    #[must_use]
    pub const fn with(mut self, kind: ProviderFaultKind, per_ten_thousand: u16) -> Self {
        self.total = self.total - self.rates[kind as usize] as u32 + per_ten_thousand as u32;
        self.rates[kind as usize] = per_ten_thousand;
        self
    }

    /// The rate of a kind.
    #[must_use]
    pub const fn rate(&self, kind: ProviderFaultKind) -> u16 {
        self.rates[kind as usize]
    }

    /// One draw over all kinds; `None` with the remaining probability.
    pub(super) fn draw(&self, draws: &mut Draws) -> Option<ProviderFaultKind> {
        let mut point = draws.below(10_000);
        if point >= self.total {
            return None;
        }
        ProviderFaultKind::ALL.iter().copied().find(|kind| {
            let rate = u32::from(self.rate(*kind));
            let hit = point < rate;
            point = point.saturating_sub(rate);
            hit
        })
    }
}

/// How an agent and its providers behave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentProfile {
    /// The rates of noise.
    pub noise: NoiseRates,
    /// The rates of provider faults.
    pub faults: FaultRates,
    /// Whether a fault may outlast the retries and hit both lanes, so that a tick fails.
    pub lasting_faults: bool,
    /// How many replies are streamed, per ten thousand.
    pub streamed: u16,
    /// How many replies carry reasoning beside the text, per ten thousand.
    pub reasoning: u16,
}

impl AgentProfile {
    /// A good agent with good providers: one reply in sixteen is untidy, one call in fifty fails
    /// and recovers by a retry or on the other lane, and a few mistakes cause a hard trap. Nothing
    /// is malformed, so no tick ends in a CPU fault.
    #[must_use]
    pub const fn routine() -> Self {
        use NoiseKind as N;
        use ProviderFaultKind as F;
        Self {
            noise: NoiseRates::none()
                .with(N::MarkdownFence, 150)
                .with(N::SurroundingProse, 100)
                .with(N::ThinkBlock, 100)
                .with(N::OpcodeSpelling, 80)
                .with(N::OperandSynonyms, 90)
                .with(N::PrettyPrinted, 100)
                .with(N::Loop, 12)
                .with(N::Thrash, 10)
                .with(N::OmissionMarker, 40),
            faults: FaultRates::each(10)
                .with(F::Timeout, 30)
                .with(F::RateLimited, 40)
                .with(F::Overloaded, 20),
            lasting_faults: false,
            streamed: 200,
            reasoning: 800,
        }
    }

    /// Every fault, often enough that a run of 1,200 ticks meets every trap.
    #[must_use]
    pub const fn hostile() -> Self {
        use NoiseKind as N;
        let mut noise = NoiseRates::none();
        let mut index = 0;
        while index < NoiseKind::COUNT {
            noise = noise.with(NoiseKind::ALL[index], 50);
            index += 1;
        }
        Self {
            noise: noise
                .with(N::MarkdownFence, 150)
                .with(N::SurroundingProse, 100)
                .with(N::ThinkBlock, 100)
                .with(N::Oversized, 3)
                .with(N::Loop, 100)
                .with(N::StubbornLoop, 250)
                .with(N::Thrash, 150)
                .with(N::PingPong, 250)
                .with(N::EarlyHalt, 250)
                .with(N::OmissionMarker, 900)
                .with(N::WriteNonWritable, 80)
                .with(N::PopEmpty, 250)
                .with(N::NonsensePointer, 120)
                .with(N::UnknownHandle, 300)
                .with(N::RepeatCommand, 150)
                .with(N::Lost, 180),
            faults: FaultRates::each(25),
            lasting_faults: true,
            streamed: 300,
            reasoning: 1_000,
        }
    }

    /// A good agent with noise on `level` of ten thousand replies, spread evenly over the kinds, and
    /// with providers that fail a quarter as often. It excludes `lost`, whose garbage outlasts every
    /// budget and leaves no answer to recover.
    #[must_use]
    pub const fn at_noise(level: u16) -> Self {
        const KINDS: u16 = NoiseKind::COUNT as u16 - 1;
        const FAULT_KINDS: u16 = FAULTS as u16;
        let level = if level > 10_000 { 10_000 } else { level };
        let (mut noise, mut faults) = (NoiseRates::none(), FaultRates::none());
        let mut index = 0;
        while index < KINDS {
            let rest = if index < level % KINDS { 1 } else { 0 };
            let kind = NoiseKind::ALL[index as usize];
            noise = noise.with(kind, level / KINDS + rest);
            index += 1;
        }
        let mut index = 0;
        while index < FAULT_KINDS {
            let rest = if index < level / 4 % FAULT_KINDS {
                1
            } else {
                0
            };
            let kind = ProviderFaultKind::ALL[index as usize];
            faults = faults.with(kind, level / 4 / FAULT_KINDS + rest);
            index += 1;
        }
        Self {
            noise,
            faults,
            lasting_faults: true,
            streamed: 1_000,
            reasoning: 800,
        }
    }

    /// This profile with a random half of the kinds of noise and fault turned off, drawn from the
    /// seed. Rare combinations show up once the other kinds are off (swarm testing).
    #[must_use]
    pub fn swarm(mut self, seed: u64) -> Self {
        let mut draws = Draws::new(seed, Stream::Swarm);
        for &kind in NoiseKind::ALL {
            if draws.chance(5_000) {
                self.noise = self.noise.with(kind, 0);
            }
        }
        for &kind in ProviderFaultKind::ALL {
            if draws.chance(5_000) {
                self.faults = self.faults.with(kind, 0);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_level_is_total_rate() {
        for level in [0, 1, 500, 3_000, 10_000] {
            let profile = AgentProfile::at_noise(level);
            let noise: u16 = NoiseKind::ALL
                .iter()
                .map(|kind| profile.noise.rate(*kind))
                .sum();
            let faults = ProviderFaultKind::ALL
                .iter()
                .map(|kind| profile.faults.rate(*kind));
            assert_eq!((noise, faults.sum()), (level, level / 4));
            assert_eq!(profile.noise.rate(NoiseKind::Lost), 0);
        }
    }
}
