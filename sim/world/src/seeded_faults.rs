//! A plan of world faults drawn from a seed.

use serde::{Deserialize, Serialize};

use super::faults::{FaultPlan, InjectedFault, Operation};
use turingos_draws::{Draws, Stream};

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
    draws: Draws,
}

impl SeededFaults {
    /// The plan of a seed.
    #[must_use]
    pub fn new(seed: u64, rates: WorldFaultRates) -> Self {
        Self {
            rates,
            draws: Draws::new(seed, Stream::WorldFault),
        }
    }
}

impl FaultPlan for SeededFaults {
    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault> {
        use InjectedFault::{Denied, NoSpace, NotFound, TornWrite};
        match operation {
            Operation::Read => self
                .draws
                .chance(self.rates.read)
                .then(|| self.draws.pick(&[NotFound, Denied])),
            Operation::Write => self
                .draws
                .chance(self.rates.write)
                .then(|| self.draws.pick(&[Denied, NoSpace, TornWrite])),
            Operation::List | Operation::Exec | Operation::GitLog => None,
        }
    }
}
