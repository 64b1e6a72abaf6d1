//! `sim diff`: where two runs part, and whether they meet again.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::exchange_diff;
use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::existing;
use crate::show::timeline_table::{clipped, summary};
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
use turingos_exchange::is_exchange_tape;
use turingos_explain::{Comparison, TimelineEntry, compare};
use turingos_run::{Difference, on_virtual_time};

/// Compare two runs tick by tick, or two recordings of agents call by call; exit 1 if they differ.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct DiffArgs {
    /// The first directory.
    #[arg(value_name = "A", value_parser = existing())]
    pub(crate) a: PathBuf,
    /// The second directory.
    #[arg(value_name = "B", value_parser = existing())]
    pub(crate) b: PathBuf,
    /// Show so many ticks of each run from the first difference on.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) ticks: usize,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The width of a run's column, in characters.
const COLUMN: usize = 48;

/// What is printed with `--json`.
#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Runs the verb.
///
/// # Errors
/// A run is corrupt, cannot be read or differs from its recording, or the output cannot be written.
pub(crate) fn run(
    arguments: &DiffArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    match [&arguments.a, &arguments.b].map(|path| is_exchange_tape(path)) {
        [true, true] => return exchange_diff::run(arguments, looks, out),
        [false, false] => {}
        _ => {
            let message = "one is a run, the other a recording of an agent; compare two of a kind";
            return Err(Failure::new(Exit::Usage, message));
        }
    }
    let progress = Progress::new(0, looks.progress(!arguments.json));
    let directories = [arguments.a.as_path(), arguments.b.as_path()];
    let comparison = on_virtual_time(compare(directories, arguments.ticks, |tick| {
        progress.set(tick);
    }))?;
    drop(progress);
    if arguments.json {
        let json = Json {
            passed: comparison.is_same(),
            comparison: &comparison,
        };
        write_object("diff-report", &json, out)?;
    } else {
        if !looks.quiet {
            write_text(&comparison, out)?;
        }
        write_verdict(&comparison, out)?;
    }
    out.flush()?;
    Ok(match comparison.is_same() {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

fn write_text(comparison: &Comparison, out: &mut impl Write) -> Result<(), Failure> {
    if comparison.headers.is_empty() {
        writeln!(out, "headers   the same")?;
    } else {
        writeln!(out, "headers")?;
        write_differences(&comparison.headers, out)?;
    }
    let [a, b] = comparison.ticks;
    writeln!(out, "ticks     A {a}, B {b}")?;
    let Some(parting) = &comparison.parting else {
        return Ok(());
    };
    writeln!(out)?;
    writeln!(out, "first difference: tick {}", parting.tick)?;
    write_differences(&parting.differences, out)?;
    write_columns(&parting.entries, out)?;
    writeln!(out)?;
    if comparison.ticks.contains(&parting.tick) {
        writeln!(out, "one run ends where the other goes on")?;
        return Ok(());
    }
    match parting.meeting {
        Some([a, b]) => writeln!(
            out,
            "they meet again: A from tick {a} does what B does from tick {b}"
        )?,
        None => writeln!(out, "they do not meet again")?,
    }
    Ok(())
}

/// The last line.
fn write_verdict(comparison: &Comparison, out: &mut impl Write) -> Result<(), Failure> {
    let [a, b] = comparison.roots;
    match &comparison.parting {
        None => writeln!(out, "SAME  root {a}")?,
        Some(parting) => writeln!(
            out,
            "DIFFERENT from tick {} on  roots {a} and {b}",
            parting.tick
        )?,
    }
    Ok(())
}

/// What each run did, side by side.
fn write_columns([a, b]: &[Vec<TimelineEntry>; 2], out: &mut impl Write) -> std::io::Result<()> {
    let cell = |entry: Option<&TimelineEntry>| match entry {
        Some(entry) => clipped(&summary(entry), COLUMN),
        None => "(ended)".to_owned(),
    };
    writeln!(out)?;
    writeln!(out, "{:<COLUMN$}  B from there", "A from there")?;
    for row in 0..a.len().max(b.len()) {
        let (a, b) = (cell(a.get(row)), cell(b.get(row)));
        writeln!(out, "{a:<COLUMN$}  {b}")?;
    }
    Ok(())
}

pub(crate) fn write_differences(
    differences: &[Difference],
    out: &mut impl Write,
) -> std::io::Result<()> {
    for difference in differences {
        writeln!(
            out,
            "  {}  A {}  B {}",
            difference.pointer,
            difference.recorded.as_deref().unwrap_or("-"),
            difference.replayed.as_deref().unwrap_or("-"),
        )?;
        for line in &difference.lines {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}
