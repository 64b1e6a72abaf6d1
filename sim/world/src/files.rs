//! The file tree: text files and directories under one root, within fixed quotas.
//!
//! A write makes the parent directories it needs, and they stay until they are removed. The tree
//! never exceeds its [`Quota`] and never applies half of a change.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use turingos::Digest;
use turingos::manifold::WorldFaultCode;
use turingos::pointer::WorkspacePath;

use super::paths::{ancestors, is_within, join};

/// The suffix of the staging file that a torn write leaves behind.
pub const STAGING_SUFFIX: &str = ".torn";

/// How much a world may hold, staging files included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Files at most.
    pub max_files: usize,
    /// Directories at most, the root not counted.
    pub max_directories: usize,
    /// Bytes of one file at most; beyond it a write is TOO_LARGE.
    pub max_file_bytes: usize,
    /// Bytes of all files together at most; beyond it a write is NO_SPACE.
    pub max_total_bytes: usize,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            max_files: 512,
            max_directories: 512,
            max_file_bytes: 256 * 1024,
            max_total_bytes: 4 * 1024 * 1024,
        }
    }
}

/// The kind of entry at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text file.
    File,
    /// A directory.
    Directory,
}

#[derive(Clone, Debug)]
enum Node {
    File(String),
    Directory,
}

impl Node {
    const fn kind(&self) -> Kind {
        match self {
            Self::File(_) => Kind::File,
            Self::Directory => Kind::Directory,
        }
    }
}

/// Files and directories by path from the root.
#[derive(Clone, Debug)]
pub struct FileTree {
    quota: Quota,
    nodes: BTreeMap<String, Node>,
    staging: BTreeSet<String>,
    files: usize,
    bytes: usize,
}

impl FileTree {
    /// An empty root.
    #[must_use]
    pub(crate) const fn new(quota: Quota) -> Self {
        Self {
            quota,
            nodes: BTreeMap::new(),
            staging: BTreeSet::new(),
            files: 0,
            bytes: 0,
        }
    }

    /// The number of files.
    #[must_use]
    pub const fn file_count(&self) -> usize {
        self.files
    }

    /// The number of directories, without the root.
    #[must_use]
    pub fn directory_count(&self) -> usize {
        self.nodes.len() - self.files
    }

    /// The total bytes of all files.
    #[must_use]
    pub const fn total_bytes(&self) -> usize {
        self.bytes
    }

