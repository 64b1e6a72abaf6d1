//! Shards and their merge.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos::Digest;
use turingos_sweep::{
    FileHeader, Merged, Opened, Outline, Plan, Shard, ShardJobs, SweepError, SweepFile, WHOLE_FILE,
    merge,
};

use crate::stage::{keep, plan, threads};

const SHARDS: u64 = 5;

/// Every second seed of the next shard is run again.
const OVERLAP: u16 = 5_000;

fn shard(index: u64) -> Shard {
    Shard::new(index, SHARDS).unwrap()
}

/// A directory with every shard but those left out.
fn shards(plan: &Plan, left_out: &[u64]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for index in (0..SHARDS).filter(|index| !left_out.contains(index)) {
        assert!(
            keep(
                directory.path(),
                plan,
                Some((shard(index), OVERLAP)),
                u64::MAX
            )
            .unwrap()
        );
    }
    directory
}

fn merged(directory: &Path, partial: bool) -> Merged {
    merge(directory, threads(2), partial).unwrap()
}

#[test]
fn merged_shards_are_the_sweep_of_one_machine() {
    let plan = plan(0..23);
    let alone = TempDir::new().unwrap();
    assert!(keep(alone.path(), &plan, None, u64::MAX).unwrap());
    let directory = shards(&plan, &[]);
    let result = merged(directory.path(), false);
    assert_eq!(result.problems, [""; 0]);
    let read = |directory: &TempDir| fs::read(directory.path().join(WHOLE_FILE)).unwrap();
    assert_eq!(read(&directory), read(&alone));
    assert_eq!((result.shards.count, result.shards.good), (SHARDS, SHARDS));
    assert!(result.shards.compared >= 10, "{:?}", result.shards);
    assert_eq!(result.shards.differing, []);
    assert_eq!(result.totals.summary.runs, 46);
}

#[test]
fn interrupted_shard_resumes_to_the_same_bytes() {
    let plan = plan(0..23);
    let whole = shards(&plan, &[0, 1, 3, 4]);
    let directory = TempDir::new().unwrap();
    let two = Some((shard(2), OVERLAP));
    assert!(!keep(directory.path(), &plan, two, 3).unwrap());
    // Also while it runs its neighbour's seeds.
    assert!(!keep(directory.path(), &plan, two, 8).unwrap());
    assert!(keep(directory.path(), &plan, two, u64::MAX).unwrap());
    let read = |it: &TempDir| fs::read(it.path().join(shard(2).file_name())).unwrap();
    assert_eq!(read(&directory), read(&whole));
}

#[test]
fn missing_and_unfinished_shards_are_named() {
    let plan = plan(0..23);
    let directory = shards(&plan, &[1, 3]);
    assert!(!keep(directory.path(), &plan, Some((shard(3), OVERLAP)), 2).unwrap());
    let result = merged(directory.path(), false);
    let [one, three] = &*result.problems else {
        panic!("{:?}", result.problems);
    };
    assert!(one.ends_with("shard 1/5 is missing; run it"), "{one}");
    assert!(three.contains("shard 3/5 is unfinished"), "{three}");
    assert_eq!(result.path, None);
    assert!(!directory.path().join(WHOLE_FILE).exists());
    let result = merged(directory.path(), true);
    assert_eq!((result.problems.len(), result.shards.good), (2, 3));
    assert!(result.path.unwrap().ends_with("sweep-partial.jsonl"));
    assert!(!directory.path().join(WHOLE_FILE).exists());
}

#[test]
fn cut_and_altered_shards_are_named_and_the_others_merged() {
    let directory = shards(&plan(0..23), &[]);
    let path = directory.path().join(shard(2).file_name());
    let whole = fs::read(&path).unwrap();
    for alter in [
        (|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 9)) as fn(&mut Vec<u8>),
        |bytes| {
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
        },
        |bytes| bytes.extend(b"\n"),
        Vec::clear,
    ] {
        let mut bytes = whole.clone();
        alter(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let result = merged(directory.path(), true);
        let [problem] = &*result.problems else {
            panic!("{:?}", result.problems);
        };
        assert!(problem.contains("shard-2-of-5.jsonl"), "{problem}");
        assert_eq!(result.shards.good, 4);
    }
}

