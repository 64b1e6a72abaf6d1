//! What each kind of change does to a fork, tick by tick.

use turingos::Digest;
use turingos::isa::Opcode;
use turingos::journal::Record;
use turingos_agents::{GivenReply, NoiseKind, ProviderFaultKind};
use turingos_run::fork::{NotForkable, Parent, fork};
use turingos_run::scenario::{AgentKind, BuiltIn};
use turingos_run::{
    AnyRun, Edit, Edits, Fault, FaultKind, GateVerdict, Kind, Profile, RunDirectory, RunIoError,
    Sink, Tick, on_virtual_time, scenario, soak,
};
use turingos_world::InjectedFault;

/// A tick of a run, and the faults that began in it.
struct Ticked {
    text: String,
    record: Record,
    faults: Vec<Fault>,
    world_faults: u64,
}

fn play(kind: &Kind) -> Vec<Ticked> {
    let mut ticks = Vec::new();
    let mut run = AnyRun::of(kind, |tick: &Tick<'_>| {
        ticks.push(Ticked {
            text: tick.record.to_owned(),
            record: tick.committed.record.clone(),
            faults: Fault::begun_in(tick),
            world_faults: tick.world_faults.len() as u64,
        });
    });
    on_virtual_time(run.drive()).unwrap();
    drop(run);
    ticks
}

fn soaked(profile: Profile) -> Kind {
    Kind::Soak(Box::new(soak::Settings::header(profile, 5, 150)))
}

fn mission(name: &str) -> Kind {
    let scenario = BuiltIn::named(name).unwrap().scenario();
    let profile = Profile::Routine;
    let settings = scenario::Settings::of(scenario, profile, AgentKind::Worker, 500);
    Kind::Scenario(Box::new(settings.into_header(profile, 3)))
}

fn forked(base: &Kind, edits: Vec<Edit>) -> Kind {
    Kind::Fork(Box::new(fork(base, Digest::EMPTY, 0, edits).unwrap()))
}

fn faults(ticks: &[Ticked]) -> Vec<Fault> {
    { ticks.iter() }
        .flat_map(|tick| tick.faults.iter().copied())
        .collect()
}

fn texts(ticks: &[Ticked]) -> Vec<&str> {
    ticks.iter().map(|tick| tick.text.as_str()).collect()
}

/// The number of the first tick at which two runs differ.
fn parting(one: &[Ticked], other: &[Ticked]) -> Option<usize> {
    let (one, other) = (texts(one), texts(other));
    (0..one.len().max(other.len())).find(|at| one.get(*at) != other.get(*at))
}

#[test]
fn fork_without_changes_is_its_parent() {
    for base in [soaked(Profile::Hostile), mission("interrupted-edit")] {
        let plain = play(&base);
        assert!(plain.len() > 20, "{}", plain.len());
        let again = play(&forked(&base, Vec::new()));
        assert_eq!(parting(&plain, &again), None);
        assert_eq!(faults(&plain), faults(&again));
    }
}

/// One of each class, in a soak and in a mission.
#[test]
fn muted_fault_does_not_begin() {
    let mut classes = Vec::new();
    for base in [soaked(Profile::Hostile), mission("interrupted-edit")] {
        let plain = play(&base);
        for class in ["noise", "provider", "world"] {
            let all = faults(&plain);
            let Some(fault) = all.iter().find(|fault| fault.kind.class() == class) else {
                continue;
            };
            classes.push(class);
            let rest = play(&forked(&base, vec![Edit::Mute(*fault)]));
            assert!(!faults(&rest).contains(fault), "{fault}");
            let at = parting(&plain, &rest).map(|at| at as u64);
            assert!(at.is_none_or(|at| at >= fault.tick), "{fault} {at:?}");
            let only = faults(&play(&forked(&base, vec![Edit::Only(vec![*fault])])));
            assert!(only.iter().all(|it| it == fault), "{only:?}");
            // Without the others the tick may have no operation that this one fits.
            assert!(only.len() == 1 || class == "world", "{only:?}");
        }
    }
    for class in ["noise", "provider", "world"] {
        assert!(classes.contains(&class), "no {class} was muted");
    }
}

