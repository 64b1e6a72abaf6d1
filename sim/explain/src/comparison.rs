//! Two runs side by side: their headers, the first tick that differs, and whether they meet again.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use turingos::Digest;
use turingos::journal::Record;
use turingos_run::{Difference, RunIoError, RunReader, differences};

use crate::playback::{Playback, Step};
use crate::timeline::TimelineEntry;

/// How two runs compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Members of the headers that differ; `recorded` is the first run's, `replayed` the second's.
    pub headers: Vec<Difference>,
    /// The ticks of both runs.
    pub ticks: [u64; 2],
    /// The roots of both runs.
    pub roots: [Digest; 2],
    /// Where the runs part; `None` if all records are the same.
    pub parting: Option<Parting>,
}

impl Comparison {
    /// Whether both runs did the same, whatever their headers say.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.parting.is_none()
    }
}

/// Where two runs part, and what each did from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parting {
    /// The first tick that differs.
    pub tick: u64,
    /// The members of its record that differ; none if one of the runs had ended.
    pub differences: Vec<Difference>,
    /// What each run did from there, at most as many ticks as were asked for.
    pub entries: [Vec<TimelineEntry>; 2],
    /// The first tick of each run from which both do the same until one of them ends.
    pub meeting: Option<[u64; 2]>,
}

/// Compares the runs in two directories; shows at most `shown` ticks of each after the first
/// difference.
///
/// # Errors
/// A file of either run is corrupt or cannot be read, or a run differs from its own recording.
pub async fn compare(
    directories: [&Path; 2],
    shown: usize,
    mut progress: impl FnMut(u64),
) -> Result<Comparison, RunIoError> {
    let [a, b] = directories;
    let headers = differences(&header(a)?, &header(b)?);
    let mut runs = [Playback::open(a)?, Playback::open(b)?];
    let mut parting = loop {
        let [a, b] = &mut runs;
        match (a.step().await?, b.step().await?) {
            (None, None) => break None,
            (Some(one), Some(other)) if is_same(&one, &other) => progress(a.tick()),
            steps => break Some(Remainder::of(steps, shown)),
        }
    };
    if let Some(remainder) = &mut parting {
        for (run, side) in runs.iter_mut().zip(&mut remainder.sides) {
            while let Some(step) = run.step().await? {
                side.push(&step, shown);
                progress(run.tick());
            }
        }
    }
    let [a, b] = &runs;
    Ok(Comparison {
        headers,
        ticks: [a.tick(), b.tick()],
        roots: [a.root(), b.root()],
        parting: parting.map(Remainder::into_parting),
    })
}

fn header(directory: &Path) -> Result<Value, RunIoError> {
    let bytes = RunReader::of(directory).header_bytes()?;
    // Bytes that are not JSON fail when the run is opened.
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

fn is_same(one: &Step, other: &Step) -> bool {
    one.committed.record == other.committed.record
}

/// Both runs from the first tick that differs.
struct Remainder {
    tick: u64,
    differences: Vec<Difference>,
    sides: [Side; 2],
}

/// One run from the first tick that differs.
#[derive(Default)]
struct Side {
    entries: Vec<TimelineEntry>,
    /// What each tick did, apart from its number and time, in eight bytes.
    deeds: Vec<u64>,
}

impl Side {
    fn push(&mut self, step: &Step, shown: usize) {
        if self.entries.len() < shown {
            self.entries
                .push(TimelineEntry::of(&step.committed, &step.injections));
        }
        self.deeds.push(deed(&step.committed.record));
    }
}

impl Remainder {
    fn of(steps: (Option<Step>, Option<Step>), shown: usize) -> Self {
        let steps = [steps.0, steps.1];
        let mut remainder = Self {
            tick: steps
                .iter()
                .flatten()
                .map(|step| step.committed.record.tick)
                .next()
                .unwrap_or_default(),
            differences: match &steps {
                [Some(one), Some(other)] => differences(&record(one), &record(other)),
                _ => Vec::new(),
            },
            sides: Default::default(),
        };
        for (step, side) in steps.iter().zip(&mut remainder.sides) {
            if let Some(step) = step {
                side.push(step, shown);
            }
        }
        remainder
    }

    fn into_parting(self) -> Parting {
        let [a, b] = &self.sides;
        let meeting = meeting(&a.deeds, &b.deeds);
        let meeting = meeting.map(|ticks| ticks.map(|tick| self.tick + tick));
        let [a, b] = self.sides;
        Parting {
            tick: self.tick,
            differences: self.differences,
            entries: [a.entries, b.entries],
            meeting,
        }
    }
}

/// The first place in each list from which both are the same until one ends: side by side, or with
/// their ends side by side. At least two ticks, because one may be alike by chance.
fn meeting(a: &[u64], b: &[u64]) -> Option<[u64; 2]> {
    const LEAST: usize = 2;
    let shorter = a.len().min(b.len());
    let beside = common_suffix(&a[..shorter], &b[..shorter]);
    let (common, ends) = match beside {
        0..LEAST => (common_suffix(a, b), [a.len(), b.len()]),
        common => (common, [shorter, shorter]),
    };
    let start = |end: usize| u64::try_from(end - common).ok();
    let [a, b] = ends.map(start);
    (common >= LEAST).then_some([a?, b?])
}

fn common_suffix(a: &[u64], b: &[u64]) -> usize {
    let pairs = a.iter().rev().zip(b.iter().rev());
    pairs.take_while(|(a, b)| a == b).count()
}

fn record(step: &Step) -> Value {
    let mut text = String::new();
    step.committed.record.write_json(&mut text);
    serde_json::from_str(&text).unwrap_or_default()
}

/// What a tick did, apart from its number, its time and its route.
fn deed(record: &Record) -> u64 {
    let op = record.op.map_or("", |op| op.name());
    let digest = Digest::of_parts(&[
        record.q.as_bytes(),
        record.slice.as_bytes(),
        op.as_bytes(),
        record.pointer.as_bytes(),
        b"\n",
        record.next.as_bytes(),
    ]);
    let bytes = digest.as_bytes().iter().take(8);
    bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::meeting;

    #[test]
    fn runs_meet_side_by_side_or_at_their_ends() {
        assert_eq!(meeting(&[1, 2, 3, 4], &[9, 2, 3, 4]), Some([1, 1]));
        assert_eq!(meeting(&[1, 2, 3, 4, 5], &[9, 2, 3, 4]), Some([1, 1]));
        assert_eq!(meeting(&[1, 7, 3, 4], &[9, 3, 4]), Some([2, 1]));
        assert_eq!(meeting(&[1, 2, 3], &[4, 5, 3]), None);
        assert_eq!(meeting(&[], &[1]), None);
    }
}
