//! The reachability ledger: what the runs of a sweep reached, how often, and with which seed first.

mod counter;
mod points;

pub(crate) use counter::Counter;
pub use points::Points;

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What one run reached: the numbers of points, ascending, and how often.
pub type Reached = Vec<(u16, u32)>;

/// A point by its name, with its count and its first seed; `None` if it was never reached.
pub type Reach<'a> = (&'a str, Option<(u64, u64)>);

/// The points of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// How often each point was reached, and the lowest seed that reached it.
    entries: Vec<Option<Entry>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    count: u64,
    first_seed: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            entries: vec![None; Points::all().len()],
        }
    }
}

impl Ledger {
    /// Adds what the run of `seed` reached. True if a named point is new; the combinations of
    /// injections and traps are not asked, because there are too many to run out of.
    pub fn add(&mut self, seed: u64, reached: &Reached) -> bool {
        let named = Points::all().named();
        let mut is_new = false;
        for &(point, count) in reached {
            let point = usize::from(point);
            is_new |= point < named && self.entries[point].is_none();
            self.raise(point, u64::from(count), seed);
        }
        is_new
    }

    /// Adds the counts of another ledger.
    pub fn merge(&mut self, other: &Self) {
        for (point, entry) in other.entries.iter().enumerate() {
            if let Some(entry) = entry {
                self.raise(point, entry.count, entry.first_seed);
            }
        }
    }

    fn raise(&mut self, point: usize, count: u64, seed: u64) {
        let entry = self.entries[point].get_or_insert(Entry {
            count: 0,
            first_seed: seed,
        });
        entry.count = entry.count.saturating_add(count);
        entry.first_seed = entry.first_seed.min(seed);
    }

    /// The seed that brought the newest named point, of seeds that came in order.
    #[must_use]
    pub fn newest_seed(&self) -> Option<u64> {
        let named = &self.entries[..Points::all().named()];
        named.iter().flatten().map(|entry| entry.first_seed).max()
    }

    /// Every named point.
    pub fn named(&self) -> impl Iterator<Item = Reach<'static>> + '_ {
        self.part(0..Points::all().named())
    }

    /// The same of every combination of an injected kind and a trap of the same tick.
    pub fn combinations(&self) -> impl Iterator<Item = Reach<'static>> + '_ {
        self.part(Points::all().named()..Points::all().len())
    }

    fn part(&self, points: std::ops::Range<usize>) -> impl Iterator<Item = Reach<'static>> + '_ {
        points.map(|point| {
            let entry = self.entries[point].map(|it| (it.count, it.first_seed));
            (Points::all().name(point), entry)
        })
    }
}

/// The reached points in the order of their list, each as `[count, first seed]`.
impl Serialize for Ledger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let points = self.part(0..self.entries.len());
        serializer.collect_map(points.filter_map(|(name, entry)| Some((name, entry?))))
    }
}

/// An unknown point, a point that is given twice and a count of 0 are errors.
impl<'de> Deserialize<'de> for Ledger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Ledger;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of points, each with a count and a seed")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Ledger, A::Error> {
        let mut ledger = Ledger::default();
        while let Some(name) = members.next_key::<String>()? {
            let point = Points::all()
                .named_by(&name)
                .ok_or_else(|| A::Error::custom(format!("unknown point {name:?}")))?;
            let (count, first_seed) = members.next_value::<(u64, u64)>()?;
            if count == 0 {
                return Err(A::Error::custom(format!("point {name:?} has a count of 0")));
            }
            if ledger.entries[point].is_some() {
                return Err(A::Error::custom(format!("duplicate point {name:?}")));
            }
            ledger.raise(point, count, first_seed);
        }
        Ok(ledger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ledgers_add_up_and_read_back() {
        let (mut whole, mut early, mut late) = Default::default();
        let all: &mut [&mut Ledger] = &mut [&mut whole, &mut early, &mut late];
        assert!(all[0].add(3, &vec![(0, 2), (7, 1)]));
        assert!(all[0].add(9, &vec![(0, 1), (8, 1)]));
        assert!(!all[0].add(10, &vec![(0, 1), (8, 1)]));
        all[2].add(9, &vec![(0, 1), (8, 1)]);
        all[2].add(10, &vec![(0, 1), (8, 1)]);
        all[1].add(3, &vec![(0, 2), (7, 1)]);
        late.merge(&early);
        assert_eq!(late, whole);
        let first = whole.named().next().unwrap();
        assert_eq!(first, (Points::all().name(0), Some((4, 3))));
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), whole);
        for (from, to, part) in [
            ("[4,3]", "[4]", "invalid length 1"),
            ("[4,3]", "[4,3,1]", "trailing characters"),
            ("[4,3]", "[0,3]", "count of 0"),
            ("[4,3]", "[-4,3]", "invalid value"),
            ("trap/", "trip/", "unknown point"),
        ] {
            let bad = serde_json::from_str::<Ledger>(&text.replacen(from, to, 1));
            let error = bad.unwrap_err().to_string();
            assert!(error.contains(part), "{from} {to}: {error}");
        }
    }

    /// The last one would silently win.
    #[test]
    fn point_that_is_given_twice_is_refused() {
        let name = Points::all().name(0);
        let text = format!("{{\"{name}\":[1,0],\"{name}\":[2,0]}}");
        let error = serde_json::from_str::<Ledger>(&text).unwrap_err();
        assert!(error.to_string().contains("duplicate point"), "{error}");
    }

    #[test]
    fn combinations_do_not_count_as_new_points() {
        let mut ledger = Ledger::default();
        let combination = u16::try_from(Points::all().named()).unwrap();
        assert!(!ledger.add(1, &vec![(combination, 1)]));
        assert_eq!(ledger.combinations().next().unwrap().1, Some((1, 1)));
    }
}