#[test]
fn injected_fault_begins_at_its_tick() {
    for base in [soaked(Profile::Routine), mission("ordered-pipeline")] {
        let quiet = play(&forked(&base, vec![Edit::Only(Vec::new())]));
        assert_eq!(faults(&quiet), []);
        let tick = { quiet.iter() }
            .position(|tick| tick.record.op == Some(Opcode::Write) && tick.record.traps.is_empty())
            .unwrap();
        for kind in [
            FaultKind::Noise(NoiseKind::ProseOnly),
            FaultKind::Provider(ProviderFaultKind::ALL[0]),
            FaultKind::World(InjectedFault::NoSpace),
        ] {
            let fault = Fault {
                tick: tick as u64,
                kind,
            };
            let edits = vec![Edit::Only(Vec::new()), Edit::Inject(fault)];
            let struck = play(&forked(&base, edits));
            assert_eq!(struck[tick].faults, [fault], "{fault}");
            assert_eq!(parting(&quiet, &struck), Some(tick), "{fault}");
            // What is listed before it can be taken away again.
            let edits = vec![Edit::Inject(fault), Edit::Only(Vec::new())];
            assert_eq!(faults(&play(&forked(&base, edits))), []);
        }
        // A reply has a change of its own.
        let fault = Fault {
            tick: tick as u64,
            kind: FaultKind::Reply,
        };
        let edits = vec![Edit::Only(Vec::new()), Edit::Inject(fault)];
        assert_eq!(parting(&quiet, &play(&forked(&base, edits))), None);
    }
}

#[test]
fn given_reply_is_what_the_kernel_decodes() {
    let base = soaked(Profile::Routine);
    let quiet = vec![Edit::Only(Vec::new())];
    let plain = play(&forked(&base, quiet.clone()));
    let tick = 9;
    let reply = |text: &str| Edit::Reply {
        tick,
        reply: GivenReply::Text(text.to_owned()),
    };
    let pop = reply(r#"{"q_next":"given","a_t":{"op":"SYS_POP"}}"#);
    let given = Fault {
        tick,
        kind: FaultKind::Reply,
    };
    let played = play(&forked(&base, [quiet.clone(), vec![pop.clone()]].concat()));
    assert_eq!(played[9].record.op, Some(Opcode::Pop));
    assert_eq!(parting(&plain, &played), Some(9));
    assert_eq!(faults(&played), [given]);
    for (rest, stays) in [
        (Edit::Mute(given), false),
        (Edit::Only(Vec::new()), false),
        (Edit::Only(vec![given]), true),
        (Edit::Mute(Fault { tick: 8, ..given }), true),
    ] {
        let edits = [quiet.clone(), vec![pop.clone(), rest.clone()]].concat();
        let parts = parting(&plain, &play(&forked(&base, edits))).is_some();
        assert_eq!(parts, stays, "{rest}");
    }
}

#[test]
fn other_seed_changes_nothing_before_its_tick() {
    for base in [soaked(Profile::Hostile), mission("ordered-pipeline")] {
        let plain = play(&base);
        let other = play(&forked(&base, vec![Edit::Reseed { tick: 20, seed: 99 }]));
        let at = parting(&plain, &other).unwrap();
        assert!((20..60).contains(&at), "{at}");
    }
}

#[test]
fn fork_of_a_fork_keeps_the_earlier_changes() {
    let base = soaked(Profile::Routine);
    let first = Edit::Reseed { tick: 20, seed: 99 };
    let second = Edit::Reseed { tick: 40, seed: 7 };
    let once = forked(&base, vec![first.clone()]);
    let twice = fork(&once, Digest::EMPTY, 40, vec![second.clone()]).unwrap();
    assert_eq!(twice.config.edits, [first.clone(), second.clone()]);
    assert_eq!(twice.config.at, 40);
    let twice = play(&Kind::Fork(Box::new(twice)));
    let both = play(&forked(&base, vec![first, second]));
    assert_eq!(parting(&twice, &both), None);
}

#[test]
fn run_in_a_real_directory_is_not_forked() {
    let scenario = BuiltIn::named("log-hunt").unwrap().scenario();
    let profile = Profile::Routine;
    let settings = scenario::Settings::of(scenario, profile, AgentKind::Worker, 0);
    let header = settings.in_a_directory().into_header(profile, 1);
    let kind = Kind::Scenario(Box::new(header));
    let refused = fork(&kind, Digest::EMPTY, 0, Vec::new()).unwrap_err();
    assert_eq!(refused, NotForkable::Directory);
}

/// Records the run of `kind` in a directory, whose parent is then read back.
fn recorded(kind: &Kind) -> (tempfile::TempDir, Parent) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let writer = match kind {
        Kind::Soak(header) => RunDirectory::create(path, header),
        Kind::Scenario(header) => RunDirectory::create(path, header),
        Kind::Live(header) => RunDirectory::create(path, header),
        Kind::Fork(header) => RunDirectory::create(path, header),
    };
    let mut run = AnyRun::of(kind, writer.unwrap());
    on_virtual_time(run.drive()).unwrap();
    let manifest = run.manifest(kind, Some(path)).unwrap();
    run.into_sink().finish(&manifest).unwrap();
    let parent = Parent::open(path).unwrap();
    (directory, parent)
}

