//! A report about a finished sweep, as one HTML file.

mod html;
mod ledger;
mod over_seeds;

use std::path::Path;

use crate::error::SweepError;
use crate::file::{FileHeader, LineReader, WHOLE_FILE, part_of};
use crate::merge::shard_files;
use crate::summary::Totals;
use over_seeds::Buckets;

/// What the page about a sweep is made of. Neither the directory nor the time is part of it: the same
/// sweep gives the same bytes wherever it is.
#[derive(Clone, Debug)]
pub struct SweepReport {
    header: FileHeader,
    totals: Totals,
    /// Failed runs by seed.
    failed: Buckets,
    /// How many runs of each subject failed.
    failed_of_subject: Vec<u64>,
}

impl SweepReport {
    /// Whether a directory holds a sweep: finished, unfinished, or in shards.
    #[must_use]
    pub fn is_in(directory: &Path) -> bool {
        let path = directory.join(WHOLE_FILE);
        path.exists()
            || part_of(&path).exists()
            || shard_files(directory).is_ok_and(|shards| !shards.is_empty())
    }

    /// Reads the finished sweep in a directory to its end.
    ///
    /// # Errors
    /// The sweep is not finished or not merged, its file is not what this program writes, or it
    /// cannot be read.
    pub fn read(directory: &Path) -> Result<Self, SweepError> {
        let path = directory.join(WHOLE_FILE);
        let corrupt = |what: String| SweepError::corrupt(&path, what);
        if !path.exists() {
            return Err(corrupt(match part_of(&path).exists() {
                true => "the sweep is unfinished; run its command again to resume it".to_owned(),
                false => format!(
                    "the shards are not merged; run `sim sweep merge {}`",
                    directory.display()
                ),
            }));
        }
        let mut reader = LineReader::open(&path)?;
        let (header, jobs) = reader.header()?;
        if let Some(shard) = header.shard() {
            return Err(corrupt(format!("it holds shard {shard} only; merge all")));
        }
        let mut failed = Buckets::of(jobs.seeds());
        let mut failed_of_subject = vec![0; header.sweep().subjects.len()];
        let totals = reader.rest(&jobs, |_, line| {
            if line.failure.is_some() {
                failed.add(line.seed);
                failed_of_subject[line.subject] += 1;
            }
        })?;
        Ok(Self {
            header,
            totals,
            failed,
            failed_of_subject,
        })
    }

    /// What the page is about, in one line.
    #[must_use]
    pub fn title(&self) -> String {
        format!("Sweep of seeds {}", self.header.sweep().seeds)
    }

    /// The first line of its file.
    #[must_use]
    pub const fn header(&self) -> &FileHeader {
        &self.header
    }

    /// Its results.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Whether every run passed, and none had another result in a fresh process.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.totals.summary.failed == 0 && self.totals.summary.differing == 0
    }

    /// The page.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::write(self)
    }
}
