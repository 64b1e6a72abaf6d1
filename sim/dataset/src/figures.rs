//! The figures of a data set and of its sources.

use std::collections::BTreeMap;

use serde::Serialize;

/// The figures of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceSummary {
    /// Its name.
    pub file: String,
    /// `run` or `turingos-journal`.
    pub kind: &'static str,
    /// Transitions and traps that were seen.
    pub transitions: u64,
    /// Trap frames that were seen.
    pub traps: u64,
    /// Policy rows that were written.
    pub policy_rows: u64,
    /// Reflex rows that were written.
    pub reflex_rows: u64,
    /// How far an unfinished run got; absent for every other source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<String>,
}

/// A source that was skipped: no row is of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadSource {
    /// Its name.
    pub file: String,
    /// What is wrong with it, one line for people.
    pub reason: String,
}

/// The figures of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The sources, in order.
    pub sources: Vec<SourceSummary>,
    /// The sources that were skipped, in order.
    pub bad_sources: Vec<BadSource>,
    /// The rows, and what has none.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Rows, and what has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Policy rows.
    pub policy_rows: u64,
    /// Reflex rows.
    pub reflex_rows: u64,
    /// Policy rows that were left out because they had been written.
    pub policy_duplicates: u64,
    /// Reflex rows that were left out because they had been written.
    pub reflex_duplicates: u64,
    /// Policy rows by opcode.
    pub opcodes: BTreeMap<&'static str, u64>,
    /// Reflex rows by the trap's base pointer.
    pub traps: BTreeMap<String, u64>,
    /// Transitions without a row, by the decoder's reason: their syscall is of another instruction
    /// set.
    pub foreign_syscalls: BTreeMap<&'static str, u64>,
    /// Traps without a row, by their base pointer and the reason.
    pub dropped_traps: BTreeMap<String, BTreeMap<DropReason, u64>>,
}

/// Why a trap has no reflex row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DropReason {
    /// The machine stopped, or was rebooted, before a transition followed.
    MachineStopped,
    /// The recording ended before a transition followed.
    RecordingEnded,
    /// The syscall that followed is of another instruction set.
    ForeignSyscall,
    /// Too many traps stood before one transition.
    TooManyTraps,
}

impl DropReason {
    /// The reason as it is written in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MachineStopped => "MACHINE_STOPPED",
            Self::RecordingEnded => "RECORDING_ENDED",
            Self::ForeignSyscall => "FOREIGN_SYSCALL",
            Self::TooManyTraps => "TOO_MANY_TRAPS",
        }
    }
}

impl Figures {
    /// Traps without a row, whatever the reason.
    #[must_use]
    pub fn unanswered_traps(&self) -> u64 {
        { self.dropped_traps.values() }
            .flat_map(BTreeMap::values)
            .sum()
    }

    /// Adds the figures of another source.
    pub(crate) fn add(&mut self, other: Self) {
        self.policy_rows += other.policy_rows;
        self.reflex_rows += other.reflex_rows;
        self.policy_duplicates += other.policy_duplicates;
        self.reflex_duplicates += other.reflex_duplicates;
        merge(&mut self.opcodes, other.opcodes);
        merge(&mut self.traps, other.traps);
        merge(&mut self.foreign_syscalls, other.foreign_syscalls);
        for (base, reasons) in other.dropped_traps {
            merge(self.dropped_traps.entry(base).or_default(), reasons);
        }
    }

    pub(crate) fn drop_trap(&mut self, base: String, reason: DropReason) {
        let reasons = self.dropped_traps.entry(base).or_default();
        *reasons.entry(reason).or_default() += 1;
    }
}

fn merge<K: Ord>(sum: &mut BTreeMap<K, u64>, part: BTreeMap<K, u64>) {
    for (key, count) in part {
        *sum.entry(key).or_default() += count;
    }
}
