//! The points of the ledger: every value of the enums that a tick can show, and the names that they
//! have in files and reports. Nothing is listed by hand, so a new trap is a new point.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use turingos::bus::BusFaultCode;
use turingos::dispatch::{Lane, RouteReason};
use turingos::isa::{FaultCode, Opcode};
use turingos::journal::Status;
use turingos::kernel::OracleFault;
use turingos::manifold::WorldFaultCode;
use turingos::trap::TrapKind;
use turingos_agents::{NoiseKind, ProviderFaultKind};

/// Every point, by its number.
#[derive(Debug)]
pub struct Points {
    names: Vec<String>,
    by_name: BTreeMap<&'static str, usize>,
    codes: BTreeMap<&'static str, usize>,
    base: Bases,
}

/// Where each family of points begins.
#[derive(Debug, Default)]
struct Bases {
    fault: usize,
    failover: usize,
    opcode: usize,
    noise: usize,
    provider: usize,
    world: usize,
    route: usize,
    status: usize,
    combination: usize,
}

/// The outcomes of a reply with noise.
pub(super) const NOISE_ENDS: [&str; 4] = ["carried_out", "trapped", "refused", "failed_over"];
/// The outcomes of a tick with a provider fault.
pub(super) const PROVIDER_ENDS: [&str; 3] = ["retried", "failed_over", "cpu_fault"];
/// The outcomes of a tick with a world fault.
pub(super) const WORLD_ENDS: [&str; 2] = ["survived", "trapped"];

impl Points {
    /// The points of this program.
    #[must_use]
    pub fn all() -> &'static Self {
        static ALL: LazyLock<Points> = LazyLock::new(|| {
            let mut points = Points::list();
            let names: &'static [String] = Box::leak(points.names.clone().into_boxed_slice());
            points.by_name = (names.iter().enumerate())
                .map(|(point, name)| (name.as_str(), point))
                .collect();
            points
        });
        &ALL
    }

    fn list() -> Self {
        let mut names = Vec::new();
        let mut family = |prefix: &str, firsts: &[&str], seconds: &[&str]| {
            let base = names.len();
            for first in firsts {
                match seconds {
                    [] => names.push(format!("{prefix}/{first}")),
                    seconds => {
                        let pairs = { seconds.iter() }.map(|it| format!("{prefix}/{first}/{it}"));
                        names.extend(pairs);
                    }
                }
            }
            base
        };
        let traps = TrapKind::ALL.map(TrapKind::name);
        let lanes = Lane::ALL.map(Lane::name);
        let codes = codes();
        let noise: Vec<_> = NoiseKind::ALL.iter().map(|kind| kind.name()).collect();
        let providers: Vec<_> = { ProviderFaultKind::ALL.iter() }
            .map(|kind| kind.name())
            .collect();
        let world = WorldFaultCode::ALL.map(WorldFaultCode::name);
        family("trap", &traps, &lanes);
        let base = Bases {
            fault: family("fault", &codes, &[]),
            failover: family("failover", &codes, &[]),
            opcode: family("opcode", &Opcode::ALL.map(Opcode::name), &opcode_ends()),
            noise: family("noise", &noise, &NOISE_ENDS),
            provider: family("provider", &providers, &PROVIDER_ENDS),
            world: family("world", &world, &WORLD_ENDS),
            route: family("route", &RouteReason::ALL.map(RouteReason::name), &lanes),
            status: family("status", &Status::ALL.map(Status::name), &[]),
            combination: family("noise-with-trap", &noise, &traps),
        };
        family("provider-with-trap", &providers, &traps);
        family("world-with-trap", &world, &traps);
        Self {
            names,
            by_name: BTreeMap::new(),
            codes: { codes.into_iter() }
                .enumerate()
                .map(|(index, code)| (code, index))
                .collect(),
            base,
        }
    }

    /// How many points there are, combinations included.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the list is never empty")]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// How many of them are named points; the others are combinations of an injected kind and a trap.
    #[must_use]
    pub const fn named(&self) -> usize {
        self.base.combination
    }

    /// The name of a point.
    #[must_use]
    pub fn name(&self, point: usize) -> &str {
        &self.names[point]
    }

    /// The point with exactly this name.
    #[must_use]
    pub fn named_by(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(super) fn trap(&self, kind: TrapKind, lane: Lane) -> usize {
        kind as usize * Lane::ALL.len() + lane as usize
    }

    pub(super) fn fault(&self, code: &str) -> Option<usize> {
        Some(self.base.fault + self.codes.get(code)?)
    }

    pub(super) fn failover(&self, code: &str) -> Option<usize> {
        Some(self.base.failover + self.codes.get(code)?)
    }

    /// `trap` is the hard trap that stopped the action; `None` if it was carried out.
    pub(super) fn opcode(&self, opcode: Opcode, trap: Option<TrapKind>) -> usize {
        let end = match trap {
            None => 0,
            Some(trap) => {
                let before = TrapKind::ALL.into_iter().take(trap as usize);
                1 + before.filter(|kind| stops_an_action(*kind)).count()
            }
        };
        self.base.opcode + opcode as usize * opcode_ends().len() + end
    }

    pub(super) const fn noise(&self, kind: NoiseKind, end: usize) -> usize {
        self.base.noise + kind as usize * NOISE_ENDS.len() + end
    }

    pub(super) const fn provider(&self, kind: ProviderFaultKind, end: usize) -> usize {
        self.base.provider + kind as usize * PROVIDER_ENDS.len() + end
    }

    pub(super) const fn world(&self, code: WorldFaultCode, end: usize) -> usize {
        self.base.world + code as usize * WORLD_ENDS.len() + end
    }

    pub(super) const fn route(&self, reason: RouteReason, lane: Lane) -> usize {
        self.base.route + reason as usize * Lane::ALL.len() + lane as usize
    }

    pub(super) const fn status(&self, status: Status) -> usize {
        self.base.status + status as usize
    }

    pub(super) const fn noise_with_trap(&self, kind: NoiseKind, trap: TrapKind) -> usize {
        self.base.combination + kind as usize * TrapKind::ALL.len() + trap as usize
    }

    pub(super) const fn provider_with_trap(
        &self,
        kind: ProviderFaultKind,
        trap: TrapKind,
    ) -> usize {
        let before = NoiseKind::COUNT + kind as usize;
        self.base.combination + before * TrapKind::ALL.len() + trap as usize
    }

    pub(super) const fn world_with_trap(&self, code: WorldFaultCode, trap: TrapKind) -> usize {
        let before = NoiseKind::COUNT + ProviderFaultKind::ALL.len() + code as usize;
        self.base.combination + before * TrapKind::ALL.len() + trap as usize
    }
}

