//! The capability table: which `vfd://` handles this kernel has issued, and for what.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;

use crate::digest::Digest;
use crate::pointer::{Access, Handle, WorkspacePath};

/// The most handles in force; the oldest goes first.
pub const MAX_CAPABILITIES: usize = 2_048;

/// A handle about to be issued: pure, so that an observation can show it before it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    handle: Handle,
    is_new: bool,
}

impl Grant {
    /// The handle that is, or will be, in force.
    #[must_use]
    pub(crate) const fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// Handles in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capabilities {
    by_id: BTreeMap<String, (Access, WorkspacePath)>,
    by_target: BTreeMap<(Access, WorkspacePath), String>,
    oldest_first: VecDeque<String>,
    issued: u64,
}

impl Capabilities {
    /// The handle for `access` to `path`: the one in force, else the next to issue.
    #[must_use]
    pub(crate) fn grant(&self, access: Access, path: &WorkspacePath) -> Grant {
        let target = (access, path.clone());
        let (id, is_new) = match self.by_target.get(&target) {
            Some(id) => (id.clone(), false),
            None => {
                let digest = Digest::of_parts(&[
                    b"capability",
                    &self.issued.to_be_bytes(),
                    access.name().as_bytes(),
                    b"/",
                    path.as_str().as_bytes(),
                ]);
                (digest.short(16), true)
            }
        };
        Grant {
            handle: Handle {
                access,
                id,
                tail: target.1,
            },
            is_new,
        }
    }

    /// Puts a grant of this table in force.
    pub(crate) fn issue(&mut self, grant: Grant) {
        if !grant.is_new {
            return;
        }
        if self.oldest_first.len() >= MAX_CAPABILITIES
            && let Some(id) = self.oldest_first.pop_front()
            && let Some(target) = self.by_id.remove(&id)
        {
            self.by_target.remove(&target);
        }
        let Handle { access, id, tail } = grant.handle;
        self.issued = self.issued.wrapping_add(1);
        self.by_target.insert((access, tail.clone()), id.clone());
        self.by_id.insert(id.clone(), (access, tail));
        self.oldest_first.push_back(id);
    }

    /// True if the handle was issued by this table, is in force, and claims what was issued.
    #[must_use]
    pub(crate) fn is_genuine(&self, handle: &Handle) -> bool {
        self.by_id
            .get(&handle.id)
            .is_some_and(|(access, path)| *access == handle.access && *path == handle.tail)
    }

    /// The parts of the newest handles, newest first, at most `limit`.
    pub(crate) fn newest(
        &self,
        limit: usize,
    ) -> impl Iterator<Item = (Access, &str, &WorkspacePath)> + '_ {
        self.oldest_first.iter().rev().take(limit).filter_map(|id| {
            let (access, tail) = self.by_id.get(id)?;
            Some((*access, id.as_str(), tail))
        })
    }

    /// True if a handle in force may be written through.
    #[must_use]
    pub(crate) fn any_writes(&self) -> bool {
        // Targets are ordered by access, and reading alone is the least.
        self.by_target
            .keys()
            .next_back()
            .is_some_and(|(access, _)| access.writes())
    }

    /// The number of handles in force.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.oldest_first.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn path(text: &str) -> WorkspacePath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_grant_counts_only_once_issued() {
        let mut table = Capabilities::default();
        let grant = table.grant(Access::Read, &path("a"));
        assert!(!table.is_genuine(grant.handle()));
        table.issue(grant.clone());
        assert!(table.is_genuine(grant.handle()));
    }

    #[test]
    fn one_handle_that_writes_is_found_among_those_that_read() {
        for access in [Access::Write, Access::ReadWrite] {
            let mut table = Capabilities::default();
            assert!(!table.any_writes());
            table.issue(table.grant(Access::Read, &path("z")));
            assert!(!table.any_writes());
            table.issue(table.grant(access, &path("a")));
            assert!(table.any_writes());
        }
    }

    #[test]
    fn asking_again_gives_the_same_handle() {
        let mut table = Capabilities::default();
        let first = table.grant(Access::Read, &path("a"));
        table.issue(first.clone());
        let second = table.grant(Access::Read, &path("a"));
        table.issue(second.clone());
        assert_eq!(first.handle(), second.handle());
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_handle_with_more_access_or_another_path_is_not_genuine() {
        let mut table = Capabilities::default();
        let grant = table.grant(Access::Read, &path("a"));
        table.issue(grant.clone());
        let mut forged = grant.handle().clone();
        forged.access = Access::ReadWrite;
        assert!(!table.is_genuine(&forged));
        let mut forged = grant.handle().clone();
        forged.tail = path("b");
        assert!(!table.is_genuine(&forged));
    }

    #[test]
    fn the_oldest_handle_goes_first_and_comes_back_under_another_id() {
        let mut table = Capabilities::default();
        let first = table.grant(Access::Write, &path("f0"));
        table.issue(first.clone());
        for number in 1..=MAX_CAPABILITIES {
            let grant = table.grant(Access::Write, &path(&format!("f{number}")));
            table.issue(grant);
        }
        assert_eq!(table.len(), MAX_CAPABILITIES);
        assert!(!table.is_genuine(first.handle()));
        let again = table.grant(Access::Write, &path("f0"));
        assert_ne!(again.handle().id, first.handle().id);
    }
}
