//! One answer of the worker: from what it remembers and what it sees to one action.
//!
//! Whatever depends on the slice is done only if exactly one action was taken since q was written;
//! else the worker looks again at what it meant to see. That is how it finds its way back from
//! traps, from garbage and from jumps that it never meant.

use turingos::Digest;
use turingos::isa::Opcode;
use turingos::trap::TrapKind;

use super::instruction::{Channel, Instruction, quoted};
use super::notebook::{Notebook, Phase};
use super::reading::whole_lines;
use super::sight::Sight;
use crate::intent::Intent;

/// After this many recoveries without an achievement the step is begun anew.
const PATIENCE: u32 = 24;

/// The longest instruction that is taken, in bytes.
const MAX_ORDER_BYTES: usize = 400;

/// Answers one frame.
pub(super) fn answer(seed: u64, q: &str, frame: &str, intent: &mut Intent) {
    intent.reset(Opcode::Pop);
    let mut turn = Turn {
        seed,
        sight: Sight::of(frame),
        book: Notebook::parse(q),
        intent,
    };
    turn.act();
    turn.book.mark = Some(turn.sight.mark());
    turn.book.write(&mut turn.intent.q_next);
}

/// One answer in the making.
pub(super) struct Turn<'a> {
    seed: u64,
    pub(super) sight: Sight<'a>,
    pub(super) book: Notebook,
    pub(super) intent: &'a mut Intent,
}

