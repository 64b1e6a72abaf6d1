//! The reachability ledger: what the runs of a sweep reached, how often, and with which seed first.

mod counter;
mod points;

pub(crate) use counter::Counter;
pub use points::Points;

use serde_json::{Map, Value};

/// What one run reached: the numbers of points, ascending, and how often.
pub type Reached = Vec<(u16, u32)>;

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

    /// Every named point with its count and first seed; `None` if it was never reached.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, Option<(u64, u64)>)> + '_ {
        self.part(0..Points::all().named())
    }

    /// The same of every combination of an injected kind and a trap of the same tick.
    pub fn combinations(&self) -> impl Iterator<Item = (&'static str, Option<(u64, u64)>)> + '_ {
        self.part(Points::all().named()..Points::all().len())
    }

    fn part(
        &self,
        points: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (&'static str, Option<(u64, u64)>)> + '_ {
        points.map(|point| {
            let entry = self.entries[point].map(|it| (it.count, it.first_seed));
            (Points::all().name(point), entry)
        })
    }

    /// The reached points in the order of their list, each as `[count, first seed]`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::from("{");
        for (name, entry) in self.part(0..self.entries.len()) {
            if let Some((count, seed)) = entry {
                if text.len() > 1 {
                    text.push(',');
                }
                text += &format!("{:?}:[{count},{seed}]", name);
            }
        }
        text.push('}');
        text
    }

    /// Reads what [`Ledger::to_json`] wrote.
    ///
    /// # Errors
    /// The member that is no point of this program, or not `[count, first seed]`.
    pub fn from_json(members: &Map<String, Value>) -> Result<Self, String> {
        let mut ledger = Self::default();
        for (name, value) in members {
            let point = Points::all()
                .named_by(name)
                .ok_or_else(|| format!("unknown point {name:?}"))?;
            let numbers = { value.as_array() }.map(|it| it.iter().map(Value::as_u64));
            let numbers: Option<Vec<_>> = numbers.and_then(Iterator::collect);
            match numbers.as_deref() {
                Some([count, first_seed]) if *count > 0 => {
                    ledger.raise(point, *count, *first_seed);
                }
                _ => {
                    return Err(format!(
                        "point {name:?} is {value}, expected a count and a seed, such as [1,0]"
                    ));
                }
            }
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
        let text = whole.to_json();
        let value: Map<String, Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(Ledger::from_json(&value), Ok(whole));
        for (from, to) in [("[4,3]", "[4]"), ("[4,3]", "[0,3]"), ("trap/", "trip/")] {
            let bad = serde_json::from_str(&text.replacen(from, to, 1)).unwrap();
            assert!(Ledger::from_json(&bad).is_err(), "{from} {to}");
        }
    }

    #[test]
    fn combinations_do_not_count_as_new_points() {
        let mut ledger = Ledger::default();
        let combination = u16::try_from(Points::all().named()).unwrap();
        assert!(!ledger.add(1, &vec![(combination, 1)]));
        assert_eq!(ledger.combinations().next().unwrap().1, Some((1, 1)));
    }
}
