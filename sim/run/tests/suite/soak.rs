//! The soak as a function of its header: golden roots, bounded state, gates that can fail.

use turingos::Digest;
use turingos::dispatch::{Failover, Lane, RouteConfig, RouteReason};
use turingos::isa::Opcode;
use turingos::memory::{MAX_CAPABILITIES, MAX_PAGE_TABLES};
use turingos::mind::MAX_TASKS;
use turingos::trap::TrapKind;
use turingos_agents::{NoiseKind, SeededOracle};
use turingos_run::soak::{Outcome, Settings, Soak, SoakPlan, Tally, judge, on_virtual_time};
use turingos_run::{Gate, GateVerdict, Header, Inputs, Profile, Session, Start, Tick};
use turingos_world::SeededFaults;

fn soak(profile: Profile, seed: u64, ticks: u64) -> Outcome {
    run(&Settings::header(profile, seed, ticks))
}

fn run(header: &Header<Settings>) -> Outcome {
    let mut soak = Soak::start(header);
    on_virtual_time(soak.drive()).unwrap();
    soak.outcome()
}

/// The SHA-256 of every record text of a run, each with a newline: what the machine did, without
/// the header that the root also depends on.
fn records_digest(header: &Header<Settings>) -> Digest {
    let mut records = String::new();
    let look = |tick: &Tick<'_>| {
        records.push_str(tick.record);
        records.push('\n');
    };
    on_virtual_time(Soak::start_into(header, look).drive()).unwrap();
    Digest::of(records.as_bytes())
}

/// A root that changes means that runs recorded before can no longer be repeated; a digest of
/// records that changes means that the machine does something else. Either belongs into the
/// changelog.
#[test]
fn roots_match_the_committed_ones() {
    let golden = include_str!("../../../../corpus/golden/soak-roots.txt");
    let mut runs = 0;
    for line in golden.lines().filter(|line| !line.starts_with('#')) {
        let [profile, seed, ticks, root, records] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("expected `PROFILE SEED TICKS ROOT RECORDS`: {line}");
        };
        let profile = Profile::ALL
            .iter()
            .copied()
            .find(|known| known.name() == profile)
            .unwrap();
        let (seed, ticks) = (seed.parse().unwrap(), ticks.parse().unwrap());
        let outcome = soak(profile, seed, ticks);
        assert_eq!(outcome.root.to_string(), root, "{line}");
        let digest = records_digest(&Settings::header(profile, seed, ticks));
        assert_eq!(digest.to_string(), records, "{line}");
        runs += 1;
    }
    assert_eq!(runs, 6, "three seeds of each profile");
}

#[test]
fn shorter_run_is_a_prefix() {
    let records = |ticks: u64| {
        let header = Settings::header(Profile::Hostile, 3, ticks);
        on_virtual_time(async {
            let mut soak = Soak::start(&header);
            let mut records = Vec::new();
            for _ in 0..200 {
                records.push(soak.tick().await.unwrap().unwrap().record);
            }
            records
        })
    };
    assert_eq!(records(200), records(100_000));
}

#[test]
fn seeds_and_profiles_differ() {
    let root = |profile, seed| soak(profile, seed, 50).root;
    assert_ne!(root(Profile::Routine, 1), root(Profile::Routine, 2));
    assert_ne!(root(Profile::Routine, 1), root(Profile::Hostile, 1));
}

#[test]
fn sampled_seeds_pass_and_use_every_opcode() {
    for &profile in Profile::ALL {
        for seed in [0, 1, 7, 42, u64::MAX] {
            let outcome = soak(profile, seed, 1_200);
            for gate in judge(&Settings::header(profile, seed, 1_200), &outcome.tally) {
                assert!(
                    !gate.failed(),
                    "{profile} {seed}: {} {}",
                    gate.id,
                    gate.detail
                );
            }
            for opcode in Opcode::ALL {
                let count = outcome.tally.opcodes.get(&opcode);
                assert!(count > Some(&0), "{profile} {seed}: {opcode}");
            }
        }
    }
}

