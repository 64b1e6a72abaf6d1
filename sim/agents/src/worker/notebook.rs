//! The worker's notebook: everything it knows from one tick to the next, as the text of q.
//!
//! One `KEY value` a line; a value's line feeds and backslashes are escaped. What is longer than
//! its bound is not kept, so q never grows with a mission. Never looks at a frame.

use std::fmt::Write as _;

/// How many bytes of values, texts and carried lines q may hold together. With the instruction and
/// the rest it leaves a frame its full length.
pub(super) const MEMORY_BYTES: usize = 1_400;

/// What the worker is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Looking for the next instruction in the mission.
    #[default]
    Plan,
    /// Reading a source.
    Read,
    /// At the target, about to write.
    Write,
    /// Waiting for a handle, about to write through it.
    Grant,
    /// A command did the work.
    Ran,
    /// The target was written.
    Check,
    /// At the progress file, about to append.
    Note,
    /// Progress was appended.
    Noted,
    /// A test command was run.
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

    /// True if what is done next depends on what the slice shows.
    pub(super) const fn looks(self) -> bool {
        !matches!(self, Self::Check | Self::Noted)
    }
}

/// What q says.
#[derive(Clone, Debug, Default)]
pub(super) struct Notebook {
    /// The file that holds the mission.
    pub(super) mission: String,
    /// A file to make before the step can be done; empty for none.
    pub(super) make: String,
    pub(super) phase: Phase,
    /// How many steps were done, for missions without a contract.
    pub(super) done: usize,
    /// The instruction under way.
    pub(super) order: String,
    /// Which reading of it is under way.
    pub(super) reading: usize,
    /// Recoveries since something was last achieved.
    pub(super) attempt: u32,
    /// The pointer that the slice should be of.
    pub(super) eye: String,
    /// The last thing done was only to step out of a loop: look at `eye` again.
    pub(super) astray: bool,
    /// A task for this step is on the run queue.
    pub(super) task: bool,
    /// The action signatures that the frame showed when this was written, without those that one
    /// more action pushes out; `None` before the first action.
    pub(super) mark: Option<Vec<String>>,
    /// Directories of a walk that are still to be read.
    pub(super) pending: String,
    /// The value of the reading under way.
    pub(super) value: String,
    /// The beginning of a line whose end is on the next page.
    pub(super) carry: String,
    /// The text made of the readings so far.
    pub(super) text: String,
}

impl Notebook {
    /// Reads q. `BOOT PATH` starts a mission; a q that no worker has written starts `MISSION.md`.
    pub(super) fn parse(q: &str) -> Self {
        let mut book = Self::default();
        for line in q.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let text = || unescaped(value);
            let number = || value.parse().unwrap_or(0);
            match key {
                "BOOT" | "MISSION" => book.mission = text(),
                "MAKE" => book.make = text(),
                "PHASE" => book.phase = Phase::named(value),
                "DONE" => book.done = number(),
                "ORDER" => book.order = text(),
                "READING" => book.reading = number(),
                "ATTEMPT" => book.attempt = value.parse().unwrap_or(0),
                "EYE" => book.eye = text(),
                "ASTRAY" => book.astray = true,
                "TASK" => book.task = true,
                "MARK" => book.mark = Some(value.split_whitespace().map(str::to_owned).collect()),
                "PENDING" => book.pending = text(),
                "VALUE" => book.value = text(),
                "CARRY" => book.carry = text(),
                "TEXT" => book.text = text(),
                _ => {}
            }
        }
        if book.mission.trim().is_empty() {
            book.mission = "MISSION.md".to_owned();
        }
        if book.eye.trim().is_empty() {
            book.eye.clone_from(&book.mission);
        }
        book
    }

    /// Writes q.
    pub(super) fn write(&self, q: &mut String) {
        let texts = [
            ("MISSION", &self.mission),
            ("MAKE", &self.make),
            ("ORDER", &self.order),
            ("EYE", &self.eye),
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
        for (key, flag) in [("ASTRAY", self.astray), ("TASK", self.task)] {
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

    /// True if more was read than q may hold.
    pub(super) fn is_full(&self) -> bool {
        self.value.len() + self.carry.len() + self.text.len() + self.pending.len() > MEMORY_BYTES
    }

    /// Forgets what the instruction under way has gathered.
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
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (other, false) => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let book = Notebook {
            mission: "M.md".to_owned(),
            make: "data/a b".to_owned(),
            phase: Phase::Read,
            done: 3,
            order: "copy a to b".to_owned(),
            reading: 2,
            attempt: 7,
            eye: "$ npm test".to_owned(),
            astray: true,
            task: true,
            mark: Some(vec!["0123".to_owned(), "4567".to_owned()]),
            pending: "a/;b/".to_owned(),
            value: "one\ntwo\\n\n".to_owned(),
            carry: "\r half".to_owned(),
            text: " lead".to_owned(),
        };
        let mut q = String::new();
        book.write(&mut q);
        let mut again = String::new();
        Notebook::parse(&q).write(&mut again);
        assert_eq!(q, again);
        let read = Notebook::parse(&q);
        assert_eq!((&read.value, &read.carry), (&book.value, &book.carry));
        assert_eq!((&read.text, &read.mark), (&book.text, &book.mark));
    }

    #[test]
    fn a_boot_names_the_mission_and_has_done_nothing() {
        let book = Notebook::parse("BOOT tasks/MISSION.md");
        assert_eq!(book.mission, "tasks/MISSION.md");
        assert_eq!((book.eye.as_str(), book.mark), ("tasks/MISSION.md", None));
        assert_eq!(Notebook::parse("").mission, "MISSION.md");
    }
}
