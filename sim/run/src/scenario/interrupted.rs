//! A world in which certain operations fail a certain number of times.
//!
//! Works on any manifold, so that a scenario meets the same trouble in memory and on a disk. Never
//! draws, and never touches what a command does.

use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;

use super::fault::ScenarioError;
use super::member::Member;
use turingos_world::InjectedFault;

/// What an interruption strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Struck {
    Read,
    Write,
}

/// An operation on one file that fails, the first times that it is tried.
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
        // A read finds no full disk and tears nothing; a write makes what is not there.
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

/// A world with its interruptions.
#[derive(Debug)]
pub struct Interrupted<W> {
    inner: W,
    pending: Vec<Interruption>,
    met: Vec<&'static str>,
}

impl<W: Manifold> Interrupted<W> {
    /// The world with every interruption still ahead.
    #[must_use]
    pub fn new(inner: W, interruptions: &[Interruption]) -> Self {
        Self {
            inner,
            pending: interruptions.to_vec(),
            met: Vec::new(),
        }
    }

    /// The world as it is, without interruptions: for whoever checks it.
    pub const fn inner_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The codes of the operations that were made to fail since this was last asked; no more than
    /// the interruptions allow.
    pub fn take_met(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.met)
    }

    fn strike(&mut self, path: &WorkspacePath, struck: Struck) -> Option<InjectedFault> {
        let interruption = (self.pending.iter_mut())
            .find(|it| it.times > 0 && it.struck == struck && it.path == *path)?;
        interruption.times -= 1;
        self.met.push(interruption.fault.code().name());
        Some(interruption.fault)
    }
}

impl<W: Manifold> Manifold for Interrupted<W> {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        match self.strike(path, Struck::Read) {
            Some(fault) => Err(refused(fault, path)),
            None => self.inner.read(path, content),
        }
    }

    fn list(
        &mut self,
        directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        self.inner.list(directory, limit)
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        now_us: u64,
    ) -> Result<(), WorldFault> {
        let Some(fault) = self.strike(path, Struck::Write) else {
            return self.inner.write(path, content, now_us);
        };
        if fault == InjectedFault::TornWrite {
            // Half of the content is left in a staging file, never in the target. A world that has
            // no room for it leaves nothing.
            let half = content.chars().count() / 2;
            let half: String = content.chars().take(half).collect();
            if let Ok(staging) = format!("{path}.torn").parse() {
                let _ = self.inner.write(&staging, &half, now_us);
            }
        }
        Err(refused(fault, path))
    }

    fn exec(&mut self, command: &str, now_us: u64) -> CommandOutcome {
        self.inner.exec(command, now_us)
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        self.inner.git_log(query)
    }
}

fn refused(fault: InjectedFault, path: &WorkspacePath) -> WorldFault {
    let code: WorldFaultCode = fault.code();
    WorldFault {
        code,
        detail: path.as_str().to_owned(),
    }
}