#[test]
fn every_gate_can_fail() {
    let healthy = |profile| soak(profile, 42, 1_200).tally;
    let failed = |profile, tally: &_| -> Vec<String> {
        let gates = judge(&Settings::header(profile, 42, 1_200), tally).into_iter();
        gates.filter(Gate::failed).map(|gate| gate.id).collect()
    };
    let routine = healthy(Profile::Routine);
    let hostile = healthy(Profile::Hostile);
    assert_eq!(failed(Profile::Routine, &routine), [""; 0]);
    assert_eq!(failed(Profile::Hostile, &hostile), [""; 0]);

    let mut tally = routine.clone();
    tally.ticks = 999;
    assert_eq!(failed(Profile::Routine, &tally)[0], "ticks");
    let mut tally = routine.clone();
    tally.in_order -= 1;
    assert_eq!(failed(Profile::Routine, &tally), ["route-coverage"]);
    let mut tally = routine.clone();
    tally.routes.strays = 1;
    assert_eq!(failed(Profile::Routine, &tally), ["route-coverage"]);
    let mut tally = routine.clone();
    tally.routes.reasons.clear();
    assert_eq!(failed(Profile::Routine, &tally), ["route-coverage"]);
    let mut tally = routine.clone();
    tally.e = tally.ticks;
    tally.p = 0;
    assert_eq!(failed(Profile::Routine, &tally), ["both-lanes"]);
    let mut tally = routine.clone();
    tally.traps.insert(TrapKind::CpuFault, 1);
    assert_eq!(failed(Profile::Routine, &tally), ["no-cpu-fault"]);
    let mut tally = routine.clone();
    tally.traps.insert(TrapKind::UnrecoverableLoop, 1);
    assert_eq!(failed(Profile::Routine, &tally), ["no-unrecoverable-loop"]);
    let mut tally = routine;
    tally.unexplained_faults = 1;
    assert_eq!(failed(Profile::Routine, &tally), ["faithful-replies-taken"]);

    let mut tally = hostile.clone();
    tally.malformed_taken = 1;
    assert_eq!(
        failed(Profile::Hostile, &tally),
        ["malformed-replies-trapped"]
    );
    let mut tally = hostile.clone();
    tally.avoidable_failures = 1;
    assert_eq!(failed(Profile::Hostile, &tally), ["no-avoidable-failure"]);
    let mut tally = hostile;
    tally.traps.remove(&TrapKind::Deadlock);
    assert_eq!(failed(Profile::Hostile, &tally), ["every-trap-reached"]);
}

/// Runs hostile ticks that are routed by one configuration and audited by another.
fn audited(routed_by: &RouteConfig, audited_by: &RouteConfig) -> (Tally, Gate) {
    let mut settings = Settings::of(Profile::Hostile);
    settings.kernel.route = routed_by.clone();
    let header = settings.into_header(Profile::Hostile, 7, 1_200);
    let faults = SeededFaults::new(header.seed, header.config.world_faults);
    let world = header.config.world().with_faults(faults);
    let oracle = SeededOracle::new(header.seed, header.config.agent.clone());
    let plan = SoakPlan::new(header.ticks, audited_by.clone());
    let mut soak: Soak = Session::new(
        Start::of_soak(&header),
        plan,
        (world, oracle),
        Inputs::Seeded,
        (),
    );
    on_virtual_time(soak.drive()).unwrap();
    let tally = soak.outcome().tally;
    let gates = judge(&header, &tally).into_iter();
    let gate = gates.into_iter().find(|gate| gate.id == "route-coverage");
    (tally, gate.unwrap())
}

/// Each condition of a route fires exactly as configured, and the gate sees where it does not.
#[test]
fn route_coverage_compares_every_route_with_the_settings() {
    use RouteReason as R;
    let usual = RouteConfig::default();
    let with = |change: fn(&mut RouteConfig)| {
        let mut config = RouteConfig::default();
        change(&mut config);
        config
    };
    let (tally, gate) = audited(&usual, &usual);
    assert_eq!(gate.verdict, GateVerdict::Pass, "{gate:?}");
    assert!(tally.failovers > 10, "{}", tally.failovers);
    let rows: [(RouteConfig, &[R], &[R]); 9] = [
        (
            with(|it| (it.weak_below, it.margin) = (9_999, 0)),
            &[R::HealthFallback],
            &[R::Class, R::SingleLane],
        ),
        (
            with(|it| (it.weak_below, it.margin, it.probe_after) = (9_999, 0, 1)),
            &[R::HealthFallback, R::HealthProbe],
            &[R::SingleLane],
        ),
        (
            with(|it| (it.weak_below, it.probe_after) = (0, 0)),
            &[R::Routine, R::Trap],
            &[R::HealthFallback, R::HealthProbe],
        ),
        (
            with(|it| it.single_lane = Some(Lane::E)),
            &[R::SingleLane],
            &[R::Routine, R::Trap, R::Blocked, R::Class],
        ),
        (
            with(|it| it.single_lane = Some(Lane::P)),
            &[R::SingleLane],
            &[R::Routine, R::Trap, R::Blocked, R::Class],
        ),
        (with(|it| it.failover = Failover::Call), &[R::Routine], &[]),
        (
            with(|it| it.lanes.trap = Lane::E),
            &[R::Routine],
            &[R::Trap],
        ),
        (
            with(|it| it.lanes.world_navigation = Lane::P),
            &[R::Class, R::Routine],
            &[],
        ),
        (
            with(|it| it.lanes.blocked_queue = Lane::E),
            &[R::Routine],
            &[R::Blocked],
        ),
    ];
    for (config, fire, stay_silent) in &rows {
        let (tally, gate) = audited(config, config);
        assert_eq!(gate.verdict, GateVerdict::Pass, "{config:?}: {gate:?}");
        let count = |reason: &R| tally.routes.reasons.get(reason).copied().unwrap_or(0);
        for reason in *fire {
            assert!(count(reason) > 0, "{config:?}: no {reason}");
        }
        for reason in *stay_silent {
            assert_eq!(count(reason), 0, "{config:?}: {reason}");
        }
        assert_eq!(tally.routes.reasons.values().sum::<u64>(), 1_200);
        if config.single_lane.is_some() {
            assert_eq!(tally.failovers, 0);
        }
        // A tick that is routed by other settings than those of the header is found.
        let (tally, gate) = audited(config, &usual);
        assert!(gate.failed() && tally.routes.strays > 0, "{config:?}");
        assert!(gate.detail.contains("; tick "), "{}", gate.detail);
    }
}

