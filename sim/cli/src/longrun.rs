//! `sim longrun`: every scenario over many seeds and noise levels, and the table of metrics.

use std::io::Write;
use std::ops::RangeInclusive;

use clap::Args;

use super::exit::{Exit, Failure};
use super::longrun_report::{write_json, write_markdown, write_text};
use super::noise_level;
use super::progress::Progress;
use super::route_flags::RouteFlags;
use super::soak::whole_number;
use super::soak_report::Stopwatch;
use turingos_run::scenario::{BuiltIn, Plan, longrun, verdicts};

/// Run every built-in scenario over seeds and noise levels, and print the table of metrics.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct LongrunArgs {
    /// The seeds from A up to B, B excluded.
    #[arg(long, value_name = "A..B", default_value = "0..100", value_parser = seeds)]
    pub(crate) seeds: RangeInclusive<u64>,
    /// The noise levels: shares of bad replies, from 0 to 1.
    #[arg(long, value_name = "SHARE,…", default_value = "0,0.05", value_delimiter = ',',
          value_parser = noise_level::parse)]
    pub(crate) noise: Vec<u16>,
    #[command(flatten)]
    pub(crate) route: RouteFlags,
    /// Print the figures as one line of JSON.
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Print the tables in Markdown.
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Runs the verb. Exit 1 if a run without noise failed, or if at up to 5% noise fewer than nine in
/// ten passed or a machine stopped recovering.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(arguments: &LongrunArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    let plan = Plan {
        scenarios: BuiltIn::ALL.iter().map(BuiltIn::scenario).collect(),
        seeds: arguments.seeds.clone(),
        levels: arguments.noise.clone(),
        route: arguments.route.config(),
    };
    let progress = Progress::of_runs(plan.runs(), !arguments.quiet && !arguments.json);
    let stopwatch = Stopwatch::start();
    let levels = longrun(&plan, &|| progress.advance());
    let wall = stopwatch.elapsed();
    drop(progress);
    let gates = verdicts(&levels);
    if arguments.json {
        write_json(&plan, &levels, &gates, out)?;
    } else if arguments.markdown {
        write_markdown(&levels, &gates, out)?;
    } else {
        write_text(&plan, &levels, &gates, wall, out)?;
    }
    out.flush()?;
    Ok(match gates.iter().all(|gate| gate.pass) {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
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
