//! Every fuzz body on stable: over its seeds, over the corpus, and over arbitrary bytes.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use turingos::Digest;
use turingos::contract::{Contract, Expectation};
use turingos::isa::{self, Opcode};
use turingos::journal::{Record, Status};
use turingos::trap::TrapKind;
use turingos_run::soak::Settings;
use turingos_run::{Header, Profile};
use turingos_sweep::{
    FileHeader, Opened, Outline, Plan, Runner, Shard, ShardJobs, Subject, SweepFile, read_sweep,
};
use turingos_testkit::corpus::contracts::ContractExpectation;
use turingos_testkit::corpus::guidance::GuardExpectation;
use turingos_testkit::corpus::providers::ProviderExpectation;
use turingos_testkit::corpus::replies::ReplyExpectation;
use turingos_testkit::corpus::scenarios::ScenarioExpectation;
use turingos_testkit::corpus::syscalls::SyscallExpectation;
use turingos_testkit::corpus::turingos_journals::JournalExpectation;
use turingos_testkit::corpus::{self, Corpus, MAX_INPUT_BYTES, load};
use turingos_testkit::fuzzing::{self, TARGETS, Target, dictionary};

/// Seeds of one target at most, and their bytes together.
const MAX_SEEDS: usize = 40;
const MAX_SEED_BYTES: usize = 64 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below `directory`, in order; none if it does not exist.
#[expect(
    clippy::disallowed_methods,
    reason = "the entries are sorted before anything is done with them"
)]
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let below = |path: PathBuf| match path.is_dir() {
        true => files_below(&path),
        false => vec![path],
    };
    paths.into_iter().flat_map(below).collect()
}

fn seeds(name: &str) -> Vec<PathBuf> {
    files_below(&root().join("corpus/fuzz").join(name))
}

/// Runs a body over an input, and names both if a property does not hold.
fn replay(target: Target, input: &str, bytes: &[u8]) {
    assert!(
        catch_unwind(|| (target.body)(bytes)).is_ok(),
        "{} fails on {input}",
        target.name,
    );
}

#[test]
fn bodies_on_their_seeds() {
    for target in TARGETS {
        let seeds = seeds(target.name);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for path in seeds {
            let bytes = fs::read(&path).unwrap();
            replay(target, &path.display().to_string(), &bytes);
        }
    }
}

#[test]
fn seeds_are_few_and_small() {
    for target in TARGETS {
        let seeds = seeds(target.name);
        let bytes: usize = (seeds.iter())
            .map(|path| fs::read(path).unwrap().len())
            .sum();
        assert!(seeds.len() <= MAX_SEEDS, "{}: {}", target.name, seeds.len());
        assert!(bytes <= MAX_SEED_BYTES, "{}: {bytes} bytes", target.name);
    }
}

/// Runs the targets whose names begin with `prefix` over a folder of the corpus. What a recipe makes
/// is left out where it is longer than an `input` may be.
fn replay_folder<E: corpus::Expectation>(prefix: &str) {
    let cases = load::<E>(&Corpus::BuiltIn).unwrap();
    let targets: Vec<_> = (TARGETS.into_iter())
        .filter(|target| target.name.starts_with(prefix))
        .collect();
    assert!(!targets.is_empty(), "{prefix}");
    for case in cases {
        let input = case.input();
        if input.len() > MAX_INPUT_BYTES {
            continue;
        }
        for &target in &targets {
            replay(target, &format!("{}/{}", E::FOLDER, case.name), &input);
        }
    }
}

#[test]
fn bodies_on_the_corpus() {
    replay_folder::<SyscallExpectation>("syscall");
    replay_folder::<ReplyExpectation>("reply_text");
    replay_folder::<ProviderExpectation>("provider_");
    replay_folder::<JournalExpectation>("turingos_journal");
    replay_folder::<ContractExpectation>("contract");
    replay_folder::<GuardExpectation>("guard_block");
    replay_folder::<ScenarioExpectation>("scenario");
}

/// Properties of scripts that never get anywhere would hold of nothing.
#[test]
fn tick_seeds_reach_every_opcode_and_trap() {
    let records: Vec<Record> = (seeds("ticks").iter())
        .flat_map(|path| fuzzing::records(&fs::read(path).unwrap()))
        .collect();
    for opcode in Opcode::ALL {
        let is_applied = |record: &Record| {
            record.op == Some(opcode) && !record.traps.iter().any(|trap| trap.is_hard())
        };
        assert!(records.iter().any(is_applied), "{opcode}");
    }
    // Scripts run without a contract; the target `contract` runs under one.
    for kind in TrapKind::ALL
        .into_iter()
        .filter(|kind| !kind.needs_contract())
    {
        let is_reached = records.iter().any(|record| record.traps.contains(&kind));
        assert!(is_reached, "{kind}");
    }
    for status in [Status::Running, Status::Halted, Status::Failed] {
        let is_reached = records.iter().any(|record| record.status == status);
        assert!(is_reached, "{}", status.name());
    }
}

