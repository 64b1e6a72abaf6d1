//! Randomness: ChaCha8, one stream for each subsystem, and the few mappings the project owns.
//!
//! Only raw words are taken from the generator crate, because its range mappings have changed
//! between versions. Nothing here reads entropy from the system, uses floats, or shares a
//! generator between subsystems: a new draw in one stream never shifts another.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Who draws. Each has its own ChaCha stream under the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Which missions there are and what they are about.
    Mission,
    /// The words of what the clerk writes.
    Clerk,
    /// How replies go wrong.
    Noise,
    /// How providers go wrong, and which provider answers.
    ProviderFault,
    /// How the world goes wrong.
    WorldFault,
    /// How long a call takes.
    Latency,
    /// By how much a back-off is stretched.
    RetryJitter,
    /// Which kinds of trouble are off for a whole seed.
    Swarm,
    /// Whether an agent of the guard trial does as it is told.
    Obedience,
}

impl Stream {
    /// Every stream.
    pub const ALL: [Self; 9] = [
        Self::Mission,
        Self::Clerk,
        Self::Noise,
        Self::ProviderFault,
        Self::WorldFault,
        Self::Latency,
        Self::RetryJitter,
        Self::Swarm,
        Self::Obedience,
    ];

    /// The ChaCha stream number. Fixed for ever: a recorded seed depends on it.
    const fn number(self) -> u64 {
        match self {
            Self::Mission => 1,
            Self::Clerk => 2,
            Self::Noise => 3,
            Self::ProviderFault => 4,
            Self::WorldFault => 5,
            Self::Latency => 6,
            Self::RetryJitter => 7,
            Self::Swarm => 8,
            Self::Obedience => 9,
        }
    }
}

/// Fills the half of the 256-bit key that neither the seed nor the sub-key uses.
const KEY_TAG: [u8; 16] = *b"turingos draws 1";

/// A counted sequence of draws.
#[derive(Clone, Debug)]
pub struct Draws {
    generator: ChaCha8Rng,
    drawn: u64,
}

impl Draws {
    /// The one sequence of `stream` under `seed`.
    #[must_use]
    pub fn new(seed: u64, stream: Stream) -> Self {
        Self::keyed(seed, stream, 0)
    }

    /// A sequence of its own for each `key`: what is drawn for one key says nothing about how
    /// often another was drawn from. [`Draws::new`] is key 0.
    #[must_use]
    pub fn keyed(seed: u64, stream: Stream, key: u64) -> Self {
        let mut bytes = [0_u8; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&key.to_le_bytes());
        bytes[16..].copy_from_slice(&KEY_TAG);
        let mut generator = ChaCha8Rng::from_seed(bytes);
        generator.set_stream(stream.number());
        Self {
            generator,
            drawn: 0,
        }
    }

    /// How many raw words (of 32 or 64 bits) were drawn, rejected ones included.
    #[must_use]
    pub const fn drawn(&self) -> u64 {
        self.drawn
    }

    /// 64 raw bits.
    pub fn next_u64(&mut self) -> u64 {
        self.drawn += 1;
        self.generator.next_u64()
    }

    /// 32 raw bits.
    pub fn next_u32(&mut self) -> u32 {
        self.drawn += 1;
        self.generator.next_u32()
    }

    /// Uniform over `0..bound`; 0 if `bound` is 0, without a draw.
    ///
    /// Lemire's method: the high half of `word * bound` is the result. A word whose low half is
    /// under `2^32 mod bound` belongs to the uneven remainder; it is rejected and drawn again, so
    /// the result is exactly uniform. Fewer than one word in two is ever rejected.
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        let mut product = u64::from(self.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let remainder = bound.wrapping_neg() % bound;
            while (product as u32) < remainder {
                product = u64::from(self.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// Uniform over `low..=high`; `low` if the range is empty.
    pub fn range(&mut self, low: u32, high: u32) -> u32 {
        match high.checked_sub(low) {
            Some(u32::MAX) => self.next_u32(),
            Some(width) => low + self.below(width + 1),
            None => low,
        }
    }

    /// True with probability `per_ten_thousand` / 10,000. Always takes a draw, so that a rate of
    /// zero and a rate of one leave the same sequence behind.
    pub fn chance(&mut self, per_ten_thousand: u32) -> bool {
        self.below(10_000) < per_ten_thousand
    }

    /// One of `choices`.
    pub fn pick<T: Copy, const N: usize>(&mut self, choices: &[T; N]) -> T {
        const {
            assert!(
                N > 0 && N < 1_000_000,
                "a pick needs something to pick from"
            )
        };
        choices[self.below(N as u32) as usize]
    }
}
