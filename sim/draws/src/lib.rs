//! Every random draw of a run: ChaCha8, with one independent stream for each subsystem.
//!
//! A [`Draws`] is made from a seed and a [`Stream`]; a new draw in one stream never shifts another.
//! Only raw words come from the generator crate, because the range mappings of published crates
//! have changed between versions; the mappings here are the project's own and fixed by tests.
//! This crate never reads system entropy and uses no floats.
//!
//! ```
//! use turingos_draws::{Draws, Stream};
//!
//! let mut draws = Draws::new(42, Stream::Noise);
//! let die = draws.range(1, 6);
//! assert!((1..=6).contains(&die));
//! assert_eq!(Draws::new(42, Stream::Noise).range(1, 6), die);
//! ```
//!
//! The subsystems of a run draw in windows, one for each tick ([`Draws::windowed`]), so that a fault
//! that is taken out of a tick shifts nothing after it. [`FaultEdits`] says which drawn faults are
//! applied.

mod edits;

pub use edits::{FaultEdits, Seeds};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use strum::VariantArray;

/// The subsystem that draws. Each has its own ChaCha stream under the same seed; its discriminant
/// is the stream number, which is fixed because recorded seeds depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum Stream {
    /// The choice of missions and their subjects.
    Mission = 1,
    /// The words of the notes that the clerk writes.
    Clerk = 2,
    /// Faults in replies.
    Noise = 3,
    /// Provider faults, and which provider answers.
    ProviderFault = 4,
    /// World faults.
    WorldFault = 5,
    /// The latency of a call.
    Latency = 6,
    /// The jitter added to a back-off.
    RetryJitter = 7,
    /// Which kinds of noise and fault are off for a whole seed.
    Swarm = 8,
    /// Whether an agent of the guard trial obeys its guard block.
    Obedience = 9,
    /// Which tool a served provider calls, and with which arguments.
    ToolCall = 10,
    /// The vectors of words.
    Embedding = 11,
}

impl Stream {
    /// Every stream.
    pub const ALL: &'static [Self] = Self::VARIANTS;
}

/// Fills the half of the 256-bit key that neither the seed nor the sub-key uses.
const KEY_TAG: [u8; 16] = *b"turingos draws 1";

/// A counted sequence of draws.
#[derive(Clone, Debug)]
pub struct Draws {
    generator: ChaCha8Rng,
    drawn: u64,
    window: Option<Box<Window>>,
}

/// The words of one window that come from the sequence itself. A window that needs more goes on in a
/// sequence of its own.
const WINDOW_WORDS: u32 = 8;

/// How many windows ahead are reached by skipping words.
const NEAR: u64 = 4;

/// Where a sequence of windows is.
#[derive(Clone, Debug)]
struct Window {
    seeds: Seeds,
    seed: u64,
    stream: Stream,
    index: u64,
    /// Where the next draw is to be made: its tick, and the number of its window.
    wanted: Option<(u64, u64)>,
    used: u32,
    beyond: Option<ChaCha8Rng>,
}

impl Window {
    /// Goes to the beginning of window `index`, which belongs to `tick`.
    fn go_to(&mut self, tick: u64, index: u64, words: &mut ChaCha8Rng) {
        let seed = self.seeds.at(tick);
        self.beyond = None;
        let ahead = { index.checked_sub(self.index) }.filter(|it| (1..=NEAR).contains(it));
        if let Some(ahead) = ahead.filter(|_| self.seed == seed) {
            // Cheaper than a seek, which makes a whole block of words anew.
            for _ in self.used..WINDOW_WORDS * ahead as u32 {
                words.next_u32();
            }
        } else {
            if self.seed != seed {
                *words = generator(seed, self.stream, 0);
                self.seed = seed;
            }
            let first = u128::from(index) * u128::from(WINDOW_WORDS);
            words.set_word_pos(first);
        }
        self.index = index;
        self.used = 0;
    }
}

impl Draws {
    /// The one sequence of `stream` under `seed`.
    #[must_use]
    pub fn new(seed: u64, stream: Stream) -> Self {
        Self::keyed(seed, stream, 0)
    }

    /// An independent sequence for each `key`: draws under one key do not advance another.
    /// [`Draws::new`] uses key 0.
    #[must_use]
    pub fn keyed(seed: u64, stream: Stream, key: u64) -> Self {
        Self {
            generator: generator(seed, stream, key),
            drawn: 0,
            window: None,
        }
    }

    /// The sequence of `stream` in windows: what is drawn in one depends on its seed and its number
    /// alone, not on how much was drawn in others. It begins in window 0.
    #[must_use]
    pub fn windowed(seeds: &Seeds, stream: Stream) -> Self {
        let seed = seeds.at(0);
        Self {
            generator: generator(seed, stream, 0),
            drawn: 0,
            window: Some(Box::new(Window {
                seeds: seeds.clone(),
                seed,
                stream,
                index: 0,
                wanted: None,
                used: 0,
                beyond: None,
            })),
        }
    }

    /// Goes to window `index`, which belongs to `tick`; stays where it is if it is there already.
    /// Nothing is generated before the next draw: most windows of some streams have none. A sequence
    /// without windows stays as it is.
    pub fn open(&mut self, tick: u64, index: u64) {
        let Some(window) = &mut self.window else {
            return;
        };
        let is_there = window.index == index && window.seed == window.seeds.at(tick);
        if !is_there || window.wanted.is_some() {
            window.wanted = Some((tick, index));
        }
    }

    /// 32 raw bits.
    pub fn next_u32(&mut self) -> u32 {
        self.drawn += 1;
        let Some(window) = &mut self.window else {
            return self.generator.next_u32();
        };
        if let Some((tick, index)) = window.wanted.take() {
            window.go_to(tick, index, &mut self.generator);
        }
        if window.used < WINDOW_WORDS {
            window.used += 1;
            return self.generator.next_u32();
        }
        let (seed, stream, index) = (window.seed, window.stream, window.index);
        // Key 0 is the sequence itself.
        let beyond = { &mut window.beyond }
            .get_or_insert_with(|| generator(seed, stream, index.wrapping_add(1)));
        beyond.next_u32()
    }

    /// How many raw words (of 32 or 64 bits) were drawn, including rejected ones.
    #[must_use]
    pub const fn drawn(&self) -> u64 {
        self.drawn
    }

    /// 64 raw bits.
    pub fn next_u64(&mut self) -> u64 {
        if self.window.is_some() {
            let low = u64::from(self.next_u32());
            return u64::from(self.next_u32()) << 32 | low;
        }
        self.drawn += 1;
        self.generator.next_u64()
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
    /// zero and a rate of one advance the sequence equally.
    pub fn chance(&mut self, per_ten_thousand: u32) -> bool {
        self.below(10_000) < per_ten_thousand
    }

    /// One of `choices`.
    pub fn pick<T: Copy, const N: usize>(&mut self, choices: &[T; N]) -> T {
        const { assert!(N > 0 && N < 1_000_000, "a pick needs 1 to 999,999 choices") };
        choices[self.below(N as u32) as usize]
    }
}

fn generator(seed: u64, stream: Stream, key: u64) -> ChaCha8Rng {
    let mut bytes = [0_u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&key.to_le_bytes());
    bytes[16..].copy_from_slice(&KEY_TAG);
    let mut generator = ChaCha8Rng::from_seed(bytes);
    generator.set_stream(stream as u64);
    generator
}
