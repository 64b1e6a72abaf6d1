//! The gate `determinism`: the committed roots, each reached twice in this process.
//!
//! It does not start a second process; `sim soak --check` does.

use super::soaks::run;
use super::{Finding, Ledger};
use turingos_run::Profile;

/// One run a line: `PROFILE SEED TICKS ROOT RECORDS`; lines that begin with `#` are notes.
const GOLDEN: &str = include_str!("../../../corpus/golden/soak-roots.txt");

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    let mut runs = 0;
    for line in GOLDEN.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split(' ').collect();
        let parsed = match words[..] {
            [profile, seed, ticks, root, _] => Profile::ALL
                .iter()
                .copied()
                .find(|known| known.name() == profile)
                .zip(seed.parse().ok().zip(ticks.parse().ok()))
                .map(|(profile, (seed, ticks))| (profile, seed, ticks, root)),
            _ => None,
        };
        let Some((profile, seed, ticks, root)) = parsed else {
            ledger.expect(false, || format!("not a golden root: {line}"));
            continue;
        };
        runs += 1;
        for attempt in ["first", "second"] {
            let reached = run(profile, seed, ticks, |_, _| {}).root.to_string();
            ledger.expect(reached == root, || {
                format!("{profile} {seed}, {attempt} run: {reached} instead of {root}")
            });
        }
    }
    ledger.expect(runs > 0, || "no golden root".to_owned());
    ledger.finding("determinism", format!("{runs} committed roots, each twice"))
}
