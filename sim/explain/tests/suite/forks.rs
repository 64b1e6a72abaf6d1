//! Forks: what a change does and does not do, and that a fork is a run like any other.

use std::path::{Path, PathBuf};

use turingos_agents::{AgentProfile, GivenReply, NoiseClass, NoiseKind, NoiseRates};
use turingos_explain::{
    ForkPlan, Only, Playback, TimelineEntry, Trial, compare, fork_curve, turning_point,
    verify_prefix,
};
use turingos_run::fork::{Config, NotForkable, Parent, fork};
use turingos_run::replay::replay;
use turingos_run::soak::Settings;
use turingos_run::{
    AnyRun, Edit, Fault, FaultKind, Header, Kind, Profile, RunDirectory, RunFolder,
    on_virtual_time, verify,
};

use crate::recorded;

/// A soak in which nothing that is injected changes what the agent does.
fn untidy(seed: u64) -> Kind {
    let mut settings = Settings::of(Profile::Routine);
    let mut noise = NoiseRates::none();
    for kind in NoiseKind::ALL.iter().copied() {
        if kind.class() == NoiseClass::Harmless {
            noise = noise.with(kind, 800);
        }
    }
    settings.agent = AgentProfile {
        noise,
        ..AgentProfile::routine()
    };
    settings.world_faults = turingos_world::WorldFaultRates::default();
    Kind::Soak(Box::new(settings.into_header(Profile::Routine, seed, 120)))
}

fn trial(kind: &Kind, edits: Vec<Edit>) -> Trial {
    Trial::of(fork(kind, turingos::Digest::EMPTY, 0, edits).unwrap()).unwrap()
}

/// Records a fork and gives its directory.
fn record(scratch: &Path, name: &str, header: &Header<Config>) -> PathBuf {
    let directory = scratch.join(name);
    let kind = Kind::Fork(Box::new(header.clone()));
    let mut run = AnyRun::of(&kind, RunDirectory::create(&directory, header).unwrap());
    on_virtual_time(run.drive()).unwrap();
    let manifest = run.manifest(&kind, Some(&directory)).unwrap();
    run.into_sink().finish(&manifest).unwrap();
    directory
}

fn records(directory: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(directory.join(RunDirectory::JOURNAL)).unwrap();
    let record = |line: &str| line.split_once("\"record\":").unwrap().1.to_owned();
    text.lines().map(record).collect()
}

#[test]
fn muted_fault_shifts_nothing_after_it() {
    let kind = untidy(7);
    let all = trial(&kind, Vec::new()).faults;
    assert!(all.len() > 30, "{all:?}");
    for muted in all.iter().step_by(5) {
        let rest: Vec<_> = all.iter().copied().filter(|fault| fault != muted).collect();
        assert_eq!(
            trial(&kind, vec![Edit::Mute(*muted)]).faults,
            rest,
            "{muted}"
        );
        assert_eq!(trial(&kind, vec![Edit::Only(rest.clone())]).faults, rest);
        assert_eq!(
            trial(&kind, vec![Edit::Only(vec![*muted])]).faults,
            [*muted]
        );
    }
}

#[test]
fn lasting_misbehaviour_is_muted_whole() {
    let scratch = tempfile::tempdir().unwrap();
    let parent = Parent::open(&recorded::soak(scratch.path(), "run", 42, 300)).unwrap();
    let all = Trial::of(parent.fork(0, Vec::new()).unwrap())
        .unwrap()
        .faults;
    let lost = { all.iter() }.find(|it| it.kind == FaultKind::Noise(NoiseKind::Lost));
    let lost = *lost.expect("a hostile soak gets lost");
    // All others stay, and none is added that the lasting one hid.
    let rest: Vec<_> = all.iter().copied().filter(|fault| *fault != lost).collect();
    let header = parent.fork(lost.tick, vec![Edit::Only(rest)]).unwrap();
    let calmer = record(scratch.path(), "calmer", &header);
    let text = std::fs::read_to_string(calmer.join(RunDirectory::INJECTIONS)).unwrap();
    // It would have lasted for 10 ticks at least.
    let follows = |line: &&str| {
        let tick = line.split(',').next().and_then(|it| it.split(':').nth(1));
        let tick: u64 = tick.unwrap().parse().unwrap();
        (lost.tick..lost.tick + 10).contains(&tick)
    };
    let lost_lines = text
        .lines()
        .filter(follows)
        .filter(|it| it.contains("\"lost\""));
    assert_eq!(lost_lines.count(), 0, "{text}");
}

#[test]
fn listing_every_fault_changes_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    for (name, directory) in [
        ("soak again", recorded::soak(scratch.path(), "soak", 3, 200)),
        ("hunt again", recorded::log_hunt(scratch.path())),
    ] {
        let parent = Parent::open(&directory).unwrap();
        let all = Trial::of(parent.fork(0, Vec::new()).unwrap())
            .unwrap()
            .faults;
        let header = parent.fork(0, vec![Edit::Only(all)]).unwrap();
        let again = record(scratch.path(), name, &header);
        assert_eq!(records(&again), records(&directory), "{name}");
    }
}

