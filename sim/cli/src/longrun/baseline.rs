//! Comparing a long run with an earlier one, as `sim longrun --json` wrote it.
//!
//! Refuses an earlier run of other seeds, levels or scenarios: their figures would differ anyway.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};
use crate::longrun::report::{TRAP_PREFIX, figures_of, rows, seeds};
use crate::terminal::table::{Align, Table};
use turingos_run::open_regular;
use turingos_run::scenario::{Better, FIGURES, noise_text};
use turingos_sweep::table::{Level, Plan};

/// No earlier run is longer.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The figures of an earlier long run.
#[derive(Debug, Deserialize)]
pub(crate) struct Baseline {
    seeds: String,
    levels: Vec<BaselineLevel>,
}

#[derive(Debug, Deserialize)]
struct BaselineLevel {
    noise_per_10000: u16,
    scenarios: Vec<BaselineRow>,
    total: BaselineRow,
}

#[derive(Debug, Deserialize)]
struct BaselineRow {
    name: String,
    traps_average_per_100: BTreeMap<String, u64>,
    /// Every other member.
    #[serde(flatten)]
    figures: BTreeMap<String, serde_json::Value>,
}

/// One figure of both runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Delta {
    noise_per_10000: u16,
    name: String,
    figure: String,
    before: Option<u64>,
    after: Option<u64>,
    delta: Option<i64>,
    loss: bool,
}

impl Baseline {
    /// Reads the file and holds it to what is about to run.
    pub(crate) fn read(path: &Path, plan: &Plan) -> Result<Self, Failure> {
        let baseline = Self::parse(path)?;
        let refuse = |what: &str, theirs: String, ours: String| {
            let message = format!(
                "{}: its {what} are {theirs}, those of this run are {ours}; give both the same",
                path.display()
            );
            Err(Failure::new(Exit::Usage, message))
        };
        let seeds = seeds(plan);
        if baseline.seeds != seeds {
            return refuse("seeds", baseline.seeds, seeds);
        }
        let levels: Vec<u16> = { baseline.levels.iter() }
            .map(|level| level.noise_per_10000)
            .collect();
        if levels != plan.levels {
            let list = |levels: &[u16]| -> String {
                let levels: Vec<_> = levels.iter().map(|level| noise_text(*level)).collect();
                levels.join(",")
            };
            return refuse("noise levels", list(&levels), list(&plan.levels));
        }
        let ours: Vec<&str> = { plan.scenarios.iter() }
            .map(|scenario| scenario.name())
            .collect();
        for level in &baseline.levels {
            let theirs: Vec<&str> = { level.scenarios.iter() }
                .map(|row| row.name.as_str())
                .collect();
            if theirs != ours {
                return refuse("scenarios", theirs.join(", "), ours.join(", "));
            }
        }
        Ok(baseline)
    }

    fn parse(path: &Path) -> Result<Self, Failure> {
        let not_read = |cause: io::Error| Failure::of_file("read", path, &cause);
        let file = open_regular(path).map_err(not_read)?;
        let metadata = file.metadata().map_err(not_read)?;
        let corrupt = |what: String| {
            let message = format!("{}: {what}", path.display());
            Failure::new(Exit::Corrupt, message)
        };
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Err(corrupt(format!(
                "not a regular file of at most {MAX_BYTES} bytes"
            )));
        }
        let mut text = String::new();
        { file.take(MAX_BYTES) }
            .read_to_string(&mut text)
            .map_err(not_read)?;
        serde_json::from_str(&text)
            .map_err(|error| corrupt(format!("not the output of `sim longrun --json`: {error}")))
    }

    /// Every figure of both runs. One that judges a run is a loss if it got worse by more than
    /// `max_loss` ten-thousandths.
    pub(crate) fn deltas(&self, levels: &[Level], max_loss: u16) -> Vec<Delta> {
        let mut deltas = Vec::new();
        for (before, after) in self.levels.iter().zip(levels) {
            let before_rows = before.scenarios.iter().chain([&before.total]);
            for (before, (name, metrics)) in before_rows.zip(rows(after)) {
                for (figure, value) in figures_of(metrics) {
                    let was = before.figure(&figure);
                    let delta = was
                        .zip(value)
                        .and_then(|(was, is)| i64::try_from(i128::from(is) - i128::from(was)).ok());
                    let worse = match (better(&figure), delta) {
                        (Better::Higher, Some(delta)) => -delta,
                        (Better::Lower, Some(delta)) => delta,
                        (Better::Neither, _) | (_, None) => 0,
                    };
                    deltas.push(Delta {
                        noise_per_10000: after.noise,
                        name: name.to_owned(),
                        figure,
                        before: was,
                        after: value,
                        delta,
                        loss: worse > i64::from(max_loss),
                    });
                }
            }
        }
        deltas
    }
}

impl BaselineRow {
    fn figure(&self, name: &str) -> Option<u64> {
        match name.strip_prefix(TRAP_PREFIX) {
            Some(trap) => self.traps_average_per_100.get(trap).copied(),
            None => self.figures.get(name)?.as_u64(),
        }
    }
}

fn better(name: &str) -> Better {
    let figure = FIGURES.iter().find(|figure| figure.name == name);
    figure.map_or(Better::Neither, |figure| figure.better)
}

/// The lines of figures that changed, and how many did not.
pub(crate) fn write_deltas(deltas: &[Delta], out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "against the baseline")?;
    let mut table = Table::new([
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Left,
    ]);
    table.row([
        "noise", "scenario", "figure", "before", "after", "delta", "",
    ]);
    let value = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |it| it.to_string());
    let mut unchanged = 0;
    for delta in deltas {
        if delta.before == delta.after {
            unchanged += 1;
            continue;
        }
        table.row([
            noise_text(delta.noise_per_10000),
            delta.name.clone(),
            delta.figure.clone(),
            value(delta.before),
            value(delta.after),
            delta
                .delta
                .map_or_else(|| "-".to_owned(), |it| format!("{it:+}")),
            if delta.loss { "LOSS" } else { "" }.to_owned(),
        ]);
    }
    if unchanged < deltas.len() {
        table.write(2, out)?;
    }
    let losses = losses(deltas);
    writeln!(
        out,
        "  {unchanged} of {} figures unchanged, {losses} losses",
        deltas.len()
    )
}

/// How many figures are a loss.
pub(crate) fn losses(deltas: &[Delta]) -> usize {
    deltas.iter().filter(|delta| delta.loss).count()
}