/// Whether the trap can stop an action that was decoded.
pub(super) const fn stops_an_action(kind: TrapKind) -> bool {
    kind.is_hard() && !matches!(kind, TrapKind::CpuFault)
}

/// What became of an opcode: it was carried out, or a trap stopped it.
fn opcode_ends() -> Vec<&'static str> {
    let traps = TrapKind::ALL
        .into_iter()
        .filter(|kind| stops_an_action(*kind));
    ["carried_out"]
        .into_iter()
        .chain(traps.map(TrapKind::name))
        .collect()
}

/// Why a tick has no syscall: each code once, though the decoder and the bus share some.
fn codes() -> Vec<&'static str> {
    let oracle = [
        OracleFault::Timeout,
        OracleFault::Unreachable,
        OracleFault::Reset,
    ];
    let mut codes = Vec::new();
    let all = { oracle.iter().map(OracleFault::code) }
        .chain(BusFaultCode::ALL.map(BusFaultCode::name))
        .chain(FaultCode::ALL.map(FaultCode::name));
    for code in all {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn at_least_300_points_have_names_of_their_own() {
        let points = Points::all();
        assert!(points.named() >= 300, "{}", points.named());
        assert!(points.len() <= usize::from(u16::MAX));
        let distinct: BTreeSet<_> = points.names.iter().collect();
        assert_eq!(distinct.len(), points.len());
    }

    #[test]
    fn numbers_follow_from_the_enums() {
        let points = Points::all();
        let name = |point: usize| points.name(point);
        assert_eq!(
            name(points.trap(TrapKind::PageFault, Lane::P)),
            "trap/PAGE_FAULT/P"
        );
        assert_eq!(
            name(points.trap(TrapKind::UnrecoverableLoop, Lane::E)),
            "trap/UNRECOVERABLE_LOOP/E"
        );
        for kind in TrapKind::ALL
            .into_iter()
            .filter(|kind| stops_an_action(*kind))
        {
            assert_eq!(
                name(points.opcode(Opcode::Halt, Some(kind))),
                format!("opcode/SYS_HALT/{kind}")
            );
        }
        assert_eq!(
            name(points.opcode(Opcode::Write, None)),
            "opcode/SYS_WRITE/carried_out"
        );
        assert_eq!(
            name(points.noise(NoiseKind::Lost, 3)),
            "noise/lost/failed_over"
        );
        assert_eq!(
            name(points.provider(ProviderFaultKind::ReasoningOnly, 2)),
            "provider/reasoning_only/cpu_fault"
        );
        assert_eq!(
            name(points.world(WorldFaultCode::Other, 1)),
            "world/OTHER/trapped"
        );
        assert_eq!(
            name(points.route(RouteReason::SingleLane, Lane::E)),
            "route/SINGLE_LANE/E"
        );
        assert_eq!(name(points.status(Status::Failed)), "status/FAILED");
        assert_eq!(
            name(points.fault("ORACLE_TIMEOUT").unwrap()),
            "fault/ORACLE_TIMEOUT"
        );
        assert_eq!(
            name(points.failover("NOT_UTF8").unwrap()),
            "failover/NOT_UTF8"
        );
        assert_eq!(points.fault("NO_SUCH_CODE"), None);
        let trap = TrapKind::UnrecoverableLoop;
        assert_eq!(
            name(points.noise_with_trap(NoiseKind::Lost, trap)),
            "noise-with-trap/lost/UNRECOVERABLE_LOOP"
        );
        assert_eq!(
            name(points.provider_with_trap(ProviderFaultKind::Timeout, TrapKind::PageFault)),
            "provider-with-trap/timeout/PAGE_FAULT"
        );
        assert_eq!(
            points.world_with_trap(WorldFaultCode::Other, trap),
            points.len() - 1
        );
        for point in 0..points.len() {
            assert_eq!(points.named_by(name(point)), Some(point));
        }
    }
}