#[test]
fn fork_is_a_run_like_any_other() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = recorded::soak(scratch.path(), "parent", 42, 80);
    let parent = Parent::open(&directory).unwrap();
    let changes = [
        Edit::Reseed { tick: 30, seed: 9 },
        Edit::Inject(Fault {
            tick: 30,
            kind: FaultKind::named("quota_exhausted").unwrap(),
        }),
        Edit::Reply {
            tick: 30,
            reply: GivenReply::Text("no transition at all".to_owned()),
        },
    ];
    for (number, edit) in changes.into_iter().enumerate() {
        let header = parent.fork(30, vec![edit]).unwrap();
        verify_prefix(&directory, &header).unwrap();
        let forked = record(scratch.path(), &format!("fork {number}"), &header);
        let (before, after) = (records(&directory), records(&forked));
        assert_eq!(before[..30], after[..30]);
        assert_ne!(before[30], after[30], "{:?}", header.config.edits);
        let report = replay(&forked, None, |_| ()).unwrap();
        assert!(report.whole && report.ticks == 80);
        let files = verify::run(&RunFolder(forked.clone()));
        assert!(
            files.iter().all(|file| file.verdict.is_valid()),
            "{files:?}"
        );
        let difference = on_virtual_time(compare([&directory, &forked], 3, |_| ())).unwrap();
        assert_eq!(difference.parting.unwrap().tick, 30);
        // A fork of the fork has both changes.
        let child = Parent::open(&forked).unwrap();
        let edit = Edit::Reseed { tick: 50, seed: 4 };
        let second = child.fork(50, vec![edit]).unwrap();
        assert_eq!(second.config.edits.len(), 2);
        assert!(verify_prefix(&forked, &second).is_ok());
        // It went its own way before.
        assert!(verify_prefix(&directory, &second).is_err());
    }
}

#[test]
fn given_reply_and_added_fault_are_what_the_tick_shows() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = recorded::log_hunt(scratch.path());
    let parent = Parent::open(&directory).unwrap();
    let text = r#"{"q_next":"mine","a_t":{"op":"SYS_PUSH","task":"look around"}}"#;
    let reply = GivenReply::Text(text.to_owned());
    let header = parent
        .fork(4, vec![Edit::Reply { tick: 4, reply }])
        .unwrap();
    let forked = record(scratch.path(), "given", &header);
    let entry = |directory: &Path, tick: u64| -> TimelineEntry {
        let mut playback = Playback::open(directory).unwrap();
        on_virtual_time(async {
            loop {
                let step = playback.step().await.unwrap().unwrap();
                if step.committed.record.tick == tick {
                    return TimelineEntry::of(&step.committed, &step.injections);
                }
            }
        })
    };
    assert_eq!(entry(&forked, 4).op, Some("SYS_PUSH"));
    let writes = |tick: &u64| {
        turingos_explain::TimelineFilter {
            only: Some(Only::Writes),
            ..turingos_explain::TimelineFilter::ALL
        }
        .takes(&entry(&directory, *tick))
    };
    let tick = (0..parent.records).find(writes).expect("a mission writes");
    let fault = Fault {
        tick,
        kind: FaultKind::named("no_space").unwrap(),
    };
    let header = parent.fork(tick, vec![Edit::Inject(fault)]).unwrap();
    assert_eq!(verify_prefix(&directory, &header).unwrap(), [fault]);
    let full = record(scratch.path(), "full", &header);
    let shown = entry(&full, tick);
    assert_eq!(shown.injected, ["NO_SPACE"]);
    assert!(shown.traps.contains(&"IO_FAULT".into()), "{shown:?}");
}

#[test]
fn runs_with_inputs_from_outside_cannot_be_forked() {
    let scenario = turingos_run::scenario::BuiltIn::named("log-hunt").unwrap();
    let settings = turingos_run::scenario::Settings::of(
        scenario.scenario(),
        Profile::Routine,
        turingos_run::scenario::AgentKind::Worker,
        0,
    );
    let header = settings.in_a_directory().into_header(Profile::Routine, 1);
    let kind = Kind::Scenario(Box::new(header));
    let refused = fork(&kind, turingos::Digest::EMPTY, 0, Vec::new());
    assert_eq!(refused.unwrap_err(), NotForkable::Directory);
}

