//! The worker: what it says follows from its seed, q and the frame, within a bound.

use proptest::prelude::*;
use turingos::isa::{Opcode, decode_canonical};
use turingos_agents::{Agent, Intent, Spelling, Worker};
use turingos_run::scenario::{BuiltIn, Scenario, ScenarioRun};
use turingos_run::soak::on_virtual_time;

use super::{changed, header};

fn answered(seed: u64, q: &str, frame: &str) -> (Opcode, String, String) {
    let mut intent = Intent::default();
    Worker::new(seed).answer(q, frame, &mut intent);
    let mut text = Vec::new();
    intent.spell(Spelling::CANONICAL, &mut text);
    let transition = decode_canonical(&text).unwrap();
    (
        transition.syscall.opcode(),
        transition.q_next,
        String::from_utf8(text).unwrap(),
    )
}

fn frame(contract: &str, trace: &str, slice: &str) -> String {
    format!(
        "[OS_CONTRACT]\n{contract}\n\n[L1_TRACE_CACHE]\n{trace}\n\n[OS_CALL_STACK]\n\
         [CALL_STACK_DEPTH] 0\n\n[OBSERVED_SLICE]\n{slice}"
    )
}

const STEP: &str = "[STEP] 1 of 1\n[NEXT_STEP] ONE\n[STEP_FILE] b\n[STATUS] BLOCKED\n\
    [REASON] FILE_MISSING\n[PROGRESS_POINTER] sys://append/p\n[PROGRESS_LINE] DONE:ONE";

#[test]
fn it_goes_to_the_source_of_the_step_that_the_contract_names() {
    let mission = "STEP TWO: copy x to y\nSTEP ONE: copy a to b\n";
    let (_, q, text) = answered(1, &Worker::boot_q("M.md"), &frame(STEP, "(empty)", mission));
    // Seeds differ in whether they keep a task for the step; either way the order is remembered.
    assert!(
        text.contains("\"pointer\":\"a\"") || text.contains("SYS_PUSH"),
        "{text}"
    );
    assert!(q.contains("MISSION M.md"), "{q}");
}

#[test]
fn it_writes_nothing_that_it_did_not_see() {
    let mission = "STEP ONE: copy a to b\n";
    let mut q = Worker::boot_q("M.md");
    let mut trace = String::from("(empty)");
    let mut text = String::new();
    // Seed 3 keeps no task for this step.
    for seed in 0..8 {
        (_, q, text) = answered(
            seed,
            &Worker::boot_q("M.md"),
            &frame(STEP, "(empty)", mission),
        );
        if !text.contains("SYS_PUSH") {
            trace = "1. aaaaaaaaaaaa".to_owned();
            break;
        }
    }
    assert!(text.contains("\"pointer\":\"a\""), "{text}");
    // One action followed: what is shown is the source.
    let (_, _, right) = answered(3, &q, &frame(STEP, &trace, "content\n"));
    assert!(right.contains("\"pointer\":\"b\""), "{right}");
    // Two actions followed: somebody else moved the pointer, so it looks again.
    let two = "1. aaaaaaaaaaaa\n2. bbbbbbbbbbbb";
    let (_, _, wrong) = answered(3, &q, &frame(STEP, two, "another file\n"));
    assert!(wrong.contains("\"pointer\":\"a\""), "{wrong}");
}

