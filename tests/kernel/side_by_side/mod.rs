//! The kernel and the reference model, driven by the same steps; nothing is judged here.

use std::collections::BTreeMap;

use crate::machine::watched::Watched;
use crate::reference::action::{Action, Place};
use crate::reference::lanes::{Lanes, Route};
use crate::reference::model::{Model, Outcome, World};
use crate::reference::plan::CONTRACT;
use crate::reference::vocabulary::{COMMANDS, Disturbance, Run, Step};
use turingos::contract::Contract;
use turingos::journal::{Record, Status};
use turingos::kernel::{Answer, Kernel, KernelConfig, LiveState, OracleFault, Stopped};
use turingos::manifold::WorldFaultCode;
use turingos::mind::Task;
use turingos::trap::TrapFrame;

/// Everything of one committed tick that a property may look at.
pub(crate) struct Moment {
    /// The machine had stopped before, and was started again.
    pub(crate) rebooted: Option<Result<(), Stopped>>,
    /// Opening and dropping this tick left the kernel's every field as it was.
    pub(crate) drops_left_no_trace: bool,
    pub(crate) frame: String,
    pub(crate) record: Record,
    pub(crate) trap_frames: Vec<TrapFrame>,
    pub(crate) before: Shown,
    pub(crate) after: Shown,
    pub(crate) writes_while_opening: usize,
    pub(crate) writes_tried: usize,
    pub(crate) writes_done: usize,
    pub(crate) live: LiveState,
    /// What the reference model did in the same tick, and how it then stood.
    pub(crate) expected: Outcome,
    pub(crate) expected_after: Shown,
    pub(crate) expected_route: Route,
}

/// Registers, mind and world in comparable form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) q: String,
    pub(crate) d: String,
    pub(crate) status: &'static str,
    pub(crate) panic_resets: usize,
    /// Id, status, objective, scratchpad; topmost first.
    pub(crate) tasks: Vec<[String; 4]>,
    pub(crate) files: BTreeMap<String, String>,
}

struct Pair {
    kernel: Kernel,
    world: Watched,
    model: Model,
    now_us: u64,
    lanes: Lanes,
}

/// Runs the steps on a new machine.
pub(crate) fn run(run: &Run) -> Vec<Moment> {
    let mut pair = Pair::new();
    if run.has_plan {
        let contract = Contract::parse(CONTRACT.as_bytes()).expect("the plan is a contract");
        pair.kernel = pair.kernel.with_contract(contract);
        pair.model.has_plan = true;
    }
    run.steps.iter().map(|step| pair.step(step)).collect()
}

/// The traps of a moment, as both sides name them.
pub(crate) fn traps(record: &Record) -> Vec<&'static str> {
    record.traps.iter().map(|kind| kind.name()).collect()
}

/// True for traps that stop the action; the others only add to the slice.
pub(crate) fn is_hard(trap: &str) -> bool {
    !matches!(
        trap,
        "PAGE_FAULT" | "PLAN_CONTRACT" | "NO_PROGRESS" | "EACCES"
    )
}

const BOOT: Place = Place::File {
    path: "a",
    spelled: "a",
};

impl Pair {
    fn new() -> Self {
        let mut world = Watched::default();
        for (path, content) in [
            ("a", "one\ntwo\n".to_owned()),
            ("b", "bee".to_owned()),
            ("dir/c", "é".repeat(3_500)),
        ] {
            world.world.files.insert(path.to_owned(), content);
        }
        let files = world.world.files.clone();
        let mut pair = Self {
            kernel: Kernel::boot(&KernelConfig::default(), "q0", "a"),
            world,
            model: Model::new(
                "q0",
                BOOT,
                World {
                    files,
                    ..World::default()
                },
            ),
            now_us: 0,
            lanes: Lanes::new(4_500, 1_500, 16),
        };
        pair.set_exit_codes();
        pair
    }

    fn step(&mut self, step: &Step) -> Moment {
        self.now_us += 1_000_000;
        let rebooted = self.reboot_if_stopped();
        if let Some(disturbance) = step.disturbance {
            self.disturb(disturbance);
        }
        let action = self.model.settle(&step.action);
        let before = self.shown();
        let writes_before = (self.world.writes_tried, self.world.writes_done);
        let drops_left_no_trace = self.drop_ticks(step.drops);

        let reply = match &action {
            Action::Call {
                call,
                q_next,
                spelling,
            } => Ok(self.model.issued.reply(call, q_next, *spelling)),
            Action::Garbage(text) => Ok(text.clone()),
            Action::OracleFails => Err(OracleFault::Timeout),
        };
        let mut open = self
            .kernel
            .open(self.now_us, &mut self.world)
            .expect("running");
        let writes_while_opening = self.world.writes_tried - writes_before.0;
        let frame = open.frame().to_owned();
        // Both lanes give the same answer.
        let answer = match &reply {
            Ok(text) => Answer::decode(text),
            Err(fault) => Answer::failed(fault.clone()),
        };
        while open.fail_over(&answer) {}
        let raw = reply.unwrap_or_default();
        let committed = open.commit(self.now_us, &mut self.world, raw.as_bytes(), answer);

        let asked_for_handle = matches!(self.model.d, Place::IssueHandle { .. });
        let expected = self.model.tick(&action);
        self.tell(
            asked_for_handle.then_some(frame.as_str()),
            &committed.trap_frames,
        );
        let expected_route = self.lanes.route(expected.wish);
        self.lanes.follow(&expected_route);
        let succeeded = matches!(action, Action::Call { .. });
        self.lanes.ended(expected_route.lane, succeeded);
        if !succeeded && expected_route.lane == "E" {
            self.lanes.ended("P", false);
        }

        Moment {
            rebooted,
            drops_left_no_trace,
            frame,
            record: committed.record,
            trap_frames: committed.trap_frames,
            before,
            after: self.shown(),
            writes_while_opening,
            writes_tried: self.world.writes_tried - writes_before.0,
            writes_done: self.world.writes_done - writes_before.1,
            live: self.kernel.live_state(),
            expected,
            expected_after: self.expected(),
            expected_route,
        }
    }

