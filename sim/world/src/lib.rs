//! The in-memory world: files, a small shell, a virtual history, quotas and injectable faults.
//!
//! [`World`] implements the kernel's `Manifold` in memory. Its state is a function of its initial
//! files, its fault plan and the calls made since, and stays within its [`Quota`] however long a
//! run lasts. [`World::with_files`] makes one, [`World::with_faults`] adds a [`FaultPlan`].
//!
//! ```
//! use turingos::{Digest, Manifold, WorldFault};
//! use turingos_world::{Quota, World};
//!
//! let mut world = World::with_files(Quota::default(), [("notes/a.md", "buy milk\n")])?;
//! let outcome = world.exec("wc -l notes/a.md && grep -c eggs notes/a.md", 0);
//! assert_eq!((outcome.exit_code, &*outcome.stdout), (1, "1 notes/a.md\n0\n"));
//!
//! let path = "notes/b.md".parse().expect("this is a workspace path");
//! world.write(&path, "buy eggs\n", Digest::of(b"buy eggs\n"), 1_000_000)?;
//! assert_eq!(world.list(Some(&"notes".parse().expect("so is this")), 10)?, ["a.md", "b.md"]);
//! # Ok::<(), WorldFault>(())
//! ```
//!
//! This crate uses no `std::fs`, no tokio and no clock: the caller passes virtual time in.

mod faults;
mod files;
mod git_names;
pub mod history;
mod paths;
mod projects;
mod sandbox;
mod seeded_faults;
pub mod shell;

use std::collections::BTreeSet;

use turingos::Digest;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;

pub use faults::{FaultPlan, InjectedFault, Injection, NoFaults, Operation, ScriptedFaults};
pub use files::{FileTree, Kind, Quota, STAGING_SUFFIX};
pub use git_names::is_git_path;
pub use history::History;
pub use sandbox::Sandbox;
pub use seeded_faults::{SeededFaults, WorldFaultRates};

use faults::InjectionLog;
use history::Change;

/// An in-memory manifold with a plan `F` of the faults to inject.
#[derive(Clone, Debug)]
pub struct World<F = NoFaults> {
    files: FileTree,
    history: History,
    plan: F,
    injected: InjectionLog,
}

impl World {
    /// An empty world without faults.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self {
            files: FileTree::new(quota),
            history: History::default(),
            plan: NoFaults,
            injected: InjectionLog::default(),
        }
    }

    /// A world that starts with `files`, pairs of path and content. If there are any, they form
    /// one commit at time 0.
    ///
    /// # Errors
    /// OTHER if a path is not a workspace path; otherwise the fault of writing the file.
    pub fn with_files<'a>(
        quota: Quota,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, WorldFault> {
        let mut world = Self::new(quota);
        let mut changed = BTreeSet::new();
        for (path, content) in files {
            let parsed: WorkspacePath = path
                .parse()
                .map_err(|_| refused(WorldFaultCode::Other, path))?;
            world
                .files
                .write(&parsed, content)
                .map_err(|code| refused(code, path))?;
            changed.insert(parsed.as_str().to_owned());
        }
        world.commit(&changed, 0, &["initial files"]);
        Ok(world)
    }
}

impl<F: FaultPlan> World<F> {
    /// The same world under another fault plan.
    #[must_use]
    pub fn with_faults<G: FaultPlan>(self, plan: G) -> World<G> {
        World {
            files: self.files,
            history: self.history,
            plan,
            injected: self.injected,
        }
    }

    /// Takes the faults injected since the last call, oldest first; at most 64 are kept.
    pub fn take_injections(&mut self) -> Vec<Injection> {
        self.injected.take()
    }

    /// How many faults were injected in total.
    #[must_use]
    pub const fn injected_faults(&self) -> u64 {
        self.injected.total()
    }

    /// The fault plan, for callers that steer it during a run.
    pub const fn plan_mut(&mut self) -> &mut F {
        &mut self.plan
    }

    /// The current files.
    #[must_use]
    pub const fn files(&self) -> &FileTree {
        &self.files
    }

    /// The current history.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Removes every file and directory without a commit; the history stays.
    pub fn clear(&mut self) {
        self.files.clear();
    }

