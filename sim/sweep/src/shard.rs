//! Shards: the contiguous parts into which the seeds of a sweep are cut.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::plan::is_sampled;

/// Part `index` of `count` parts, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// The most shards of a sweep.
    pub const MAX_COUNT: u64 = 1_000_000;

    /// The part with this index, if there is one.
    #[must_use]
    pub const fn new(index: u64, count: u64) -> Option<Self> {
        if index < count && count <= Self::MAX_COUNT {
            Some(Self { index, count })
        } else {
            None
        }
    }

    /// Its number, from 0.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many parts there are.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.count
    }

    /// The seeds of this part. Together the parts have every seed once, in order.
    #[must_use]
    pub fn seeds(self, seeds: &Range<u64>) -> Range<u64> {
        let length = u128::from(seeds.end - seeds.start);
        let cut = |index: u64| {
            let offset = length * u128::from(index) / u128::from(self.count);
            seeds.start + u64::try_from(offset).unwrap_or(u64::MAX)
        };
        cut(self.index)..cut(self.index + 1)
    }

    /// The part whose sampled seeds this part runs again; the last one has the first.
    #[must_use]
    pub const fn neighbour(self) -> Self {
        Self {
            index: (self.index + 1) % self.count,
            ..self
        }
    }

    /// The name of its file. Names sort like the parts.
    #[must_use]
    pub fn file_name(self) -> String {
        let width = (self.count - 1).to_string().len();
        format!("shard-{:0width$}-of-{}.jsonl", self.index, self.count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| -> Option<u64> {
            let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| text.parse().ok()).flatten()
        };
        text.split_once('/')
            .and_then(|(index, count)| Self::new(number(index)?, number(count)?))
            .ok_or_else(|| {
                format!(
                    "I/N with I from 0 to N-1 and N up to {}, such as 3/64",
                    Self::MAX_COUNT
                )
            })
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The runs of a shard, or of a whole sweep: those of its own seeds, then those of its neighbour's
/// sampled seeds, which two shards run so that [`merge()`](crate::merge()) can compare them.
///
/// The neighbour's seeds are drawn when they are first asked for: a forged header that names a
/// thousand million of them costs nothing before as many lines were read.
#[derive(Clone, Debug)]
pub struct ShardJobs {
    own: Range<u64>,
    next: Range<u64>,
    overlap: u16,
    again: OnceLock<Vec<u64>>,
    subjects: u64,
}

impl ShardJobs {
    /// The runs of a shard of these seeds; of all of them if there is none. Each seed runs so many
    /// subjects, at least one. A share of `overlap` ten-thousandths of the neighbour's seeds is run
    /// again.
    #[must_use]
    pub fn of(seeds: &Range<u64>, subjects: u64, shard: Option<Shard>, overlap: u16) -> Self {
        let own = shard.map_or(seeds.clone(), |shard| shard.seeds(seeds));
        let next = { shard.map(|shard| (shard, shard.neighbour())) }
            .filter(|(shard, next)| shard != next)
            .map_or(0..0, |(_, next)| next.seeds(seeds));
        Self {
            own,
            next,
            overlap,
            again: OnceLock::new(),
            subjects,
        }
    }

    /// The own seeds.
    #[must_use]
    pub const fn seeds(&self) -> Range<u64> {
        self.own.start..self.own.end
    }

    /// The neighbour's seeds.
    fn again(&self) -> &[u64] {
        self.again.get_or_init(|| {
            let sampled = { self.next.clone() }.filter(|seed| is_sampled(*seed, self.overlap));
            sampled.collect()
        })
    }

    /// How many runs are of own seeds.
    #[must_use]
    pub const fn own(&self) -> u64 {
        (self.own.end - self.own.start).saturating_mul(self.subjects)
    }

    /// How many runs there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.own()
            .saturating_add((self.again().len() as u64).saturating_mul(self.subjects))
    }

    /// The seed and the subject of a run, from 0.
    #[must_use]
    pub fn at(&self, job: u64) -> (u64, usize) {
        let (seed, subject) = (job / self.subjects, job % self.subjects);
        let own = self.own.end - self.own.start;
        let seed = match seed.checked_sub(own) {
            None => self.own.start + seed,
            Some(again) => self.again()[usize::try_from(again).unwrap_or(usize::MAX)],
        };
        (seed, usize::try_from(subject).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_every_seed_once() {
        for seeds in [0..1, 7..8, 0..64, 5..1_005, 0..u64::MAX] {
            for count in [1, 2, 3, 64, 1_000] {
                let mut next = seeds.start;
                for index in 0..count {
                    let part = Shard::new(index, count).unwrap().seeds(&seeds);
                    assert_eq!(part.start, next);
                    next = part.end;
                }
                assert_eq!(next, seeds.end);
            }
        }
    }

    /// A forged header must not make its reader draw and keep a thousand million seeds.
    #[test]
    fn neighbour_is_drawn_when_it_is_asked_for() {
        let jobs = ShardJobs::of(&(0..1_000_000_000), 1, Shard::new(0, 2), 10_000);
        assert_eq!((jobs.own(), jobs.at(7)), (500_000_000, (7, 0)));
        assert_eq!(jobs.again.get(), None);
        let jobs = ShardJobs::of(&(0..100), 2, Shard::new(3, 4), 10_000);
        assert_eq!((jobs.own(), jobs.count()), (50, 100));
        assert_eq!((jobs.at(49), jobs.at(50)), ((99, 1), (0, 0)));
    }

    #[test]
    fn only_parts_that_exist_are_read() {
        assert_eq!("3/64".parse(), Ok(Shard::new(3, 64).unwrap()));
        for text in [
            "9/8", "8/8", "0/0", "-1/8", "1", "1/", "/8", "1/8/2", "+1/8", "a/b",
        ] {
            let error = text.parse::<Shard>().unwrap_err();
            assert!(error.contains("I from 0 to N-1"), "{text}");
        }
    }

    #[test]
    fn file_names_sort_like_shards() {
        let mut names: Vec<_> = (0..1_000)
            .map(|index| Shard::new(index, 1_000).unwrap().file_name())
            .collect();
        assert_eq!(names[7], "shard-007-of-1000.jsonl");
        let sorted = names.clone();
        names.sort();
        assert_eq!(names, sorted);
    }
}