#[test]
fn parent_is_read_to_its_end() {
    let soak = soaked(Profile::Hostile);
    let fork = forked(&soak, vec![Edit::Reseed { tick: 20, seed: 99 }]);
    for (kind, ticks) in [
        (&soak, 150),
        (&fork, 150),
        (&mission("ordered-pipeline"), 0),
    ] {
        let (directory, parent) = recorded(kind);
        let manifest = parent.manifest.as_ref().unwrap();
        assert_eq!(parent.root, manifest.root());
        assert_eq!(parent.records, manifest.records());
        assert!(parent.records == ticks || ticks == 0);
        assert_eq!(parent.kind.run_name(), kind.run_name());
        let child = parent.fork(7, Vec::new()).unwrap();
        assert_eq!((child.config.parent, child.config.at), (parent.root, 7));
        let (seed, profile) = kind.seed_and_profile();
        assert_eq!(
            (child.seed, child.profile, child.ticks),
            (seed, profile, kind.ticks())
        );
        // A finished run is repeated by a replay of its directory.
        let path = directory.path().display().to_string();
        let command = Kind::Fork(Box::new(child)).command(Some(directory.path()));
        assert_eq!(command, format!("sim replay {path}"));
    }
    let nowhere = Kind::Fork(Box::new(match fork {
        Kind::Fork(header) => *header,
        _ => unreachable!("a fork"),
    }));
    assert_eq!(nowhere.command(None), "sim replay RUN");
}

/// Keeps the records.
#[derive(Clone, Default)]
struct Records(Vec<String>);

impl Sink for Records {
    type Error = RunIoError;

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.0.push(tick.record.to_owned());
        Ok(())
    }
}

/// Each branch leaves out the faults of every other tick from its own on, of each class.
#[test]
fn branch_goes_on_as_a_run_with_its_faults_from_the_first_tick() {
    for base in [soaked(Profile::Hostile), mission("interrupted-edit")] {
        let all = faults(&play(&base));
        for class in ["noise", "provider", "world"] {
            let whole = forked(&base, vec![Edit::Only(all.clone())]);
            let mut run = AnyRun::of(&whole, Records::default());
            let mut differing = 0;
            for at in [0, 7, 30, 31] {
                on_virtual_time(run.drive_to(at)).unwrap();
                let left =
                    |it: &&Fault| it.tick < at || it.tick % 2 == 0 || it.kind.class() != class;
                let left: Vec<_> = all.iter().filter(left).copied().collect();
                let fork = forked(&base, vec![Edit::Only(left)]);
                let Kind::Fork(header) = &fork else {
                    unreachable!("a fork was made")
                };
                let mut branch = run.branch(&header.edits()).unwrap();
                on_virtual_time(branch.drive()).unwrap();
                let manifest = branch.manifest(&fork, None).unwrap();
                let mut again = AnyRun::of(&fork, Records::default());
                on_virtual_time(again.drive()).unwrap();
                let wanted = again.manifest(&fork, None).unwrap();
                assert_eq!(manifest.gates(), wanted.gates());
                assert_eq!(manifest.counts(), wanted.counts());
                let records = branch.into_sink().0;
                assert_eq!(records, again.into_sink().0, "{class} from tick {at} on");
                differing += usize::from(records != texts(&play(&base)));
            }
            assert!(
                differing > 0 || all.iter().all(|it| it.kind.class() != class),
                "{class}"
            );
        }
    }
}

