//! The timeline of a run: one entry a tick, filters, and the folding of uneventful ticks.

use std::borrow::Cow;

use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};
use turingos::isa::Opcode;
use turingos::journal::Status;
use turingos::kernel::Committed;
use turingos_run::Injections;

/// One tick of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// The tick, from 0.
    pub tick: u64,
    /// Virtual time of the commit, in microseconds; `None` in a journal of TuringOS.
    pub time_us: Option<u64>,
    /// The lane whose answer counted, if that is known.
    pub lane: Option<&'static str>,
    /// The code of the fault for which lane P answered in place of lane E.
    pub failover: Option<String>,
    /// Where the tick observed.
    pub pointer: String,
    /// The opcode; `None` after a CPU fault.
    pub op: Option<&'static str>,
    /// The code of the decoder's or the oracle's fault.
    pub fault: Option<String>,
    /// The traps, in the order in which they fired.
    pub traps: Vec<Cow<'static, str>>,
    /// What was injected: noise, provider fault, world faults.
    pub injected: Vec<&'static str>,
    /// Where the next tick observes.
    pub next: String,
    /// The machine's status after the tick.
    pub status: &'static str,
}

impl TimelineEntry {
    /// The entry of a committed tick.
    #[must_use]
    pub fn of(committed: &Committed, injections: &Injections) -> Self {
        let record = &committed.record;
        let injected = [
            injections.replaced_noise,
            injections.noise,
            injections.provider_fault,
        ];
        let world = injections.world_faults.iter().copied();
        Self {
            tick: record.tick,
            time_us: Some(record.time_us),
            lane: Some(record.route.lane.name()),
            failover: record.route.failover.as_deref().map(str::to_owned),
            pointer: record.pointer.clone(),
            op: record.op.map(Opcode::name),
            fault: record.fault.clone(),
            traps: { record.traps.iter() }
                .map(|kind| kind.name().into())
                .collect(),
            injected: injected.into_iter().flatten().chain(world).collect(),
            next: record.next.clone(),
            status: record.status.name(),
        }
    }

    /// Whether anything but the next step of the work happened.
    #[must_use]
    pub fn is_eventful(&self) -> bool {
        self.failover.is_some()
            || self.fault.is_some()
            || !self.traps.is_empty()
            || !self.injected.is_empty()
            || self.status != Status::Running.name()
    }
}

/// The one kind of tick that a timeline is narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Only {
    /// Ticks with a trap.
    Traps,
    /// Ticks whose call or reply failed.
    Faults,
    /// Ticks in which something was injected.
    Injected,
    /// Ticks that wrote a file.
    Writes,
}

impl Only {
    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Which ticks of a timeline are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineFilter {
    /// The first tick.
    pub from: u64,
    /// The last tick.
    pub to: u64,
    /// The kind of tick; all of them if `None`.
    pub only: Option<Only>,
}

impl TimelineFilter {
    /// Every tick.
    pub const ALL: Self = Self {
        from: 0,
        to: u64::MAX,
        only: None,
    };

    /// Whether an entry is wanted.
    #[must_use]
    pub fn takes(&self, entry: &TimelineEntry) -> bool {
        let kind = match self.only {
            None => true,
            Some(Only::Traps) => !entry.traps.is_empty(),
            Some(Only::Faults) => entry.fault.is_some() || entry.failover.is_some(),
            Some(Only::Injected) => !entry.injected.is_empty(),
            Some(Only::Writes) => entry.op == Some(Opcode::Write.name()) && entry.traps.is_empty(),
        };
        kind && (self.from..=self.to).contains(&entry.tick)
    }
}

/// Folds runs of uneventful ticks: of each only the first and the last are shown.
#[derive(Debug, Default)]
pub struct Fold {
    /// The last uneventful tick, not shown yet.
    held: Option<TimelineEntry>,
    folded: u64,
    is_quiet: bool,
}

/// A line of a folded timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A tick.
    Tick(Box<TimelineEntry>),
    /// So many uneventful ticks that are not shown.
    Folded(u64),
}

impl Fold {
    /// Takes the next entry and adds the lines that can be shown now.
    pub fn push(&mut self, entry: TimelineEntry, lines: &mut Vec<Line>) {
        if entry.is_eventful() {
            self.flush(lines);
            self.is_quiet = false;
            lines.push(Line::Tick(Box::new(entry)));
        } else if self.is_quiet {
            if self.held.replace(entry).is_some() {
                self.folded += 1;
            }
        } else {
            self.is_quiet = true;
            lines.push(Line::Tick(Box::new(entry)));
        }
    }

    /// Adds what is held back.
    pub fn flush(&mut self, lines: &mut Vec<Line>) {
        if self.folded > 0 {
            lines.push(Line::Folded(self.folded));
        }
        if let Some(entry) = self.held.take() {
            lines.push(Line::Tick(Box::new(entry)));
        }
        self.folded = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(tick: u64, traps: &[&'static str]) -> TimelineEntry {
        TimelineEntry {
            tick,
            time_us: Some(tick * 1_000),
            lane: Some("E"),
            failover: None,
            pointer: "README.md".to_owned(),
            op: Some("SYS_GOTO"),
            fault: None,
            traps: traps.iter().map(|trap| Cow::Borrowed(*trap)).collect(),
            injected: Vec::new(),
            next: "README.md".to_owned(),
            status: "RUNNING",
        }
    }

    fn folded(entries: impl IntoIterator<Item = TimelineEntry>) -> Vec<String> {
        let mut lines = Vec::new();
        let mut fold = Fold::default();
        for entry in entries {
            fold.push(entry, &mut lines);
        }
        fold.flush(&mut lines);
        let shown = lines.iter().map(|line| match line {
            Line::Tick(entry) => entry.tick.to_string(),
            Line::Folded(count) => format!("({count})"),
        });
        shown.collect()
    }

    #[test]
    fn uneventful_ticks_are_folded_between_their_first_and_last() {
        let quiet = |ticks: std::ops::Range<u64>| ticks.map(|tick| entry(tick, &[]));
        assert_eq!(folded(quiet(0..1)), ["0"]);
        assert_eq!(folded(quiet(0..2)), ["0", "1"]);
        assert_eq!(folded(quiet(0..3)), ["0", "(1)", "2"]);
        assert_eq!(
            folded(
                quiet(0..10)
                    .chain([entry(10, &["PAGE_FAULT"])])
                    .chain(quiet(11..13))
            ),
            ["0", "(8)", "9", "10", "11", "12"]
        );
        assert_eq!(
            folded([entry(0, &["PAGE_FAULT"]), entry(1, &["EACCES"])]),
            ["0", "1"]
        );
    }

    #[test]
    fn filters_take_ranges_and_kinds() {
        let only = |only| TimelineFilter {
            only: Some(only),
            ..TimelineFilter::ALL
        };
        let trapped = entry(4, &["PAGE_FAULT"]);
        assert!(only(Only::Traps).takes(&trapped));
        assert!(!only(Only::Traps).takes(&entry(4, &[])));
        assert!(!only(Only::Writes).takes(&trapped));
        let range = TimelineFilter {
            from: 5,
            to: 6,
            only: None,
        };
        let taken: Vec<u64> = (0..9)
            .filter(|tick| range.takes(&entry(*tick, &[])))
            .collect();
        assert_eq!(taken, [5, 6]);
    }
}