/// A broken reply that lane P answered strays where only a failed call may.
#[test]
fn failover_that_the_settings_rule_out_is_found() {
    let calls_only = RouteConfig {
        failover: Failover::Call,
        ..RouteConfig::default()
    };
    let (tally, gate) = audited(&RouteConfig::default(), &calls_only);
    assert!(gate.failed() && tally.routes.strays > 0, "{gate:?}");
    assert!(gate.detail.contains("failover Some("), "{}", gate.detail);
}

#[test]
fn gate_that_one_tick_cannot_reach_is_skipped() {
    for (profile, id) in [
        (Profile::Routine, "both-lanes"),
        (Profile::Hostile, "every-trap-reached"),
    ] {
        let gates = judge(
            &Settings::header(profile, 42, 1),
            &soak(profile, 42, 1).tally,
        );
        let gate = gates.iter().find(|gate| gate.id == id).unwrap();
        assert_eq!(gate.verdict, GateVerdict::Skip, "{gate:?}");
        assert!(gate.detail.contains("1200 ticks"), "{gate:?}");
    }
}

#[test]
fn swarm_disables_kinds_per_seed() {
    for seed in 0..4 {
        let settings = Settings::of(Profile::Hostile).swarm(seed);
        let off: Vec<_> = NoiseKind::ALL
            .iter()
            .copied()
            .filter(|kind| settings.agent.noise.rate(*kind) == 0)
            .collect();
        assert!(off.len() > 5 && off.len() < 28, "{}", off.len());
        let header = settings.into_header(Profile::Hostile, seed, 1_200);
        let outcome = run(&header);
        for kind in off {
            assert_eq!(outcome.tally.injections.get(kind.name()), None, "{kind:?}");
        }
        let gates = judge(&header, &outcome.tally);
        assert!(!gates.iter().any(Gate::failed), "{gates:?}");
    }
}

#[test]
fn every_injection_reaches_the_sink() {
    let header = Settings::header(Profile::Hostile, 42, 300);
    let mut touched = Vec::new();
    let look = |tick: &Tick<'_>| {
        if !tick.injections.is_empty() {
            touched.push(tick.injections.clone());
        }
    };
    let mut soak = Soak::start_into(&header, look);
    on_virtual_time(soak.drive()).unwrap();
    let tally = soak.outcome().tally;
    drop(soak);
    assert!(
        touched.len() > 50 && touched.len() < 300,
        "{}",
        touched.len()
    );
    let noises = touched.iter().flat_map(|it| [it.noise, it.replaced_noise]);
    let noisy = noises.flatten();
    let counted: u64 = NoiseKind::ALL
        .iter()
        .filter_map(|kind| tally.injections.get(kind.name()))
        .sum();
    assert_eq!(noisy.count() as u64, counted);
}

#[test]
fn state_is_bounded_after_a_hundred_thousand_ticks() {
    let header = Settings::header(Profile::Hostile, 11, 100_000);
    let mut soak = Soak::start(&header);
    on_virtual_time(async {
        soak.drive().await.unwrap();
        let live = soak.kernel().live_state();
        assert!(live.tasks <= MAX_TASKS, "{live:?}");
        assert!(live.page_tables <= MAX_PAGE_TABLES, "{live:?}");
        assert!(live.capabilities <= MAX_CAPABILITIES, "{live:?}");
        assert!(live.trap_details <= TrapKind::ALL.len(), "{live:?}");
        assert!(live.q_bytes <= 1_000, "{live:?}");
        let files = soak.world().files();
        assert!(files.file_count() <= 200, "{}", files.file_count());
        assert!(files.total_bytes() <= 1 << 20, "{}", files.total_bytes());
        assert!(soak.world().history().kept() <= 1_024);
    });
}
