//! The first line of a file: which runs its lines are.

use serde::{Deserialize, Serialize};
use turingos::Digest;

use crate::outline::Outline;
use crate::plan::MAX_KINDS;
use crate::shard::{Shard, ShardJobs};

const FORMAT: &str = "turingos.sweep-file/1";

/// The first line of a file: what was swept, and by which program. A whole sweep and all its shards
/// have the same one except for the last two members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileHeader {
    format: String,
    /// The SHA-256 of the program that ran the seeds.
    program: Digest,
    sweep: Outline,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shard: Option<Shard>,
    /// The share of the next shard's seeds that were run again, in ten-thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overlap: Option<u16>,
}

impl FileHeader {
    /// The header of a sweep by the program with this digest.
    #[must_use]
    pub fn new(sweep: Outline, program: Digest) -> Self {
        Self {
            format: FORMAT.to_owned(),
            program,
            sweep,
            shard: None,
            overlap: None,
        }
    }

    /// The runs that a file with this header has, if every member can be true.
    pub(super) fn checked_jobs(&self) -> Result<ShardJobs, String> {
        if self.format != FORMAT {
            return Err(format!(
                "its format is `{}`, expected `{FORMAT}`",
                self.format
            ));
        }
        if self.sweep.kinds.len() > MAX_KINDS {
            return Err(format!("it lists more than {MAX_KINDS} kinds"));
        }
        let overlap = match (self.shard, self.overlap) {
            (None, None) => 0,
            (Some(_), Some(overlap @ 0..=10_000)) => overlap,
            _ => return Err("a shard needs an overlap from 0 to 10000".to_owned()),
        };
        let seeds = { self.sweep.seed_range() }
            .ok_or_else(|| format!("its seeds are `{}`, expected A..B", self.sweep.seeds))?;
        match self.sweep.subjects.len() as u64 {
            0 => Err("it has no subjects".to_owned()),
            subjects => Ok(ShardJobs::of(&seeds, subjects, self.shard, overlap)),
        }
    }

    /// The same for one shard, which runs a share of its neighbour's seeds again.
    #[must_use]
    pub fn of_shard(self, shard: Shard, overlap: u16) -> Self {
        Self {
            shard: Some(shard),
            overlap: Some(overlap),
            ..self
        }
    }

    /// The same for the whole sweep.
    pub(crate) fn of_whole(self) -> Self {
        Self {
            shard: None,
            overlap: None,
            ..self
        }
    }

    /// What was swept.
    #[must_use]
    pub const fn sweep(&self) -> &Outline {
        &self.sweep
    }

    /// The SHA-256 of the program that ran the seeds.
    #[must_use]
    pub const fn program(&self) -> Digest {
        self.program
    }

    /// The shard, if it is one.
    #[must_use]
    pub const fn shard(&self) -> Option<Shard> {
        self.shard
    }

    /// The share of the neighbour's seeds that a shard ran again.
    pub(crate) fn overlap(&self) -> u16 {
        self.overlap.unwrap_or(0)
    }

    /// What differs from `other`, for people.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |name: &str, ours: String, theirs: String| {
            (ours != theirs).then(|| format!("its {name} is {theirs}, not {ours}"))
        };
        let shown = |it: Option<Shard>| it.map_or("the whole".to_owned(), |it| it.to_string());
        (self.sweep.difference(&other.sweep))
            .or_else(|| differs("program", self.program.short(16), other.program.short(16)))
            .or_else(|| differs("shard", shown(self.shard), shown(other.shard)))
            .or_else(|| {
                let overlaps = [self, other].map(|it| it.overlap().to_string());
                let [ours, theirs] = overlaps;
                differs("overlap in ten-thousandths", ours, theirs)
            })
    }
}