#[test]
fn built_seeds_reach_every_opcode() {
    let transitions: BTreeSet<_> = (seeds("built_transition").iter())
        .filter_map(|path| fuzzing::built_opcode(&fs::read(path).unwrap()))
        .collect();
    assert_eq!(transitions, BTreeSet::from(Opcode::ALL));
    let decoded: BTreeSet<_> = (seeds("built_ticks").iter())
        .flat_map(|path| fuzzing::built_records(&fs::read(path).unwrap()))
        .filter_map(|record| record.op)
        .collect();
    assert_eq!(decoded, BTreeSet::from(Opcode::ALL));
}

#[test]
fn syscall_seeds_reach_every_opcode() {
    let taken: Vec<_> = (seeds("syscall").iter())
        .filter_map(|path| isa::decode_model(&fs::read(path).unwrap()).ok())
        .map(|transition| transition.syscall.opcode())
        .collect();
    for opcode in Opcode::ALL {
        assert!(taken.contains(&opcode), "{opcode}");
    }
}

#[test]
fn contract_seeds_reach_every_code_and_kind() {
    let read = |path: &PathBuf| Contract::parse(&fs::read(path).unwrap());
    let (mut kinds, mut codes) = (BTreeSet::new(), BTreeSet::new());
    for path in seeds("contract") {
        match read(&path) {
            Ok(contract) => kinds.extend(contract.steps().iter().filter_map(|step| {
                Some(match step.expectation()? {
                    Expectation::Text(_) => "text",
                    Expectation::Includes(_) => "includes",
                    Expectation::Regex(_) => "regex",
                    Expectation::Json(_) => "json",
                })
            })),
            Err(error) => {
                codes.insert(error.code);
            }
        }
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    assert!(codes.len() >= 20, "{codes:?}");
}

/// A header of today, because a seed is one of the day it was written.
#[test]
fn headers_hold_and_are_not_only_refused() {
    for &profile in Profile::ALL {
        let bytes = Settings::header(profile, 1, 20).to_bytes();
        fuzzing::run_header(&bytes);
        assert!(Header::<Settings>::from_bytes(&bytes).is_ok());
    }
}

/// A sweep of today, because the points in a seed are those of the day it was written.
#[test]
fn sweep_files_hold_and_are_not_only_refused() {
    let soak = Subject::Soak {
        profile: Profile::Hostile,
        ticks: 30,
        settings: Box::new(Settings::of(Profile::Hostile)),
    };
    let plan = Plan {
        seeds: 3..6,
        subjects: vec![soak],
        swarm: true,
    };
    for shard in [None, Shard::new(0, 2)] {
        let directory = tempfile::TempDir::new().unwrap();
        let jobs = ShardJobs::of(&plan.seeds, 1, shard, 10_000);
        let header = FileHeader::new(Outline::of(&plan), Digest::EMPTY);
        let header = match shard {
            Some(shard) => header.of_shard(shard, 10_000),
            None => header,
        };
        let opened = SweepFile::open(directory.path(), &header, &jobs).unwrap();
        let Opened::Unfinished(mut file, mut totals) = opened else {
            panic!("a new file");
        };
        let mut runner = Runner::new(&plan);
        for job in 0..jobs.count() {
            let (seed, subject) = jobs.at(job);
            let finished = runner.run(seed, subject);
            if job < jobs.own() {
                totals.add(&finished);
            }
            file.add(&finished.line, &totals.ledger).unwrap();
        }
        let path = file.finish(&totals).unwrap();
        let bytes = fs::read(&path).unwrap();
        fuzzing::sweep_file(&bytes);
        let (_, read) = read_sweep(&path, &bytes[..], |_| {}).unwrap();
        assert_eq!(read, totals);
        let last = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .next_back()
            .unwrap();
        assert_eq!(
            fuzzing::sealed(&bytes[..bytes.len() - last.len()]),
            bytes,
            "the body seals as the writer does"
        );
    }
}

#[test]
fn targets_match_binaries() {
    let named: Vec<String> = files_below(&root().join("fuzz/fuzz_targets"))
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut expected: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    expected.sort_unstable();
    assert_eq!(named, expected);
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for name in expected {
        let binary = root().join(format!("fuzz/fuzz_targets/{name}.rs"));
        let call = format!("fuzzing::{name}(bytes)");
        assert!(fs::read_to_string(binary).unwrap().contains(&call));
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

#[test]
fn dictionary_is_up_to_date() {
    let path = root().join("fuzz/dictionaries/instruction_set.dict");
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        dictionary::instruction_set(),
        "its first line says how it is written"
    );
}

/// Seeds with a few bytes changed, and bytes without any form.
fn inputs(target: Target) -> impl Strategy<Value = Vec<u8>> {
    let seeds: Vec<Vec<u8>> = (seeds(target.name).iter())
        .map(|path| fs::read(path).unwrap())
        .collect();
    let changed = (
        proptest::sample::select(seeds),
        prop::collection::vec((any::<Index>(), any::<u8>()), 1..5),
    )
        .prop_map(|(mut bytes, edits)| {
            for (at, byte) in edits {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            bytes
        });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..400), changed]
}

#[test]
fn bodies_on_arbitrary_bytes() {
    for target in TARGETS {
        let config = ProptestConfig {
            cases: 128,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let tested = runner.run(&inputs(target), |bytes| {
            (target.body)(&bytes);
            Ok(())
        });
        assert!(tested.is_ok(), "{}: {}", target.name, tested.unwrap_err());
    }
}
