//! The shell: bounded, deterministic, and within the quotas of its world.

use turingos::Manifold;
use turingos::manifold::CommandOutcome;

use turingos_world::history::KEPT_COMMITS;
use turingos_world::{FaultPlan, InjectedFault, Kind, Operation, Quota, World};

/// Small, so that a few lines reach every limit.
const QUOTA: Quota = Quota {
    max_files: 8,
    max_directories: 4,
    max_file_bytes: 256,
    max_total_bytes: 600,
};

/// The most lines to run.
const MAX_LINES: usize = 8;

/// The most shown bytes of one stream, with the truncation marker and the shell's own messages.
const SHOWN_BYTES: usize = 64 * 1024 + 64;

/// Virtual microseconds of one line.
const DURATION_US: core::ops::RangeInclusive<u64> = 2_000..=120_000_000;

/// Input: command lines, separated by NUL, run in one world.
///
/// Properties: two equal worlds stay equal in digest and outcome. Files, directories, bytes, the
/// history and the output of a line stay within their limits, and every file has its parents, also
/// with injected faults.
///
/// # Panics
/// If a property does not hold.
pub fn shell_line(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = || text.split('\0').take(MAX_LINES);
    run(lines(), &mut world());
    if bytes.len().is_multiple_of(4) {
        run(lines(), &mut world().with_faults(EveryOther::default()));
    }
}

fn world() -> World {
    let files = [
        ("a", "1\n2\n3\n"),
        ("d/e", "x y\n"),
        ("tests/t.expect", "a\t2\n"),
    ];
    World::with_files(QUOTA, files).expect("the quota holds three short files")
}

fn run<'a, F: FaultPlan + Clone>(lines: impl Iterator<Item = &'a str>, world: &mut World<F>) {
    let mut twin = world.clone();
    for (now_us, line) in (0..).zip(lines) {
        let outcome = world.exec(line, now_us);
        assert_eq!(outcome, twin.exec(line, now_us), "{line:?}");
        check_outcome(&outcome, line);
        check_world(world);
    }
    assert_eq!(world.digest(), twin.digest(), "equal worlds diverged");
}

fn check_outcome(outcome: &CommandOutcome, line: &str) {
    assert!(outcome.stdout.len() <= SHOWN_BYTES, "{line:?}");
    assert!(outcome.stderr.len() <= SHOWN_BYTES, "{line:?}");
    assert!(DURATION_US.contains(&outcome.duration_us), "{line:?}");
}

/// Asserts the limits of a world and the structure of its tree.
pub(super) fn check_world<F: FaultPlan>(world: &World<F>) {
    let files = world.files();
    let quota = files.quota();
    assert!(files.file_count() <= quota.max_files);
    assert!(files.directory_count() <= quota.max_directories);
    assert!(files.total_bytes() <= quota.max_total_bytes);
    assert!(world.history().kept() <= KEPT_COMMITS);
    let mut bytes = 0;
    for (path, kind) in files.paths() {
        if let Some((parent, _)) = path.rsplit_once('/') {
            assert_eq!(files.kind(parent), Some(Kind::Directory), "{path:?}");
        }
        if kind == Kind::File {
            let length = files.read(path).map_or(0, str::len);
            assert!(length <= quota.max_file_bytes, "{path:?}");
            bytes += length;
        }
    }
    assert_eq!(bytes, files.total_bytes(), "the bytes are miscounted");
}

/// Fails every other file change, in turn torn, denied and out of space.
#[derive(Clone, Debug, Default)]
struct EveryOther(usize);

impl FaultPlan for EveryOther {
    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault> {
        if operation != Operation::Write {
            return None;
        }
        self.0 = self.0.wrapping_add(1);
        match self.0 % 6 {
            1 => Some(InjectedFault::TornWrite),
            3 => Some(InjectedFault::Denied),
            5 => Some(InjectedFault::NoSpace),
            _ => None,
        }
    }
}
