//! A kernel on an observed world, and the invariants that hold after each tick.
//!
//! The invariants are checked from outside: on records, registers, the world before and after, and
//! the calls it received.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use turingos::Digest;
use turingos::dispatch::Lane;
use turingos::isa::{self, Opcode, OpcodeClass, TaskStatus, Transition};
use turingos::journal::{Chain, Status, shown_pointer};
use turingos::kernel::{self, Committed, FRAME_LIMIT, Kernel, KernelConfig, frame_limit};
use turingos::memory::{MAX_CAPABILITIES, MAX_PAGE_TABLES};
use turingos::mind::{MAX_TASK_TEXT, MAX_TASKS, RunQueue};
use turingos::pointer::Pointer;
use turingos::trap::{TrapFrame, TrapKind};

use super::script::{Answer, SEEN_HANDLE, SEEN_PAGE, SEEN_TASK, Script, Step};
use super::shell::check_world;
use super::witness::{Calls, Witness, WorldState};
use turingos_world::World;

const BOOT_Q: &str = "BOOT";
const BOOT_POINTER: &str = "README.md";

/// Commands whose outcome counts for halting.
const EVIDENCE_WINDOW: usize = 6;

/// The most consecutive panic resets.
const MAX_PANIC_RESETS: u8 = 2;

