//! `sim sweep merge`: proves that the shards in a directory ran every seed once, and adds them up.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::exit::{Exit, Failure};
use crate::paths::existing;
use crate::sweep::report::{Closing, Report};
use crate::terminal::looks::Looks;
use turingos_sweep::{all_cores, merge};

/// Merge the shards in a directory into one file, and judge the whole sweep.
///
/// Exit 1 if a run failed, 4 if two shards or a fresh process computed different roots, 6 if a shard
/// is missing, double, cut, altered, or of another program or other settings.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct MergeArgs {
    /// The directory of the shards; the merged file is written into it.
    #[arg(value_name = "DIRECTORY", value_parser = existing())]
    directory: PathBuf,
    /// Merge the good shards although others are missing or bad, into `sweep-partial.jsonl`.
    #[arg(long)]
    partial: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
///
/// # Errors
/// There is no good shard, or a file cannot be read or written.
pub(super) fn run(
    arguments: &MergeArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let merged = merge(&arguments.directory, all_cores(), arguments.partial)?;
    let report = Report {
        sweep: merged.header.sweep(),
        shard: None,
        looks,
        json: arguments.json,
    };
    let closing = Closing {
        path: merged.path.as_deref(),
        merged: Some((&merged.shards, &merged.problems)),
        ..Closing::finished_before(&merged.totals)
    };
    report.write(&closing, out)?;
    out.flush()?;
    Ok(closing.exit(None))
}
