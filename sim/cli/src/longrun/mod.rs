//! `sim longrun`: every scenario over many seeds and noise levels, and the table of metrics.

mod baseline;
mod report;

use std::io::Write;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::Args;

use crate::exit::{Exit, Failure};
use crate::longrun::baseline::{Baseline, losses};
use crate::longrun::report::{Report, write_json, write_markdown, write_text, write_verdict};
use crate::paths::existing;
use crate::route_flags::RouteFlags;
use crate::share;
use crate::soak::report::Stopwatch;
use crate::soak::whole_number;
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
use turingos_run::scenario::BuiltIn;
use turingos_run::{Gate, GateVerdict};
use turingos_sweep::all_cores;
use turingos_sweep::table::{Plan, longrun, verdicts};

/// Run every built-in scenario over seeds and noise levels, and print the table of metrics.
///
/// Every level is judged. Without noise all runs have to pass, at up to 5% noise nine in ten. A
/// louder level has a verdict with --min-pass only; without one it is skipped, and if every level
/// is, the exit code is 1.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct LongrunArgs {
    /// The seeds from A up to B, B excluded.
    #[arg(long, value_name = "A..B", default_value = "0..100", value_parser = seeds)]
    pub(crate) seeds: RangeInclusive<u64>,
    /// The noise levels: shares of bad replies, such as 5% or 0.05.
    #[arg(long, value_name = "SHARE,…", default_value = "0,0.05", value_delimiter = ',',
          value_parser = share::parse)]
    pub(crate) noise: Vec<u16>,
    /// The share of runs that have to pass at every level with noise.
    #[arg(long, value_name = "SHARE", value_parser = share::parse)]
    pub(crate) min_pass: Option<u16>,
    /// Compare every figure with those of an earlier run: the output of the same command with
    /// --json. Exit 1 if a share got worse.
    #[arg(long, value_name = "FILE", value_parser = existing())]
    pub(crate) baseline: Option<PathBuf>,
    /// By how much a share may be worse than in the baseline.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share::parse,
          requires = "baseline")]
    pub(crate) max_loss: u16,
    #[command(flatten)]
    pub(crate) route: RouteFlags,
    /// Print the figures as one JSON object.
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Print the tables in Markdown.
    #[arg(long)]
    pub(crate) markdown: bool,
}

/// Runs the verb. Exit 1 if a level failed, if no level was judged, or if a figure is worse than
/// the baseline allows.
///
/// # Errors
/// The baseline cannot be read or is of another plan; standard output cannot be written.
pub(crate) fn run(
    arguments: &LongrunArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let plan = Plan {
        scenarios: BuiltIn::ALL.iter().map(BuiltIn::scenario).collect(),
        seeds: arguments.seeds.clone(),
        levels: arguments.noise.clone(),
        route: arguments.route.config(),
    };
    let baseline = { arguments.baseline.as_deref() }
        .map(|path| Baseline::read(path, &plan))
        .transpose()?;
    let progress = Progress::of_runs(plan.runs(), looks.progress(!arguments.json));
    let stopwatch = Stopwatch::start();
    let levels = longrun(&plan, all_cores(), &|| progress.advance());
    let wall = stopwatch.elapsed();
    drop(progress);
    let gates = verdicts(&levels, arguments.min_pass);
    let deltas = baseline.map(|baseline| baseline.deltas(&levels, arguments.max_loss));
    let is_judged = gates.iter().any(|gate| gate.verdict != GateVerdict::Skip);
    let holds = !gates.iter().any(Gate::failed);
    let lost = deltas.as_deref().map_or(0, losses);
    let report = Report {
        plan: &plan,
        levels: &levels,
        gates: &gates,
        deltas: deltas.as_deref(),
        failure: if !holds {
            Some("a level failed")
        } else if lost > 0 {
            Some("a figure is worse than in the baseline")
        } else if !is_judged {
            Some("no level was judged; give --min-pass SHARE")
        } else {
            None
        },
    };
    if arguments.json {
        write_json(&report, out)?;
    } else if arguments.markdown {
        write_markdown(&report, out)?;
    } else {
        if !looks.quiet {
            write_text(&report, wall, out)?;
        }
        write_verdict(&report, out)?;
    }
    out.flush()?;
    Ok(match report.failure {
        None => Exit::Passed,
        Some(_) => Exit::Failed,
    })
}

/// A range as it is given on the command line: `0..100` excludes its end.
pub(crate) fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let bounds = text
        .split_once("..")
        .and_then(|(first, end)| Some((whole_number(first)?, whole_number(end)?)));
    match bounds {
        Some((first, end)) if first < end => Ok(first..=end - 1),
        _ => Err("two whole numbers, the first below the second, such as 0..100".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_range_excludes_its_end() {
        assert_eq!(seeds("0..100"), Ok(0..=99));
        assert_eq!(seeds("7..8"), Ok(7..=7));
        for other in ["", "7", "8..8", "9..8", "-1..3", "0..=3", "0...3", "a..b"] {
            assert!(seeds(other).is_err(), "{other}");
        }
    }
}