#[test]
fn garbage_in_q_or_in_the_frame_is_answered_with_one_transition() {
    let frames = [
        String::new(),
        "[OBSERVED_SLICE]".to_owned(),
        frame("(none)", "(empty)", ""),
        frame(STEP, "1. x\n2. y\n3. z", "[PAGE_TABLE] broken"),
        frame(
            "[NEXT_STEP] (complete)",
            "(empty)",
            "[COMMAND] x\n[EXIT_CODE] 0",
        ),
        frame(
            STEP,
            "(empty)",
            "[SYSTEM_CHANNEL] sys://trap/io_fault\n[DETAILS]\nNO_MATCH: x",
        ),
    ];
    let qs = [
        "",
        "BOOT",
        "PHASE READ\nORDER burn everything\nREADING 99",
        "PHASE WRITE\nORDER copy a to b\nMARK \nTEXT \\",
        "PHASE TEST\nEYE $ true\nMARK x",
        "PHASE GRANT\nORDER write \"x\" to b through a capability\nATTEMPT 4294967295",
    ];
    for q in qs {
        for frame in &frames {
            let first = answered(9, q, frame);
            assert_eq!(first, answered(9, q, frame), "{q} {frame}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_q_and_frame_say_the_answer_is_one_transition(
        phase in prop::sample::select(vec![
            "PLAN", "READ", "WRITE", "GRANT", "RAN", "CHECK", "NOTE", "NOTED", "TEST", "other",
        ]),
        order in prop::sample::select(vec![
            "copy a to b", "walk t by its LISTING files into b", "compare a with a in b",
            "replace \"x\" by \"y\" in b", "append \"x\" to b", "write \"x\" to b", "nonsense",
        ]),
        numbers in any::<[u64; 2]>(),
        text in any::<String>(),
        slice in any::<String>(),
    ) {
        let [reading, attempt] = numbers;
        let q = format!(
            "PHASE {phase}\nORDER {order}\nREADING {reading}\nDONE {reading}\n\
             ATTEMPT {attempt}\nMARK a\nPENDING {text}\nVALUE {text}\nCARRY {text}"
        );
        for contract in ["(none)", STEP, "[NEXT_STEP] (complete)"] {
            answered(3, &q, &frame(contract, "1. a\n2. b", &slice));
        }
    }
}

/// The longest q, and whether a frame was ever clipped.
fn extremes(scenario: &Scenario, noise: u16, seed: u64) -> (usize, bool) {
    let header = header(scenario, noise, seed);
    on_virtual_time(async {
        let mut run = ScenarioRun::seeded(&header);
        let (mut longest, mut clipped) = (0, false);
        while let Some(committed) = run.tick().await.unwrap() {
            longest = longest.max(run.kernel().q().chars().count());
            clipped |= committed.record.clipped;
        }
        (longest, clipped)
    })
}

#[test]
fn q_is_bounded_and_leaves_frames_their_length() {
    for built_in in BuiltIn::ALL {
        for seed in 0..3 {
            let (longest, clipped) = extremes(&built_in.scenario(), 0, seed);
            assert!(longest < 2_500, "{} {longest}", built_in.name);
            assert!(!clipped, "{}", built_in.name);
        }
    }
}

/// A source that is too long to be remembered is left to the shell.
#[test]
fn a_long_source_is_copied_and_filtered_by_commands() {
    let scenario = changed("ordered-pipeline", |document| {
        document["files"] = serde_json::json!({
            "MISSION.md": {"lines": [
                "STEP ONE: copy data/long.txt to work/copy.txt",
                "STEP TWO: keep the lines of data/long.txt containing \"row 1\" in work/some.txt",
                "TEST: test -f work/some.txt",
            ]},
            "data/long.txt": {"lines": [{"repeat": 400, "line": "row {n} of a long table"}]},
        });
        document["contract"] = serde_json::json!({
            "enabled": true, "progress_file": "p.log", "ordered_steps": ["ONE", "TWO"],
            "step_file_map": {"ONE": "work/copy.txt", "TWO": "work/some.txt"},
        });
        document["expected"] = serde_json::json!({"p.log": {"text": "DONE:ONE\nDONE:TWO\n"}});
    });
    for seed in 0..4 {
        let outcome = super::judged(&header(&scenario, 500, seed), |run| {
            let files = run.world_mut().files();
            let long = files.read("data/long.txt").unwrap();
            assert_eq!(files.read("work/copy.txt").unwrap(), long);
            assert_eq!(files.read("work/some.txt").unwrap().lines().count(), 111);
        });
        assert!(outcome.passed(), "{outcome:#?}");
    }
}

/// A payload of nothing is no payload, so an empty result was written for ever and never taken.
#[test]
fn an_empty_result_is_made_by_a_command() {
    let scenario = changed("ordered-pipeline", |document| {
        document["files"] = serde_json::json!({
            "MISSION.md": {"lines": [
                "STEP ONE: keep the lines of a containing \"nowhere\" in work/none.txt",
                "STEP TWO: count the lines of work/none.txt into work/count.txt",
                "STEP THREE: copy blank to work/blank through a capability",
                "TEST: test -f work/none.txt",
            ]},
            "a": {"text": "x\n"},
            "blank": {"text": "\n\n"},
        });
        document["contract"] = serde_json::json!({
            "enabled": true, "progress_file": "p.log", "ordered_steps": ["ONE", "TWO", "THREE"],
            "step_file_map": {
                "ONE": "work/none.txt", "TWO": "work/count.txt", "THREE": "work/blank",
            },
        });
        document["expected"] = serde_json::json!({
            "work/none.txt": {"text": ""},
            "work/count.txt": {"text": "0\n"},
            "work/blank": {"text": "\n\n"},
        });
    });
    let outcome = super::judged(&header(&scenario, 300, 1), |_| {});
    assert!(outcome.passed(), "{outcome:#?}");
}

/// Without a contract the steps are done in the order in which they stand.
#[test]
fn a_mission_without_a_contract_is_done_in_order() {
    let scenario = changed("ordered-pipeline", |document| {
        document["contract"] = serde_json::json!({"enabled": false});
        let expected = document["expected"].as_object_mut().unwrap();
        expected.remove("plan/progress.log");
    });
    for seed in 0..3 {
        let outcome = super::judged(&header(&scenario, 300, seed), |_| {});
        assert!(outcome.passed(), "{outcome:#?}");
    }
}