impl Turn<'_> {
    fn act(&mut self) {
        if let Some(trap) = self.sight.trap() {
            return self.leave_trap(trap);
        }
        let follows = self.sight.follows(self.book.mark.as_deref());
        if self.book.astray && follows {
            self.book.astray = false;
            let eye = self.book.eye.clone();
            return self.look(&eye);
        }
        if self.book.phase.looks() && !follows {
            return self.recover();
        }
        if self.sight.is_clipped() {
            // A long run queue takes the slice's room.
            return match self.sight.has_task() {
                true => self.intent.set_opcode(Opcode::Pop),
                false => self.recover(),
            };
        }
        self.go_on();
    }

    fn go_on(&mut self) {
        match self.book.phase {
            Phase::Plan => self.plan(),
            Phase::Read => self.read(),
            Phase::Write => self.write(),
            Phase::Grant => self.write_through_handle(),
            Phase::Ran => match self.exit_code() {
                Some("0") => self.check(),
                _ => self.recover(),
            },
            Phase::Check => self.check(),
            Phase::Note => self.note(),
            Phase::Noted => self.close_step(),
            Phase::Test => match self.exit_code() {
                Some("0") => self.intent.set_opcode(Opcode::Halt),
                _ => self.begin_anew(),
            },
        }
    }

    // Recovery.

    fn leave_trap(&mut self, trap: TrapKind) {
        match (self.book.phase, trap) {
            // There was nothing to replace: an earlier attempt got through.
            (Phase::Check, TrapKind::IoFault) if self.sight.trap_says("NO_MATCH") => self.check(),
            // A refused write keeps the next q: the write is what failed.
            (Phase::Check, TrapKind::IoFault) => {
                self.book.phase = match self.channel() {
                    Some(Channel::Capability) => Phase::Grant,
                    _ => Phase::Write,
                };
                self.recover();
            }
            (Phase::Noted, TrapKind::IoFault) => self.begin_anew(),
            (Phase::Check | Phase::Noted, _) => self.go_on(),
            (Phase::Test, _) if trap != TrapKind::CpuFault => self.begin_anew(),
            _ => self.recover(),
        }
    }

    /// Looks again at what should be seen; every second time by way of an action that nothing else
    /// repeats, so that whatever goes round in a loop, this is not the next turn of it.
    pub(super) fn recover(&mut self) {
        self.book.attempt = self.book.attempt.saturating_add(1);
        if self.book.attempt > PATIENCE {
            self.book.attempt = 0;
            self.forget_step();
        }
        if self.book.attempt % 2 == 1 {
            self.book.astray = false;
            let eye = self.book.eye.clone();
            self.look(&eye);
        } else {
            self.book.astray = true;
            let number = self.book.attempt.to_string();
            let command = self.exec();
            command.push_str("echo recovery ");
            command.push_str(&number);
        }
    }

    /// Reads the mission again after something did not come out as it should.
    pub(super) fn begin_anew(&mut self) {
        self.forget_step();
        self.recover();
    }

    pub(super) fn forget_step(&mut self) {
        self.book.forget();
        self.book.make.clear();
        self.book.order.clear();
        self.book.phase = Phase::Plan;
        self.book.eye.clone_from(&self.book.mission);
    }

    // The plan.

    fn plan(&mut self) {
        if self.sight.page_fault().is_some() {
            return self.recover();
        }
        if self.book.make.is_empty()
            && self
                .sight
                .contract
                .is_some_and(|contract| contract.step.is_some() && contract.is_ready)
        {
            return self.go_to_progress();
        }
        let page = self.sight.page();
        let (lines, carry) = whole_lines(&self.book.carry, page.body, page.next.is_some());
        // Without a contract, `reading` counts the steps on the pages before.
        let mut seen = self.book.reading;
        let found = lines.iter().find_map(|line| self.wanted(line, &mut seen));
        match (found, page.next) {
            (Some(order), _) => self.begin(order.to_owned()),
            (None, Some(next)) => {
                self.book.carry = carry;
                self.book.reading = seen;
                self.look(next);
            }
            (None, None) => self.begin_anew(),
        }
    }

    /// What the line of a mission orders, if it is the line that is looked for.
    fn wanted<'l>(&self, line: &'l str, seen: &mut usize) -> Option<&'l str> {
        if !self.book.make.is_empty() {
            let rest = line.strip_prefix("NEED ")?;
            let (path, order) = rest.split_once(": ")?;
            return (path == self.book.make).then_some(order);
        }
        let step = line
            .strip_prefix("STEP ")
            .and_then(|rest| rest.split_once(": "));
        match (self.sight.contract, step) {
            (Some(contract), Some((name, order))) => (contract.step == Some(name)).then_some(order),
            (Some(contract), None) if contract.step.is_some() => None,
            // Without a contract the steps are counted; the tests come after the last.
            (None, Some((_, order))) => {
                *seen = seen.saturating_add(1);
                (*seen > self.book.done).then_some(order)
            }
            (_, None) => line.starts_with("TEST: ").then_some(line),
        }
    }

    fn begin(&mut self, order: String) {
        if let Some(command) = order.strip_prefix("TEST: ") {
            self.book.forget();
            self.book.phase = Phase::Test;
            return self.look(&format!("$ {command}"));
        }
        if Instruction::parse(&order).is_none() || order.len() > MAX_ORDER_BYTES {
            return self.begin_anew();
        }
        if self.habit(&order) == Habit::Task && !self.book.task && !self.sight.has_task() {
            self.book.task = true;
            self.intent.set_opcode(Opcode::Push);
            let task = self.intent.operand("task");
            task.extend(order.chars().take(120));
            return;
        }
        self.book.forget();
        self.book.order = order;
        self.book.phase = Phase::Read;
        self.next_reading();
    }

    // Progress.

    /// The target was written: the contract says whether it is right.
    pub(super) fn check(&mut self) {
        if !self.book.make.is_empty() {
            self.book.attempt = 0;
            self.forget_step();
            let mission = self.book.mission.clone();
            return self.look(&mission);
        }
        match self.sight.contract {
            Some(contract) if contract.step.is_some() && contract.is_ready => {
                self.go_to_progress();
            }
            Some(_) => self.begin_anew(),
            None => {
                self.book.done = self.book.done.saturating_add(1);
                self.close_step();
            }
        }
    }

    fn go_to_progress(&mut self) {
        let Some(contract) = self.sight.contract else {
            return self.begin_anew();
        };
        self.book.phase = Phase::Note;
        self.look(contract.pointer);
    }

    fn note(&mut self) {
        match self.sight.contract {
            Some(contract) if contract.is_ready && !contract.line.trim().is_empty() => {
                self.book.phase = Phase::Noted;
                self.put(contract.line);
            }
            _ => self.begin_anew(),
        }
    }

    /// Tidies up after a step and goes back to the mission.
    fn close_step(&mut self) {
        self.book.phase = Phase::Noted;
        if self.book.task {
            self.book.task = false;
            if self.sight.has_task() {
                return self.intent.set_opcode(Opcode::Pop);
            }
        }
        self.book.attempt = 0;
        let order = std::mem::take(&mut self.book.order);
        if self.habit(&order) == Habit::SecondLook
            && let Some(target) = Instruction::parse(&order).and_then(|it| quoted(&it.target))
        {
            let command = self.exec();
            command.push_str("wc -l ");
            command.push_str(&target);
            return;
        }
        self.forget_step();
        let mission = self.book.mission.clone();
        self.look(&mission);
    }

    // Small parts.

    pub(super) fn instruction(&self) -> Option<Instruction> {
        Instruction::parse(&self.book.order)
    }

    fn channel(&self) -> Option<Channel> {
        self.instruction().map(|instruction| instruction.channel)
    }

    fn exit_code(&self) -> Option<&str> {
        self.sight.exit_code(self.book.eye.strip_prefix("$ ")?)
    }

    /// Moves the pointer to what is to be seen next.
    pub(super) fn look(&mut self, pointer: &str) {
        if pointer.trim().trim_start_matches('$').trim().is_empty() {
            return self.begin_anew();
        }
        self.book.eye = pointer.to_owned();
        if let Some(command) = pointer.strip_prefix("$ ") {
            self.exec().push_str(command);
        } else {
            self.intent.set_opcode(Opcode::Goto);
            self.intent.operand("pointer").push_str(pointer);
        }
    }

    pub(super) fn put(&mut self, payload: &str) {
        self.intent.set_opcode(Opcode::Write);
        self.intent.operand("payload").push_str(payload);
    }

    fn exec(&mut self) -> &mut String {
        self.intent.set_opcode(Opcode::Exec);
        self.intent.operand("cmd")
    }

    /// What this worker does beside the work, step by step: a function of its seed.
    fn habit(&self, order: &str) -> Habit {
        if order.is_empty() {
            return Habit::None;
        }
        let digest = Digest::of_parts(&[&self.seed.to_le_bytes(), order.as_bytes()]);
        match digest.as_bytes()[0] % 4 {
            0 => Habit::Task,
            1 => Habit::SecondLook,
            _ => Habit::None,
        }
    }
}

/// What a worker may do beside the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Nothing.
    None,
    /// Keep a task for the step on the run queue.
    Task,
    /// Count the lines of what was made.
    SecondLook,
}
