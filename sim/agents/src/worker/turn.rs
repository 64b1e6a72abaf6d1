//! One answer of the worker: from its memory and the frame to one action.
//!
//! A phase that depends on the slice proceeds only if exactly one action was taken since q was
//! written; otherwise the worker observes its pointer again. That recovers from traps, from garbage
//! and from jumps that it did not intend.

use turingos::Digest;
use turingos::isa::Opcode;
use turingos::trap::TrapKind;

use super::instruction::{Channel, Instruction, quoted};
use super::memory::{Memory, Phase};
use super::reading::whole_lines;
use super::view::WorkerView;
use crate::intent::Intent;

/// After this many recoveries without progress the step starts again.
const MAX_RECOVERIES: u32 = 24;

/// The longest accepted instruction, in bytes.
const MAX_INSTRUCTION_BYTES: usize = 400;

/// Answers one frame.
pub(super) fn answer(seed: u64, q: &str, frame: &str, intent: &mut Intent) {
    intent.reset(Opcode::Pop);
    let mut turn = Turn {
        seed,
        view: WorkerView::of(frame),
        memory: Memory::parse(q),
        intent,
    };
    turn.act();
    turn.memory.mark = Some(turn.view.mark());
    turn.memory.write(&mut turn.intent.q_next);
}

/// The state of one answer.
pub(super) struct Turn<'a> {
    seed: u64,
    pub(super) view: WorkerView<'a>,
    pub(super) memory: Memory,
    pub(super) intent: &'a mut Intent,
}

