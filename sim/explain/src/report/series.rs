//! Measurements over ticks in a bounded number of buckets: a million ticks take no more memory than
//! a thousand.

use turingos::dispatch::{Lane, PerLane};
use turingos::journal::Status;
use turingos::trap::TrapKind;
use turingos_run::FaultKind;

use crate::playback::Step;

/// The most buckets of a series. When it is full, neighbours are merged.
pub const MAX_BUCKETS: usize = 300;

/// The least, the greatest and the sum of a measurement in the ticks of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least value.
    pub least: u64,
    /// The greatest value.
    pub greatest: u64,
    /// The sum of all values.
    pub sum: u64,
}

impl Range {
    const fn of(value: u64) -> Self {
        Self {
            least: value,
            greatest: value,
            sum: value,
        }
    }

    fn add(&mut self, other: &Self) {
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        self.sum = self.sum.saturating_add(other.sum);
    }
}

/// Some neighbouring ticks, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// How many ticks.
    pub ticks: u64,
    /// The health of each lane before the tick, in ten-thousandths.
    pub health: PerLane<Range>,
    /// Traps that only added to the slice.
    pub soft_traps: u64,
    /// Traps that stopped an action, but for panic resets and stops.
    pub hard_traps: u64,
    /// Panic resets.
    pub resets: u64,
    /// How often the machine stopped as failed.
    pub stops: u64,
    /// The most panic resets in a row after a tick.
    pub budget_used: u64,
    /// Faults of noise, and replies that were given, that began.
    pub noise: u64,
    /// Provider faults that began.
    pub provider_faults: u64,
    /// Faults of the world.
    pub world_faults: u64,
    /// Time in calls, in microseconds.
    pub called_us: u64,
    /// Time between calls: back-off, `Retry-After`, rate limits and commands, in microseconds.
    pub waited_us: u64,
}

impl Bucket {
    /// One tick that took so many microseconds, after which so many panic resets were used.
    pub(super) fn of(step: &Step, took_us: u64, budget_used: u8) -> Self {
        let record = &step.committed.record;
        let count = |flag: bool| u64::from(flag);
        let counted = |wanted: fn(TrapKind) -> bool| {
            let kinds = record.traps.iter();
            kinds.fold(0, |sum, kind| sum + count(wanted(*kind)))
        };
        let begun = |wanted: fn(FaultKind) -> bool| {
            let kinds = step.begun.iter();
            kinds.fold(0, |sum, fault| sum + count(wanted(fault.kind)))
        };
        Self {
            ticks: 1,
            health: record.route.health.map(|health| Range::of(health.0.into())),
            soft_traps: counted(|kind| !kind.is_hard()),
            hard_traps: counted(|kind| kind.is_hard() && !is_panic(kind)),
            resets: counted(|kind| kind == TrapKind::PanicReset),
            stops: count(record.status == Status::Failed),
            budget_used: budget_used.into(),
            noise: begun(|kind| matches!(kind, FaultKind::Noise(_) | FaultKind::Reply)),
            provider_faults: begun(|kind| matches!(kind, FaultKind::Provider(_))),
            world_faults: begun(|kind| matches!(kind, FaultKind::World(_))),
            called_us: step.called_us,
            waited_us: took_us.saturating_sub(step.called_us),
        }
    }

    fn add(&mut self, other: &Self) {
        self.ticks += other.ticks;
        for lane in [Lane::P, Lane::E] {
            self.health[lane].add(&other.health[lane]);
        }
        self.budget_used = self.budget_used.max(other.budget_used);
        for (sum, value) in [
            (&mut self.soft_traps, other.soft_traps),
            (&mut self.hard_traps, other.hard_traps),
            (&mut self.resets, other.resets),
            (&mut self.stops, other.stops),
            (&mut self.noise, other.noise),
            (&mut self.provider_faults, other.provider_faults),
            (&mut self.world_faults, other.world_faults),
            (&mut self.called_us, other.called_us),
            (&mut self.waited_us, other.waited_us),
        ] {
            *sum = sum.saturating_add(value);
        }
    }
}

const fn is_panic(kind: TrapKind) -> bool {
    matches!(kind, TrapKind::PanicReset | TrapKind::UnrecoverableLoop)
}

/// The measurements of a run over its ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    width: u64,
    buckets: Vec<Bucket>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            width: 1,
            buckets: Vec::with_capacity(MAX_BUCKETS),
        }
    }
}

impl Series {
    /// Adds the next tick.
    pub(super) fn push(&mut self, tick: Bucket) {
        if let Some(last) = self.buckets.last_mut()
            && last.ticks < self.width
        {
            last.add(&tick);
            return;
        }
        if self.buckets.len() == MAX_BUCKETS {
            self.halve();
        }
        self.buckets.push(tick);
    }

    /// Merges each bucket with its neighbour. All of them are full, and their number is even.
    fn halve(&mut self) {
        let merged = self.buckets.chunks(2).filter_map(|pair| {
            let (first, rest) = pair.split_first()?;
            let mut merged = *first;
            rest.iter().for_each(|other| merged.add(other));
            Some(merged)
        });
        self.buckets = merged.collect();
        self.width *= 2;
    }

    /// How many ticks a bucket has; the last one may have fewer.
    #[must_use]
    pub const fn width(&self) -> u64 {
        self.width
    }

    /// The buckets, oldest first.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// All of it as one bucket; `None` without ticks.
    #[must_use]
    pub fn total(&self) -> Option<Bucket> {
        let (first, rest) = self.buckets.split_first()?;
        let mut total = *first;
        rest.iter().for_each(|bucket| total.add(bucket));
        Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(number: u64) -> Bucket {
        Bucket {
            ticks: 1,
            health: PerLane::from_fn(|_| Range::of(number)),
            soft_traps: 1,
            hard_traps: 0,
            resets: 0,
            stops: 0,
            budget_used: number % 3,
            noise: 0,
            provider_faults: 0,
            world_faults: 0,
            called_us: 2,
            waited_us: 0,
        }
    }

    fn series(ticks: u64) -> Series {
        let mut series = Series::default();
        (0..ticks).for_each(|number| series.push(tick(number)));
        series
    }

    #[test]
    fn buckets_stay_bounded_and_lose_no_tick() {
        for (ticks, width) in [
            (0, 1),
            (1, 1),
            (300, 1),
            (301, 2),
            (600, 2),
            (601, 4),
            (100_000, 512),
        ] {
            let series = series(ticks);
            assert_eq!(series.width(), width, "{ticks}");
            assert!(series.buckets().len() <= MAX_BUCKETS);
            let total = series.total().map_or(0, |total| total.soft_traps);
            assert_eq!(total, ticks);
            let full = series.buckets().iter().rev().skip(1);
            assert!({ full }.all(|bucket| bucket.ticks == width), "{ticks}");
        }
    }

    #[test]
    fn merged_buckets_keep_ranges() {
        let series = series(601);
        let first = series.buckets()[0];
        assert_eq!(
            first.health.p,
            Range {
                least: 0,
                greatest: 3,
                sum: 6
            }
        );
        assert_eq!((first.called_us, first.budget_used), (8, 2));
        let last = series.buckets().last().unwrap();
        assert_eq!((last.ticks, last.health.e.least), (1, 600));
    }
}