    /// The quota.
    #[must_use]
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }

    /// The kind of entry at `path`, if there is one.
    #[must_use]
    pub fn kind(&self, path: &str) -> Option<Kind> {
        self.nodes.get(path).map(Node::kind)
    }

    /// The content of a file.
    ///
    /// # Errors
    /// IS_DIRECTORY, NOT_DIRECTORY if a parent is a file, NOT_FOUND.
    pub fn read(&self, path: &str) -> Result<&str, WorldFaultCode> {
        match self.nodes.get(path) {
            Some(Node::File(content)) => Ok(content),
            Some(Node::Directory) => Err(WorldFaultCode::IsDirectory),
            None => Err(self.why_missing(path)),
        }
    }

    /// Replaces a file or creates it with its parents, and removes the staging file that an
    /// earlier torn write to the same path left behind.
    ///
    /// # Errors
    /// IS_DIRECTORY, NOT_DIRECTORY, TOO_LARGE, NO_SPACE; nothing changes.
    pub(crate) fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
    ) -> Result<(), WorldFaultCode> {
        let path = path.as_str();
        if content.len() > self.quota.max_file_bytes {
            return Err(WorldFaultCode::TooLarge);
        }
        match self.nodes.get_mut(path) {
            Some(Node::Directory) => return Err(WorldFaultCode::IsDirectory),
            Some(Node::File(old)) => {
                let bytes = self.bytes - old.len() + content.len();
                if bytes > self.quota.max_total_bytes {
                    return Err(WorldFaultCode::NoSpace);
                }
                self.bytes = bytes;
                replace_text(old, content);
            }
            None => self.create(path, content)?,
        }
        if !self.staging.is_empty() {
            self.staging.remove(path);
            let leftover = format!("{path}{STAGING_SUFFIX}");
            if self.staging.contains(&leftover) {
                self.remove(&leftover);
            }
        }
        Ok(())
    }

    /// Leaves a staging file with half of `content`, as a torn write to `path` does. Does nothing
    /// if a quota forbids it or a file of that name exists that is not a staging file.
    pub(crate) fn leave_torn(&mut self, path: &WorkspacePath, content: &str) {
        let Ok(staging) = format!("{path}{STAGING_SUFFIX}").parse::<WorkspacePath>() else {
            return;
        };
        let ours = self.staging.contains(staging.as_str());
        if self.nodes.contains_key(staging.as_str()) && !ours {
            return;
        }
        let half = &content[..content.floor_char_boundary(content.len() / 2)];
        if self.write(&staging, half).is_ok() {
            self.staging.insert(staging.as_str().to_owned());
        }
    }

    /// Makes a directory and its missing parents. An existing directory is not an error.
    ///
    /// # Errors
    /// NOT_DIRECTORY if the path or a parent is a file, NO_SPACE.
    pub(crate) fn make_directory(&mut self, path: &WorkspacePath) -> Result<(), WorldFaultCode> {
        let path = path.as_str();
        match self.nodes.get(path) {
            Some(Node::Directory) => Ok(()),
            Some(Node::File(_)) => Err(WorldFaultCode::NotDirectory),
            None => {
                let missing = self.missing_ancestors(path)?;
                if self.directory_count() + missing + 1 > self.quota.max_directories {
                    return Err(WorldFaultCode::NoSpace);
                }
                self.make_ancestors(path, missing);
                self.nodes.insert(path.to_owned(), Node::Directory);
                Ok(())
            }
        }
    }

    /// Removes a file, or a directory with its contents. A missing path is not an error.
    pub(crate) fn remove(&mut self, path: &str) {
        match self.nodes.remove(path) {
            None => {}
            Some(Node::File(content)) => self.forget_file(path, &content),
            Some(Node::Directory) => {
                for (inner, node) in self.take_below(path) {
                    if let Node::File(content) = node {
                        self.forget_file(&inner, &content);
                    }
                }
            }
        }
    }

    /// Moves a file, or a directory with its contents. A file may replace another file; nothing
    /// else is replaced.
    ///
    /// # Errors
    /// NOT_FOUND, NOT_DIRECTORY, NO_SPACE for the parents, DENIED if `to` exists or is inside
    /// `from`, OTHER if a path would become too long; nothing changes.
    pub(crate) fn rename(&mut self, from: &str, to: &WorkspacePath) -> Result<(), WorldFaultCode> {
        let to = to.as_str();
        if !self.nodes.contains_key(from) {
            return Err(self.why_missing(from));
        }
        let replaces = self.kind(from) == Some(Kind::File) && self.kind(to) == Some(Kind::File);
        if (self.nodes.contains_key(to) && !replaces) || is_within(to, from) {
            return Err(WorldFaultCode::Denied);
        }
        let missing = self.missing_ancestors(to)?;
        if self.directory_count() + missing > self.quota.max_directories {
            return Err(WorldFaultCode::NoSpace);
        }
        let fits = self
            .below(from)
            .all(|(path, _)| join(to, &path[from.len() + 1..]).is_ok());
        if !fits {
            return Err(WorldFaultCode::Other);
        }
        self.remove(to);
        let inner = self.take_below(from);
        if let Some(node) = self.nodes.remove(from) {
            self.staging.remove(from);
            self.make_ancestors(to, missing);
            self.nodes.insert(to.to_owned(), node);
        }
        for (path, node) in inner {
            self.staging.remove(&path);
            self.nodes
                .insert(format!("{to}{}", &path[from.len()..]), node);
        }
        Ok(())
    }

    /// The names in a directory (`None` is the root) and their kinds, in byte order of the bare
    /// names.
    ///
    /// # Errors
    /// NOT_FOUND, NOT_DIRECTORY.
    pub(crate) fn children(
        &self,
        directory: Option<&str>,
    ) -> Result<impl Iterator<Item = (&str, Kind)>, WorldFaultCode> {
        let skipped = match directory {
            None => 0,
            Some(path) => match self.nodes.get(path) {
                Some(Node::Directory) => path.len() + 1,
                Some(Node::File(_)) => return Err(WorldFaultCode::NotDirectory),
                None => return Err(self.why_missing(path)),
            },
        };
        let above = directory.map_or_else(String::new, |path| [path, "/"].concat());
        Ok(self
            .nodes
            .range::<str, _>((Bound::Included(above.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.starts_with(&above))
            .map(move |(path, node)| (&path[skipped..], node.kind()))
            .filter(|(name, _)| !name.contains('/')))
    }

    /// Every path and its kind, in byte order.
    pub fn paths(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.nodes
            .iter()
            .map(|(path, node)| (path.as_str(), node.kind()))
    }

    /// Every path below a directory and its kind, in byte order, without the directory itself.
    pub(crate) fn paths_below(&self, directory: &str) -> impl Iterator<Item = (&str, Kind)> {
        self.below(directory)
            .map(|(path, node)| (path.as_str(), node.kind()))
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.staging.clear();
        self.files = 0;
        self.bytes = 0;
    }

    /// Folds every path and content into a digest that starts from `seed`.
    #[must_use]
    pub(crate) fn digest(&self, seed: Digest) -> Digest {
        self.nodes.iter().fold(seed, |so_far, (path, node)| {
            let (tag, content) = match node {
                Node::File(content) => (b"f", content.as_str()),
                Node::Directory => (b"d", ""),
            };
            Digest::of_parts(&[
                so_far.as_bytes(),
                tag,
                &length_bytes(path),
                path.as_bytes(),
                &length_bytes(content),
                content.as_bytes(),
            ])
        })
    }

    fn create(&mut self, path: &str, content: &str) -> Result<(), WorldFaultCode> {
        let missing = self.missing_ancestors(path)?;
        let fits = self.files < self.quota.max_files
            && self.bytes + content.len() <= self.quota.max_total_bytes
            && self.directory_count() + missing <= self.quota.max_directories;
        if !fits {
            return Err(WorldFaultCode::NoSpace);
        }
        self.make_ancestors(path, missing);
        self.nodes
            .insert(path.to_owned(), Node::File(content.to_owned()));
        self.files += 1;
        self.bytes += content.len();
        Ok(())
    }

    fn forget_file(&mut self, path: &str, content: &str) {
        self.files -= 1;
        self.bytes -= content.len();
        self.staging.remove(path);
    }

    fn missing_ancestors(&self, path: &str) -> Result<usize, WorldFaultCode> {
        let mut missing = 0;
        for ancestor in ancestors(path) {
            match self.nodes.get(ancestor) {
                Some(Node::Directory) => break,
                Some(Node::File(_)) => return Err(WorldFaultCode::NotDirectory),
                None => missing += 1,
            }
        }
        Ok(missing)
    }

    fn make_ancestors(&mut self, path: &str, missing: usize) {
        for ancestor in ancestors(path).take(missing) {
            self.nodes.insert(ancestor.to_owned(), Node::Directory);
        }
    }

    fn why_missing(&self, path: &str) -> WorldFaultCode {
        self.missing_ancestors(path)
            .err()
            .unwrap_or(WorldFaultCode::NotFound)
    }

    fn below(&self, directory: &str) -> impl Iterator<Item = (&String, &Node)> {
        // `0` is the character after `/`, so it bounds every path that starts with `directory/`.
        self.nodes
            .range(format!("{directory}/")..format!("{directory}0"))
    }

    fn take_below(&mut self, directory: &str) -> BTreeMap<String, Node> {
        let mut inner = self.nodes.split_off(&format!("{directory}/"));
        let mut after = inner.split_off(&format!("{directory}0"));
        self.nodes.append(&mut after);
        inner
    }
}

fn replace_text(old: &mut String, content: &str) {
    // Reuses the buffer unless the old file was so much larger that it would waste memory.
    if old.capacity() > content.len().saturating_mul(4).saturating_add(4096) {
        *old = content.to_owned();
    } else {
        old.clear();
        old.push_str(content);
    }
}

fn length_bytes(text: &str) -> [u8; 8] {
    u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes()
}
