//! The metrics of runs: sums and histograms that add up in any order.
//!
//! Integers only. A share is in ten-thousandths.

use std::collections::BTreeMap;

use turingos::trap::TrapKind;

/// The sums of some runs. Every member is a sum, so that one run and thousands have the same type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Runs counted.
    pub runs: u64,
    /// Runs whose every gate holds.
    pub passed: u64,
    /// Runs that halted.
    pub halted: u64,
    /// Runs that the tick limit ended.
    pub limited: u64,
    /// Ticks of all runs.
    pub ticks: u64,
    /// How many runs did which share of their contract's steps.
    pub completions: BTreeMap<u64, u64>,
    /// Writes at the progress file's append channel.
    pub appends_tried: u64,
    /// Accepted writes: the next step's exact line, while its file was ready.
    pub appends_taken: u64,
    /// Ticks that observed anything but a trap.
    pub placed: u64,
    /// Ticks that observed something unrelated to the mission: no file that the scenario or its
    /// contract names, no command that names one, no test command and no page. A directory is
    /// unrelated, whatever is in it.
    pub drifted: u64,
    /// TuringOS's completion: expected files that are right, of all that are expected.
    pub right_files: Average,
    /// TuringOS's plan adherence: steps that the progress file's `DONE:` lines begin with, of all
    /// steps. Lines of another form do not count.
    pub done_prefix: Average,
    /// TuringOS's pointer drift: ticks whose pointer does not parse, of all ticks.
    pub unparsed_pointers: Average,
    /// Ticks answered by lane P.
    pub p: u64,
    /// Ticks answered by lane E.
    pub e: u64,
    /// Ticks in which P answered after E had failed.
    pub failovers: u64,
    /// How often each trap fired; one that never fired is absent.
    pub traps: BTreeMap<TrapKind, u64>,
    /// Recoveries begun: a trap stopped an action while no earlier recovery was under way.
    pub recoveries_begun: u64,
    /// Recoveries completed, by the ticks that they took: up to the next tick that changed a file,
    /// went to a place of the mission, or halted.
    pub recovery_ticks: BTreeMap<u64, u64>,
}

/// The average of one share of each run, in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Average {
    sum: u64,
    runs: u64,
}

impl Average {
    /// The share of one run; a run without a whole does not count.
    #[must_use]
    pub fn of_run(part: u64, whole: u64) -> Self {
        match whole {
            0 => Self::default(),
            whole => Self {
                sum: share(part, whole, 0),
                runs: 1,
            },
        }
    }

    /// The average; nothing without runs.
    #[must_use]
    pub const fn average(self) -> Option<u64> {
        self.sum.checked_div(self.runs)
    }

    const fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.runs += other.runs;
    }
}

impl Metrics {
    /// Adds the metrics of other runs.
    pub fn add(&mut self, other: &Self) {
        for (sum, part) in [
            (&mut self.runs, other.runs),
            (&mut self.passed, other.passed),
            (&mut self.halted, other.halted),
            (&mut self.limited, other.limited),
            (&mut self.ticks, other.ticks),
            (&mut self.appends_tried, other.appends_tried),
            (&mut self.appends_taken, other.appends_taken),
            (&mut self.placed, other.placed),
            (&mut self.drifted, other.drifted),
            (&mut self.p, other.p),
            (&mut self.e, other.e),
            (&mut self.failovers, other.failovers),
            (&mut self.recoveries_begun, other.recoveries_begun),
        ] {
            *sum += part;
        }
        for (kind, count) in &other.traps {
            *self.traps.entry(*kind).or_default() += count;
        }
        self.right_files.add(other.right_files);
        self.done_prefix.add(other.done_prefix);
        self.unparsed_pointers.add(other.unparsed_pointers);
        merge(&mut self.completions, &other.completions);
        merge(&mut self.recovery_ticks, &other.recovery_ticks);
    }

    /// How often a trap fired.
    #[must_use]
    pub fn trap(&self, kind: TrapKind) -> u64 {
        self.traps.get(&kind).copied().unwrap_or_default()
    }

    /// How often a trap fired in a run, on average, in hundredths.
    #[must_use]
    pub fn trap_average(&self, kind: TrapKind) -> u64 {
        self.trap(kind).saturating_mul(100) / self.runs.max(1)
    }

    /// The average share of steps done.
    #[must_use]
    pub fn completion_average(&self) -> u64 {
        let sum: u64 = (self.completions.iter())
            .map(|(share, runs)| share * runs)
            .sum();
        sum / self.runs.max(1)
    }

    /// The share of steps that at least `share` of the runs did not exceed: 5,000 is the median.
    #[must_use]
    pub fn completion_at(&self, share: u64) -> u64 {
        quantile(&self.completions, share)
    }

    /// Recoveries completed.
    #[must_use]
    pub fn recovered(&self) -> u64 {
        self.recovery_ticks.values().sum()
    }

    /// The median of ticks from a trap to the next useful action; 0 if there was none.
    #[must_use]
    pub fn recovery_median(&self) -> u64 {
        quantile(&self.recovery_ticks, 5_000)
    }
}

/// `part` of `whole` in ten-thousandths; `none` if there is no whole.
#[must_use]
pub fn share(part: u64, whole: u64, none: u64) -> u64 {
    match whole {
        0 => none,
        whole => part.saturating_mul(10_000) / whole,
    }
}

fn merge(sum: &mut BTreeMap<u64, u64>, part: &BTreeMap<u64, u64>) {
    for (value, count) in part {
        *sum.entry(*value).or_default() += count;
    }
}

/// The lowest value that at least `share` of all counts do not exceed.
fn quantile(histogram: &BTreeMap<u64, u64>, share: u64) -> u64 {
    let total: u64 = histogram.values().sum();
    let mut seen = 0;
    for (value, count) in histogram {
        seen += count;
        if seen * 10_000 >= total * share {
            return *value;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_observed_values() {
        let histogram = BTreeMap::from([(1, 5), (3, 4), (100, 1)]);
        assert_eq!(quantile(&histogram, 5_000), 1);
        assert_eq!(quantile(&histogram, 5_001), 3);
        assert_eq!(quantile(&histogram, 9_000), 3);
        assert_eq!(quantile(&histogram, 10_000), 100);
        assert_eq!(quantile(&BTreeMap::new(), 5_000), 0);
    }

    #[test]
    fn metrics_add_up_in_any_order() {
        let one = Metrics {
            runs: 1,
            passed: 1,
            completions: BTreeMap::from([(10_000, 1)]),
            traps: BTreeMap::from([(TrapKind::CpuFault, 2)]),
            ..Metrics::default()
        };
        let other = Metrics {
            runs: 1,
            right_files: Average::of_run(1, 4),
            done_prefix: Average::of_run(0, 0),
            completions: BTreeMap::from([(5_000, 1)]),
            ..Metrics::default()
        };
        let mut sum = one.clone();
        sum.add(&other);
        let mut turned = other;
        turned.add(&one);
        assert_eq!(sum, turned);
        assert_eq!(
            (sum.runs, sum.passed, sum.trap(TrapKind::CpuFault)),
            (2, 1, 2)
        );
        assert_eq!(sum.completion_average(), 7_500);
        // A run without expected files or steps has no share.
        assert_eq!(sum.right_files.average(), Some(2_500));
        assert_eq!(sum.done_prefix.average(), None);
    }
}