    /// A digest of every file, every directory and the head of the history.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.files.digest(self.history.head())
    }

    fn commit(&mut self, changed: &BTreeSet<String>, now_us: u64, message: &[&str]) {
        if changed.is_empty() {
            return;
        }
        let files = &self.files;
        let changes = changed.iter().map(|path| {
            let change = match files.read(path) {
                Ok(content) => Change::File(Digest::of(content.as_bytes())),
                Err(WorldFaultCode::IsDirectory) => Change::Directory,
                Err(_) => Change::Removed,
            };
            (path.as_str(), change)
        });
        self.history.commit(changes, now_us, message);
    }

    fn fault(&mut self, operation: Operation) -> Option<InjectedFault> {
        self.injected.ask(&mut self.plan, operation)
    }

    fn check(&mut self, operation: Operation, subject: &str) -> Result<(), WorldFault> {
        match self.fault(operation) {
            None => Ok(()),
            Some(fault) => Err(refused(fault.code(), subject)),
        }
    }
}

impl<F: FaultPlan> Manifold for World<F> {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        self.check(Operation::Read, path.as_str())?;
        let text = self
            .files
            .read(path.as_str())
            .map_err(|code| refused(code, path.as_str()))?;
        content.push_str(text);
        Ok(())
    }

    fn list(
        &mut self,
        directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        let directory = directory.map(WorkspacePath::as_str);
        let subject = directory.unwrap_or(".");
        self.check(Operation::List, subject)?;
        let children = self
            .files
            .children(directory)
            .map_err(|code| refused(code, subject))?;
        let mut names: Vec<String> = children
            .map(|(name, kind)| match kind {
                Kind::File => name.to_owned(),
                Kind::Directory => format!("{name}/"),
            })
            .collect();
        // The trailing slash counts in the sort order.
        names.sort_unstable();
        names.truncate(limit);
        Ok(names)
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        effect: Digest,
        now_us: u64,
    ) -> Result<(), WorldFault> {
        if let Some(fault) = self.fault(Operation::Write) {
            if fault == InjectedFault::TornWrite {
                self.files.leave_torn(path, content);
            }
            return Err(refused(fault.code(), path.as_str()));
        }
        if is_git_path(path.as_str()) {
            return Err(refused(WorldFaultCode::Denied, path.as_str()));
        }
        self.files
            .write(path, content)
            .map_err(|code| refused(code, path.as_str()))?;
        self.history.commit(
            [(path.as_str(), Change::Write(effect))],
            now_us,
            &["write ", path.as_str()],
        );
        Ok(())
    }

    fn exec(&mut self, command: &str, now_us: u64) -> CommandOutcome {
        if let Some(fault) = self.fault(Operation::Exec) {
            return refused_command(fault);
        }
        let mut session = shell::Session {
            files: &mut self.files,
            plan: &mut self.plan,
            injected: &mut self.injected,
            changed: BTreeSet::new(),
            elapsed_us: 0,
            read_bytes: 0,
        };
        let outcome = shell::run(command, &mut session);
        let changed = session.changed;
        self.commit(&changed, now_us, &["$ ", command]);
        outcome
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        self.check(Operation::GitLog, "git log")?;
        self.history.log(query).map_err(|detail| WorldFault {
            code: WorldFaultCode::BadQuery,
            detail,
        })
    }
}

/// The outcome of a command line that a fault kept from starting.
fn refused_command(fault: InjectedFault) -> CommandOutcome {
    let (exit_code, reason) = match fault {
        InjectedFault::NotFound => (127, "No such file or directory"),
        InjectedFault::Denied => (126, "Permission denied"),
        InjectedFault::NoSpace => (1, "No space left on device"),
        InjectedFault::TornWrite => (1, "Input/output error"),
    };
    CommandOutcome {
        exit_code,
        stdout: String::new(),
        stderr: format!("sh: {reason}\n"),
        duration_us: shell::COMMAND_US,
    }
}

fn refused(code: WorldFaultCode, subject: &str) -> WorldFault {
    WorldFault {
        code,
        detail: subject.to_owned(),
    }
}
