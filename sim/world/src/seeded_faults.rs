//! A plan of world faults drawn from a seed.

use serde::{Deserialize, Serialize};

use super::faults::{FaultPlan, InjectedFault, Operation};
use turingos_draws::{Draws, FaultEdits, Seeds, Stream};

/// How often each kind of operation fails, per ten thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldFaultRates {
    /// Reads that find nothing or are denied.
    pub read: u32,
    /// Writes that are denied, find no space, or are torn.
    pub write: u32,
}

/// A fault plan that draws one decision for each operation with a rate.
#[derive(Clone, Debug)]
pub struct SeededFaults {
    rates: WorldFaultRates,
    edits: FaultEdits<InjectedFault>,
    draws: Draws,
    tick: u64,
}

impl SeededFaults {
    /// The plan of a seed.
    #[must_use]
    pub fn new(seed: u64, rates: WorldFaultRates) -> Self {
        Self::edited(&Seeds::of(seed), rates, FaultEdits::default())
    }

    /// The plan of these seeds, of which the edits say what is applied. What they add is not this
    /// plan's: it never sees which operation is the first that fits.
    #[must_use]
    pub fn edited(seeds: &Seeds, rates: WorldFaultRates, edits: FaultEdits<InjectedFault>) -> Self {
        Self {
            rates,
            edits,
            draws: Draws::windowed(seeds, Stream::WorldFault),
            tick: 0,
        }
    }

    /// Applies what these edits say from the next operation on.
    pub fn set_edits(&mut self, edits: FaultEdits<InjectedFault>) {
        self.edits = edits;
    }
}

impl FaultPlan for SeededFaults {
    fn open_tick(&mut self, tick: u64) {
        self.tick = tick;
        self.draws.open(tick, tick);
    }

    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault> {
        use InjectedFault::{Denied, NoSpace, NotFound, TornWrite};
        let drawn = match operation {
            Operation::Read => self
                .draws
                .chance(self.rates.read)
                .then(|| self.draws.pick(&[NotFound, Denied])),
            Operation::Write => self
                .draws
                .chance(self.rates.write)
                .then(|| self.draws.pick(&[Denied, NoSpace, TornWrite])),
            Operation::List | Operation::Exec | Operation::GitLog => None,
        };
        drawn.filter(|fault| self.edits.allow(self.tick, *fault))
    }
}
