//! The fingerprint of a failure, held to the trap frames and records of whole runs.

use turingos::journal::Status;
use turingos::kernel::Committed;
use turingos::trap::{TrapFrame, TrapKind};
use turingos_agents::NoiseKind;
use turingos_run::scenario::{AgentKind, BuiltIn, ScenarioRun, Settings};
use turingos_run::{
    FailingTrap, FailureTally, Fingerprint, Gate, Profile, Soak, Tick, on_virtual_time, soak,
};

/// Gates of which the named one failed.
fn failing(id: &str) -> Vec<Gate> {
    vec![
        Gate::judged("ticks", true, ""),
        Gate::skipped("both-lanes", ""),
        Gate::judged(id, false, ""),
        Gate::judged("later", false, ""),
    ]
}

fn trap(frame: &TrapFrame) -> FailingTrap {
    FailingTrap {
        kind: frame.trap_base.0,
        code: frame.cause.code.to_string(),
    }
}

fn fingerprint(gate: &str, trap: Option<FailingTrap>) -> Option<Fingerprint> {
    Some(Fingerprint {
        gate: gate.to_owned(),
        trap,
    })
}

/// The ticks of a soak, and the tally of its failures.
fn soaked(header: &turingos_run::Header<soak::Settings>) -> (Vec<Committed>, FailureTally) {
    let (mut ticks, mut tally) = (Vec::new(), FailureTally::default());
    let mut run = Soak::start_into(header, |tick: &Tick<'_>| {
        tally.count(tick);
        ticks.push(tick.committed.clone());
    });
    on_virtual_time(run.drive()).unwrap();
    drop(run);
    (ticks, tally)
}

/// The hard trap that began the recovery under way after the last of `ticks`, by looking back: the
/// first trap behind the last tick that left the traps freely.
fn began_recovery(ticks: &[Committed]) -> Option<FailingTrap> {
    let is_free = |tick: &Committed| {
        let is_stopped = tick.record.traps.iter().any(|kind| kind.is_hard());
        tick.record.status != Status::Running
            || (!is_stopped && !tick.record.next.starts_with("sys://trap/"))
    };
    let last = ticks.len().checked_sub(1)?;
    let begin = (0..last)
        .rev()
        .find(|at| is_free(&ticks[*at]))
        .map_or(0, |at| at + 1);
    let frames = ticks[begin..].iter().flat_map(|tick| &tick.trap_frames);
    { frames }
        .find(|frame| frame.trap_base.0.is_hard())
        .map(trap)
}

#[test]
fn lost_recovery_goes_back_to_the_trap_that_began_it() {
    for seed in 0..4 {
        let (ticks, tally) = soaked(&soak::Settings::header(Profile::Hostile, seed, 1_200));
        let failed = ticks
            .iter()
            .position(|tick| tick.record.status == Status::Failed)
            .expect("a hostile soak spends a panic budget");
        let expected = began_recovery(&ticks[..=failed]);
        assert!(expected.is_some(), "seed {seed}");
        for gate in ["no-unrecoverable-loop", "clean-end", "halted"] {
            let found = tally.fingerprint(&failing(gate));
            assert_eq!(found, fingerprint(gate, expected.clone()), "seed {seed}");
        }
        // The gates of this run hold, so no failure was avoidable.
        let found = tally.fingerprint(&failing("no-avoidable-failure"));
        assert_eq!(found, fingerprint("no-avoidable-failure", None));
    }
}

#[test]
fn cpu_fault_gate_names_the_first_cpu_fault() {
    let (ticks, tally) = soaked(&soak::Settings::header(Profile::Hostile, 7, 1_200));
    let first = { ticks.iter() }
        .flat_map(|tick| &tick.trap_frames)
        .find(|frame| frame.trap_base.0 == TrapKind::CpuFault);
    let expected = first.map(trap);
    assert!(expected.is_some());
    let found = tally.fingerprint(&failing("no-cpu-fault"));
    assert_eq!(found, fingerprint("no-cpu-fault", expected));
}

#[test]
fn gates_without_a_trap_of_their_own_have_none() {
    let (_, tally) = soaked(&soak::Settings::header(Profile::Hostile, 7, 300));
    for gate in ["ticks", "route-coverage", "malformed-replies-trapped"] {
        assert_eq!(tally.fingerprint(&failing(gate)), fingerprint(gate, None));
    }
    assert_eq!(tally.fingerprint(&[Gate::judged("ticks", true, "")]), None);
    assert_eq!(tally.fingerprint(&[Gate::skipped("ticks", "")]), None);
}

#[test]
fn mission_that_ends_in_a_recovery_names_its_first_trap() {
    // Every reply is garbage: the machine never leaves the traps.
    let scenario = BuiltIn::named("log-hunt").expect("built in").scenario();
    let mut settings = Settings::of(scenario, Profile::Routine, AgentKind::Worker, 0);
    settings.speech.noise = settings.speech.noise.with(NoiseKind::ProseOnly, 10_000);
    let header = settings.into_header(Profile::Routine, 1);
    let (mut ticks, mut tally) = (Vec::new(), FailureTally::default());
    let mut run = ScenarioRun::seeded_into(&header, |tick: &Tick<'_>| {
        tally.count(tick);
        ticks.push(tick.committed.clone());
    });
    let gates = on_virtual_time(async {
        run.drive().await.unwrap();
        run.outcome().unwrap().gates
    });
    drop(run);
    let expected = ticks[0].trap_frames.iter().map(trap).next();
    assert!(expected.is_some());
    assert_eq!(tally.fingerprint(&gates), fingerprint("halted", expected));
}

#[test]
fn fingerprint_is_written_and_read_back() {
    let trap = FailingTrap {
        kind: TrapKind::CpuFault,
        code: "TIMEOUT".to_owned(),
    };
    let found = fingerprint("no-cpu-fault", Some(trap)).expect("just made");
    assert_eq!(found.to_string(), "no-cpu-fault: CPU_FAULT TIMEOUT");
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(
        json,
        r#"{"gate":"no-cpu-fault","trap":{"kind":"CPU_FAULT","code":"TIMEOUT"}}"#
    );
    assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), found);
    let bare = fingerprint("ticks", None).expect("just made");
    assert_eq!(bare.to_string(), "ticks");
    assert!(bare > found, "ordered by gate");
}
