//! The records of a run's journal, one after another: each well-formed, and each where the one
//! before left off.
//!
//! Never looks at the hash chain, which is checked before.

use std::collections::BTreeMap;

use turingos::isa::Opcode;
use turingos::journal::{Record, Status};
use turingos::trap::TrapKind;

use super::record_view::RecordView;

/// The counts of the records so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    count: u64,
    before: Option<Before>,
    opcodes: BTreeMap<Opcode, u64>,
    traps: BTreeMap<TrapKind, u64>,
}

/// What the next record has to continue.
#[derive(Clone, Debug, Default)]
struct Before {
    time_us: u64,
    next: String,
    is_running: bool,
}

impl Records {
    /// Takes the next record.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).ok();
        if let Some(view) = text.and_then(RecordView::read) {
            return self.keep(&view);
        }
        let record: Record = serde_json::from_slice(bytes)
            .map_err(|error| format!("its record is not a journal record: {error}"))?;
        let mut json = String::with_capacity(bytes.len());
        record.write_json(&mut json);
        if json.as_bytes() != bytes {
            return Err("its record is not in canonical form".into());
        }
        self.keep(&RecordView::of(&record))
    }

    fn keep(&mut self, record: &RecordView<'_>) -> Result<(), String> {
        self.check(record)?;
        if let Some(opcode) = record.op {
            *self.opcodes.entry(opcode).or_default() += 1;
        }
        for trap in &record.traps {
            *self.traps.entry(*trap).or_default() += 1;
        }
        self.count += 1;
        let before = self.before.get_or_insert_default();
        before.time_us = record.time_us;
        before.next.clear();
        before.next.push_str(record.next);
        before.is_running = record.status == Status::Running;
        Ok(())
    }

    fn check(&self, record: &RecordView<'_>) -> Result<(), String> {
        if record.tick != self.count {
            return Err(format!(
                "its tick is {}, expected {}",
                record.tick, self.count
            ));
        }
        if record.op.is_some() == record.has_fault {
            return Err("it must have an opcode or a fault, and not both".into());
        }
        if record.actual != record.op.map(Opcode::class) {
            return Err("the class in its route differs from the class of its opcode".into());
        }
        let Some(before) = &self.before else {
            return Ok(());
        };
        if record.time_us < before.time_us {
            return Err(format!(
                "its time is {} us, before that of the tick before",
                record.time_us
            ));
        }
        // A machine that has stopped continues where it is booted.
        if before.is_running && record.pointer != before.next {
            return Err("its pointer differs from the `next` of the tick before".into());
        }
        Ok(())
    }

    /// How often each opcode was counted, by its name; those that never were too.
    pub(super) fn opcodes(&self) -> Vec<(&'static str, u64)> {
        let count = |opcode| self.opcodes.get(&opcode).copied().unwrap_or_default();
        Opcode::ALL
            .map(|opcode| (opcode.name(), count(opcode)))
            .into()
    }

    /// How often each trap was counted, by its name; those that never were too.
    pub(super) fn traps(&self) -> Vec<(&'static str, u64)> {
        let count = |trap| self.traps.get(&trap).copied().unwrap_or_default();
        TrapKind::ALL.map(|trap| (trap.name(), count(trap))).into()
    }

    /// How many traps were counted.
    pub(super) fn trap_count(&self) -> u64 {
        self.traps.values().sum()
    }
}