#[test]
fn run_with_inputs_from_a_tape_has_no_branch() {
    let Kind::Scenario(header) = mission("log-hunt") else {
        unreachable!("a mission is a scenario")
    };
    let mut header = *header;
    header.config.place = scenario::Place::Directory;
    let run = AnyRun::of(&Kind::Scenario(Box::new(header)), Records::default());
    assert!(run.branch(&Edits::none(3)).is_none());
}

/// The faults that a fork adds to the world count as the world's own do.
#[test]
fn manifest_counts_every_world_fault() {
    let base = soaked(Profile::Hostile);
    let plain = play(&base);
    let tick = { plain.iter() }
        .position(|tick| tick.record.op == Some(Opcode::Write) && tick.record.traps.is_empty())
        .unwrap();
    let added = Edit::Inject(Fault {
        tick: tick as u64,
        kind: FaultKind::World(InjectedFault::TornWrite),
    });
    for edits in [Vec::new(), vec![added]] {
        let kind = forked(&base, edits.clone());
        let struck: u64 = play(&kind).iter().map(|tick| tick.world_faults).sum();
        let mut run = AnyRun::of(&kind, ());
        on_virtual_time(run.drive()).unwrap();
        let manifest = run.manifest(&kind, None).unwrap();
        assert_eq!(manifest.counts().get("world_fault"), Some(&struck));
    }
    // What did not happen has no count.
    let kind = forked(&base, vec![Edit::Only(Vec::new())]);
    let mut run = AnyRun::of(&kind, ());
    on_virtual_time(run.drive()).unwrap();
    let counts = run.manifest(&kind, None).unwrap().counts().clone();
    assert!(counts.values().all(|count| *count > 0), "{counts:?}");
}

/// The gates of a soak ask less of a fork whose faults are other ones.
#[test]
fn edited_soak_need_not_reach_every_trap() {
    let header = soak::Settings::header(Profile::Hostile, 5, 1_200);
    let base = Kind::Soak(Box::new(header));
    for (edits, verdict) in [
        (Vec::new(), GateVerdict::Fail),
        (vec![Edit::Only(Vec::new())], GateVerdict::Skip),
        (vec![Edit::Reseed { tick: 9, seed: 1 }], GateVerdict::Skip),
    ] {
        let kind = forked(&base, edits);
        // Before its first tick, so that no trap has fired.
        let manifest = AnyRun::of(&kind, ()).manifest(&kind, None).unwrap();
        let mut gates = manifest.gates().iter();
        let gate = gates.find(|gate| gate.id == "every-trap-reached");
        assert_eq!(gate.unwrap().verdict, verdict);
    }
}

#[test]
fn changes_are_told_to_people() {
    let fault = Fault {
        tick: 3,
        kind: FaultKind::World(InjectedFault::NoSpace),
    };
    let reply = GivenReply::Text(String::new());
    for (edit, told, first) in [
        (Edit::Only(vec![fault]), "only 1 of the drawn faults", 0),
        (Edit::Mute(fault), "without no_space at tick 3", 3),
        (Edit::Inject(fault), "with no_space at tick 3", 3),
        (
            Edit::Reseed { tick: 4, seed: 9 },
            "seed 9 from tick 4 on",
            4,
        ),
        (Edit::Reply { tick: 5, reply }, "another reply at tick 5", 5),
    ] {
        assert_eq!(
            (edit.to_string().as_str(), edit.first_tick()),
            (told, first)
        );
        assert!(!Edits::of(1, &[edit]).is_empty());
    }
    assert!(Edits::of(1, &[]).is_empty() && Edits::none(1).is_empty());
    for (name, class) in [
        ("loop", "noise"),
        ("no_space", "world"),
        ("reply", "reply"),
        (ProviderFaultKind::ALL[0].name(), "provider"),
    ] {
        let kind = FaultKind::named(name).unwrap();
        assert_eq!((kind.class(), kind.to_string().as_str()), (class, name));
    }
    assert_eq!(FaultKind::named("doubt"), None);
}
