//! Properties under arbitrary command lines, writes and faults.

use proptest::prelude::*;
use turingos::Digest;
use turingos::Manifold;
use turingos_world::history::KEPT_COMMITS;
use turingos_world::{FaultPlan, InjectedFault, Operation, Quota, World};

use super::{path, read};

const QUOTA: Quota = Quota {
    max_files: 8,
    max_directories: 4,
    max_file_bytes: 64,
    max_total_bytes: 200,
};

/// Injects the faults of a list in a cycle.
#[derive(Clone, Debug)]
struct Cycle(Vec<Option<InjectedFault>>, usize);

impl FaultPlan for Cycle {
    fn next_fault(&mut self, _: Operation) -> Option<InjectedFault> {
        self.1 += 1;
        self.0.get(self.1 % self.0.len().max(1)).copied().flatten()
    }
}

fn fault() -> impl Strategy<Value = Option<InjectedFault>> {
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(InjectedFault::NotFound)),
        1 => Just(Some(InjectedFault::Denied)),
        1 => Just(Some(InjectedFault::NoSpace)),
        1 => Just(Some(InjectedFault::TornWrite)),
    ]
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "echo",
            "printf",
            "cat",
            "ls",
            "mkdir",
            "rm",
            "cp",
            "mv",
            "test",
            "[",
            "]",
            "grep",
            "head",
            "tail",
            "wc",
            "sort",
            "sed",
            "true",
            "false",
            "sleep",
            "pwd",
            "pytest",
            "-n",
            "-r",
            "-rf",
            "-p",
            "-c",
            "-l",
            "-5",
            "a",
            "b",
            "d",
            "d/e",
            "d/e/f",
            "tests/x.expect",
            "*",
            "d/*",
            "*.t*",
            ".",
            "..",
            "/",
            "./a",
            "a.torn",
            ";",
            "&&",
            "||",
            "|",
            ">",
            ">>",
            "<",
            "2>",
            "2>&1",
            "!",
            "'q  q'",
            "\"d\\\"q\"",
            "\\",
            "'",
            "$",
            "%s%d\\n",
            "1,2p",
            "$p",
            "9999999999999999999999",
            "0.5",
            "=",
            "-eq",
            "-f",
            "é日",
            "\n",
            "\t",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ]
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::collection::vec(word(), 0..12).prop_map(|words| words.join(" ")),
        1 => proptest::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Exec(String),
    Write(&'static str, String),
}

fn step() -> impl Strategy<Value = Step> {
    let names =
        proptest::sample::select(vec!["a", "b", "d/e", "d/e/f", "tests/x.expect", "a.torn"]);
    prop_oneof![
        2 => line().prop_map(Step::Exec),
        1 => (names, "\\PC{0,40}").prop_map(|(name, content)| Step::Write(name, content)),
    ]
}

fn run(steps: &[Step], faults: &[Option<InjectedFault>]) -> (World<Cycle>, Vec<String>) {
    let mut world = World::new(QUOTA).with_faults(Cycle(faults.to_vec(), 0));
    let mut seen = Vec::new();
    for (now_us, step) in (0..).zip(steps) {
        match step {
            Step::Exec(line) => seen.push(format!("{:?}", world.exec(line, now_us))),
            Step::Write(name, content) => {
                let effect = Digest::of(content.as_bytes());
                let written = world.write(&path(name), content, effect, now_us);
                seen.push(format!("{written:?}"));
            }
        }
    }
    (world, seen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn world_is_bounded(
        steps in proptest::collection::vec(step(), 0..20),
        faults in proptest::collection::vec(fault(), 1..9),
    ) {
        let (mut world, _) = run(&steps, &faults);
        prop_assert!(world.files().file_count() <= QUOTA.max_files);
        prop_assert!(world.files().directory_count() <= QUOTA.max_directories);
        prop_assert!(world.files().total_bytes() <= QUOTA.max_total_bytes);
        prop_assert!(world.history().kept() <= KEPT_COMMITS);
        prop_assert!(world.take_injections().len() <= 64);
        let contents = world.files().paths().filter_map(|(path, _)| world.files().read(path).ok());
        prop_assert_eq!(contents.map(str::len).sum::<usize>(), world.files().total_bytes());
        for (inner, _) in world.files().paths() {
            if let Some((parent, _)) = inner.rsplit_once('/') {
                prop_assert_eq!(world.files().kind(parent), Some(turingos_world::Kind::Directory));
            }
        }
    }

    #[test]
    fn world_is_deterministic(
        steps in proptest::collection::vec(step(), 0..12),
        faults in proptest::collection::vec(fault(), 1..9),
    ) {
        let (first, first_seen) = run(&steps, &faults);
        let (second, second_seen) = run(&steps, &faults);
        prop_assert_eq!(first.digest(), second.digest());
        prop_assert_eq!(first_seen, second_seen);
    }

    #[test]
    fn line_output_and_time_are_bounded(line in line()) {
        let mut world = World::with_files(Quota::default(), [("a", "1\n2\n"), ("d/e", "x")]).unwrap();
        let outcome = world.exec(&line, 0);
        prop_assert!(outcome.stdout.len() <= 64 * 1024 + 32);
        prop_assert!(outcome.stderr.len() <= 64 * 1024 + 64);
        prop_assert!((2_000..=120_000_000).contains(&outcome.duration_us));
    }

    #[test]
    fn write_is_all_or_nothing(
        old in proptest::option::of("\\PC{0,20}"),
        new in "\\PC{0,40}",
        fault in fault(),
    ) {
        let mut world = World::new(QUOTA).with_faults(Cycle(vec![None], 0));
        if let Some(old) = &old {
            world.write(&path("d/f"), old, Digest::EMPTY, 0).unwrap();
        }
        *world.plan_mut() = Cycle(vec![fault], 0);
        let written = world.write(&path("d/f"), &new, Digest::EMPTY, 1);
        *world.plan_mut() = Cycle(vec![None], 0);
        let expected = if written.is_ok() { Some(new) } else { old };
        prop_assert_eq!(read(&mut world, "d/f").ok(), expected);
    }
}
