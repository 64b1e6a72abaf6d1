//! The figures of a soak: each counts what its records and injections say, and nothing else.

use std::collections::BTreeMap;

use turingos::dispatch::Lane;
use turingos::journal::Status;
use turingos::kernel::Committed;
use turingos::trap::TrapKind::{self, *};
use turingos_agents::{Injected, NoiseKind, ProviderFaultKind, Replaced};
use turingos_run::soak::{Settings, Soak, Tally, judge, on_virtual_time};
use turingos_run::{Gate, GateVerdict, Header, Profile};

/// The ticks of a short soak, and the figures that it ended with.
fn soak(profile: Profile, ticks: u64) -> (Vec<Committed>, Tally) {
    on_virtual_time(async {
        let mut soak = Soak::start(&Settings::header(profile, 7, ticks));
        let mut all = Vec::new();
        while let Some(committed) = soak.tick().await.unwrap() {
            all.push(committed);
        }
        (all, soak.outcome().tally)
    })
}

fn how_often<K: Ord>(all: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts
}

#[test]
fn figures_are_sums_over_the_records() {
    for profile in [Profile::Routine, Profile::Hostile] {
        let (ticks, tally) = soak(profile, 400);
        let records = || ticks.iter().map(|tick| &tick.record);
        let count = |holds: &dyn Fn(&turingos::Record) -> bool| {
            records().filter(|record| holds(record)).count() as u64
        };
        assert_eq!(tally.ticks, ticks.len() as u64);
        assert_eq!(tally.in_order, tally.ticks);
        assert_eq!(tally.p, count(&|record| record.route.lane == Lane::P));
        assert_eq!(tally.e, count(&|record| record.route.lane == Lane::E));
        assert_eq!(
            tally.failovers,
            count(&|record| record.route.failover.is_some())
        );
        assert_eq!(
            tally.halts,
            count(&|record| record.status == Status::Halted)
        );
        assert_eq!(
            tally.opcodes,
            how_often(records().filter_map(|record| record.op))
        );
        let traps = records().flat_map(|record| record.traps.iter().copied());
        assert_eq!(tally.traps, how_often(traps));
        let fatal = count(&|record| record.traps.contains(&UnrecoverableLoop));
        assert_eq!(tally.fatal_traps(), fatal);
        assert_eq!(fatal > 0, profile == Profile::Hostile);
        let reasons = how_often(records().map(|record| record.route.reason));
        assert_eq!(tally.routes.reasons, reasons);
        assert_eq!((tally.routes.strays, &tally.routes.first_stray), (0, &None));
        assert!(tally.injections.values().all(|count| *count > 0));
        assert!(tally.recoveries_completed <= tally.recoveries_begun);
    }
}

/// One tick as the tally hears of it, made from a real one.
#[derive(Clone)]
struct Told {
    committed: Committed,
    injected: Injected,
    leads_to_trap: bool,
}

impl Told {
    fn calm(tick: u64) -> Self {
        let (ticks, _) = soak(Profile::Routine, 1);
        let mut committed = ticks[0].clone();
        committed.record.tick = tick;
        committed.record.traps.clear();
        committed.record.fault = None;
        committed.record.status = Status::Running;
        Self {
            committed,
            injected: Injected {
                tick,
                noise: None,
                fault: None,
                faithful: false,
                replaced: None,
                begun: turingos_agents::Begun::default(),
                noise_draw: 0,
                fault_draw: 0,
            },
            leads_to_trap: false,
        }
    }

    /// Stopped by that trap, which the pointer now stands at.
    fn trapped(mut self, kind: TrapKind) -> Self {
        self.committed.record.traps.push(kind);
        self.leads_to_trap = true;
        self
    }

    fn faulted(mut self) -> Self {
        self.committed.record.fault = Some("SYNTAX".into());
        self
    }

    fn ended(mut self, status: Status) -> Self {
        self.committed.record.status = status;
        self
    }

    fn noisy(mut self, noise: NoiseKind) -> Self {
        self.injected.noise = Some(noise);
        self
    }

    fn faithful(mut self) -> Self {
        self.injected.faithful = true;
        self
    }

    fn replaced(mut self, noise: Option<NoiseKind>) -> Self {
        self.injected.replaced = Some(Replaced {
            noise,
            given: false,
        });
        self
    }

    fn count(&self, tally: &mut Tally) {
        tally.count(&self.committed, Some(&self.injected), self.leads_to_trap);
    }
}

fn tallied(story: &[Told]) -> Tally {
    let mut tally = Tally::default();
    for told in story {
        told.count(&mut tally);
    }
    tally
}

fn noise(is_refused: bool) -> NoiseKind {
    let mut kinds = NoiseKind::ALL.iter().copied();
    kinds
        .find(|kind| kind.must_be_refused() == is_refused)
        .unwrap()
}

#[test]
fn malformed_replies_are_counted_by_what_became_of_them() {
    let (bad, harmless) = (noise(true), noise(false));
    let calm = || Told::calm(0);
    let mut lost = calm().noisy(bad);
    lost.injected.fault = Some(ProviderFaultKind::ALL[0]);
    for (told, malformed, taken, unexplained) in [
        (calm(), 0, 0, 0),
        (calm().faulted(), 0, 0, 0),
        (calm().faithful(), 0, 0, 0),
        (calm().faithful().faulted(), 0, 0, 1),
        (calm().noisy(bad), 1, 1, 0),
        (calm().noisy(bad).faulted(), 1, 0, 0),
        (calm().noisy(harmless).faulted(), 0, 0, 0),
        (lost, 0, 0, 0),
        (calm().replaced(Some(bad)), 1, 0, 0),
        (calm().replaced(Some(harmless)), 0, 0, 1),
        (calm().replaced(None), 0, 0, 1),
    ] {
        let tally = tallied(&[told.clone(), told]);
        let found = (
            tally.malformed,
            tally.malformed_taken,
            tally.unexplained_faults,
        );
        assert_eq!(found, (2 * malformed, 2 * taken, 2 * unexplained));
    }
}