impl Turn<'_> {
    fn act(&mut self) {
        if let Some(trap) = self.view.trap() {
            return self.recover_from_trap(trap);
        }
        let follows = self.view.follows(self.memory.mark.as_deref());
        if self.memory.detour && follows {
            self.memory.detour = false;
            let pointer = self.memory.pointer.clone();
            return self.observe(&pointer);
        }
        if self.memory.phase.needs_slice() && !follows {
            return self.recover();
        }
        if self.view.is_clipped() {
            // A long run queue has displaced the slice.
            return match self.view.has_task() {
                true => self.intent.set_opcode(Opcode::Pop),
                false => self.recover(),
            };
        }
        self.continue_phase();
    }

    fn continue_phase(&mut self) {
        match self.memory.phase {
            Phase::Plan => self.plan(),
            Phase::Read => self.read(),
            Phase::Write => self.write(),
            Phase::Grant => self.write_through_handle(),
            Phase::Ran => match self.exit_code() {
                Some("0") => self.check(),
                _ => self.recover(),
            },
            Phase::Check => self.check(),
            Phase::Note => self.append_progress(),
            Phase::Noted => self.finish_step(),
            Phase::Test => match self.exit_code() {
                Some("0") => self.intent.set_opcode(Opcode::Halt),
                _ => self.restart_step(),
            },
        }
    }

    // Recovery.

    fn recover_from_trap(&mut self, trap: TrapKind) {
        match (self.memory.phase, trap) {
            // Nothing to replace: an earlier attempt succeeded.
            (Phase::Check, TrapKind::IoFault) if self.view.trap_says("NO_MATCH") => self.check(),
            // A refused write keeps the next q, so the write is the action that failed.
            (Phase::Check, TrapKind::IoFault) => {
                self.memory.phase = match self.channel() {
                    Some(Channel::Capability) => Phase::Grant,
                    _ => Phase::Write,
                };
                self.recover();
            }
            (Phase::Noted, TrapKind::IoFault) => self.restart_step(),
            (Phase::Check | Phase::Noted, _) => self.continue_phase(),
            (Phase::Test, _) if trap != TrapKind::CpuFault => self.restart_step(),
            _ => self.recover(),
        }
    }

    /// Observes the pointer again. Every second time it takes a unique action first, which cannot
    /// continue the loop that was trapped.
    pub(super) fn recover(&mut self) {
        self.memory.attempt = self.memory.attempt.saturating_add(1);
        if self.memory.attempt > MAX_RECOVERIES {
            self.memory.attempt = 0;
            self.reset_step();
        }
        if self.memory.attempt % 2 == 1 {
            self.memory.detour = false;
            let pointer = self.memory.pointer.clone();
            self.observe(&pointer);
        } else {
            self.memory.detour = true;
            let number = self.memory.attempt.to_string();
            let command = self.exec();
            command.push_str("echo recovery ");
            command.push_str(&number);
        }
    }

    /// Reads the mission again after an unexpected outcome.
    pub(super) fn restart_step(&mut self) {
        self.reset_step();
        self.recover();
    }

    pub(super) fn reset_step(&mut self) {
        self.memory.forget();
        self.memory.missing_file.clear();
        self.memory.instruction.clear();
        self.memory.phase = Phase::Plan;
        self.memory.pointer.clone_from(&self.memory.mission);
    }

    // The plan.

    fn plan(&mut self) {
        if self.view.page_fault().is_some() {
            return self.recover();
        }
        if self.memory.missing_file.is_empty()
            && self
                .view
                .contract
                .is_some_and(|contract| contract.step.is_some() && contract.is_ready)
        {
            return self.go_to_progress();
        }
        let page = self.view.page();
        let text = page.after(&self.memory.carry);
        let (whole, carry) = whole_lines(&text, page.next.is_some());
        // Without a contract, `reading` counts the steps on earlier pages.
        let mut seen = self.memory.reading;
        let found = { whole.lines() }.find_map(|line| self.instruction_in(line, &mut seen));
        match (found, page.next) {
            (Some(instruction), _) => self.start(instruction.to_owned()),
            (None, Some(next)) => {
                self.memory.carry = carry.to_owned();
                self.memory.reading = seen;
                self.observe(next);
            }
            (None, None) => self.restart_step(),
        }
    }

    /// The instruction in a line of the mission, if it is the next one.
    fn instruction_in<'l>(&self, line: &'l str, seen: &mut usize) -> Option<&'l str> {
        if !self.memory.missing_file.is_empty() {
            let rest = line.strip_prefix("NEED ")?;
            let (path, instruction) = rest.split_once(": ")?;
            return (path == self.memory.missing_file).then_some(instruction);
        }
        let step = line.strip_prefix("STEP ");
        if let Some(wanted) = self.view.contract.and_then(|contract| contract.step) {
            // Most lines are of other steps, and their names end where they end.
            let (name, instruction) = step
                .filter(|step| step.starts_with(wanted))?
                .split_once(": ")?;
            return (name == wanted).then_some(instruction);
        }
        match (
            self.view.contract,
            step.and_then(|step| step.split_once(": ")),
        ) {
            (Some(_), Some(_)) => None,
            // Without a contract the steps are counted; the tests follow the last.
            (None, Some((_, instruction))) => {
                *seen = seen.saturating_add(1);
                (*seen > self.memory.done).then_some(instruction)
            }
            (_, None) => line.starts_with("TEST: ").then_some(line),
        }
    }

    fn start(&mut self, line: String) {
        if let Some(command) = line.strip_prefix("TEST: ") {
            self.memory.forget();
            self.memory.phase = Phase::Test;
            return self.observe(&format!("$ {command}"));
        }
        if Instruction::parse(&line).is_none() || line.len() > MAX_INSTRUCTION_BYTES {
            return self.restart_step();
        }
        if self.habit(&line) == Habit::Task && !self.memory.has_task && !self.view.has_task() {
            self.memory.has_task = true;
            self.intent.set_opcode(Opcode::Push);
            let task = self.intent.operand("task");
            task.extend(line.chars().take(120));
            return;
        }
        self.memory.forget();
        self.memory.instruction = line;
        self.memory.phase = Phase::Read;
        self.next_reading();
    }

    // Progress.

    /// The target was written: the contract decides whether it is correct.
    pub(super) fn check(&mut self) {
        if !self.memory.missing_file.is_empty() {
            self.memory.attempt = 0;
            self.reset_step();
            let mission = self.memory.mission.clone();
            return self.observe(&mission);
        }
        match self.view.contract {
            Some(contract) if contract.step.is_some() && contract.is_ready => {
                self.go_to_progress();
            }
            Some(_) => self.restart_step(),
            None => {
                self.memory.done = self.memory.done.saturating_add(1);
                self.finish_step();
            }
        }
    }

    fn go_to_progress(&mut self) {
        let Some(contract) = self.view.contract else {
            return self.restart_step();
        };
        self.memory.phase = Phase::Note;
        self.observe(contract.pointer);
    }

    fn append_progress(&mut self) {
        match self.view.contract {
            Some(contract) if contract.is_ready && !contract.line.trim().is_empty() => {
                self.memory.phase = Phase::Noted;
                self.write_payload(contract.line);
            }
            _ => self.restart_step(),
        }
    }

    /// Cleans up after a step and returns to the mission.
    fn finish_step(&mut self) {
        self.memory.phase = Phase::Noted;
        if self.memory.has_task {
            self.memory.has_task = false;
            if self.view.has_task() {
                return self.intent.set_opcode(Opcode::Pop);
            }
        }
        self.memory.attempt = 0;
        let line = std::mem::take(&mut self.memory.instruction);
        if self.habit(&line) == Habit::CountLines
            && let Some(target) = Instruction::parse(&line).and_then(|it| quoted(&it.target))
        {
            let command = self.exec();
            command.push_str("wc -l ");
            command.push_str(&target);
            return;
        }
        self.reset_step();
        let mission = self.memory.mission.clone();
        self.observe(&mission);
    }

    // Helpers.

    pub(super) fn instruction(&self) -> Option<Instruction> {
        Instruction::parse(&self.memory.instruction)
    }

    fn channel(&self) -> Option<Channel> {
        self.instruction().map(|instruction| instruction.channel)
    }

    fn exit_code(&self) -> Option<&str> {
        self.view.exit_code(self.memory.pointer.strip_prefix("$ ")?)
    }

    /// Moves the pointer to `pointer`, or runs its command.
    pub(super) fn observe(&mut self, pointer: &str) {
        if pointer.trim().trim_start_matches('$').trim().is_empty() {
            return self.restart_step();
        }
        self.memory.pointer = pointer.to_owned();
        if let Some(command) = pointer.strip_prefix("$ ") {
            self.exec().push_str(command);
        } else {
            self.intent.set_opcode(Opcode::Goto);
            self.intent.operand("pointer").push_str(pointer);
        }
    }

    pub(super) fn write_payload(&mut self, payload: &str) {
        self.intent.set_opcode(Opcode::Write);
        self.intent.operand("payload").push_str(payload);
    }

    fn exec(&mut self) -> &mut String {
        self.intent.set_opcode(Opcode::Exec);
        self.intent.operand("cmd")
    }

    /// An extra action for a step, chosen by the seed.
    fn habit(&self, line: &str) -> Habit {
        if line.is_empty() {
            return Habit::None;
        }
        let digest = Digest::of_parts(&[&self.seed.to_le_bytes(), line.as_bytes()]);
        match digest.as_bytes()[0] % 4 {
            0 => Habit::Task,
            1 => Habit::CountLines,
            _ => Habit::None,
        }
    }
}

/// An extra action beside the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Nothing.
    None,
    /// Keeps a task for the step on the run queue.
    Task,
    /// Counts the lines of the target.
    CountLines,
}
