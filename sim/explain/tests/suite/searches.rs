//! How a search goes: what it finds, in how many runs, and what it does not take for the failure.

use std::path::Path;

use proptest::prelude::*;
use turingos_agents::NoiseKind;
use turingos_explain::{Bounds, Candidate, RecordedRun, Shrunk, Subject, Trial, shrink};
use turingos_run::scenario::{self, AgentKind, BuiltIn, ScenarioRun};
use turingos_run::{Fault, FaultKind, Fingerprint, Profile, RunDirectory, on_virtual_time};

/// Fails if `fails` says so of the ticks of its faults and the number of its parts.
struct Rule<F>(F);

impl<F: Fn(&[u64], usize) -> bool + Sync> Subject for Rule<F> {
    fn run(&self, candidate: &Candidate, _: &Candidate) -> Option<Trial> {
        let at: Vec<_> = candidate.faults.iter().map(|fault| fault.tick).collect();
        Some(Trial {
            failure: (self.0)(&at, candidate.parts.len()).then(failure),
            ticks: candidate.ticks,
            ran_out: true,
            faults: candidate.faults.clone(),
        })
    }
}

fn failure() -> Fingerprint {
    Fingerprint {
        gate: "planted".to_owned(),
        trap: None,
    }
}

/// Shrinks a run of so many faults, one a tick, of that many ticks, and of four parts.
fn shrunk(faults: u64, fails: impl Fn(&[u64], usize) -> bool + Sync) -> Shrunk {
    let fault = |tick| Fault {
        tick,
        kind: FaultKind::Noise(NoiseKind::Loop),
    };
    let original = Candidate {
        faults: (0..faults).map(fault).collect(),
        ticks: faults,
        parts: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
    };
    let bounds = Bounds {
        max_runs: u64::MAX,
        is_stopped: &|| false,
        ran: &|| (),
    };
    shrink(&Rule(fails), original, &failure(), &bounds)
}

proptest! {
    #[test]
    fn necessary_faults_are_found_whatever_they_are(needed in prop::collection::vec(any::<bool>(), 1..80)) {
        let is_needed = |tick: &u64| needed[usize::try_from(*tick).unwrap()];
        let wanted: Vec<u64> = (0..).take(needed.len()).filter(is_needed).collect();
        let shrunk = shrunk(u64::try_from(needed.len()).unwrap(), |left, _| {
            wanted.iter().all(|tick| left.contains(tick))
        });
        let found: Vec<u64> = shrunk.best.faults.iter().map(|fault| fault.tick).collect();
        prop_assert_eq!(found, wanted);
        prop_assert!(shrunk.is_minimal);
    }

    #[test]
    fn failure_that_needs_many_faults_costs_a_few_runs_for_each(faults in 2_u64..400, least in 1_u64..400) {
        let least = least.min(faults);
        let shrunk = shrunk(faults, |left, _| left.len() as u64 >= least);
        prop_assert_eq!(shrunk.best.faults.len() as u64, least);
        prop_assert!(shrunk.is_minimal);
        // Each chunk of each size once, the last pass, the check of it, and the length.
        prop_assert!(shrunk.runs <= 5 * faults + 60, "{} runs", shrunk.runs);
    }
}

#[test]
fn part_without_which_the_mission_fails_by_itself_is_kept() {
    let shrunk = shrunk(20, |left, parts| parts < 2 || left.contains(&7));
    assert_eq!(shrunk.best.parts.len(), 2);
    let found: Vec<u64> = shrunk.best.faults.iter().map(|fault| fault.tick).collect();
    assert_eq!(found, [7]);
}

/// Records a mission with this much noise, and fewer ticks than it needs.
fn too_short(directory: &Path, noise: u16, ticks: u64) {
    let scenario = BuiltIn::named("log-hunt").unwrap().scenario();
    let settings = scenario::Settings::of(scenario, Profile::Routine, AgentKind::Worker, noise);
    let mut header = settings.into_header(Profile::Routine, 42);
    header.ticks = ticks;
    let writer = RunDirectory::create(directory, &header).unwrap();
    on_virtual_time(ScenarioRun::seeded_into(&header, writer).drive()).unwrap();
}

#[test]
fn mission_that_ran_out_of_ticks_is_not_cut_off_sooner() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("short");
    too_short(&directory, 0, 20);
    let run = RecordedRun::open(&directory).unwrap();
    assert_eq!(run.failure().gate, "halted");
    let shorter = Candidate {
        ticks: 19,
        ..run.original().clone()
    };
    assert_eq!(run.run(&shorter, run.original()), None);
    assert_eq!(
        run.run(run.original(), run.original())
            .unwrap()
            .failure
            .as_ref(),
        Some(run.failure())
    );
}

#[test]
fn candidate_that_begins_at_a_checkpoint_ends_as_from_the_first_tick() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("noisy");
    too_short(&directory, 4_000, 40);
    let run = RecordedRun::open(&directory).unwrap();
    let best = run.original();
    assert!(best.faults.len() > 8, "{best:?}");
    // In the order of a search, against it, and with more than one fault taken out.
    let count = best.faults.len();
    let chunks = { (0..count).chain((0..count).rev()) }.zip([1, 1, 3, 2].into_iter().cycle());
    for (first, chunk) in chunks {
        let mut candidate = best.clone();
        candidate.faults.drain(first..count.min(first + chunk));
        let whole = Trial::of(run.header(&candidate).unwrap()).unwrap();
        assert_eq!(run.run(&candidate, best), Some(whole), "{candidate:?}");
    }
}
