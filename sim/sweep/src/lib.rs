//! Sweeps: a plan of runs over many seeds, on every core, and on the cluster engines that people
//! already have.
//!
//! A [`Plan`] is a range of seeds and the subjects that each seed runs. A [`Sweep`] carries it out and
//! hands over one [`RunLine`] after another, in the order of the seeds whatever the number of
//! threads. A [`Ledger`] counts what the runs reached, a [`Summary`] groups their failures, and a
//! [`SweepFile`] keeps both, so that an interrupted sweep is resumed where it stopped and [`merge()`]
//! proves that the shards of a sweep ran every seed once. A [`SweepReport`] shows a finished sweep as
//! one HTML page.
//!
//! This crate prints nothing, reads no clock and starts no process: no time and no name of a machine
//! reaches a file, so the same sweep gives the same bytes everywhere.

mod error;
mod file;
mod in_order;
mod ledger;
mod line;
mod merge;
mod one_run;
mod outline;
mod plan;
mod report;
mod shard;
mod summary;
mod sweep;
pub mod table;

pub use error::SweepError;
pub use file::{FileHeader, Opened, SweepFile, WHOLE_FILE, read_sweep};
pub use in_order::{all_cores, in_order};
pub use ledger::{Ledger, Points, Reach, Reached};
pub use line::{Differs, RunLine};
pub use merge::{Merged, Shards, merge};
pub use one_run::{Finished, Runner};
pub use outline::{MAX_SEEDS, Outline, OutlineSubject};
pub use plan::{AnyHeader, Plan, Subject, is_sampled, swarm_kinds};
pub use report::SweepReport;
pub use shard::{Shard, ShardJobs};
pub use summary::{Group, Sample, Summary, Totals};
pub use sweep::{Ended, Limits, Sweep, Watch};
