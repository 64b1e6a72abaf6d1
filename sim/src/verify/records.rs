//! The records of a run's journal, one after another: each well-formed, and each where the one
//! before left off.
//!
//! Never looks at the hash chain, which is checked before.

use std::collections::BTreeMap;

use turingos::isa::Opcode;
use turingos::journal::{Record, Status};
use turingos::trap::TrapKind;

/// What the records so far came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    count: u64,
    before: Option<Before>,
    opcodes: BTreeMap<Opcode, u64>,
    traps: BTreeMap<TrapKind, u64>,
    json: String,
}

/// What the next record has to go on from.
#[derive(Clone, Debug)]
struct Before {
    time_us: u64,
    next: String,
    status: Status,
}

impl Records {
    /// Takes the next record.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let record: Record = serde_json::from_slice(bytes)
            .map_err(|error| format!("its record is not one: {error}"))?;
        self.json.clear();
        record.write_json(&mut self.json);
        if self.json.as_bytes() != bytes {
            return Err("its record is not in the one spelling of its value".into());
        }
        self.check(&record)?;
        if let Some(opcode) = record.op {
            *self.opcodes.entry(opcode).or_default() += 1;
        }
        for trap in &record.traps {
            *self.traps.entry(*trap).or_default() += 1;
        }
        self.count += 1;
        self.before = Some(Before {
            time_us: record.time_us,
            next: record.next,
            status: record.status,
        });
        Ok(())
    }

    fn check(&self, record: &Record) -> Result<(), String> {
        if record.tick != self.count {
            return Err(format!(
                "its tick is {}, expected {}",
                record.tick, self.count
            ));
        }
        if record.op.is_some() == record.fault.is_some() {
            return Err("it must have an opcode or a fault, and not both".into());
        }
        if record.route.actual != record.op.map(Opcode::class) {
            return Err("its route tells another class than its opcode has".into());
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
        // A machine that has stopped goes on where it is booted.
        if before.status == Status::Running && record.pointer != before.next {
            return Err("its pointer is not where the tick before led".into());
        }
        Ok(())
    }

    /// How often each opcode and trap was counted, by its name; those that never were too.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let opcodes = Opcode::ALL.into_iter().map(|opcode| {
            let count = self.opcodes.get(&opcode).copied();
            (opcode.name(), count.unwrap_or_default())
        });
        let traps = TrapKind::ALL.into_iter().map(|trap| {
            let count = self.traps.get(&trap).copied();
            (trap.name(), count.unwrap_or_default())
        });
        opcodes.chain(traps)
    }

    /// How many traps were counted.
    pub(super) fn traps(&self) -> u64 {
        self.traps.values().sum()
    }
}
