//! The clerk: a faithful agent that reads the frame as a model would and carries out missions.
//!
//! Its answer is a pure function of (seed, q, frame). Progress lives in q alone:
//!
//! ```text
//! MISSION 17 STEP 4/9 TRY 0 FILE notes/slot-17.md CAP vfd://rw/…
//! Add the first line.
//! ```
//!
//! `STEP` is the next step, from 0. `TRY` counts the recoveries of this mission. `CAP` appears once
//! a handle was read from a frame. Two more forms only name a mission to start: a driver boots a
//! kernel with `BOOT n` (or `BOOT`, for 0), and a halting transition leaves `NEXT n`; [`Clerk::boot_q`]
//! turns the latter into the former.
//!
//! The clerk always answers with one well-formed transition, and halts only if the slice shows a
//! test command that exited 0.

use turingos::isa::Opcode;
use turingos::trap::TrapKind;

use super::Agent;
use super::frame_view::FrameView;
use super::intent::Intent;
use super::json_text::push_number_text;
use super::mission::{EXPECT_FILE, Mission};
use super::register::{Register, push_register};
use super::step::Step;

/// After this many recoveries the clerk abandons a mission.
pub const MAX_RECOVERIES: u32 = 5;

/// A run queue this deep loses one task before another is pushed.
const DEEP_QUEUE: u32 = 6;

/// The clerk agent. It keeps only its seed and a cache of the current mission, which every call
/// could compute again.
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

    /// The boot q of the kernel after one that ended with `previous_q`: it starts the mission that a
    /// halting transition named or, if the kernel stopped within a mission, the one after that.
    #[must_use]
    pub fn boot_q(previous_q: &str) -> String {
        let mut words = previous_q.split_ascii_whitespace();
        let keyword = words.next();
        let number = words.next().and_then(|word| word.parse::<u64>().ok());
        let next = match (keyword, number) {
            (Some("MISSION"), Some(number)) => number.saturating_add(1),
            (Some("NEXT" | "BOOT"), Some(number)) => number,
            _ => 0,
        };
        format!("BOOT {next}")
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

/// The frame does not show what the step needs.
struct SliceMismatch;

/// The state of one answer.
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
            // The written file cannot be read back: write it again.
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

    /// Writes the step's action and the next q.
    fn perform(&self, intent: &mut Intent) -> Result<(), SliceMismatch> {
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
            Step::OpenHandle => goto(intent).push_str(self.register.cap.ok_or(SliceMismatch)?),
            Step::DescribeCap => {
                let handle = self.register.cap.ok_or(SliceMismatch)?;
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
            // A panic reset has emptied the run queue: nothing is left to schedule.
            Step::Edit | Step::MoveDown | Step::Block | Step::Pop => {
                goto(intent).push_str("sys://callstack");
            }
            Step::Halt => {
                let command = self.mission.test_command();
                if self.view.exit_code(|shown| shown == command) != Some("0") {
                    return Err(SliceMismatch);
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
            // A slice that fits on one page has no page to turn.
            None => goto(intent).push_str("sys://callstack"),
        }
    }

    fn append(&self, which: &str, intent: &mut Intent) -> Result<(), SliceMismatch> {
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

    fn replace_status(&self, intent: &mut Intent) -> Result<(), SliceMismatch> {
        self.require_channel("sys://replace/")?;
        let payload = write(intent);
        if self.view.slice.contains("status: open") {
            payload.push_str(r#"{"search":"status: open","replace":"status: done by mission "#);
        } else {
            // An earlier attempt succeeded although it was reported as refused.
            payload
                .push_str(r#"{"search":"status: done","replace":"status: done again by mission "#);
        }
        push_number_text(payload, self.mission.number);
        payload.push_str("\"}");
        Ok(())
    }

    fn write_through_cap(&self, intent: &mut Intent) -> Result<(), SliceMismatch> {
        self.require_channel("sys://cap/issue")?;
        let handle = self.view.line_after("[HANDLE] ").ok_or(SliceMismatch)?;
        let end = handle.find(char::is_whitespace).unwrap_or(handle.len());
        let handle = &handle[..end];
        let attempt = self.register.attempt;
        self.mission.push_note(self.seed, attempt, write(intent));
        intent.operand("semantic_cap").push_str(handle);
        self.push_q(self.step + 1, attempt, Some(handle), intent);
        Ok(())
    }

    /// Removes one task from a run queue filled by abandoned missions; false if it is short.
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

    /// Requires the slice of a file: its text, its pages, or a page fault.
    fn require_file(&self) -> Result<(), SliceMismatch> {
        let slice = self.view.slice;
        if slice.starts_with("[SYSTEM_CHANNEL]") || slice.starts_with("[COMMAND]") {
            return Err(SliceMismatch);
        }
        if self.view.is_page_fault() {
            let pointer = self.view.line_after("Pointer: ").ok_or(SliceMismatch)?;
            if !pointer.starts_with("notes/") && !pointer.starts_with("tests/") {
                return Err(SliceMismatch);
            }
        }
        Ok(())
    }

    /// Requires the slice of a channel or its pages.
    fn require_channel(&self, channel: &str) -> Result<(), SliceMismatch> {
        let shown = if self.view.slice.starts_with("[PAGE_TABLE]") {
            self.view.line_after("[SOURCE] ")
        } else {
            self.view.slice.strip_prefix("[SYSTEM_CHANNEL] ")
        };
        match shown {
            Some(pointer) if pointer.starts_with(channel) => Ok(()),
            _ => Err(SliceMismatch),
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

    /// Moves away with an action that differs from attempt to attempt, and returns to the last step
    /// from which the work can resume, or abandons the mission.
    fn recover_at(&self, failed: usize, trap: Option<TrapKind>, intent: &mut Intent) {
        let attempt = self.register.attempt + 1;
        intent.reset(Opcode::Goto);
        let trap_number = trap.map_or(0, trap_number);
        let turn = self
            .mission
            .number
            .wrapping_add(u64::from(attempt))
            .wrapping_add(trap_number * 3);
        // The limit makes the action unique, so that it cannot continue the loop that was trapped.
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

/// A fixed number for each trap, independent of the kernel's table: adding a trap there must not
/// change the clerk's recovery from the others.
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
