//! A world in which certain operations fail a certain number of times.
//!
//! Works on any manifold, so that a scenario has the same faults in memory and on disk. Draws
//! nothing, and does not change commands.

use turingos::Digest;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;

use super::fault::ScenarioError;
use super::member::Member;
use turingos_draws::FaultEdits;
use turingos_world::{InjectedFault, Operation};

/// The kind of operation that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Struck {
    Read,
    Write,
}

/// An operation on one file that fails the first few times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    path: WorkspacePath,
    struck: Struck,
    times: u64,
    fault: InjectedFault,
}

impl Interruption {
    pub(super) fn read(member: &Member<'_>) -> Result<Self, ScenarioError> {
        let members = member.object(&["operation", "path", "times", "fault"], &[])?;
        let operations = [("read", Struck::Read), ("write", Struck::Write)];
        let struck = members.get("operation")?.one_of(&operations)?;
        // A read cannot fill a disk or tear a file; a write creates a missing file.
        let faults: &[_] = match struck {
            Struck::Read => &[
                ("denied", InjectedFault::Denied),
                ("not_found", InjectedFault::NotFound),
            ],
            Struck::Write => &[
                ("denied", InjectedFault::Denied),
                ("no_space", InjectedFault::NoSpace),
                ("torn_write", InjectedFault::TornWrite),
            ],
        };
        Ok(Self {
            path: members.get("path")?.path()?,
            struck,
            times: members.get("times")?.number(1..=64)?,
            fault: members.get("fault")?.one_of(faults)?,
        })
    }
}

/// The interruptions of a run: the pending ones, and those of this tick.
#[derive(Clone, Debug, Default)]
pub struct Interruptions {
    pending: Vec<Interruption>,
    struck: Vec<InjectedFault>,
    edits: FaultEdits<InjectedFault>,
    tick: u64,
    /// The fault that a fork adds to this tick: the first operation that fits meets it.
    added: Option<InjectedFault>,
}

impl Interruptions {
    /// Every interruption is pending.
    #[must_use]
    pub fn new(interruptions: &[Interruption]) -> Self {
        Self {
            pending: interruptions.to_vec(),
            ..Self::default()
        }
    }

    /// The same interruptions with the changes of a fork.
    #[must_use]
    pub fn edited(mut self, edits: FaultEdits<InjectedFault>) -> Self {
        self.set_edits(edits);
        self
    }

    /// Keeps to these changes of a fork from the next tick on.
    pub(crate) fn set_edits(&mut self, edits: FaultEdits<InjectedFault>) {
        self.edits = edits;
    }

    /// The operations of another tick follow.
    pub fn open_tick(&mut self, tick: u64) {
        self.tick = tick;
        self.added = self.edits.added(tick);
    }

    /// The world with these interruptions.
    pub const fn of<'a, W: Manifold>(&'a mut self, world: &'a mut W) -> Interrupted<'a, W> {
        Interrupted {
            interruptions: self,
            world,
        }
    }

    /// The faults of the operations that were made to fail since the last call; no more than
    /// the interruptions allow.
    pub fn take_struck(&mut self) -> Vec<InjectedFault> {
        std::mem::take(&mut self.struck)
    }

    fn strike(&mut self, path: &WorkspacePath, struck: Struck) -> Option<InjectedFault> {
        let interruption = (self.pending.iter_mut())
            .find(|it| it.times > 0 && it.struck == struck && it.path == *path);
        let due = interruption.and_then(|interruption| {
            interruption.times -= 1;
            let is_allowed = self.edits.allow(self.tick, interruption.fault);
            is_allowed.then_some(interruption.fault)
        });
        let operation = match struck {
            Struck::Read => Operation::Read,
            Struck::Write => Operation::Write,
        };
        let fault = due.or_else(|| self.added.take_if(|fault| fault.fits(operation)))?;
        self.struck.push(fault);
        Some(fault)
    }
}

/// A world with its interruptions.
#[derive(Debug)]
pub struct Interrupted<'a, W> {
    interruptions: &'a mut Interruptions,
    world: &'a mut W,
}

impl<W: Manifold> Manifold for Interrupted<'_, W> {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        match self.interruptions.strike(path, Struck::Read) {
            Some(fault) => Err(refused(fault, path)),
            None => self.world.read(path, content),
        }
    }

    fn list(
        &mut self,
        directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        self.world.list(directory, limit)
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        effect: Digest,
        now_us: u64,
    ) -> Result<(), WorldFault> {
        let Some(fault) = self.interruptions.strike(path, Struck::Write) else {
            return self.world.write(path, content, effect, now_us);
        };
        if fault == InjectedFault::TornWrite {
            // Half of the content is left in a staging file, never in the target. A world that has
            // no room for it leaves nothing.
            let half = content.chars().count() / 2;
            let half: String = content.chars().take(half).collect();
            if let Ok(staging) = format!("{path}.torn").parse() {
                let _ = self.world.write(&staging, &half, effect, now_us);
            }
        }
        Err(refused(fault, path))
    }

    fn exec(&mut self, command: &str, now_us: u64) -> CommandOutcome {
        self.world.exec(command, now_us)
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        self.world.git_log(query)
    }
}

fn refused(fault: InjectedFault, path: &WorkspacePath) -> WorldFault {
    let code: WorldFaultCode = fault.code();
    WorldFault {
        code,
        detail: path.as_str().to_owned(),
    }
}
