//! What went wrong on purpose in a tick: one line of `injections.jsonl`.

use serde::Serialize;
use turingos_agents::{Injected, NoiseKind, ProviderFaultKind};
use turingos_world::InjectedFault;

/// The faults that the layers of a simulation injected into one tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Injections {
    /// The tick, from 0.
    pub tick: u64,
    /// The noise on the agent's reply.
    pub noise: Option<&'static str>,
    /// The noise on the reply of lane E that was not taken, so that lane P was asked.
    pub replaced_noise: Option<&'static str>,
    /// The provider fault in place of the reply.
    pub provider_fault: Option<&'static str>,
    /// The codes of the world faults, in order.
    pub world_faults: Vec<&'static str>,
}

impl Injections {
    pub(crate) fn of(tick: u64, oracle: Option<&Injected>, world_faults: &[InjectedFault]) -> Self {
        Self {
            tick,
            noise: oracle.and_then(|it| it.noise).map(NoiseKind::name),
            replaced_noise: oracle
                .and_then(|it| it.replaced?.noise)
                .map(NoiseKind::name),
            provider_fault: oracle.and_then(|it| it.fault).map(ProviderFaultKind::name),
            world_faults: { world_faults.iter() }
                .map(|fault| fault.code().name())
                .collect(),
        }
    }

    /// True if the tick was left alone; such a tick has no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let words = [self.noise, self.replaced_noise, self.provider_fault];
        words.iter().all(Option::is_none) && self.world_faults.is_empty()
    }
}