#[test]
fn fork_curve_counts_the_failures_of_every_seed() {
    let scenario = turingos_run::scenario::BuiltIn::named("log-hunt").unwrap();
    let settings = turingos_run::scenario::Settings::of(
        scenario.scenario(),
        Profile::Routine,
        turingos_run::scenario::AgentKind::Worker,
        0,
    );
    let kind = Kind::Scenario(Box::new(settings.into_header(Profile::Routine, 1)));
    let whole = |edits: Vec<Edit>| fork(&kind, turingos::Digest::EMPTY, 0, edits).unwrap();
    let plan = |parent| ForkPlan {
        parent,
        root: turingos::Digest::EMPTY,
        failure: None,
        first: 3,
        last: 5,
        seeds: 8,
    };
    let calm = Kind::Fork(Box::new(whole(Vec::new())));
    let points = fork_curve(&plan(&calm), &|| false, &|| ()).unwrap();
    let ticks: Vec<_> = points.iter().map(|point| point.tick).collect();
    assert_eq!(ticks, [3, 4, 5]);
    assert!(
        points
            .iter()
            .all(|point| point.runs == 8 && point.failed == 0)
    );
    assert_eq!(turning_point(&points), None);
    let garbage = |tick| Edit::Reply {
        tick,
        reply: GivenReply::Text("no".to_owned()),
    };
    let lost = Fault {
        tick: 2,
        kind: FaultKind::Noise(NoiseKind::Lost),
    };
    let doomed = (6..40).map(garbage).chain([Edit::Inject(lost)]).collect();
    let doomed = Kind::Fork(Box::new(whole(doomed)));
    let failure = Trial::of(fork(&doomed, turingos::Digest::EMPTY, 0, Vec::new()).unwrap());
    let failure = failure.unwrap().failure;
    assert!(failure.is_some());
    let plan = ForkPlan {
        failure: failure.as_ref(),
        ..plan(&doomed)
    };
    let points = fork_curve(&plan, &|| false, &|| ()).unwrap();
    assert!(points.iter().all(|point| point.failed == 8), "{points:?}");
    assert!(
        points.iter().all(|point| point.failed_alike == 8),
        "{points:?}"
    );
    let stopped = fork_curve(&plan, &|| true, &|| ()).unwrap();
    assert!(stopped.is_empty());
}

/// Records a mission of a "live" provider that is lost from tick 6 on.
fn recorded_live(scratch: &Path) -> PathBuf {
    use turingos_agents::{OracleEdits, SeededOracle, Worker};
    use turingos_run::providers::{self, settings};
    let text = "version = 1\n[lane.p]\nkind = \"ollama\"\nmodel = \"m\"\n";
    let settings = settings::Settings::parse(text.as_bytes()).unwrap();
    let scenario = turingos_run::scenario::BuiltIn::named("log-hunt").unwrap();
    let config = providers::Config::of(scenario.scenario(), &settings);
    let header = config.into_header(5, 60);
    let directory = scratch.join("live");
    let writer = RunDirectory::create(&directory, &header).unwrap();
    let mut edits = OracleEdits::default();
    edits.noise.add(6, NoiseKind::Lost);
    let oracle = SeededOracle::with_agent(5, AgentProfile::at_noise(0), Worker::new(5))
        .edited(&turingos_draws::Seeds::of(5), edits);
    let world = header.config.scenario.world();
    let mut run = turingos_run::Session::new(
        providers::Config::start(&header),
        providers::Config::plan(&header),
        (world, oracle),
        providers::Config::inputs(&header),
        writer,
    );
    let outcome = on_virtual_time(async {
        run.drive().await.unwrap();
        run.outcome().unwrap()
    });
    let manifest = outcome.manifest(&header, Some(&directory));
    assert!(!manifest.passed());
    run.into_sink().finish(&manifest).unwrap();
    directory
}

#[test]
fn live_recording_shrinks_to_the_replies_that_it_needs() {
    use turingos_explain::{Bounds, RecordedRun, Subject as _, shrink};
    let scratch = tempfile::tempdir().unwrap();
    let recorded = RecordedRun::open(&recorded_live(scratch.path())).unwrap();
    assert_eq!(recorded.failure().gate, "halted");
    let bounds = Bounds {
        max_runs: 10_000,
        is_stopped: &|| false,
        ran: &|| (),
    };
    let whole = recorded.original().clone();
    let shrunk = shrink(&recorded, whole.clone(), recorded.failure(), &bounds);
    assert!(shrunk.is_minimal);
    assert!(shrunk.best.faults.len() < whole.faults.len(), "{whole:?}");
    // The good replies before the garbage are not to blame: a faithful agent says as much.
    assert!(
        shrunk
            .best
            .faults
            .iter()
            .all(|fault| { fault.kind == FaultKind::Reply && fault.tick >= 6 })
    );
    for left_out in 0..shrunk.best.faults.len() {
        let mut candidate = shrunk.best.clone();
        candidate.faults.remove(left_out);
        let trial = recorded.run(&candidate, &shrunk.best).unwrap();
        assert_ne!(trial.failure.as_ref(), Some(recorded.failure()));
    }
    let header = recorded.header(&shrunk.best).unwrap();
    let smallest = record(scratch.path(), "smallest", &header);
    assert!(replay(&smallest, None, |_| ()).unwrap().whole);
}
