//! The gate `longrun`: every built-in scenario passes, with and without noise.

use super::{Finding, Ledger};
use turingos::dispatch::RouteConfig;
use turingos_run::GateVerdict;
use turingos_run::scenario::BuiltIn;
use turingos_sweep::all_cores;
use turingos_sweep::table::{Plan, longrun, verdicts};

/// A sample: `sim longrun` runs as many seeds as requested.
const SEEDS: u64 = 12;

pub(super) fn gate() -> Finding {
    let plan = Plan {
        scenarios: BuiltIn::ALL.iter().map(BuiltIn::scenario).collect(),
        seeds: 0..=SEEDS - 1,
        levels: vec![0, 500],
        route: RouteConfig::default(),
    };
    let levels = longrun(&plan, all_cores(), &|| {});
    let mut ledger = Ledger::default();
    let judged = verdicts(&levels, None);
    for verdict in &judged {
        ledger.expect(verdict.verdict == GateVerdict::Pass, || {
            format!("{}: {}", verdict.id, verdict.detail)
        });
    }
    for level in levels.iter().filter(|level| level.noise == 0) {
        for ((name, metrics), seed) in level.scenarios.iter().zip(&level.failed_seeds) {
            ledger.expect(metrics.passed == SEEDS, || match seed {
                Some(seed) => format!("sim run {name} --seed {seed} does not pass"),
                None => format!("{name}: {} of {SEEDS} runs passed", metrics.passed),
            });
        }
    }
    let details: Vec<_> = judged.iter().map(|it| it.detail.as_str()).collect();
    let scenarios = plan.scenarios.len();
    ledger.finding(
        "longrun",
        format!("{scenarios} scenarios: {}", details.join("; ")),
    )
}