    /// A stopped machine must refuse to open; what it answered is kept.
    fn reboot_if_stopped(&mut self) -> Option<Result<(), Stopped>> {
        if self.kernel.status() == Status::Running {
            return None;
        }
        let answer = self.kernel.open(self.now_us, &mut self.world).map(drop);
        self.kernel.reboot("q0", "a");
        self.model.reboot("q0", BOOT);
        Some(answer)
    }

    fn disturb(&mut self, disturbance: Disturbance) {
        const REASONS: [WorldFaultCode; 6] = [
            WorldFaultCode::NotFound,
            WorldFaultCode::Denied,
            WorldFaultCode::NoSpace,
            WorldFaultCode::TornWrite,
            WorldFaultCode::IsDirectory,
            WorldFaultCode::Other,
        ];
        match disturbance {
            Disturbance::RefuseWrite(reason) => {
                self.world.world.refuse_writes.push_back(REASONS[reason]);
                self.model.world.refusals += 1;
            }
            Disturbance::ToggleReading(path) => {
                for unreadable in [
                    &mut self.world.world.unreadable,
                    &mut self.model.world.unreadable,
                ] {
                    if !unreadable.remove(path) {
                        unreadable.insert(path.to_owned());
                    }
                }
            }
            Disturbance::ToggleTests => {
                self.model.world.tests_fail ^= true;
                self.set_exit_codes();
            }
        }
    }

    fn set_exit_codes(&mut self) {
        let tests_fail = self.model.world.tests_fail;
        for (line, succeeds) in COMMANDS {
            let is_test = matches!(line, "pytest" | "cargo test -q");
            let exit_code = u8::from(is_test && tests_fail);
            if succeeds {
                self.world.world.commands.insert(line.to_owned(), exit_code);
            }
        }
    }

    fn drop_ticks(&mut self, times: u8) -> bool {
        if times == 0 {
            return true;
        }
        let before = format!("{:?}", self.kernel);
        for _ in 0..times {
            drop(
                self.kernel
                    .open(self.now_us, &mut self.world)
                    .expect("running"),
            );
        }
        before == format!("{:?}", self.kernel)
    }

    /// Tells the model the texts that only the kernel can choose.
    fn tell(&mut self, frame_with_handle: Option<&str>, trap_frames: &[TrapFrame]) {
        let issued = &mut self.model.issued;
        if issued.task_ids.len() < self.model.queue.pushed {
            let newest = self.kernel.queue().tasks().first();
            issued
                .task_ids
                .push(newest.map_or("none", |task| &task.id).to_owned());
        }
        let handle = frame_with_handle.and_then(|frame| frame.rsplit_once("[HANDLE] "));
        // A trap may be noted below the handle.
        let handle = handle.and_then(|(_, rest)| rest.lines().next());
        if let Some(handle) = handle
            && !issued.handles.iter().any(|known| known == handle)
        {
            issued.handles.push(handle.to_owned());
        }
        for frame in trap_frames {
            let name = frame.trap_base.0.name();
            if is_hard(name) {
                let details = format!("{}: {}", frame.cause.code, frame.details);
                self.model.trap_details.insert(name, details);
            }
        }
    }

    fn shown(&self) -> Shown {
        let row = |task: &Task| {
            [
                task.id.clone(),
                task.status.name().to_owned(),
                task.objective.clone(),
                task.scratchpad.clone(),
            ]
        };
        Shown {
            q: self.kernel.q().to_owned(),
            d: self.kernel.d().text().to_owned(),
            status: self.kernel.status().name(),
            panic_resets: self.kernel.panic_resets().into(),
            tasks: self.kernel.queue().tasks().iter().map(row).collect(),
            files: self.world.world.files.clone(),
        }
    }

    fn expected(&self) -> Shown {
        let model = &self.model;
        let tasks = model.queue.tasks.iter().map(|task| {
            [
                model.issued.task_ids[task.serial].clone(),
                task.status.to_owned(),
                task.objective.clone(),
                task.scratchpad.clone(),
            ]
        });
        Shown {
            q: model.q.clone(),
            d: model.issued.pointer(&model.d),
            status: model.status,
            panic_resets: model.loops.panic_resets,
            tasks: tasks.collect(),
            files: model.world.files.clone(),
        }
    }
}
