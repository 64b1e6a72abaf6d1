//! The worker's memory: its whole state between ticks, as the text of q.
//!
//! One `KEY value` per line; line feeds and backslashes in a value are escaped. What exceeds its
//! bound is not kept, so q does not grow with a mission.

use std::fmt::Write as _;

/// The most bytes of values, texts and carried lines in q. The bound leaves a frame its full length.
pub(super) const MAX_MEMORY_BYTES: usize = 1_400;

/// The phase of the worker's current step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Search the mission for the next instruction.
    #[default]
    Plan,
    /// Read a source.
    Read,
    /// Write at the target.
    Write,
    /// Write through the requested handle.
    Grant,
    /// Check the exit code of the command that did the work.
    Ran,
    /// Check the written target.
    Check,
    /// Append to the progress file.
    Note,
    /// Finish the step after progress was appended.
    Noted,
    /// Check the exit code of the test command.
    Test,
}

impl Phase {
    const NAMES: [(Self, &'static str); 9] = [
        (Self::Plan, "PLAN"),
        (Self::Read, "READ"),
        (Self::Write, "WRITE"),
        (Self::Grant, "GRANT"),
        (Self::Ran, "RAN"),
        (Self::Check, "CHECK"),
        (Self::Note, "NOTE"),
        (Self::Noted, "NOTED"),
        (Self::Test, "TEST"),
    ];

    fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(phase, _)| *phase == self);
        found.map_or("PLAN", |(_, name)| name)
    }

    fn named(name: &str) -> Self {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map_or(Self::Plan, |(phase, _)| *phase)
    }

    /// True if the next action depends on the slice.
    pub(super) const fn needs_slice(self) -> bool {
        !matches!(self, Self::Check | Self::Noted)
    }
}

/// The content of q.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The mission file.
    pub(super) mission: String,
    /// A file to create before the step; empty for none.
    pub(super) missing_file: String,
    pub(super) phase: Phase,
    /// The number of finished steps, for missions without a contract.
    pub(super) done: usize,
    /// The current instruction.
    pub(super) instruction: String,
    /// The index of its current reading.
    pub(super) reading: usize,
    /// Recoveries since the last progress.
    pub(super) attempt: u32,
    /// The pointer that the slice should be of.
    pub(super) pointer: String,
    /// The last action only left a loop: observe `pointer` again.
    pub(super) detour: bool,
    /// The run queue holds a task for this step.
    pub(super) has_task: bool,
    /// The action signatures in the frame when this was written, without those that one more action
    /// displaces; `None` before the first action.
    pub(super) mark: Option<Vec<String>>,
    /// The unread directories of a walk.
    pub(super) pending: String,
    /// The value of the current reading.
    pub(super) value: String,
    /// The start of a line that continues on the next page.
    pub(super) carry: String,
    /// The text of the readings so far.
    pub(super) text: String,
}

