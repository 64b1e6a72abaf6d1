//! What holds for every run, whatever is replied and whatever fails: the kernel beside a small
//! reference model.
//!
//! `PROPTEST_CASES=20000 cargo test --test kernel properties` tries more runs; proptest applies the
//! variable over the counts below. `PROPTEST_RNG_SEED` fixes which runs are tried. A failing run is
//! shrunk, printed, and its seed kept in `tests/kernel/properties.regressions`, which is committed.

use std::collections::{BTreeMap, BTreeSet};

use crate::reference::lanes::Route;
use crate::reference::vocabulary::{self, Run, Step};
use crate::side_by_side::{Moment, is_hard, run, traps};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use turingos::Digest;
use turingos::isa::MAX_REPLY_BYTES;
use turingos::journal::{Chain, Record};

/// How many stretches of actions a run has at most.
const PASSAGES: usize = 12;

fn configured(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 20_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

fn runs() -> impl Strategy<Value = Run> {
    vocabulary::run(PASSAGES)
}

proptest! {
    #![proptest_config(configured(48))]

    /// The traps of every tick are exactly those of the reference, in its order: thresholds of
    /// watchdog, L1, thrashing, deadlock, trap loop and panic budget included.
    #[test]
    fn traps_are_those_of_the_reference(asked in runs()) {
        for moment in run(&asked) {
            prop_assert_eq!(traps(&moment.record), moment.expected.traps);
        }
    }

    /// After every tick state register, pointer, status, run queue, panic resets and files are
    /// those of the reference.
    #[test]
    fn registers_mind_and_world_are_those_of_the_reference(asked in runs()) {
        for moment in run(&asked) {
            prop_assert_eq!(moment.after, moment.expected_after);
        }
    }

    /// Two frames that differ have different digests.
    #[test]
    fn a_frame_has_one_digest(asked in runs()) {
        let mut frames = BTreeMap::new();
        for Moment { record, frame, .. } in run(&asked) {
            let known = frames.entry(record.frame).or_insert_with(|| frame.clone());
            prop_assert_eq!(&*known, &frame);
        }
    }

    /// Two slices have the same digest exactly if the reference sees the same thing.
    #[test]
    fn digests_are_equal_exactly_for_equal_observations(asked in runs()) {
        let (mut digests, mut sights) = (BTreeMap::new(), BTreeMap::new());
        for Moment { record, expected, .. } in run(&asked) {
            let digest = *digests.entry(expected.sight.clone()).or_insert(record.slice);
            prop_assert_eq!(digest, record.slice, "{:?}", expected.sight);
            let sight = sights.entry(record.slice).or_insert(expected.sight.clone());
            prop_assert_eq!(&*sight, &expected.sight);
        }
    }

    /// Every tick has the lane, the preferred lane, the reason and the healths of the reference,
    /// and fails over only from E to P.
    #[test]
    fn routes_are_those_of_the_reference(asked in runs()) {
        for Moment { record, expected_route, .. } in run(&asked) {
            let route = record.route;
            let found = Route {
                lane: if route.failover.is_some() { "E" } else { route.lane.name() },
                preferred: route.preferred.name(),
                reason: route.reason.name(),
                health_p: route.health.p.0.into(),
                health_e: route.health.e.0.into(),
            };
            prop_assert_eq!(found, expected_route);
            prop_assert!(route.failover.is_none() || route.lane.name() == "P");
            // Both lanes gave the same answer, so that E failed over whenever P failed too.
            let failed_on_e = expected_route.lane == "E" && record.fault.is_some();
            prop_assert_eq!(route.failover.as_deref(), record.fault.as_deref().filter(|_| failed_on_e));
            prop_assert_eq!(route.actual, record.op.map(|op| op.class()));
        }
    }

    /// Every tick leaves exactly one record, numbered without a gap, with one frame for each trap,
    /// numbered without a gap too.
    #[test]
    fn every_tick_leaves_exactly_one_record(asked in runs()) {
        let moments = run(&asked);
        prop_assert_eq!(moments.len(), asked.steps.len());
        let mut trap_frames = 0;
        for (tick, moment) in moments.iter().enumerate() {
            prop_assert_eq!(moment.record.tick, tick as u64);
            let named: Vec<_> = moment.trap_frames.iter().map(|frame| frame.trap_base.0).collect();
            prop_assert_eq!(&named, &moment.record.traps);
            for frame in &moment.trap_frames {
                prop_assert_eq!((frame.seq, frame.tick), (trap_frames, tick as u64));
                trap_frames += 1;
            }
            let (before, after) = (&moment.before, &moment.after);
            prop_assert_eq!((&before.d, &after.d), (&moment.record.pointer, &moment.record.next));
            prop_assert_eq!(moment.record.q, Digest::of(before.q.as_bytes()));
        }
    }

    /// A tick changes the run queue or one file or neither, asks for at most one write, and says
    /// in its record that it had an effect whenever it had one.
    #[test]
    fn a_tick_has_at_most_one_effect(asked in runs()) {
        for moment in run(&asked) {
            prop_assert!(moment.writes_tried <= 1);
            let queue_changed = moment.before.tasks != moment.after.tasks;
            let effects = moment.writes_done + usize::from(queue_changed);
            prop_assert!(effects <= 1);
            let reset = traps(&moment.record).contains(&"PANIC_RESET");
            if effects == 1 && !reset {
                prop_assert_ne!(moment.record.effect, Digest::EMPTY);
            }
        }
    }

    /// A tick that a trap stopped changes nothing in world and mind and nothing is written while a
    /// tick opens, except that PANIC_RESET empties the run queue.
    #[test]
    fn a_stopped_action_has_no_effect(asked in runs()) {
        for moment in run(&asked) {
            prop_assert_eq!(moment.writes_while_opening, 0);
            let traps = traps(&moment.record);
            if !traps.iter().any(|trap| is_hard(trap)) {
                continue;
            }
            prop_assert_eq!(moment.record.effect, Digest::EMPTY);
            prop_assert_eq!(moment.writes_done, 0);
            prop_assert_eq!(moment.before.files, moment.after.files);
            if traps.contains(&"PANIC_RESET") {
                prop_assert_eq!(moment.after.tasks, Vec::<[String; 4]>::new());
            } else {
                prop_assert_eq!(moment.before.tasks, moment.after.tasks);
            }
        }
    }

    /// Between two places outside `sys://trap/*` there are at most two panic resets, and the
    /// machine fails only after two.
    #[test]
    fn panic_resets_stay_within_budget(asked in runs()) {
        let mut resets = 0;
        for moment in run(&asked) {
            let traps = traps(&moment.record);
            if moment.rebooted.is_some() {
                resets = 0;
            }
            resets += traps.iter().filter(|trap| **trap == "PANIC_RESET").count();
            prop_assert!(resets <= 2);
            let failed = traps.contains(&"UNRECOVERABLE_LOOP");
            prop_assert_eq!(failed, moment.after.status == "FAILED");
            prop_assert!(!failed || resets == 2);
            if !moment.after.d.starts_with("sys://trap/") {
                resets = 0;
            }
            prop_assert_eq!(moment.after.panic_resets, resets);
        }
    }

    /// The machine halts only if one of the last six commands seen since it started was a plain
    /// test command that passed.
    #[test]
    fn the_machine_halts_only_with_evidence(asked in runs()) {
        let mut evidence = Vec::new();
        for moment in run(&asked) {
            if moment.rebooted.is_some() {
                evidence.clear();
            }
            if moment.record.pointer.starts_with("$ ") {
                let passed = moment.frame.contains("\n[EXIT_CODE] 0\n");
                let is_test = ["$ pytest", "$ cargo test -q"].contains(&&*moment.record.pointer);
                evidence.push(passed && is_test);
            }
            if moment.after.status == "HALTED" {
                prop_assert!(evidence.iter().rev().take(6).any(|proof| *proof));
                prop_assert_eq!(&moment.after.d, "HALT");
            }
        }
    }

    /// A machine that has stopped opens no tick and says how it stopped.
    #[test]
    fn a_stopped_machine_opens_no_tick(asked in runs()) {
        let mut status = "RUNNING";
        for moment in run(&asked) {
            let answer = moment.rebooted.map(|answer| answer.map_err(|stopped| stopped.0.name()));
            let expected = (status != "RUNNING").then_some(Err(status));
            prop_assert_eq!(answer, expected);
            status = moment.after.status;
        }
    }

    /// The run queue has at most 64 tasks with texts of at most 200 characters and distinct ids,
    /// and exactly one of them is ACTIVE unless all are BLOCKED.
    #[test]
    fn run_queue_laws(asked in runs()) {
        for moment in run(&asked) {
            let tasks = &moment.after.tasks;
            prop_assert!(tasks.len() <= 64);
            let ids: BTreeSet<_> = tasks.iter().map(|[id, ..]| id).collect();
            prop_assert_eq!(ids.len(), tasks.len());
            let count = |wanted| tasks.iter().filter(|[_, status, ..]| status == wanted).count();
            let all_blocked = count("BLOCKED") == tasks.len();
            prop_assert_eq!(count("ACTIVE"), usize::from(!all_blocked));
            for [_, _, objective, scratchpad] in tasks {
                prop_assert!(objective.chars().count() <= 200);
                prop_assert!(scratchpad.chars().count() <= 200);
            }
        }
    }

    /// No structure of the kernel outgrows its bound, and no record, frame or trap frame does.
    #[test]
    fn state_is_bounded(asked in runs()) {
        for moment in run(&asked) {
            let live = moment.live;
            prop_assert!(live.tasks <= 64 && live.page_tables <= 128 && live.capabilities <= 2_048);
            prop_assert!(live.trap_details <= 16 && live.q_bytes <= MAX_REPLY_BYTES);
            prop_assert!(moment.frame.chars().count() <= 4_096);
            prop_assert_eq!(moment.frame.contains("[OS_SECTION_CLIPPED]"), moment.record.clipped);
            prop_assert!(json(&moment.record).len() <= 2_000);
            prop_assert!(moment.trap_frames.iter().all(|frame| frame.details.len() <= 400));
        }
    }

    /// A tick that was opened and dropped leaves the kernel's every field as it was, and the run
    /// goes on to the same root as one without it.
    #[test]
    fn a_dropped_open_tick_leaves_no_trace(asked in runs()) {
        let moments = run(&asked);
        prop_assert!(moments.iter().all(|moment| moment.drops_left_no_trace));
        let steps = asked.steps.iter().cloned().map(|step| Step { drops: 0, ..step }).collect();
        let without = Run { steps, ..asked };
        prop_assert_eq!(root(&moments), root(&run(&without)));
    }

    /// The same steps on two machines give the same chain of records.
    #[test]
    fn same_inputs_same_root(asked in runs()) {
        prop_assert_eq!(root(&run(&asked)), root(&run(&asked)));
    }
}

/// The runs reach everything: among two hundred of them every trap fires, machines halt and
/// fail, both lanes answer, and the run queue is full, empty and blocked.
#[test]
fn the_runs_reach_every_trap_and_every_end() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let asked = runs().new_tree(&mut runner).expect("no filters").current();
        for moment in run(&asked) {
            seen.extend(traps(&moment.record));
            seen.insert(moment.after.status);
            if asked.has_plan && moment.after.status == "HALTED" {
                seen.insert("halted under a plan");
            }
            seen.insert(moment.record.route.lane.name());
            seen.insert(match &*moment.after.tasks {
                [] => "no task",
                tasks if tasks.len() == 64 => "full queue",
                tasks if tasks.iter().all(|[_, status, ..]| status == "BLOCKED") => "all blocked",
                _ => "some tasks",
            });
        }
    }
    let mut wanted = BTreeSet::from(vocabulary::TRAPS);
    wanted.extend([
        "RUNNING",
        "HALTED",
        "FAILED",
        "P",
        "E",
        "halted under a plan",
    ]);
    wanted.extend(["no task", "full queue", "all blocked", "some tasks"]);
    assert_eq!(seen, wanted);
}

fn json(record: &Record) -> String {
    let mut text = String::new();
    record.write_json(&mut text);
    text
}

fn root(moments: &[Moment]) -> Digest {
    let mut chain = Chain::new(Digest::EMPTY);
    let mut line = Vec::new();
    for moment in moments {
        chain.append(json(&moment.record).as_bytes(), &mut line);
    }
    chain.head()
}
