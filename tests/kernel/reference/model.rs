//! One tick: observe, decide, act, move the registers.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, Call, HandleName, LogQuery, Payload, Place, TaskName};
use super::loops::{Loops, Signature, Verdict};
use super::plan::{self, Readable};
use super::queue::{Impossible, Queue};
use super::spelling::Issued;

/// What a place shows. Two sights are equal exactly if the slices are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sight {
    File(String),
    Missing { at: String, entries: Vec<String> },
    Fault { at: String, code: &'static str },
    Command(&'static str, u8),
    Channel { at: String, content: Option<String> },
    Queue(Vec<(&'static str, usize, String, String)>),
    Trap(&'static str, Option<String>),
    Issue(usize),
    Handles(Vec<usize>),
    Log(String),
}

/// The world as far as generated runs touch it.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) unreadable: BTreeSet<String>,
    /// How many writes to come are refused.
    pub(crate) refusals: usize,
    pub(crate) tests_fail: bool,
}

/// What a tick did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) traps: Vec<&'static str>,
    pub(crate) sight: Sight,
    /// What the context asks of the dispatcher: TRAP, BLOCKED, CLASS or ROUTINE.
    pub(crate) wish: &'static str,
}

/// The whole machine.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) q: String,
    pub(crate) d: Place,
    pub(crate) status: &'static str,
    pub(crate) queue: Queue,
    pub(crate) loops: Loops,
    pub(crate) world: World,
    pub(crate) issued: Issued,
    /// What trap pointers remember, as the trap frames report it.
    pub(crate) trap_details: BTreeMap<&'static str, String>,
    /// Access and path of every handle ever issued.
    handles: Vec<(&'static str, &'static str)>,
    /// Of every command seen: was it a test that passed?
    commands: Vec<bool>,
    last_success: Option<Sight>,
    pub(crate) has_plan: bool,
}

impl Model {
    pub(crate) fn new(q: &str, d: Place, world: World) -> Self {
        Self {
            has_plan: false,
            q: q.to_owned(),
            d,
            status: "RUNNING",
            queue: Queue::default(),
            loops: Loops::default(),
            world,
            issued: Issued::default(),
            trap_details: BTreeMap::new(),
            handles: Vec::new(),
            commands: Vec::new(),
            last_success: None,
        }
    }

    /// A stopped machine starts again; what was issued stays issued.
    pub(crate) fn reboot(&mut self, q: &str, d: Place) {
        let pushed = self.queue.pushed;
        let before = std::mem::replace(self, Self::new(q, d, World::default()));
        self.queue.pushed = pushed;
        self.world = before.world;
        self.issued = before.issued;
        self.handles = before.handles;
        self.has_plan = before.has_plan;
    }

    /// Turns "the nth" of an action into what that is now.
    pub(crate) fn settle(&self, action: &Action) -> Action {
        let mut action = action.clone();
        if let Action::Call { call, .. } = &mut action {
            match call {
                Call::Move {
                    task: Some(task), ..
                } => *task = self.settled_task(*task),
                Call::Write {
                    through: Some(handle),
                    ..
                }
                | Call::Goto(Place::Handle(handle)) => *handle = self.settled_handle(*handle),
                _ => {}
            }
        }
        action
    }

    fn settled_task(&self, task: TaskName) -> TaskName {
        let (tasks, pushed) = (&self.queue.tasks, self.queue.pushed);
        match task {
            TaskName::Nth(n) if !tasks.is_empty() => {
                TaskName::Serial(tasks[n % tasks.len()].serial)
            }
            TaskName::Serial(n) if pushed > 0 => TaskName::Serial(n % pushed),
            TaskName::Nth(_) | TaskName::Serial(_) | TaskName::Unknown => TaskName::Unknown,
        }
    }

    fn settled_handle(&self, handle: HandleName) -> HandleName {
        let issued = self.issued.handles.len();
        match handle {
            HandleName::Serial(n) if issued > 0 => HandleName::Serial(n % issued),
            HandleName::Redirected(n) if issued > 0 => HandleName::Redirected(n % issued),
            _ => HandleName::Forged,
        }
    }

    /// Runs a settled action.
    pub(crate) fn tick(&mut self, action: &Action) -> Outcome {
        let mut traps = Vec::new();
        let (sight, soft) = self.observe();
        traps.extend(soft);
        if self.has_plan && !plan::is_kept(&self.readable()) {
            traps.push("PLAN_CONTRACT");
        }
        let success = matches!(sight, Sight::Command(_, 0)).then(|| sight.clone());
        if success.is_some() && success == self.last_success {
            traps.push("NO_PROGRESS");
        }
        let wish = if matches!(self.d, Place::Trap { .. }) || !traps.is_empty() {
            "TRAP"
        } else if self.queue.is_blocked() || (self.has_plan && plan::is_blocked(&self.readable())) {
            "BLOCKED"
        } else if self.has_plan && plan::is_complete(&self.readable()) {
            // It is expected to halt.
            "CLASS"
        } else {
            "ROUTINE"
        };
        self.last_success = success;
        if let Sight::Command(line, exit_code) = sight {
            self.commands.push(is_test(line) && exit_code == 0);
        }
        if let (Sight::Issue(serial), Place::IssueHandle { access, path }) = (&sight, &self.d)
            && *serial == self.handles.len()
        {
            self.handles.push((access, path));
        }

        let refused = match action {
            Action::Garbage(_) | Action::OracleFails => Some("CPU_FAULT"),
            Action::Call { call, q_next, .. } => self.call(call, q_next, &sight).err(),
        };
        if let Some(trap) = refused {
            self.raise(trap, &mut traps);
        }
        if !matches!(self.d, Place::Trap { .. }) {
            self.loops.leave_traps();
        }
        Outcome { traps, sight, wish }
    }

    /// Guards, then the effect; the trap that stopped it, if one did.
    fn call(&mut self, call: &Call, q_next: &str, sight: &Sight) -> Result<(), &'static str> {
        if call.asks_for_halt() {
            if !self.commands.iter().rev().take(6).any(|passed| *passed) {
                return Err("ILLEGAL_HALT");
            }
            if self.has_plan && !plan::may_halt(&self.readable()) {
                return Err("HALT_GUARD");
            }
            self.status = "HALTED";
            self.d = Place::Halt;
            self.q = q_next.to_owned();
            return Ok(());
        }
        let landing = match call {
            Call::Goto(Place::Trap { name, .. }) => self.loops.land(name),
            _ => Verdict::GoOn,
        };
        let stopped_by = self.loops.act(&self.signature(call), sight);
        match (landing, stopped_by) {
            (Verdict::PanicReset, _) => return Err("PANIC_RESET"),
            (Verdict::Unrecoverable, _) => return Err("UNRECOVERABLE_LOOP"),
            (Verdict::GoOn, Some(trap)) => return Err(trap),
            (Verdict::GoOn, None) => {}
        }
        let done = self.effect(call);
        // Where only the world said no, the model's next state stands.
        if matches!(done, Ok(()) | Err("IO_FAULT")) {
            self.q = q_next.to_owned();
        }
        done
    }

    fn signature(&self, call: &Call) -> Signature {
        let writes_here = matches!(call, Call::Write { through: None, .. });
        let place = writes_here.then(|| self.issued.pointer(&self.d));
        (call.clone(), place)
    }

    fn raise(&mut self, trap: &'static str, traps: &mut Vec<&'static str>) {
        let verdict = match trap {
            "PANIC_RESET" => Verdict::PanicReset,
            "UNRECOVERABLE_LOOP" => Verdict::Unrecoverable,
            _ => {
                traps.push(trap);
                self.loops.land(trap)
            }
        };
        let at = |name| Place::Trap {
            name,
            details: None,
        };
        match verdict {
            Verdict::GoOn => self.d = at(trap),
            Verdict::PanicReset => {
                traps.push("PANIC_RESET");
                self.queue.tasks.clear();
                self.d = at("PANIC_RESET");
            }
            Verdict::Unrecoverable => {
                traps.push("UNRECOVERABLE_LOOP");
                self.status = "FAILED";
                self.d = Place::Halt;
            }
        }
    }

    fn effect(&mut self, call: &Call) -> Result<(), &'static str> {
        let stack = |done: Result<(), Impossible>| done.map_err(|Impossible| "STACK_FAULT");
        match call {
            Call::Write { payload, through } => return self.write(payload, *through),
            Call::Exec(line) => self.d = Place::Command(line),
            Call::Goto(place) => self.d = place.clone(),
            Call::GitLog(query) => self.d = Place::GitLog(query.clone()),
            Call::Push(task) => return stack(self.queue.push(task)),
            Call::Edit(task) => return stack(self.queue.edit(task)),
            Call::Move { task, to, status } => {
                let serial = task.map(|task| match task {
                    TaskName::Serial(serial) => Some(serial),
                    TaskName::Nth(_) | TaskName::Unknown => None,
                });
                return stack(self.queue.shift(serial, *to, *status));
            }
            Call::Pop => return stack(self.queue.pop()),
            Call::Halt => {}
        }
        Ok(())
    }

    fn write(
        &mut self,
        payload: &Payload,
        through: Option<HandleName>,
    ) -> Result<(), &'static str> {
        if payload.omits {
            return Err("CONTENT_CONTRACT");
        }
        let target = match through {
            Some(handle) => Place::Handle(handle),
            None => self.d.clone(),
        };
        let (path, content) = match target {
            Place::File { path, .. } => (path, payload.text.to_owned()),
            Place::Handle(HandleName::Serial(serial)) if self.handles[serial].0.contains('w') => {
                (self.handles[serial].1, payload.text.to_owned())
            }
            Place::Append(path) => (path, self.appended(path, payload)?),
            Place::Replace(path) => (path, self.replaced(path, payload)?),
            _ => return Err("IO_FAULT"),
        };
        let is_planned = self.has_plan && path == plan::PROGRESS;
        if is_planned && !plan::may_become(&content, &self.readable()) {
            return Err("IO_FAULT");
        }
        if self.world.refusals > 0 {
            self.world.refusals -= 1;
            return Err("IO_FAULT");
        }
        self.world.files.insert(path.to_owned(), content);
        Ok(())
    }

    fn readable(&self) -> Readable<'_> {
        let World {
            files, unreadable, ..
        } = &self.world;
        let readable = files.iter().map(|(path, text)| (&**path, Some(&**text)));
        let hidden = unreadable.iter().map(|path| (&**path, None));
        readable.chain(hidden).collect()
    }

    /// One new line, unless it is the last non-empty one already.
    fn appended(&self, path: &str, payload: &Payload) -> Result<String, &'static str> {
        let line = payload.text.trim_end();
        if self.world.unreadable.contains(path) || line.contains('\n') {
            return Err("IO_FAULT");
        }
        let before = self.world.files.get(path).map_or("", String::as_str);
        let last = before.lines().rfind(|line| !line.trim().is_empty());
        if last.is_some_and(|last| last.trim_end() == line) {
            return Err("IO_FAULT");
        }
        let gap = if before.is_empty() || before.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        Ok(format!("{before}{gap}{line}\n"))
    }

    /// Exactly one match, or all of at least one.
    fn replaced(&self, path: &str, payload: &Payload) -> Result<String, &'static str> {
        let before = self.world.files.get(path).ok_or("IO_FAULT")?;
        let (search, replacement, all) = payload.edit.ok_or("IO_FAULT")?;
        let matches = before.matches(search).count();
        if self.world.unreadable.contains(path) || matches == 0 || (matches > 1 && !all) {
            return Err("IO_FAULT");
        }
        Ok(before.replace(search, replacement))
    }

    /// What the pointer shows, and the trap that says so if it shows none.
    fn observe(&self) -> (Sight, Option<&'static str>) {
        let at = self.issued.pointer(&self.d);
        let fault = |code| {
            (
                Sight::Fault {
                    at: at.clone(),
                    code,
                },
                Some("PAGE_FAULT"),
            )
        };
        let refused = |code| {
            (
                Sight::Fault {
                    at: at.clone(),
                    code,
                },
                Some("EACCES"),
            )
        };
        match &self.d {
            Place::File { path, .. } => self.observe_file(path, at),
            Place::Nonsense(_) => fault("NO_POINTER"),
            Place::Command(line) => (Sight::Command(line, self.exit_code(line)), None),
            Place::Append(path) | Place::Replace(path) => {
                if self.world.unreadable.contains(*path) {
                    return fault("DENIED");
                }
                let content = self
                    .world
                    .files
                    .get(*path)
                    .map(|text| text.trim_end().to_owned());
                (Sight::Channel { at, content }, None)
            }
            Place::CallStack => (Sight::Queue(self.queue.shown()), None),
            Place::Trap { name, details } => {
                let remembered = self.trap_details.get(name).cloned();
                (
                    Sight::Trap(name, details.map(str::to_owned).or(remembered)),
                    None,
                )
            }
            Place::UnknownPage => fault("UNKNOWN_PAGE"),
            Place::IssueHandle { access, path } => {
                let known = self
                    .handles
                    .iter()
                    .position(|known| *known == (*access, *path));
                (Sight::Issue(known.unwrap_or(self.handles.len())), None)
            }
            Place::ListHandles => {
                let newest = (0..self.handles.len()).rev().take(24).collect();
                (Sight::Handles(newest), None)
            }
            Place::Handle(HandleName::Serial(serial)) => match self.handles[*serial] {
                ("w", _) => refused("NO_READ_ACCESS"),
                (_, path) => self.observe_file(path, at),
            },
            Place::Handle(HandleName::Redirected(_) | HandleName::Forged) => refused("UNKNOWN"),
            Place::GitLog(LogQuery { since: Some(_), .. }) => fault("BAD_QUERY"),
            Place::GitLog(_) => (Sight::Log(at), None),
            Place::Halt => (Sight::Trap("HALT", None), None),
        }
    }

    fn observe_file(&self, path: &str, at: String) -> (Sight, Option<&'static str>) {
        let fault = if self.world.unreadable.contains(path) {
            Sight::Fault { at, code: "DENIED" }
        } else if let Some(content) = self.world.files.get(path) {
            return (Sight::File(content.clone()), None);
        } else {
            let entries = self.world.files.keys().take(20).cloned().collect();
            Sight::Missing { at, entries }
        };
        (fault, Some("PAGE_FAULT"))
    }

    fn exit_code(&self, line: &str) -> u8 {
        match line {
            "pytest" | "cargo test -q" if self.world.tests_fail => 1,
            "pytest" | "cargo test -q" | "pytest || true" | "ls" => 0,
            _ => 127,
        }
    }
}

/// Only a plain line of a test command is evidence.
fn is_test(line: &str) -> bool {
    matches!(line, "pytest" | "cargo test -q")
}