/// A seed would count twice, and another one never.
#[test]
fn copy_of_a_shard_under_another_name_is_named() {
    let plan = plan(0..23);
    let directory = shards(&plan, &[4]);
    let at = |index| directory.path().join(shard(index).file_name());
    fs::copy(at(3), at(4)).unwrap();
    let result = merged(directory.path(), false);
    let [problem] = &*result.problems else {
        panic!("{:?}", result.problems);
    };
    assert!(problem.contains("it holds shard 3/5"), "{problem}");
}

/// Writes a shard by a program with another digest.
fn by_another_program(directory: &Path, plan: &Plan, index: u64) {
    let header = FileHeader::new(Outline::of(plan), Digest::of(b"another build"));
    let header = header.of_shard(shard(index), OVERLAP);
    let jobs = ShardJobs::of(&plan.seeds, 2, Some(shard(index)), OVERLAP);
    let Opened::Unfinished(mut file, mut totals) =
        SweepFile::open(directory, &header, &jobs).unwrap()
    else {
        panic!("a new file");
    };
    let mut runner = turingos_sweep::Runner::new(plan);
    for job in 0..jobs.count() {
        let (seed, subject) = jobs.at(job);
        let finished = runner.run(seed, subject);
        if job < jobs.own() {
            totals.add(&finished);
        }
        file.add(&finished.line, &totals.ledger).unwrap();
    }
    file.finish(&totals).unwrap();
}

#[test]
fn shards_of_two_programs_are_not_merged() {
    let plan = plan(0..23);
    let directory = shards(&plan, &[2]);
    by_another_program(directory.path(), &plan, 2);
    let result = merged(directory.path(), false);
    let [problem] = &*result.problems else {
        panic!("{:?}", result.problems);
    };
    assert!(
        problem.contains("of another sweep: its program is"),
        "{problem}"
    );
    assert_eq!(result.path, None);
}

/// A machine that computes something else is found by the seeds that its neighbour ran too.
#[test]
fn shard_of_a_machine_that_differs_is_found() {
    let plan = plan(0..23);
    let directory = shards(&plan, &[2]);
    let mut other = plan.clone();
    other.swarm = false;
    // The runs of other settings, under this sweep's header.
    let header = FileHeader::new(Outline::of(&plan), Digest::EMPTY).of_shard(shard(2), OVERLAP);
    let jobs = ShardJobs::of(&plan.seeds, 2, Some(shard(2)), OVERLAP);
    let Opened::Unfinished(mut file, mut totals) =
        SweepFile::open(directory.path(), &header, &jobs).unwrap()
    else {
        panic!("a new file");
    };
    let mut runner = turingos_sweep::Runner::new(&other);
    for job in 0..jobs.count() {
        let (seed, subject) = jobs.at(job);
        let finished = runner.run(seed, subject);
        if job < jobs.own() {
            totals.add(&finished);
        }
        file.add(&finished.line, &totals.ledger).unwrap();
    }
    file.finish(&totals).unwrap();
    let result = merged(directory.path(), false);
    assert_eq!(result.problems, [""; 0]);
    let own = shard(2).seeds(&plan.seeds);
    let next = shard(3).seeds(&plan.seeds);
    assert!(!result.shards.differing.is_empty());
    for (seed, _) in result.shards.differing {
        assert!(own.contains(&seed) || next.contains(&seed), "{seed}");
    }
}

#[test]
fn directory_without_shards_is_refused() {
    let directory = TempDir::new().unwrap();
    let error = merge(directory.path(), threads(1), true).unwrap_err();
    assert!(matches!(error, SweepError::Corrupt { .. }));
    assert!(error.to_string().contains("no shard in it"), "{error}");
}
