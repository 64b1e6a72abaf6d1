//! `sim fork --seeds`: the share of failures by fork tick.

use std::fs::File;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::Path;

use serde::Serialize;
use turingos::Digest;
use turingos_explain::{ForkPlan, ForkPoint, Trial, fork_curve, turning_point};
use turingos_run::Fingerprint;
use turingos_run::fork::Parent;

use super::{ForkArgs, not_forkable};
use crate::exit::{Exit, Failure};
use crate::interrupted::Interrupted;
use crate::json::write_object;
use crate::soak::report::percent;
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
use crate::terminal::table::{Align, Table};

#[derive(Serialize)]
struct Json<'a> {
    parent: Digest,
    failure: Option<&'a Fingerprint>,
    first: u64,
    last: u64,
    seeds: u64,
    complete: bool,
    turning_point: Option<u64>,
    points: &'a [ForkPoint],
}

/// Runs every fork and writes the curve.
pub(super) fn run(
    arguments: &ForkArgs,
    parent: &Parent,
    at: &RangeInclusive<u64>,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let seeds = arguments.seeds.unwrap_or(1);
    let (first, last) = (*at.start(), *at.end());
    let unchanged = parent.fork(first, Vec::new()).map_err(not_forkable)?;
    let trial = Trial::of(unchanged)?;
    let plan = ForkPlan {
        parent: &parent.kind,
        root: parent.root,
        failure: trial.failure.as_ref(),
        first,
        last,
        seeds,
    };
    let file = match &arguments.out {
        Some(path) => Some((path, create(path)?)),
        None => None,
    };
    let interrupted = Interrupted::listen()?;
    let runs = (last - first + 1).saturating_mul(seeds);
    let progress = Progress::of_runs(runs, looks.progress(!arguments.json));
    let points = fork_curve(&plan, &|| interrupted.is_set(), &|| progress.advance());
    let points = points.map_err(not_forkable)?;
    drop(progress);
    let json = Json {
        parent: parent.root,
        failure: trial.failure.as_ref(),
        first,
        last,
        seeds,
        complete: points.last().is_some_and(|point| point.tick == last),
        turning_point: turning_point(&points),
        points: &points,
    };
    if let Some((path, mut file)) = file {
        write_object("fork-curve", &json, &mut file)
            .and_then(|()| file.sync_all())
            .map_err(|cause| Failure::of_file("write", path, &cause))?;
    }
    match arguments.json {
        true => write_object("fork-curve", &json, out)?,
        false => write_text(&json, looks, out)?,
    }
    out.flush()?;
    Ok(Exit::Passed)
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create_new(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(
            Exit::Usage,
            format!("{} exists; name a new file", path.display()),
        ),
        _ => Failure::of_file("create", path, &cause),
    })
}

fn write_text(json: &Json<'_>, looks: Looks, out: &mut impl Write) -> io::Result<()> {
    if !looks.quiet {
        let parent = match json.failure {
            Some(failure) => format!("failed with {failure}"),
            None => "passed".to_owned(),
        };
        writeln!(out, "parent    {parent}, root {}", json.parent)?;
        writeln!(out, "{} seeds at each fork tick", json.seeds)?;
        writeln!(out)?;
        let mut table = Table::new([Align::Right; 5]);
        table.row(["tick", "failed", "as the parent", "share", "95% interval"]);
        for point in json.points {
            let interval = format!(
                "{} to {}",
                share(point.low_per_10000),
                share(point.high_per_10000)
            );
            table.row([
                point.tick.to_string(),
                point.failed.to_string(),
                point.failed_alike.to_string(),
                share(point.share_per_10000),
                interval,
            ]);
        }
        table.write(2, out)?;
        writeln!(out)?;
    }
    if !json.complete {
        writeln!(out, "INTERRUPTED after {} fork ticks", json.points.len())?;
    }
    match json.turning_point {
        Some(tick) => writeln!(out, "the share of failures rises most at tick {tick}"),
        None => writeln!(
            out,
            "no rise from one fork tick to the next is beyond chance"
        ),
    }
}

/// A share in percent.
fn share(per_10000: u64) -> String {
    format!("{}%", percent(per_10000, 10_000))
}