/// A machine with its world, and the observations needed to check it.
pub(super) struct Machine {
    kernel: Kernel,
    witness: Witness,
    chain: Chain,
    /// Every frame by its digest.
    frames: BTreeMap<Digest, String>,
    now_us: u64,
    traps: u64,
    system_prompt_chars: usize,
    test_commands: Vec<String>,
    /// For each of the last commands, whether it was a passed test.
    evidence: VecDeque<bool>,
    /// The newest handle, page pointer and task id in a frame.
    seen: [(&'static str, String); 3],
}

/// The state that a trapped tick must not change.
#[derive(PartialEq, Eq, Debug)]
struct State {
    q: String,
    queue: String,
    world: WorldState,
}

impl Machine {
    pub(super) fn boot(script: &Script) -> Self {
        let notes = if script.tests_pass {
            "done\n"
        } else {
            "not yet\n"
        };
        let long = "界 and so on ".repeat(260);
        let files = [
            ("README.md", "A small workspace.\n"),
            ("long.txt", &long),
            ("notes.md", notes),
            ("tests/notes.expect", "notes.md\tdone\n"),
        ];
        let world = World::with_files(script.quota, files).expect("the quota holds the files");
        let config = KernelConfig {
            system_prompt_chars: script.system_prompt_chars,
            ..KernelConfig::default()
        };
        Self {
            kernel: Kernel::boot(&config, BOOT_Q, BOOT_POINTER),
            witness: Witness::new(world.with_faults(Default::default())),
            chain: Chain::new(Digest::EMPTY),
            frames: BTreeMap::new(),
            now_us: 0,
            traps: 0,
            system_prompt_chars: usize::try_from(script.system_prompt_chars).unwrap_or(usize::MAX),
            test_commands: config.test_commands,
            evidence: VecDeque::new(),
            seen: [SEEN_HANDLE, SEEN_PAGE, SEEN_TASK].map(|name| (name, name.to_owned())),
        }
    }

    /// Advances time to the start of a step.
    pub(super) fn advance(&mut self, step: &Step) {
        self.now_us += step.pause_us;
    }

    /// Opens a tick on a copy of the world and drops it. The copy must not change, unless the pointer
    /// is a command, which runs when it is observed.
    pub(super) fn open_and_drop(&mut self, step: &Step) {
        let observes_command = matches!(self.kernel.d().pointer(), Ok(Pointer::Command(_)));
        let mut witness = self.witness.clone();
        *witness.world.plan_mut() = step.faults.clone();
        let open = self.kernel.open(self.now_us, &mut witness);
        drop(open.expect("a stopped machine is rebooted"));
        assert!(observes_command || witness.state() == self.world());
    }

    /// Runs one tick and asserts every invariant.
    pub(super) fn tick(&mut self, step: &Step) -> Committed {
        let (d, q) = (self.kernel.d().clone(), self.kernel.q().to_owned());
        let (tick, queue) = (
            self.kernel.tick(),
            self.kernel.queue().rendered().to_owned(),
        );
        let unobserved = self.world();
        let limit = frame_limit(self.system_prompt_chars, q.chars().count());
        *self.witness.world.plan_mut() = step.faults.clone();
        let open = self.kernel.open(self.now_us, &mut self.witness);
        let mut open = open.expect("a stopped machine is rebooted");
        let frame = open.frame().to_owned();
        let lane = open.lane();

        let observed = self.witness.take_calls();
        let is_command = matches!(d.pointer(), Ok(Pointer::Command(_)));
        assert_eq!(observed.writes, 0, "an observation wrote");
        assert_eq!(observed.commands.len(), usize::from(is_command));
        assert!(is_command || self.witness.state() == unobserved);
        assert!(frame.chars().count() <= limit && limit <= FRAME_LIMIT);
        let before = State {
            q,
            queue,
            world: self.witness.state(),
        };

        let text = match &step.answer {
            Answer::Text(text) => Ok(filled_in(text, &self.seen)),
            Answer::Failure(fault) => Err(fault.clone()),
        };
        let answer = match &text {
            Ok(text) => kernel::Answer::decode(text),
            Err(fault) => kernel::Answer::failed(fault.clone()),
        };
        // Both lanes give the same answer.
        let failed_over = answer.fault().filter(|_| lane == Lane::E);
        let failed_over = failed_over.map(kernel::OracleFault::code);
        while open.fail_over(&answer) {}
        let raw = text.as_deref().unwrap_or_default().as_bytes();
        let committed = open.commit(self.now_us, &mut self.witness, raw, answer);
        let changed = self.witness.take_calls();
        let record = &committed.record;

        assert_eq!((record.tick, self.kernel.tick()), (tick, tick + 1));
        assert_eq!(record.time_us, self.now_us);
        assert_eq!(record.pointer, shown_pointer(d.text()));
        assert_eq!(record.next, shown_pointer(self.kernel.d().text()));
        assert_eq!(record.q, Digest::of(before.q.as_bytes()));
        let known = self.frames.entry(record.frame);
        assert_eq!(
            *known.or_insert_with(|| frame.clone()),
            frame,
            "one digest, two frames"
        );
        assert_eq!(record.status, self.kernel.status());
        assert_eq!(record.route.failover.as_deref(), failed_over);
        assert_eq!(record.op.is_some(), record.fault.is_none());
        assert_eq!(record.route.actual, record.op.map(Opcode::class));
        let transition = text.ok().and_then(|text| isa::decode(text.as_bytes()).ok());
        let opcode = (transition.as_ref()).map(|transition| transition.syscall.opcode());
        assert_eq!(record.op, opcode);

        self.check_traps(&committed);
        let after = self.state();
        check_effect(&committed, before, after, &changed, transition.as_ref());
        self.note_evidence(&observed);
        self.check_status(&committed);
        check_queue(self.kernel.queue());
        self.check_bounds();

        let mut json = String::new();
        record.write_json(&mut json);
        self.chain.append(json.as_bytes(), &mut Vec::new());
        assert_eq!(
            self.chain.count(),
            self.kernel.tick(),
            "one record per tick"
        );
        self.look_at(&frame);
        committed
    }

    /// Reboots a stopped machine.
    pub(super) fn reboot_if_stopped(&mut self) {
        if self.kernel.status() != Status::Running {
            assert!(self.kernel.open(self.now_us, &mut self.witness).is_err());
            self.kernel.reboot(BOOT_Q, BOOT_POINTER);
            self.evidence.clear();
        }
    }

    /// The head of the journal so far.
    pub(super) const fn root(&self) -> Digest {
        self.chain.head()
    }

    /// The state of the world.
    pub(super) fn world(&self) -> WorldState {
        self.witness.state()
    }

    fn state(&self) -> State {
        State {
            q: self.kernel.q().to_owned(),
            queue: self.kernel.queue().rendered().to_owned(),
            world: self.world(),
        }
    }

    /// One frame for each trap, in the same order; traps that only add to the slice come first.
    fn check_traps(&mut self, committed: &Committed) {
        let record = &committed.record;
        let frames = committed.trap_frames.iter();
        assert!(
            frames
                .map(|frame| frame.trap_base.0)
                .eq(record.traps.iter().copied())
        );
        for frame in &committed.trap_frames {
            assert_eq!((frame.seq, frame.tick), (self.traps, record.tick));
            assert_eq!(frame.t, record.time_us);
            assert!(frame.details.len() <= TrapFrame::MAX_DETAILS);
            assert!(frame.panic_reset_count <= MAX_PANIC_RESETS);
            self.traps += 1;
        }
        assert!(record.traps.is_sorted_by_key(|trap| trap.is_hard()));
        let hard = record.traps.iter().filter(|trap| trap.is_hard()).count();
        assert!(
            hard <= 2,
            "at most a trap and the loop guard that it triggers"
        );
        assert_eq!(
            record.fault.is_some(),
            record.traps.contains(&TrapKind::CpuFault)
        );
        let is_at_trap = self.kernel.d().trap().is_some();
        assert!(hard == 0 || is_at_trap || record.status == Status::Failed);
    }

    /// Records the exit codes of a committed tick's commands.
    fn note_evidence(&mut self, observed: &Calls) {
        for (command, exit_code) in &observed.commands {
            let is_test = |prefix: &String| command.starts_with(prefix.as_str());
            let passed = *exit_code == 0 && self.test_commands.iter().any(is_test);
            self.evidence.push_back(passed);
            if self.evidence.len() > EVIDENCE_WINDOW {
                self.evidence.pop_front();
            }
        }
    }

    /// A machine halts only with evidence, and fails only when its panic budget is used up.
    fn check_status(&self, committed: &Committed) {
        let record = &committed.record;
        let at_halt = self.kernel.d().pointer() == Ok(&Pointer::Halt);
        match record.status {
            Status::Running => assert!(!at_halt, "at HALT, but running"),
            Status::Halted => {
                assert!(at_halt && self.evidence.contains(&true), "no evidence");
                assert!(matches!(record.op, Some(Opcode::Halt | Opcode::Goto)));
            }
            Status::Failed => assert!(at_halt),
        }
        assert_eq!(
            record.status == Status::Failed,
            record.traps.contains(&TrapKind::UnrecoverableLoop)
        );
        assert!(self.kernel.panic_resets() <= MAX_PANIC_RESETS);
    }

    fn check_bounds(&self) {
        let live = self.kernel.live_state();
        assert!(live.tasks <= MAX_TASKS);
        assert!(live.page_tables <= MAX_PAGE_TABLES);
        assert!(live.capabilities <= MAX_CAPABILITIES);
        assert!(live.trap_details <= TrapKind::ALL.len());
        check_world(&self.witness.world);
    }

    fn look_at(&mut self, frame: &str) {
        let starts = ["vfd://", "sys://page/", "task_"];
        for ((_, seen), start) in self.seen.iter_mut().zip(starts) {
            let found = frame.rfind(start).and_then(|at| {
                let is_end = |c: char| !(c.is_ascii_alphanumeric() || "_/:?=.".contains(c));
                frame[at..].split(is_end).next()
            });
            if let Some(found) = found {
                // A task's id ends at a colon.
                found.trim_end_matches(':').clone_into(seen);
            }
        }
    }
}

/// At most one effect, that of the syscall; none on a trapped tick.
fn check_effect(
    committed: &Committed,
    before: State,
    after: State,
    changed: &Calls,
    transition: Option<&Transition>,
) {
    let record = &committed.record;
    assert!(changed.commands.is_empty(), "a commit ran a command");
    assert!(changed.writes <= 1, "more than one write");
    let world_is_same = before.world == after.world;
    if record.traps.iter().any(|trap| trap.is_hard()) {
        assert_eq!(record.effect, Digest::EMPTY, "a trapped tick has an effect");
        assert_eq!(changed.written, 0, "a trapped tick wrote");
        assert!(
            world_is_same || before.world.without_staging() == after.world.without_staging(),
            "a trapped tick changed the world"
        );
        let was_reset = record.traps.contains(&TrapKind::PanicReset);
        assert!(was_reset || before.queue == after.queue);
        let keeps_next = record.traps.contains(&TrapKind::IoFault);
        let q_next = transition.map(|transition| &transition.q_next);
        let expected = q_next.filter(|_| keeps_next).unwrap_or(&before.q);
        assert_eq!(&after.q, expected);
        return;
    }
    let Some(transition) = transition else {
        panic!("neither a transition nor a trap: {record:?}");
    };
    assert_eq!(after.q, transition.q_next);
    let opcode = transition.syscall.opcode();
    let is_mind = opcode.class() == OpcodeClass::MindScheduling;
    let is_write = opcode == Opcode::Write;
    assert_eq!(changed.written, usize::from(is_write));
    assert!(is_write || world_is_same, "{opcode} changed the world");
    assert!(
        is_mind || before.queue == after.queue,
        "{opcode} and the queue"
    );
    assert_eq!(record.effect != Digest::EMPTY, is_write || is_mind);
}

fn check_queue(queue: &RunQueue) {
    let tasks = queue.tasks();
    let count = |status| tasks.iter().filter(|task| task.status == status).count();
    assert!(tasks.len() <= MAX_TASKS);
    assert!(count(TaskStatus::Active) <= 1, "two active tasks");
    if count(TaskStatus::Active) == 0 {
        assert_eq!(
            count(TaskStatus::Suspended),
            0,
            "a suspended task, but none is active"
        );
    }
    let ids: BTreeSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(ids.len(), tasks.len(), "duplicate task id");
    for task in tasks {
        assert!(task.objective.chars().count() <= MAX_TASK_TEXT);
        assert!(task.scratchpad.chars().count() <= MAX_TASK_TEXT);
    }
}

fn filled_in(text: &str, seen: &[(&'static str, String)]) -> String {
    let mut text = text.to_owned();
    for (name, value) in seen {
        if text.contains(name) {
            text = text.replace(name, value);
        }
    }
    text
}
