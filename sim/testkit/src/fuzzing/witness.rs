//! A world that counts the kernel's calls and passes them on unchanged.

use std::collections::{BTreeMap, BTreeSet};

use turingos::Digest;
use turingos::Manifold;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, WorldFault};
use turingos::pointer::WorkspacePath;

use super::script::TickFaults;
use turingos_world::{Kind, STAGING_SUFFIX, World};

/// The calls of a world since they were last taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// Writes, refused ones included.
    pub(super) writes: usize,
    /// Writes that the world accepted.
    pub(super) written: usize,
    /// Command lines run, each with its exit code.
    pub(super) commands: Vec<(String, u8)>,
}

/// The state of a world. Comparing it whole is cheaper than two digests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct WorldState {
    /// Every path, with its content if it is a file.
    nodes: BTreeMap<String, Option<String>>,
    history: Digest,
}

/// An observed world.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    pub(super) world: World<TickFaults>,
    asked: Calls,
}

impl Witness {
    pub(super) fn new(world: World<TickFaults>) -> Self {
        Self {
            world,
            asked: Calls::default(),
        }
    }

    /// The current state of the world.
    pub(super) fn state(&self) -> WorldState {
        WorldState::of(&self.world)
    }

    /// Takes the calls since the last take.
    pub(super) fn take_calls(&mut self) -> Calls {
        core::mem::take(&mut self.asked)
    }
}

impl WorldState {
    fn of(world: &World<TickFaults>) -> Self {
        let files = world.files();
        let node = |(path, kind): (&str, Kind)| {
            let content = (kind == Kind::File).then(|| {
                let content = files.read(path);
                content.expect("a listed file can be read").to_owned()
            });
            (path.to_owned(), content)
        };
        Self {
            nodes: files.paths().map(node).collect(),
            history: world.history().head(),
        }
    }

    /// Removes what torn writes leave: staging files and the directories above them.
    pub(super) fn without_staging(mut self) -> Self {
        let mut parents = BTreeSet::new();
        self.nodes.retain(|path, content| {
            let is_staging = content.is_some() && path.ends_with(STAGING_SUFFIX);
            if is_staging {
                parents.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
            }
            !is_staging
        });
        self.nodes.retain(|path, _| !parents.contains(path));
        self
    }
}

impl Manifold for Witness {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        self.world.read(path, content)
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
        self.asked.writes += 1;
        self.world.write(path, content, effect, now_us)?;
        self.asked.written += 1;
        Ok(())
    }

    fn exec(&mut self, command: &str, now_us: u64) -> CommandOutcome {
        let outcome = self.world.exec(command, now_us);
        let command = (command.to_owned(), outcome.exit_code);
        self.asked.commands.push(command);
        outcome
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        self.world.git_log(query)
    }
}