#[test]
fn a_recovery_ends_where_an_action_leads_away_from_the_traps() {
    let calm = Told::calm;
    let at_trap = |tick| Told {
        leads_to_trap: true,
        ..calm(tick)
    };
    for (story, begun, completed) in [
        (vec![calm(0), calm(1)], 0, 0),
        (vec![calm(0).trapped(PageFault), calm(1)], 0, 0),
        (vec![calm(0).trapped(CpuFault)], 1, 0),
        (vec![calm(0).trapped(CpuFault), calm(1)], 1, 1),
        (
            vec![calm(0).trapped(CpuFault), at_trap(1), calm(2), calm(3)],
            1,
            1,
        ),
        (
            vec![calm(0).trapped(CpuFault), calm(1).trapped(IoFault), calm(2)],
            1,
            1,
        ),
        (
            vec![
                calm(0).trapped(CpuFault),
                calm(1),
                calm(2).trapped(IoFault),
                calm(3),
            ],
            2,
            2,
        ),
        (
            vec![calm(0).trapped(CpuFault).ended(Status::Failed), calm(1)],
            1,
            0,
        ),
    ] {
        let tally = tallied(&story);
        let found = (tally.recoveries_begun, tally.recoveries_completed);
        assert_eq!(found, (begun, completed), "{:?}", tally.traps);
    }
}

#[test]
fn a_failure_is_avoidable_if_a_faithful_answer_was_given_at_its_trap() {
    let calm = Told::calm;
    let trap = |tick| calm(tick).trapped(CpuFault);
    let fails = |tick| trap(tick).ended(Status::Failed);
    for (story, avoidable) in [
        (vec![trap(0), fails(1)], 0),
        (vec![trap(0), fails(1).faithful()], 1),
        (vec![trap(0), trap(1).faithful(), fails(2)], 1),
        (vec![trap(0).faithful(), fails(1)], 0),
        (
            vec![trap(0), trap(1).faithful(), calm(2), trap(3), fails(4)],
            0,
        ),
        (
            vec![
                trap(0),
                trap(1).faithful(),
                trap(2).ended(Status::Halted),
                trap(3),
                fails(4),
            ],
            0,
        ),
    ] {
        assert_eq!(tallied(&story).avoidable_failures, avoidable);
    }
}

#[test]
fn a_record_out_of_order_is_seen() {
    let tally = tallied(&[Told::calm(0), Told::calm(2), Told::calm(2)]);
    assert_eq!((tally.ticks, tally.in_order), (3, 2));
}

/// A gate's verdict over figures that differ from sound ones in one place.
fn verdict(header: &Header<Settings>, id: &str, change: impl FnOnce(&mut Tally)) -> GateVerdict {
    let mut tally = soak(header.profile, 60).1;
    tally.ticks = header.ticks;
    tally.in_order = header.ticks;
    change(&mut tally);
    let gates: Vec<Gate> = judge(header, &tally);
    gates
        .into_iter()
        .find(|gate| gate.id == id)
        .unwrap()
        .verdict
}

#[test]
fn both_lanes_are_needed() {
    let whole = Settings::header(Profile::Routine, 7, 1_200);
    let short = Settings::header(Profile::Routine, 7, 60);
    for (p, e, in_whole, in_short) in [
        (1, 1, GateVerdict::Pass, GateVerdict::Pass),
        (0, 9, GateVerdict::Fail, GateVerdict::Skip),
        (9, 0, GateVerdict::Fail, GateVerdict::Skip),
        (0, 0, GateVerdict::Fail, GateVerdict::Skip),
    ] {
        let lanes = |tally: &mut Tally| (tally.p, tally.e) = (p, e);
        assert_eq!(verdict(&whole, "both-lanes", lanes), in_whole, "{p} {e}");
        assert_eq!(verdict(&short, "both-lanes", lanes), in_short, "{p} {e}");
    }
}

#[test]
fn a_failed_end_fails_its_gate() {
    let header = Settings::header(Profile::Routine, 7, 60);
    let ended = |status: Status| {
        verdict(&header, "clean-end", |tally| {
            Told::calm(60).ended(status).count(tally);
        })
    };
    assert_eq!(ended(Status::Running), GateVerdict::Pass);
    assert_eq!(ended(Status::Halted), GateVerdict::Pass);
    assert_eq!(ended(Status::Failed), GateVerdict::Fail);
}

#[test]
fn route_coverage_needs_every_tick_in_order_counted_and_as_configured() {
    let header = Settings::header(Profile::Routine, 7, 60);
    let verdict = |change: &dyn Fn(&mut Tally)| {
        verdict(&header, "route-coverage", |tally| {
            tally.ticks = tally.routes.reasons.values().sum();
            tally.in_order = tally.ticks;
            change(tally);
        })
    };
    assert_eq!(verdict(&|_| {}), GateVerdict::Pass);
    for change in [
        |tally: &mut Tally| tally.in_order -= 1,
        |tally: &mut Tally| {
            tally.ticks += 1;
            tally.in_order += 1;
        },
        |tally: &mut Tally| tally.routes.strays = 1,
    ] {
        assert_eq!(verdict(&change), GateVerdict::Fail);
    }
}
