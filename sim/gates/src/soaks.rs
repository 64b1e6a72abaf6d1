//! The gate `soak`, and the seeded runs that other gates read.

use turingos::kernel::Committed;

use super::{Finding, Ledger};
use turingos_run::soak::{Outcome, Settings, Soak, judge, on_virtual_time};
use turingos_run::{Profile, Tick};

/// The run of the documentation.
const TICKS: u64 = 1_200;
const SEED: u64 = 42;

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    let mut roots = Vec::new();
    for &profile in Profile::ALL {
        let outcome = run(profile, SEED, TICKS, |_, _| {});
        for gate in judge(&Settings::header(profile, SEED, TICKS), &outcome.tally) {
            ledger.expect(!gate.failed(), || {
                format!("{profile} {}: {}", gate.id, gate.detail)
            });
        }
        roots.push(format!("{profile} root {}", outcome.root.short(12)));
    }
    ledger.finding("soak", roots.join(", "))
}

/// Runs a seed, showing each tick with its journal line to `look`.
pub(super) fn run(
    profile: Profile,
    seed: u64,
    ticks: u64,
    mut look: impl FnMut(&Committed, &[u8]),
) -> Outcome {
    let header = Settings::header(profile, seed, ticks);
    on_virtual_time(async {
        let look = |tick: &Tick<'_>| look(tick.committed, tick.line);
        let mut soak = Soak::start_into(&header, look);
        match soak.drive().await {
            Ok(()) => soak.outcome(),
            Err(error) => unreachable!("a soak without files has nothing to fail: {error}"),
        }
    })
}
