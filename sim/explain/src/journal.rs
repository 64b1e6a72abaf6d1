//! The ticks of a TuringOS journal: read off its tuples, because nothing can carry them out again.

use std::borrow::Cow;
use std::io::Read;

use serde::Serialize;
use turingos::isa::Syscall;
use turingos_run::turingos_journal::{
    Action, Event, JournalFault, RecordedTick, RecordedTrap, events,
};

use crate::frame_sections::{FrameSection, sections};
use crate::timeline::TimelineEntry;

/// One tick of a journal, explained as far as its tuple goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalTick {
    /// What the timeline has.
    pub entry: TimelineEntry,
    /// The line of its tuple, from 1.
    pub line: u64,
    /// The state register before the tick.
    pub q_before: String,
    /// The state register after it.
    pub q_after: String,
    /// What the model saw, by sections; the whole text as one section if it has no headings.
    pub frame: Vec<FrameSection>,
    /// The canonical syscall, or the action as it was written.
    pub action: String,
    /// Why the action does not belong to this instruction set.
    pub foreign: Option<&'static str>,
    /// The traps that followed.
    pub traps: Vec<JournalTrap>,
}

/// A trap of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalTrap {
    /// The line of its frame, or of the tuple that shows it.
    pub line: u64,
    /// Its name.
    pub name: String,
    /// What happened.
    pub details: String,
    /// Whether the journal has a frame of it.
    pub is_logged: bool,
}

/// Reads a whole journal and shows each tick with the traps that follow it; returns how many ticks
/// it has.
///
/// # Errors
/// The first thing that is wrong with the journal; ticks may have been shown before.
pub fn journal_ticks(
    source: impl Read,
    mut look: impl FnMut(JournalTick),
) -> Result<u64, JournalFault> {
    let mut held: Option<JournalTick> = None;
    let mut ticks = 0;
    events(source, |event| match event {
        Event::Tick(tick) => {
            if let Some(done) = held.replace(JournalTick::of(*tick)) {
                ticks += 1;
                look(done);
            }
        }
        Event::Trap(trap) => {
            if let Some(tick) = &mut held {
                tick.follow(trap);
            }
        }
    })?;
    if let Some(done) = held {
        ticks += 1;
        look(done);
    }
    Ok(ticks)
}

impl JournalTick {
    fn of(tick: RecordedTick) -> Self {
        let (op, action, foreign) = match tick.action {
            Action::Syscall(syscall) => (Some(opcode(&syscall)), canonical(&syscall), None),
            Action::Foreign { json, reason } => (None, json, Some(reason)),
        };
        let lane = tick.is_strong_lane.map(|is_strong| match is_strong {
            true => "P",
            false => "E",
        });
        let mut frame = sections(&tick.frame);
        if frame.is_empty() {
            frame.push(FrameSection {
                name: "OBSERVED_SLICE",
                chars: tick.frame.chars().count(),
                text: tick.frame,
            });
        }
        Self {
            entry: TimelineEntry {
                tick: tick.number,
                time_us: None,
                lane,
                failover: None,
                pointer: tick.pointer,
                op,
                fault: foreign.map(str::to_owned),
                traps: Vec::new(),
                injected: Vec::new(),
                next: tick.next_pointer,
                status: "RUNNING",
            },
            line: tick.line,
            q_before: tick.state,
            q_after: tick.next_state,
            frame,
            action,
            foreign,
            traps: Vec::new(),
        }
    }

    fn follow(&mut self, trap: RecordedTrap) {
        if trap.stops_machine {
            self.entry.status = "FAILED";
        }
        self.entry.traps.push(Cow::Owned(trap.name.clone()));
        self.traps.push(JournalTrap {
            line: trap.line,
            name: trap.name,
            details: trap.details,
            is_logged: trap.is_logged,
        });
    }
}

fn opcode(syscall: &Syscall) -> &'static str {
    syscall.opcode().name()
}

fn canonical(syscall: &Syscall) -> String {
    let mut text = String::new();
    syscall.write_canonical(&mut text);
    text
}
