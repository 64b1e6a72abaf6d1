//! The in-memory world: files, a small shell, a virtual history, quotas and injectable faults.
//!
//! A world is a function of what it was made with and the calls made since. It never reads a
//! clock, the environment or the real file system, never draws randomness itself, and never grows
//! past its quotas, however long a run lasts.

pub mod faults;
pub mod files;
pub mod history;
mod paths;
pub mod projects;
pub mod seeded_faults;
pub mod shell;

use std::collections::BTreeSet;

use turingos::Digest;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;

pub use faults::{FaultPlan, InjectedFault, Injection, NoFaults, Operation, ScriptedFaults};
pub use files::{FileTree, Kind, Quota};
pub use history::{Change, History};
pub use projects::{SummaryStyle, TestCommands};

use faults::InjectionLog;

/// An in-memory manifold, with a plan `F` of the faults that are injected into it.
#[derive(Clone, Debug)]
pub struct World<F = NoFaults> {
    files: FileTree,
    history: History,
    tests: TestCommands,
    plan: F,
    injected: InjectionLog,
}

impl World {
    /// An empty world in which nothing goes wrong.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self {
            files: FileTree::new(quota),
            history: History::default(),
            tests: TestCommands::default(),
            plan: NoFaults,
            injected: InjectionLog::default(),
        }
    }

    /// A world that starts with `files`, each a path and its content. They are one commit at time
    /// 0, if there are any.
    ///
    /// # Errors
    /// OTHER if a path is no workspace path; else what a write of the file would say.
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
    /// The same world under another plan of faults.
    #[must_use]
    pub fn with_faults<G: FaultPlan>(self, plan: G) -> World<G> {
        World {
            files: self.files,
            history: self.history,
            tests: self.tests,
            plan,
            injected: self.injected,
        }
    }

    /// The same world with other test commands.
    #[must_use]
    pub fn with_test_commands(mut self, tests: TestCommands) -> Self {
        self.tests = tests;
        self
    }

    /// The faults injected since this was last asked, oldest first; at most 64 are kept.
    pub fn take_injections(&mut self) -> Vec<Injection> {
        self.injected.take()
    }

    /// How many faults were ever injected.
    #[must_use]
    pub const fn injected_faults(&self) -> u64 {
        self.injected.total()
    }

    /// The plan of faults, for a plan that is steered from outside.
    pub const fn plan_mut(&mut self) -> &mut F {
        &mut self.plan
    }

    /// The files as they are.
    #[must_use]
    pub const fn files(&self) -> &FileTree {
        &self.files
    }

    /// The history as it is.
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
        // The slash takes part in the order of the names as they are returned.
        names.sort_unstable();
        names.truncate(limit);
        Ok(names)
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        now_us: u64,
    ) -> Result<(), WorldFault> {
        if let Some(fault) = self.fault(Operation::Write) {
            if fault == InjectedFault::TornWrite {
                self.files.leave_torn(path, content);
            }
            return Err(refused(fault.code(), path.as_str()));
        }
        self.files
            .write(path, content)
            .map_err(|code| refused(code, path.as_str()))?;
        let change = Change::File(Digest::of(content.as_bytes()));
        self.history.commit(
            [(path.as_str(), change)],
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
            tests: &self.tests,
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

/// What a command line that was not allowed to start looks like.
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
