//! Which calls fail on purpose, and how.
//!
//! A fault is drawn from the seed, the key of the request and how often the key was sent before, so
//! neither the order of clients nor a value of an alias changes it.

use turingos_agents::wire::envelope_key;
use turingos_draws::{Draws, Stream};
use turingos_matching::Taken;
use turingos_protocols::chaos::{Chaos, ChaosKind};

use turingos::bus::Provider;

/// The faults of a replay.
#[derive(Clone, Debug)]
pub struct ChaosPlan {
    /// How often calls fail, and in which ways.
    pub chaos: Chaos,
    /// The seed of the draws.
    pub seed: u64,
    /// Faults of single exchanges, by their number on the tape; each happens once.
    pub at: Vec<(u64, ChaosKind)>,
}

impl Default for ChaosPlan {
    fn default() -> Self {
        Self {
            chaos: Chaos::NONE,
            seed: 0,
            at: Vec::new(),
        }
    }
}

/// A fault, with what else is drawn for it.
#[derive(Debug)]
pub struct Fault {
    pub(crate) kind: ChaosKind,
    pub(crate) key: u64,
    pub(crate) draws: Draws,
}

impl ChaosPlan {
    /// The fault of a call, if it has one. A planned one is used up.
    pub(crate) fn next(&mut self, call: &Taken, provider: Provider) -> Option<Fault> {
        let [a, b, c, d, e, f, g, h, ..] = *call.key.as_bytes();
        let request = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let key = envelope_key(request, u64::from(call.occurrence), 0);
        let mut draws = Draws::keyed(self.seed, Stream::ProviderFault, key);
        let drawn = self.chaos.draw(provider, &mut draws);
        let planned = self
            .at
            .iter()
            .position(|(number, _)| *number == call.number);
        let kind = match planned {
            Some(place) => Some(self.at.remove(place).1),
            None => drawn,
        };
        kind.map(|kind| Fault { kind, key, draws })
    }
}
