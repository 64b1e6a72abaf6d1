//! Counting what the ticks of one run reach.

use turingos::journal::Record;
use turingos::manifold::WorldFaultCode;
use turingos::trap::TrapKind;
use turingos_agents::{Agent, NoiseKind, ProviderFaultKind, SeededOracle};

use super::Reached;
use super::points::{NOISE_ENDS, PROVIDER_ENDS, Points, WORLD_ENDS, stops_an_action};

/// The points that the run under way has reached. Its memory serves one run after another.
#[derive(Debug)]
pub(crate) struct Counter {
    counts: Vec<u32>,
    /// How often the oracle had applied each provider fault before this tick.
    faults: [u64; ProviderFaultKind::ALL.len()],
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            counts: vec![0; Points::all().len()],
            faults: [0; ProviderFaultKind::ALL.len()],
        }
    }
}

impl Counter {
    /// Another run begins.
    pub(crate) fn begin(&mut self) {
        self.faults.fill(0);
    }

    /// Counts one tick: its record, and what its oracle and its world were made to do.
    pub(crate) fn count<A: Agent>(
        &mut self,
        record: &Record,
        oracle: &SeededOracle<A>,
        world_faults: &[&str],
    ) {
        let points = Points::all();
        let route = &record.route;
        self.reach(points.route(route.reason, route.lane));
        self.reach(points.status(record.status));
        for &kind in &record.traps {
            self.reach(points.trap(kind, route.lane));
        }
        if let Some(point) = { record.fault.as_deref() }.and_then(|code| points.fault(code)) {
            self.reach(point);
        }
        if let Some(point) = { route.failover.as_deref() }.and_then(|code| points.failover(code)) {
            self.reach(point);
        }
        let stopped = record.traps.iter().copied().find(|it| stops_an_action(*it));
        if let Some(opcode) = record.op {
            self.reach(points.opcode(opcode, stopped));
        }
        self.count_noise(record, oracle, stopped);
        self.count_provider(record, oracle);
        for code in world_faults {
            let Some(code) = WorldFaultCode::from_name(code) else {
                continue;
            };
            let end = usize::from(record.traps.iter().any(|kind| kind.is_hard()));
            debug_assert!(end < WORLD_ENDS.len());
            self.reach(points.world(code, end));
            for &kind in &record.traps {
                self.reach(points.world_with_trap(code, kind));
            }
        }
    }

    fn count_noise<A: Agent>(
        &mut self,
        record: &Record,
        oracle: &SeededOracle<A>,
        stopped: Option<TrapKind>,
    ) {
        let injected = oracle.injected();
        let [carried_out, trapped, refused, failed_over] = ENDS_OF_NOISE;
        if let Some(kind) = injected.replaced.and_then(|it| it.noise) {
            self.reach(Points::all().noise(kind, failed_over));
            self.noise_with_traps(kind, record);
        }
        // A fault in the reply's place kept its text from the kernel.
        let heard = injected.noise.filter(|_| injected.fault.is_none());
        if let Some(kind) = heard {
            let end = match (record.op, stopped) {
                (None, _) => refused,
                (Some(_), Some(_)) => trapped,
                (Some(_), None) => carried_out,
            };
            self.reach(Points::all().noise(kind, end));
            self.noise_with_traps(kind, record);
        }
    }

    fn noise_with_traps(&mut self, kind: NoiseKind, record: &Record) {
        for &trap in &record.traps {
            self.reach(Points::all().noise_with_trap(kind, trap));
        }
    }

    fn count_provider<A: Agent>(&mut self, record: &Record, oracle: &SeededOracle<A>) {
        let [retried, failed_over, cpu_fault] = ENDS_OF_PROVIDER;
        for &kind in ProviderFaultKind::ALL {
            let count = oracle.counts().fault(kind);
            if std::mem::replace(&mut self.faults[kind as usize], count) == count {
                continue;
            }
            let end = match (&record.fault, &record.route.failover) {
                (Some(_), _) => cpu_fault,
                (None, Some(_)) => failed_over,
                (None, None) => retried,
            };
            self.reach(Points::all().provider(kind, end));
            for &trap in &record.traps {
                self.reach(Points::all().provider_with_trap(kind, trap));
            }
        }
    }

    fn reach(&mut self, point: usize) {
        self.counts[point] = self.counts[point].saturating_add(1);
    }

    /// What the run reached; the counter is as new.
    pub(crate) fn take(&mut self) -> Reached {
        let mut reached = Vec::new();
        for (point, count) in (0..).zip(&mut self.counts) {
            if *count > 0 {
                reached.push((point, std::mem::take(count)));
            }
        }
        reached
    }
}

/// The places of [`NOISE_ENDS`].
const ENDS_OF_NOISE: [usize; NOISE_ENDS.len()] = [0, 1, 2, 3];
/// The places of [`PROVIDER_ENDS`].
const ENDS_OF_PROVIDER: [usize; PROVIDER_ENDS.len()] = [0, 1, 2];