impl Memory {
    /// Reads q. `BOOT PATH` starts a mission; a q that is not the worker's starts `MISSION.md`.
    pub(super) fn parse(q: &str) -> Self {
        let mut memory = Self::default();
        for line in q.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let text = || unescaped(value);
            let number = || value.parse().unwrap_or(0);
            match key {
                "BOOT" | "MISSION" => memory.mission = text(),
                "MAKE" => memory.missing_file = text(),
                "PHASE" => memory.phase = Phase::named(value),
                "DONE" => memory.done = number(),
                "ORDER" => memory.instruction = text(),
                "READING" => memory.reading = number(),
                "ATTEMPT" => memory.attempt = value.parse().unwrap_or(0),
                "EYE" => memory.pointer = text(),
                "ASTRAY" => memory.detour = true,
                "TASK" => memory.has_task = true,
                "MARK" => memory.mark = Some(value.split_whitespace().map(str::to_owned).collect()),
                "PENDING" => memory.pending = text(),
                "VALUE" => memory.value = text(),
                "CARRY" => memory.carry = text(),
                "TEXT" => memory.text = text(),
                _ => {}
            }
        }
        if memory.mission.trim().is_empty() {
            memory.mission = "MISSION.md".to_owned();
        }
        if memory.pointer.trim().is_empty() {
            memory.pointer.clone_from(&memory.mission);
        }
        memory
    }

    /// Writes q.
    pub(super) fn write(&self, q: &mut String) {
        let texts = [
            ("MISSION", &self.mission),
            ("MAKE", &self.missing_file),
            ("ORDER", &self.instruction),
            ("EYE", &self.pointer),
            ("PENDING", &self.pending),
            ("VALUE", &self.value),
            ("CARRY", &self.carry),
            ("TEXT", &self.text),
        ];
        // Writing to a String cannot fail.
        let _ = writeln!(q, "PHASE {}", self.phase.name());
        for (key, number) in [
            ("DONE", self.done),
            ("READING", self.reading),
            (
                "ATTEMPT",
                usize::try_from(self.attempt).unwrap_or(usize::MAX),
            ),
        ] {
            if number > 0 {
                let _ = writeln!(q, "{key} {number}");
            }
        }
        for (key, flag) in [("ASTRAY", self.detour), ("TASK", self.has_task)] {
            if flag {
                let _ = writeln!(q, "{key}");
            }
        }
        if let Some(mark) = &self.mark {
            let _ = writeln!(q, "MARK {}", mark.join(" "));
        }
        for (key, text) in texts {
            if !text.is_empty() {
                q.push_str(key);
                q.push(' ');
                push_escaped(q, text);
                q.push('\n');
            }
        }
    }

    /// True if more was read than q can hold.
    pub(super) fn is_full(&self) -> bool {
        self.value.len() + self.carry.len() + self.text.len() + self.pending.len()
            > MAX_MEMORY_BYTES
    }

    /// Clears the readings of the current instruction.
    pub(super) fn forget(&mut self) {
        self.reading = 0;
        for text in [
            &mut self.pending,
            &mut self.value,
            &mut self.carry,
            &mut self.text,
        ] {
            text.clear();
        }
    }
}

fn push_escaped(out: &mut String, text: &str) {
    let mut start = 0;
    for at in memchr::memchr3_iter(b'\\', b'\n', b'\r', text.as_bytes()) {
        out.push_str(&text[start..at]);
        out.push_str(match text.as_bytes()[at] {
            b'\n' => "\\n",
            b'\r' => "\\r",
            _ => "\\\\",
        });
        start = at + 1;
    }
    out.push_str(&text[start..]);
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let mut after = rest[at + 1..].chars();
        out.push(match after.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some(other) => other,
            None => '\\',
        });
        rest = after.as_str();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_round_trip() {
        let memory = Memory {
            mission: "M.md".to_owned(),
            missing_file: "data/a b".to_owned(),
            phase: Phase::Read,
            done: 3,
            instruction: "copy a to b".to_owned(),
            reading: 2,
            attempt: 7,
            pointer: "$ npm test".to_owned(),
            detour: true,
            has_task: true,
            mark: Some(vec!["0123".to_owned(), "4567".to_owned()]),
            pending: "a/;b/".to_owned(),
            value: "one\ntwo\\n\n".to_owned(),
            carry: "\r half".to_owned(),
            text: " lead".to_owned(),
        };
        let mut q = String::new();
        memory.write(&mut q);
        let mut again = String::new();
        Memory::parse(&q).write(&mut again);
        assert_eq!(q, again);
        let read = Memory::parse(&q);
        assert_eq!((&read.value, &read.carry), (&memory.value, &memory.carry));
        assert_eq!((&read.text, &read.mark), (&memory.text, &memory.mark));
    }

    #[test]
    fn boot_starts_the_mission() {
        let memory = Memory::parse("BOOT tasks/MISSION.md");
        assert_eq!(memory.mission, "tasks/MISSION.md");
        assert_eq!(
            (memory.pointer.as_str(), memory.mark),
            ("tasks/MISSION.md", None)
        );
        assert_eq!(Memory::parse("").mission, "MISSION.md");
    }
}
