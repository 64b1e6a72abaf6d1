//! Rows, written as they come: duplicates left out, everything counted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;
use turingos::Digest;
use turingos::isa::{Opcode, Syscall};

use turingos_agents::json_text::push_json_string;
use turingos_run::RunEnd;

/// The most traps that wait for a transition. A machine whose provider is down raises more than a
/// model can learn from.
const MAX_WAITING: usize = 256;

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

/// The figures of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The sources, in order.
    pub sources: Vec<SourceSummary>,
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
    /// Traps without a row: no transition of this instruction set followed.
    pub unanswered_traps: u64,
}

/// The texts of a transition.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// Its line in the source, from 1.
    pub line: u64,
    /// The tick, from 0.
    pub tick: u64,
    /// The state register before.
    pub q_t: &'a str,
    /// The frame.
    pub s_t: &'a str,
    /// The pointer before.
    pub d_t: &'a str,
    /// The state register after.
    pub q_next: &'a str,
}

/// A trap that no transition has followed yet.
#[derive(Clone, Debug)]
struct Waiting {
    line: u64,
    base: String,
    details: String,
    json: String,
}

/// Writes the rows of one source after another.
#[derive(Debug)]
pub struct Collector<W> {
    policy: W,
    reflex: W,
    keeps_duplicates: bool,
    written: BTreeSet<Digest>,
    waiting: Vec<Waiting>,
    metrics: Summary,
    row: Vec<u8>,
    syscall: String,
}

impl<W: Write> Collector<W> {
    /// A collector that writes to two files.
    #[must_use]
    pub fn new(policy: W, reflex: W, keeps_duplicates: bool) -> Self {
        Self {
            policy,
            reflex,
            keeps_duplicates,
            written: BTreeSet::new(),
            waiting: Vec::new(),
            metrics: Summary::default(),
            row: Vec::new(),
            syscall: String::new(),
        }
    }

    /// Begins the next source.
    pub fn begin(&mut self, kind: &'static str, file: &str) {
        self.interrupt();
        self.metrics.sources.push(SourceSummary {
            file: file.to_owned(),
            kind,
            transitions: 0,
            traps: 0,
            policy_rows: 0,
            reflex_rows: 0,
            unfinished: None,
        });
    }

    /// Notes how the run that is the current source ends.
    pub(crate) fn run_ended(&mut self, end: RunEnd) {
        let unfinished = (!end.is_finished()).then(|| end.to_string());
        self.count(|source| source.unfinished = unfinished);
    }

    /// Takes a trap: its base pointer, its details and its whole frame as JSON.
    pub fn trap(&mut self, line: u64, base: &str, details: &str, json: String) {
        self.count(|source| source.traps += 1);
        if self.waiting.len() == MAX_WAITING {
            self.metrics.unanswered_traps += 1;
            return;
        }
        self.waiting.push(Waiting {
            line,
            base: base.to_owned(),
            details: details.to_owned(),
            json,
        });
    }

    /// Drops the waiting traps: the machine was rebooted or the source has ended, so the next
    /// transition does not answer them.
    pub fn interrupt(&mut self) {
        self.metrics.unanswered_traps += self.waiting.len() as u64;
        self.waiting.clear();
    }

    /// Takes a transition whose syscall is not of this instruction set, for the decoder's reason.
    pub(crate) fn foreign(&mut self, reason: &'static str) {
        self.count(|source| source.transitions += 1);
        *self.metrics.foreign_syscalls.entry(reason).or_default() += 1;
        self.interrupt();
    }

    /// Takes a transition, which also answers the traps that wait.
    ///
    /// # Errors
    /// Those of the files.
    pub fn transition(&mut self, seen: &Transition<'_>, syscall: &Syscall) -> io::Result<()> {
        self.count(|source| source.transitions += 1);
        self.syscall.clear();
        syscall.write_canonical(&mut self.syscall);
        for trap in std::mem::take(&mut self.waiting) {
            self.reflex_row(&trap, seen)?;
        }
        self.policy_row(seen, syscall.opcode())
    }

    fn policy_row(&mut self, seen: &Transition<'_>, opcode: Opcode) -> io::Result<()> {
        self.begin_row(seen.line, seen.tick);
        let content = self.row.len();
        for (key, text) in [("q_t", seen.q_t), ("s_t", seen.s_t), ("d_t", seen.d_t)] {
            push_member(&mut self.row, key, text);
        }
        self.end_row(seen);
        if !self.is_new(Digest::of(&self.row[content..])) {
            self.metrics.policy_duplicates += 1;
            return Ok(());
        }
        self.policy.write_all(&self.row)?;
        self.metrics.policy_rows += 1;
        *self.metrics.opcodes.entry(opcode.name()).or_default() += 1;
        self.count(|source| source.policy_rows += 1);
        Ok(())
    }

    fn reflex_row(&mut self, trap: &Waiting, seen: &Transition<'_>) -> io::Result<()> {
        self.begin_row(trap.line, seen.tick);
        self.row.extend_from_slice(b",\"trap_frame\":");
        self.row.extend_from_slice(trap.json.as_bytes());
        self.end_row(seen);
        // Counters and times make every frame different, but teach nothing.
        let parts = [&trap.base, &trap.details, seen.q_next, &self.syscall];
        let digests = parts.map(|part| Digest::of(part.as_bytes()));
        let identity = Digest::of_parts(&digests.each_ref().map(|it| it.as_bytes().as_slice()));
        if !self.is_new(identity) {
            self.metrics.reflex_duplicates += 1;
            return Ok(());
        }
        self.reflex.write_all(&self.row)?;
        self.metrics.reflex_rows += 1;
        *self.metrics.traps.entry(trap.base.clone()).or_default() += 1;
        self.count(|source| source.reflex_rows += 1);
        Ok(())
    }

    /// Begins a row with where it comes from.
    fn begin_row(&mut self, line: u64, tick: u64) {
        self.row.clear();
        let Some(source) = self.metrics.sources.last() else {
            return;
        };
        let kind = source.kind;
        self.row
            .extend_from_slice(format!("{{\"from\":{{\"kind\":\"{kind}\",\"file\":").as_bytes());
        push_json_string(&mut self.row, source.file.as_bytes());
        self.row
            .extend_from_slice(format!(",\"line\":{line},\"tick\":{tick}}}").as_bytes());
    }

    fn end_row(&mut self, seen: &Transition<'_>) {
        push_member(&mut self.row, "q_next", seen.q_next);
        self.row.extend_from_slice(b",\"a_t\":");
        self.row.extend_from_slice(self.syscall.as_bytes());
        self.row.extend_from_slice(b"}\n");
    }

    fn is_new(&mut self, identity: Digest) -> bool {
        self.keeps_duplicates || self.written.insert(identity)
    }

    fn count(&mut self, add: impl FnOnce(&mut SourceSummary)) {
        if let Some(source) = self.metrics.sources.last_mut() {
            add(source);
        }
    }

    /// Writes what is left and returns the metrics.
    ///
    /// # Errors
    /// Those of the files.
    pub fn finish(mut self) -> io::Result<Summary> {
        self.interrupt();
        self.policy.flush()?;
        self.reflex.flush()?;
        Ok(self.metrics)
    }
}

fn push_member(row: &mut Vec<u8>, key: &str, text: &str) {
    row.extend_from_slice(format!(",\"{key}\":").as_bytes());
    push_json_string(row, text.as_bytes());
}
