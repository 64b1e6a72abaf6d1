//! How a sweep ended, and the exit code of that.

use std::path::Path;
use std::time::Duration;

use crate::exit::Exit;
use turingos_sweep::{Ended, Shard, Shards, Totals};

/// How the sweep ended.
pub(in crate::sweep) struct Closing<'a> {
    pub(in crate::sweep) totals: &'a Totals,
    /// `None` if it was finished before.
    pub(in crate::sweep) ended: Option<Ended>,
    /// A signal ended it.
    pub(in crate::sweep) was_interrupted: bool,
    /// The same command resumes it.
    pub(in crate::sweep) is_kept: bool,
    /// How many runs this process made.
    pub(in crate::sweep) runs_now: u64,
    pub(in crate::sweep) wall: Option<Duration>,
    /// How many runs a fresh process made again.
    pub(in crate::sweep) checked: u64,
    /// The finished file.
    pub(in crate::sweep) path: Option<&'a Path>,
    /// What is known of the shards, if they were merged.
    pub(in crate::sweep) merged: Option<(&'a Shards, &'a [String])>,
}

impl<'a> Closing<'a> {
    /// The result of a sweep that needed no run any more.
    pub(in crate::sweep) const fn finished_before(totals: &'a Totals) -> Self {
        Self {
            totals,
            ended: None,
            was_interrupted: false,
            is_kept: true,
            runs_now: 0,
            wall: None,
            checked: 0,
            path: None,
            merged: None,
        }
    }

    /// The exit code: that of the seeds' verdict, except for a shard, where it says whether an
    /// engine should run it again.
    pub(in crate::sweep) fn exit(&self, shard: Option<Shard>) -> Exit {
        let summary = &self.totals.summary;
        let is_complete = matches!(self.ended, None | Some(Ended::Complete));
        let differing = self
            .merged
            .is_some_and(|(shards, _)| !shards.differing.is_empty());
        if self
            .merged
            .is_some_and(|(_, problems)| !problems.is_empty())
        {
            Exit::Corrupt
        } else if shard.is_some() && is_complete {
            Exit::Passed
        } else if self.was_interrupted || shard.is_some() {
            Exit::System
        } else if summary.differing > 0 || differing {
            Exit::Nondeterminism
        } else if summary.failed > 0 {
            Exit::Failed
        } else {
            Exit::Passed
        }
    }

    /// Why not every run was made.
    pub(super) fn stopped_by(&self) -> Option<&'static str> {
        Some(match self.ended {
            None | Some(Ended::Complete) => return None,
            Some(Ended::MaxFailures) => "--max-failures",
            Some(Ended::Quiet) => "--until-quiet",
            Some(Ended::Stopped) if self.was_interrupted => "a signal",
            Some(Ended::Stopped) => "--time-limit",
        })
    }
}
