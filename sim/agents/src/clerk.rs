//! The clerk: a faithful agent that reads the frame as a model would and carries out missions.
//!
//! Its answer is a pure function of (seed, q, frame). Progress lives in q alone:
//!
//! ```text
//! MISSION 17 STEP 4/9 TRY 0 FILE notes/slot-17.md CAP vfd://rw/…
//! Add the first line.
//! ```
//!
//! `STEP` is the step to do next, from 0. `TRY` counts the recoveries of this mission. `CAP` is
//! there once a handle was read from a frame. Two more forms name only a mission to start:
//! `BOOT n` (or `BOOT`, for 0) is what a driver starts a kernel with, and `NEXT n` is what a
//! halting transition leaves behind; [`boot_q`] makes the one from the other.
//!
//! The clerk never looks at anything but its arguments, never answers with anything but one
//! well-formed transition, and never halts unless the slice shows a test command that exited 0.

use turingos::isa::Opcode;
use turingos::trap::TrapKind;

use super::Agent;
use super::frame_view::FrameView;
use super::intent::Intent;
use super::json_text::push_number_text;
use super::mission::{EXPECT_FILE, Mission};
use super::register::{Register, push_register};
use super::step::Step;

pub use super::register::boot_q;

/// After this many recoveries a mission is given up.
pub const MAX_RECOVERIES: u32 = 5;

/// A run queue this deep is emptied by one task before another is pushed.
const DEEP_QUEUE: u32 = 6;

/// The agent. It keeps only its seed and the numbers of the mission it last looked at, which any
/// call would compute again.
#[derive(Clone, Debug)]
pub struct Clerk {
    seed: u64,
    latest: Mission,
}

impl Clerk {
    /// The clerk of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            latest: Mission::of(seed, 0),
        }
    }
}

impl Agent for Clerk {
    fn answer(&mut self, q: &str, frame: &str, intent: &mut Intent) {
        let register = Register::parse(q);
        if self.latest.number != register.mission {
            self.latest = Mission::of(self.seed, register.mission);
        }
        let mission = self.latest;
        let turn = Turn {
            seed: self.seed,
            mission,
            step: register.step.min(mission.steps().len() - 1),
            register,
            view: FrameView::of(frame),
        };
        turn.answer(intent);
    }
}

/// Why a step cannot be done from what the frame shows.
struct OutOfPlace;

/// One answer in the making.
struct Turn<'a> {
    seed: u64,
    mission: Mission,
    step: usize,
    register: Register<'a>,
    view: FrameView<'a>,
}

