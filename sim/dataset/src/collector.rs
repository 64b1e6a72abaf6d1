//! Rows, written as they come: duplicates left out, everything counted.

use std::collections::BTreeSet;
use std::io::{self, Seek, Write};

use turingos::Digest;
use turingos::isa::{Opcode, Syscall};

use super::figures::{BadSource, DropReason, Figures, SourceSummary, Summary};
use super::row_file::RowFile;
use turingos_agents::json_text::push_json_string;
use turingos_run::RunEnd;

/// The most traps that wait for a transition. A machine whose provider is down raises more than a
/// model can learn from.
const MAX_WAITING: usize = 256;

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

/// A finished data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Its figures.
    pub summary: Summary,
    /// How many bytes of the policy file are rows; cut the file there.
    pub policy_bytes: u64,
    /// How many bytes of the reflex file are rows; cut the file there.
    pub reflex_bytes: u64,
}

/// Writes the rows of one source after another. The rows of a source count once the next source
/// begins, or the data set is finished.
#[derive(Debug)]
pub struct Collector<W> {
    policy: RowFile<W>,
    reflex: RowFile<W>,
    keeps_duplicates: bool,
    written: BTreeSet<Digest>,
    summary: Summary,
    source: Option<Source>,
    row: Vec<u8>,
    syscall: String,
}

/// The current source.
#[derive(Debug)]
struct Source {
    summary: SourceSummary,
    figures: Figures,
    /// What it added to the rows that were written.
    written: Vec<Digest>,
    waiting: Vec<Waiting>,
}

impl Source {
    fn drop_waiting(&mut self, reason: DropReason) {
        for trap in self.waiting.drain(..) {
            self.figures.drop_trap(trap.base, reason);
        }
    }
}

impl<W: Write + Seek> Collector<W> {
    /// A collector that writes to two files, from their first byte on.
    #[must_use]
    pub fn new(policy: W, reflex: W, keeps_duplicates: bool) -> Self {
        Self {
            policy: RowFile::new(policy),
            reflex: RowFile::new(reflex),
            keeps_duplicates,
            written: BTreeSet::new(),
            summary: Summary::default(),
            source: None,
            row: Vec::new(),
            syscall: String::new(),
        }
    }

    /// Begins the next source.
    pub fn begin(&mut self, kind: &'static str, file: &str) {
        self.keep_source();
        self.source = Some(Source {
            summary: SourceSummary {
                file: file.to_owned(),
                kind,
                transitions: 0,
                traps: 0,
                policy_rows: 0,
                reflex_rows: 0,
                unfinished: None,
            },
            figures: Figures::default(),
            written: Vec::new(),
            waiting: Vec::new(),
        });
    }

    /// Counts the rows of the current source.
    fn keep_source(&mut self) {
        if let Some(mut source) = self.source.take() {
            source.drop_waiting(DropReason::RecordingEnded);
            source.summary.policy_rows = source.figures.policy_rows;
            source.summary.reflex_rows = source.figures.reflex_rows;
            self.summary.figures.add(source.figures);
            self.summary.sources.push(source.summary);
            self.policy.keep();
            self.reflex.keep();
        }
    }

    /// Takes back every row of the current source, because it is bad for this reason.
    ///
    /// # Errors
    /// Those of the files.
    pub fn skip_source(&mut self, reason: String) -> io::Result<()> {
        if let Some(source) = self.source.take() {
            for digest in &source.written {
                self.written.remove(digest);
            }
            let file = source.summary.file;
            self.summary.bad_sources.push(BadSource { file, reason });
            self.policy.take_back()?;
            self.reflex.take_back()?;
        }
        Ok(())
    }

    /// Notes how the run that is the current source ends.
    pub(crate) fn run_ended(&mut self, end: RunEnd) {
        if let Some(source) = &mut self.source {
            source.summary.unfinished = (!end.is_finished()).then(|| end.to_string());
        }
    }

    /// Takes a trap: its base pointer, its details and its whole frame as JSON.
    pub fn trap(&mut self, line: u64, base: &str, details: &str, json: String) {
        let Some(source) = &mut self.source else {
            return;
        };
        source.summary.traps += 1;
        if source.waiting.len() == MAX_WAITING {
            source
                .figures
                .drop_trap(base.to_owned(), DropReason::TooManyTraps);
            return;
        }
        source.waiting.push(Waiting {
            line,
            base: base.to_owned(),
            details: details.to_owned(),
            json,
        });
    }

