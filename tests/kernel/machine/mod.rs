//! One kernel on a small world, driven by reply texts: where every kernel test builds its system.

pub(crate) mod watched;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use turingos::isa::GitLogQuery;
use turingos::kernel::{Answer, Committed, Kernel, KernelConfig, OracleFault};
use turingos::manifold::{CommandOutcome, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;
use turingos::trap::TrapKind;
use turingos::{Digest, Manifold};

/// What stands before a guard block.
const GUARD: &str = "\n\n[OS_GUARD]\n";

/// A flat world whose failures are scripted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SmallWorld {
    pub(crate) files: BTreeMap<String, String>,
    /// Files that cannot be read.
    pub(crate) unreadable: BTreeSet<String>,
    /// Codes that the next writes fail with.
    pub(crate) refuse_writes: VecDeque<WorldFaultCode>,
    /// Exit code of each command; 127 if it is not listed.
    pub(crate) commands: BTreeMap<String, u8>,
    /// Commands run so far.
    pub(crate) ran: Vec<String>,
}

impl Manifold for SmallWorld {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        if self.unreadable.contains(path.as_str()) {
            return Err(fault(WorldFaultCode::Denied));
        }
        let found = self.files.get(path.as_str());
        content.push_str(found.ok_or_else(|| fault(WorldFaultCode::NotFound))?);
        Ok(())
    }

    fn list(
        &mut self,
        _directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        Ok(self.files.keys().take(limit).cloned().collect())
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        _: Digest,
        _now_us: u64,
    ) -> Result<(), WorldFault> {
        if let Some(code) = self.refuse_writes.pop_front() {
            return Err(fault(code));
        }
        self.files.insert(path.to_string(), content.to_owned());
        Ok(())
    }

    fn exec(&mut self, command: &str, _now_us: u64) -> CommandOutcome {
        self.ran.push(command.to_owned());
        CommandOutcome {
            exit_code: self.commands.get(command).copied().unwrap_or(127),
            stdout: format!("out of {command}"),
            stderr: String::new(),
            duration_us: 2_000,
        }
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        match &query.since {
            Some(_) => Err(fault(WorldFaultCode::BadQuery)),
            None => Ok(format!("log of {:?} limit {:?}", query.path, query.limit)),
        }
    }
}

fn fault(code: WorldFaultCode) -> WorldFault {
    WorldFault {
        code,
        detail: "scripted".into(),
    }
}

/// A kernel with its world; time advances by a second a tick.
pub(crate) struct Machine {
    pub(crate) kernel: Kernel,
    pub(crate) world: SmallWorld,
    pub(crate) now_us: u64,
}

impl Machine {
    /// Boots at `d` with an empty world in which `pytest` passes.
    pub(crate) fn at(d: &str) -> Self {
        let mut world = SmallWorld::default();
        world.commands.insert("pytest".into(), 0);
        Self {
            kernel: Kernel::boot(&KernelConfig::default(), "q0", d),
            world,
            now_us: 0,
        }
    }

    /// Runs one tick that is answered with `text`.
    pub(crate) fn reply(&mut self, text: &str) -> Committed {
        self.answer(Ok(text))
    }

    /// Runs one tick whose oracle fails for good on both lanes.
    pub(crate) fn oracle_fails(&mut self) -> Committed {
        self.answer(Err(OracleFault::Timeout))
    }

    /// Runs one tick that is answered with the canonical transition for `a_t`; `q_next` is `q`.
    pub(crate) fn act_with_q(&mut self, a_t: &str, q: &str) -> Committed {
        self.reply(&format!(r#"{{"q_next":"{q}","a_t":{a_t}}}"#))
    }

    /// Runs one tick that is answered with the canonical transition for `a_t`.
    pub(crate) fn act(&mut self, a_t: &str) -> Committed {
        self.act_with_q(a_t, "q1")
    }

    pub(crate) fn goto(&mut self, pointer: &str) -> Committed {
        self.act(&format!(r#"{{"op":"SYS_GOTO","pointer":"{pointer}"}}"#))
    }

    pub(crate) fn exec(&mut self, cmd: &str) -> Committed {
        self.act(&format!(r#"{{"op":"SYS_EXEC","cmd":"{cmd}"}}"#))
    }

    pub(crate) fn write(&mut self, payload: &str) -> Committed {
        self.act(&format!(r#"{{"op":"SYS_WRITE","payload":"{payload}"}}"#))
    }

    pub(crate) fn push(&mut self, task: &str) -> Committed {
        self.act(&format!(r#"{{"op":"SYS_PUSH","task":"{task}"}}"#))
    }

    /// What the next tick's frame shows, without committing one.
    pub(crate) fn peek(&mut self) -> String {
        let open = self.kernel.open(self.now_us, &mut self.world);
        open.expect("running").frame().to_owned()
    }

    /// The observed slice of the next tick.
    pub(crate) fn slice(&mut self) -> String {
        let frame = self.peek();
        let (_, slice) = frame.split_once("[OBSERVED_SLICE]\n").expect("a frame");
        let guard = slice.rfind(GUARD).unwrap_or(slice.len());
        slice[..guard].to_owned()
    }

    /// The guard block of the next tick, if there is one.
    pub(crate) fn block(&mut self) -> Option<String> {
        let frame = self.peek();
        frame
            .rfind(GUARD)
            .map(|at| frame[at + GUARD.len()..].to_owned())
    }

    pub(crate) fn d(&self) -> &str {
        self.kernel.d().text()
    }

    /// Runs one tick in which every lane that is called gives the answer of `outcome`.
    fn answer(&mut self, outcome: Result<&str, OracleFault>) -> Committed {
        self.answers(&[outcome])
    }

    /// Runs one tick with an answer for each lane that is called; the last is repeated.
    pub(crate) fn answers(&mut self, outcomes: &[Result<&str, OracleFault>]) -> Committed {
        self.now_us += 1_000_000;
        let open = self.kernel.open(self.now_us, &mut self.world);
        let mut open = open.expect("running");
        let mut outcomes = outcomes.iter();
        let mut outcome = outcomes.next().expect("an answer");
        loop {
            let answer = match outcome {
                Ok(text) => Answer::decode(text),
                Err(fault) => Answer::failed(fault.clone()),
            };
            if !open.fail_over(&answer) {
                let raw = outcome.clone().unwrap_or_default();
                return open.commit(self.now_us, &mut self.world, raw.as_bytes(), answer);
            }
            outcome = outcomes.next().unwrap_or(outcome);
        }
    }
}

/// The traps of a tick.
pub(crate) fn traps(committed: &Committed) -> &[TrapKind] {
    &committed.record.traps
}