impl Turn<'_> {
    fn answer(&self, intent: &mut Intent) {
        let previous = self
            .step
            .checked_sub(1)
            .and_then(|previous| self.mission.steps().get(previous).copied());
        if let Some(trap) = self.view.trap() {
            if previous != Some(Step::OpenTrap) || trap.is_hard() {
                self.recover(Some(trap), intent);
                return;
            }
        } else if previous.is_some_and(Step::writes) && self.view.is_page_fault() {
            // What was written cannot be read back: write it again.
            self.recover_at(self.step - 1, None, intent);
            return;
        }
        intent.reset(Opcode::Pop);
        self.push_thought(intent);
        if self.perform(intent).is_err() {
            self.recover(None, intent);
        }
    }

    fn step_kind(&self) -> Step {
        self.mission.steps()[self.step]
    }

    fn push_thought(&self, intent: &mut Intent) {
        if !(self.mission.number + self.step as u64).is_multiple_of(3) {
            intent.thought.push_str(self.step_kind().intent());
        }
    }

    /// Writes the step's action and the q that follows it.
    fn perform(&self, intent: &mut Intent) -> Result<(), OutOfPlace> {
        match self.step_kind() {
            Step::OpenNote => self.mission.push_note_path(goto(intent)),
            Step::OpenEarlierNote => self.mission.push_earlier_note_path(goto(intent)),
            Step::OpenReadme => goto(intent).push_str("README.md"),
            Step::OpenExpect => goto(intent).push_str(EXPECT_FILE),
            Step::OpenAppend => self.push_note_pointer("sys://append/", intent),
            Step::OpenReplace => self.push_note_pointer("sys://replace/", intent),
            Step::OpenCallStack => goto(intent).push_str("sys://callstack"),
            Step::OpenCapList => goto(intent).push_str("sys://cap/list"),
            Step::OpenHistory => {
                let pointer = goto(intent);
                pointer.push_str("sys://git/log?limit=");
                push_number_text(pointer, u64::from(self.mission.commits()));
            }
            Step::OpenTrap => goto(intent).push_str(TrapKind::PageFault.base()),
            Step::TurnPage => self.turn_page(intent),
            Step::IssueCap => self.push_note_pointer("sys://cap/issue?access=rw&path=", intent),
            Step::OpenHandle => goto(intent).push_str(self.register.cap.ok_or(OutOfPlace)?),
            Step::DescribeCap => {
                let handle = self.register.cap.ok_or(OutOfPlace)?;
                let pointer = goto(intent);
                pointer.push_str("sys://cap/describe?handle=");
                pointer.push_str(handle);
            }
            Step::WriteNote => {
                self.require_file()?;
                let attempt = self.register.attempt;
                self.mission.push_note(self.seed, attempt, write(intent));
            }
            Step::WriteExpect => {
                self.require_file()?;
                self.mission.push_expectation(write(intent));
            }
            Step::AppendFirst => self.append("first", intent)?,
            Step::AppendSecond => self.append("second", intent)?,
            Step::ReplaceStatus => self.replace_status(intent)?,
            Step::WriteThroughCap => return self.write_through_cap(intent),
            Step::List => exec(intent).push_str("ls notes"),
            Step::Cat => self.push_note_command("cat ", intent),
            Step::Grep => {
                let command = exec(intent);
                command.push_str("grep ");
                self.mission.push_marker(command);
                command.push(' ');
                self.mission.push_note_path(command);
            }
            Step::Count => self.push_note_command("wc -l ", intent),
            Step::TestFile => self.push_note_command("test -f ", intent),
            Step::RunTests => exec(intent).push_str(self.mission.test_command()),
            Step::History => {
                intent.set_opcode(Opcode::GitLog);
                intent.number_operand("limit", self.mission.commits());
            }
            Step::HistoryOfNote => {
                intent.set_opcode(Opcode::GitLog);
                self.mission.push_note_path(intent.operand("path"));
                intent.number_operand("limit", 5);
            }
            Step::Push => {
                if self.make_room(intent) {
                    self.push_q(self.step, self.register.attempt, self.register.cap, intent);
                    return Ok(());
                }
                intent.set_opcode(Opcode::Push);
                self.push_task("Work on ", intent);
            }
            Step::Edit if self.view.has_active() => {
                intent.set_opcode(Opcode::Edit);
                self.push_task("Finish ", intent);
            }
            Step::MoveDown if self.view.has_active() => {
                intent.set_opcode(Opcode::Move);
                intent.operand("target_pos").push_str("BOTTOM");
            }
            Step::Block if self.view.has_active() => {
                intent.set_opcode(Opcode::Move);
                intent.operand("status").push_str("BLOCKED");
            }
            Step::Pop if self.view.has_active() => intent.set_opcode(Opcode::Pop),
            Step::Raise => match self.view.waiting_task() {
                Some(task) => raise(task, intent),
                None => goto(intent).push_str("sys://callstack"),
            },
            // A panic reset has emptied the run queue: there is nothing left to schedule.
            Step::Edit | Step::MoveDown | Step::Block | Step::Pop => {
                goto(intent).push_str("sys://callstack");
            }
            Step::Halt => {
                let command = self.mission.test_command();
                if self.view.exit_code(|shown| shown == command) != Some("0") {
                    return Err(OutOfPlace);
                }
                intent.set_opcode(Opcode::Halt);
                intent.q_next.push_str("NEXT ");
                push_number_text(&mut intent.q_next, self.mission.number.saturating_add(1));
                intent
                    .q_next
                    .push_str("\nThe tests of the last mission passed.");
                return Ok(());
            }
        }
        self.push_q(
            self.step + 1,
            self.register.attempt,
            self.register.cap,
            intent,
        );
        Ok(())
    }

    fn push_note_pointer(&self, channel: &str, intent: &mut Intent) {
        let pointer = goto(intent);
        pointer.push_str(channel);
        self.mission.push_note_path(pointer);
    }

    fn push_note_command(&self, command: &str, intent: &mut Intent) {
        let text = exec(intent);
        text.push_str(command);
        self.mission.push_note_path(text);
    }

    fn turn_page(&self, intent: &mut Intent) {
        let page = ["[NEXT] ", "[PREVIOUS] "]
            .into_iter()
            .filter_map(|marker| self.view.line_after(marker))
            .find(|pointer| pointer.starts_with("sys://page/"));
        match page {
            Some(pointer) => goto(intent).push_str(pointer.trim_end()),
            // A slice short enough to be seen whole has no page to turn.
            None => goto(intent).push_str("sys://callstack"),
        }
    }

    fn append(&self, which: &str, intent: &mut Intent) -> Result<(), OutOfPlace> {
        self.require_channel("sys://append/")?;
        let line = write(intent);
        line.push_str("- ");
        line.push_str(which);
        line.push_str(" entry of mission ");
        push_number_text(line, self.mission.number);
        if self.register.attempt > 0 {
            line.push_str(", attempt ");
            push_number_text(line, u64::from(self.register.attempt));
        }
        Ok(())
    }

    fn replace_status(&self, intent: &mut Intent) -> Result<(), OutOfPlace> {
        self.require_channel("sys://replace/")?;
        let payload = write(intent);
        if self.view.slice.contains("status: open") {
            payload.push_str(r#"{"search":"status: open","replace":"status: done by mission "#);
        } else {
            // An earlier attempt got through although it was reported as refused.
            payload
                .push_str(r#"{"search":"status: done","replace":"status: done again by mission "#);
        }
        push_number_text(payload, self.mission.number);
        payload.push_str("\"}");
        Ok(())
    }

    fn write_through_cap(&self, intent: &mut Intent) -> Result<(), OutOfPlace> {
        self.require_channel("sys://cap/issue")?;
        let handle = self.view.line_after("[HANDLE] ").ok_or(OutOfPlace)?;
        let end = handle.find(char::is_whitespace).unwrap_or(handle.len());
        let handle = &handle[..end];
        let attempt = self.register.attempt;
        self.mission.push_note(self.seed, attempt, write(intent));
        intent.operand("semantic_cap").push_str(handle);
        self.push_q(self.step + 1, attempt, Some(handle), intent);
        Ok(())
    }

    /// Takes one task off a run queue that missions given up have filled; false if it is short.
    fn make_room(&self, intent: &mut Intent) -> bool {
        if self.view.depth() < DEEP_QUEUE {
            return false;
        }
        if self.view.has_active() {
            intent.set_opcode(Opcode::Pop);
            return true;
        }
        match self.view.waiting_task() {
            Some(task) => {
                raise(task, intent);
                true
            }
            None => false,
        }
    }

    fn push_task(&self, verb: &str, intent: &mut Intent) {
        let attempt = self.register.attempt;
        let task = intent.operand("task");
        task.push_str(verb);
        self.mission.push_note_path(task);
        task.push_str(" for mission ");
        push_number_text(task, self.mission.number);
        task.push_str(", step ");
        push_number_text(task, self.step as u64);
        if attempt > 0 {
            task.push_str(", attempt ");
            push_number_text(task, u64::from(attempt));
        }
    }

    /// The slice must be that of a file: its text, its pages, or its absence.
    fn require_file(&self) -> Result<(), OutOfPlace> {
        let slice = self.view.slice;
        if slice.starts_with("[SYSTEM_CHANNEL]") || slice.starts_with("[COMMAND]") {
            return Err(OutOfPlace);
        }
        if self.view.is_page_fault() {
            let pointer = self.view.line_after("Pointer: ").ok_or(OutOfPlace)?;
            if !pointer.starts_with("notes/") && !pointer.starts_with("tests/") {
                return Err(OutOfPlace);
            }
        }
        Ok(())
    }

    /// The slice must be that of a channel or, for a long one, the pages of it.
    fn require_channel(&self, channel: &str) -> Result<(), OutOfPlace> {
        let shown = if self.view.slice.starts_with("[PAGE_TABLE]") {
            self.view.line_after("[SOURCE] ")
        } else {
            self.view.slice.strip_prefix("[SYSTEM_CHANNEL] ")
        };
        match shown {
            Some(pointer) if pointer.starts_with(channel) => Ok(()),
            _ => Err(OutOfPlace),
        }
    }

    fn recover(&self, trap: Option<TrapKind>, intent: &mut Intent) {
        // A refused write kept the next q: the step that failed is the one before.
        let failed = match trap {
            Some(TrapKind::IoFault) => self.step.saturating_sub(1),
            _ => self.step,
        };
        self.recover_at(failed, trap, intent);
    }

    /// Leaves the place by an action that differs from one attempt to the next, and goes back to
    /// the last step from which the work can be taken up; or gives the mission up.
    fn recover_at(&self, failed: usize, trap: Option<TrapKind>, intent: &mut Intent) {
        let attempt = self.register.attempt + 1;
        intent.reset(Opcode::Goto);
        let trap_number = trap.map_or(0, trap_number);
        let turn = self
            .mission
            .number
            .wrapping_add(u64::from(attempt))
            .wrapping_add(trap_number * 3);
        // The number makes it an action that nothing else in a run repeats: whatever went round in
        // a loop just now, this is not the next turn of it.
        let limit = 10 + turn.wrapping_mul(13) % 90;
        match turn % 3 {
            0 => {
                let pointer = goto(intent);
                pointer.push_str("sys://git/log?limit=");
                push_number_text(pointer, limit);
            }
            1 => {
                let pointer = goto(intent);
                pointer.push_str("sys://git/log?grep=write&limit=");
                push_number_text(pointer, limit);
            }
            _ => {
                let command = exec(intent);
                command.push_str("echo recovery ");
                push_number_text(command, limit);
            }
        }
        if attempt > MAX_RECOVERIES {
            let next = Mission::of(self.seed, self.mission.number.saturating_add(1));
            push_register(&next, 0, 0, None, intent);
            return;
        }
        let steps = self.mission.steps();
        let anchor = (0..=failed)
            .rev()
            .find(|index| steps.get(*index).is_some_and(|step| step.is_anchor()))
            .unwrap_or(0);
        self.push_q(anchor, attempt, None, intent);
    }

    /// Writes q for `step`, or for the next mission if this one has no such step.
    fn push_q(&self, step: usize, attempt: u32, cap: Option<&str>, intent: &mut Intent) {
        if step < self.mission.steps().len() {
            push_register(&self.mission, step, attempt, cap, intent);
        } else {
            let next = Mission::of(self.seed, self.mission.number.saturating_add(1));
            push_register(&next, 0, 0, None, intent);
        }
    }
}

fn goto(intent: &mut Intent) -> &mut String {
    intent.set_opcode(Opcode::Goto);
    intent.operand("pointer")
}

fn exec(intent: &mut Intent) -> &mut String {
    intent.set_opcode(Opcode::Exec);
    intent.operand("cmd")
}

fn write(intent: &mut Intent) -> &mut String {
    intent.set_opcode(Opcode::Write);
    intent.operand("payload")
}

fn raise(task: &str, intent: &mut Intent) {
    intent.set_opcode(Opcode::Move);
    intent.operand("task_id").push_str(task);
    intent.operand("target_pos").push_str("TOP");
    intent.operand("status").push_str("ACTIVE");
}

/// Tells traps apart by more than where they stand in the kernel's table: a trap that is new there
/// must not change what the clerk does after an old one.
const fn trap_number(kind: TrapKind) -> u64 {
    match kind {
        TrapKind::PageFault => 1,
        TrapKind::NoProgress => 2,
        TrapKind::Eacces => 3,
        TrapKind::CpuFault => 4,
        TrapKind::StackFault => 5,
        TrapKind::IoFault => 6,
        TrapKind::ContentContract => 7,
        TrapKind::IllegalHalt => 8,
        TrapKind::Thrashing => 9,
        TrapKind::Deadlock => 10,
        TrapKind::WatchdogNmi => 11,
        TrapKind::L1CacheHit => 12,
        TrapKind::PanicReset => 13,
        TrapKind::UnrecoverableLoop => 14,
        TrapKind::PlanContract => 15,
        TrapKind::HaltGuard => 16,
    }
}
