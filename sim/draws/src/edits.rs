//! What a fork changes about the draws of its parent: the seed from a tick on, and the faults.

use std::collections::{BTreeMap, BTreeSet};

/// The seed of each tick: that of the run, until a fork continues with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    first: u64,
    /// Pairs of a tick and the seed from there on, in the order of the ticks.
    later: Vec<(u64, u64)>,
}

impl Seeds {
    /// The same seed for every tick.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        Self {
            first: seed,
            later: Vec::new(),
        }
    }

    /// The same seeds up to `tick`, and `seed` from there on.
    pub fn change(&mut self, tick: u64, seed: u64) {
        self.later.retain(|(from, _)| *from < tick);
        self.later.push((tick, seed));
    }

    /// The seed of the run.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The seed of a tick.
    #[must_use]
    pub fn at(&self, tick: u64) -> u64 {
        let later = self.later.iter().rev().find(|(from, _)| *from <= tick);
        later.map_or(self.first, |(_, seed)| *seed)
    }
}

/// Which of the drawn faults of one subsystem are applied, and which are added. A fault is named by
/// the tick it begins in and its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultEdits<K> {
    only: Option<BTreeSet<(u64, K)>>,
    muted: BTreeSet<(u64, K)>,
    off: BTreeSet<K>,
    added: BTreeMap<u64, K>,
}

impl<K> Default for FaultEdits<K> {
    fn default() -> Self {
        Self {
            only: None,
            muted: BTreeSet::new(),
            off: BTreeSet::new(),
            added: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Copy> FaultEdits<K> {
    /// Applies none of the faults drawn or added so far but these. Of two such lists, a drawn fault
    /// must be in both.
    pub fn keep_only(&mut self, faults: impl IntoIterator<Item = (u64, K)>) {
        let faults: BTreeSet<_> = faults.into_iter().collect();
        self.added
            .retain(|tick, kind| faults.contains(&(*tick, *kind)));
        self.only = Some(match self.only.take() {
            None => faults,
            Some(only) => only.intersection(&faults).copied().collect(),
        });
    }

    /// Does not apply a fault. It still takes its words, and one that lasts several ticks is left
    /// out whole.
    pub fn mute(&mut self, tick: u64, kind: K) {
        if self.added(tick) == Some(kind) {
            self.added.remove(&tick);
        }
        self.muted.insert((tick, kind));
    }

    /// Applies no fault of a kind that is drawn, or was added so far.
    pub fn turn_off(&mut self, kind: K) {
        self.added.retain(|_, added| *added != kind);
        self.off.insert(kind);
    }

    /// Adds a fault, in place of one that is drawn for the tick.
    pub fn add(&mut self, tick: u64, kind: K) {
        self.added.insert(tick, kind);
    }

    /// Whether a drawn fault is applied.
    #[must_use]
    pub fn allow(&self, tick: u64, kind: K) -> bool {
        let fault = (tick, kind);
        self.only.as_ref().is_none_or(|only| only.contains(&fault))
            && !self.muted.contains(&fault)
            && !self.off.contains(&kind)
    }

    /// The fault that is added to a tick.
    #[must_use]
    pub fn added(&self, tick: u64) -> Option<K> {
        self.added.get(&tick).copied()
    }
}
