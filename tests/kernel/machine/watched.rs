//! A small world that counts what is asked of it.

use super::SmallWorld;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, WorldFault};
use turingos::pointer::WorkspacePath;
use turingos::{Digest, Manifold};

/// What the kernel asked of a [`SmallWorld`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) world: SmallWorld,
    /// Every path asked for, by whatever method.
    pub(crate) asked: Vec<String>,
    /// Calls of [`Manifold::write`].
    pub(crate) writes_tried: usize,
    /// Those that succeeded.
    pub(crate) writes_done: usize,
}

impl Manifold for Watched {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        self.asked.push(path.to_string());
        self.world.read(path, content)
    }

    fn list(
        &mut self,
        directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        self.asked.extend(directory.map(WorkspacePath::to_string));
        self.world.list(directory, limit)
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        effect: Digest,
        now_us: u64,
    ) -> Result<(), WorldFault> {
        self.asked.push(path.to_string());
        self.writes_tried += 1;
        self.world.write(path, content, effect, now_us)?;
        self.writes_done += 1;
        Ok(())
    }

    fn exec(&mut self, command: &str, now_us: u64) -> CommandOutcome {
        self.world.exec(command, now_us)
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        self.asked.extend(query.path.clone());
        self.world.git_log(query)
    }
}
