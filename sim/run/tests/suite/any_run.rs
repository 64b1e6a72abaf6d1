//! A session of any kind of run: what can be seen between its ticks.

use std::cell::RefCell;
use std::rc::Rc;

use turingos::Digest;
use turingos::isa::Opcode;
use turingos_agents::Injected;
use turingos_run::fork::fork;
use turingos_run::scenario::{AgentKind, BuiltIn};
use turingos_run::{AnyRun, Kind, Profile, Tick, on_virtual_time, scenario, soak};

/// A run of each kind that needs no tape.
fn kinds() -> [Kind; 4] {
    let soaked = || Kind::Soak(Box::new(soak::Settings::header(Profile::Hostile, 5, 80)));
    let mission = || {
        let scenario = BuiltIn::named("ordered-pipeline").unwrap().scenario();
        let profile = Profile::Routine;
        let settings = scenario::Settings::of(scenario, profile, AgentKind::Worker, 1_000);
        Kind::Scenario(Box::new(settings.into_header(profile, 3)))
    };
    let forked = |kind: &Kind| {
        let header = fork(kind, Digest::EMPTY, 0, Vec::new()).unwrap();
        Kind::Fork(Box::new(header))
    };
    [soaked(), mission(), forked(&soaked()), forked(&mission())]
}

/// The last tick that a sink saw, and what was injected into it.
type Seen = Rc<RefCell<Option<(u64, Option<Injected>)>>>;

#[test]
fn every_tick_is_seen_as_the_sink_sees_it() {
    for kind in kinds() {
        let seen: Seen = Rc::default();
        let sink = {
            let seen = Rc::clone(&seen);
            move |tick: &Tick<'_>| {
                let number = tick.committed.record.tick;
                seen.replace(Some((number, tick.injected.copied())));
            }
        };
        let mut run = AnyRun::of(&kind, sink);
        assert_eq!(run.ticks(), 0);
        assert!(run.has_next());
        let genesis = run.root();
        let mut injected = 0;
        on_virtual_time(async {
            while let Some(committed) = run.tick().await.unwrap() {
                let (number, by_oracle) = seen.take().expect("the sink took the tick");
                assert_eq!((committed.record.tick, run.ticks()), (number, number + 1));
                assert_eq!(run.injected().copied(), by_oracle);
                injected += u64::from(by_oracle.is_some_and(|it| it.noise.is_some()));
                assert_eq!(run.kernel().tick(), number + 1);
            }
        });
        assert!(!run.has_next());
        assert!(injected > 3, "{injected}");
        assert_ne!(run.root(), genesis);
        let manifest = run.manifest(&kind, None).unwrap();
        assert_eq!(
            (manifest.records(), manifest.root()),
            (run.ticks(), run.root())
        );
        let seed_and_profile = (manifest.seed(), manifest.profile());
        assert_eq!(seed_and_profile, kind.seed_and_profile());
        assert_eq!(manifest.reproduce(), kind.command(None));
    }
}

#[test]
fn written_files_are_noted_once_asked_for() {
    for kind in kinds() {
        let mut run = AnyRun::of(&kind, ());
        on_virtual_time(async {
            for _ in 0..20 {
                run.tick().await.unwrap();
            }
            assert_eq!(run.take_written(), [], "nobody asked");
            run.note_written();
            let mut writes = 0;
            while let Some(committed) = run.tick().await.unwrap() {
                let written = run.take_written();
                assert_eq!(run.take_written(), []);
                if written.is_empty() {
                    continue;
                }
                writes += 1;
                assert_eq!(committed.record.op, Some(Opcode::Write));
                let files = run.files().expect("the world is in memory");
                for file in written {
                    assert_eq!(files.read(&file.path).unwrap(), file.content);
                }
            }
            assert!(writes > 2, "{writes}");
        });
    }
}

/// Asking twice keeps what was noted.
#[test]
fn written_files_stay_until_they_are_taken() {
    let [kind, ..] = kinds();
    let mut run = AnyRun::of(&kind, ());
    run.note_written();
    on_virtual_time(run.drive()).unwrap();
    run.note_written();
    assert!(run.take_written().len() > 2);
}

/// What a real directory answers is on a tape, so there are no files to look at.
#[test]
fn run_in_a_real_directory_has_no_files() {
    let scenario = BuiltIn::named("ordered-pipeline").unwrap().scenario();
    let profile = Profile::Routine;
    let settings = scenario::Settings::of(scenario, profile, AgentKind::Worker, 0);
    let header = settings.in_a_directory().into_header(profile, 3);
    let run = AnyRun::of(&Kind::Scenario(Box::new(header)), ());
    assert!(run.files().is_none());
    assert!(matches!(run, AnyRun::Directory(_)));
}