    /// Drops the waiting traps: the machine stopped, so the next transition does not answer them.
    pub fn stopped(&mut self) {
        if let Some(source) = &mut self.source {
            source.drop_waiting(DropReason::MachineStopped);
        }
    }

    /// Takes a transition whose syscall is not of this instruction set, for the decoder's reason.
    pub(crate) fn foreign(&mut self, reason: &'static str) {
        if let Some(source) = &mut self.source {
            source.summary.transitions += 1;
            *source.figures.foreign_syscalls.entry(reason).or_default() += 1;
            source.drop_waiting(DropReason::ForeignSyscall);
        }
    }

    /// Takes a transition, which also answers the traps that wait.
    ///
    /// # Errors
    /// Those of the files.
    pub fn transition(&mut self, seen: &Transition<'_>, syscall: &Syscall) -> io::Result<()> {
        let Some(mut source) = self.source.take() else {
            return Ok(());
        };
        source.summary.transitions += 1;
        self.syscall.clear();
        syscall.write_canonical(&mut self.syscall);
        let mut written = Ok(());
        for trap in std::mem::take(&mut source.waiting) {
            written = written.and_then(|()| self.reflex_row(&mut source, &trap, seen));
        }
        written = written.and_then(|()| self.policy_row(&mut source, seen, syscall.opcode()));
        self.source = Some(source);
        written
    }

    fn policy_row(
        &mut self,
        source: &mut Source,
        seen: &Transition<'_>,
        opcode: Opcode,
    ) -> io::Result<()> {
        self.begin_row(&source.summary, seen.line, seen.tick);
        let content = self.row.len();
        for (key, text) in [("q_t", seen.q_t), ("s_t", seen.s_t), ("d_t", seen.d_t)] {
            push_member(&mut self.row, key, text);
        }
        self.end_row(seen);
        if !self.is_new(source, Digest::of(&self.row[content..])) {
            source.figures.policy_duplicates += 1;
            return Ok(());
        }
        self.policy.write(&self.row)?;
        source.figures.policy_rows += 1;
        *source.figures.opcodes.entry(opcode.name()).or_default() += 1;
        Ok(())
    }

    fn reflex_row(
        &mut self,
        source: &mut Source,
        trap: &Waiting,
        seen: &Transition<'_>,
    ) -> io::Result<()> {
        self.begin_row(&source.summary, trap.line, seen.tick);
        self.row.extend_from_slice(b",\"trap_frame\":");
        self.row.extend_from_slice(trap.json.as_bytes());
        self.end_row(seen);
        // Counters and times make every frame different, but teach nothing.
        let parts = [&trap.base, &trap.details, seen.q_next, &self.syscall];
        let digests = parts.map(|part| Digest::of(part.as_bytes()));
        let identity = Digest::of_parts(&digests.each_ref().map(|it| it.as_bytes().as_slice()));
        if !self.is_new(source, identity) {
            source.figures.reflex_duplicates += 1;
            return Ok(());
        }
        self.reflex.write(&self.row)?;
        source.figures.reflex_rows += 1;
        *source.figures.traps.entry(trap.base.clone()).or_default() += 1;
        Ok(())
    }

    /// Begins a row with where it comes from.
    fn begin_row(&mut self, source: &SourceSummary, line: u64, tick: u64) {
        self.row.clear();
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

    fn is_new(&mut self, source: &mut Source, identity: Digest) -> bool {
        if self.keeps_duplicates {
            return true;
        }
        let is_new = self.written.insert(identity);
        if is_new {
            source.written.push(identity);
        }
        is_new
    }

    /// Writes what is left and returns the figures.
    ///
    /// # Errors
    /// Those of the files.
    pub fn finish(mut self) -> io::Result<DataSet> {
        self.keep_source();
        Ok(DataSet {
            summary: self.summary,
            policy_bytes: self.policy.finish()?,
            reflex_bytes: self.reflex.finish()?,
        })
    }
}

fn push_member(row: &mut Vec<u8>, key: &str, text: &str) {
    row.extend_from_slice(format!(",\"{key}\":").as_bytes());
    push_json_string(row, text.as_bytes());
}
