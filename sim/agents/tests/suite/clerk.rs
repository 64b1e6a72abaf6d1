//! The clerk against a toy kernel: normal missions and recovery from traps.

use std::collections::BTreeSet;

use crate::toy_kernel::ToyKernel;
use turingos::isa::Opcode;
use turingos_agents::{Agent as _, Clerk, Intent, MAX_RECOVERIES, Mission, MissionKind, Spelling};

#[test]
fn missions_are_short_and_use_every_opcode_and_pointer_kind() {
    let mut kernel = ToyKernel::new(42);
    let mut opcodes = BTreeSet::new();
    let mut pointers = BTreeSet::new();
    while kernel.mission() < 200 {
        let intent = kernel.tick();
        opcodes.insert(intent.opcode());
        pointers.insert(kernel.pointer_kind());
    }
    assert_eq!(opcodes, BTreeSet::from(Opcode::ALL));
    let expected = [
        "append",
        "callstack",
        "cap/describe",
        "cap/issue",
        "cap/list",
        "command",
        "file",
        "git/log",
        "halt",
        "handle",
        "page",
        "replace",
        "trap",
    ];
    assert_eq!(pointers, BTreeSet::from(expected));
    for number in 0..200 {
        let steps = Mission::of(42, number).steps().len();
        assert!((5..=14).contains(&steps));
    }
}

#[test]
fn no_recovery_without_noise() {
    for seed in [1, 42, 99] {
        let mut kernel = ToyKernel::new(seed);
        for _ in 0..3_000 {
            kernel.tick();
            let recovered = kernel.q.starts_with("MISSION") && !kernel.q.contains(" TRY 0 ");
            assert!(
                !recovered,
                "seed {seed}: {}\n{}",
                kernel.q.clone(),
                kernel.frame()
            );
        }
        assert!(kernel.halts > 50, "{}", kernel.halts);
        assert!(kernel.files.len() <= 66, "{}", kernel.files.len());
        assert!(kernel.queue.len() <= 8);
    }
}

#[test]
fn no_guard_without_noise() {
    let mut kernel = ToyKernel::new(7);
    let mut history: Vec<(String, String)> = Vec::new();
    let mut mind_run = 0;
    for _ in 0..5_000 {
        let place = kernel.pointer.clone();
        let intent = kernel.tick();
        let mut action = Vec::new();
        let opcode = intent.opcode();
        let mut anonymous = intent.clone();
        anonymous.thought.clear();
        anonymous.q_next.clear();
        anonymous.spell(Spelling::CANONICAL, &mut action);
        history.push((String::from_utf8(action).unwrap(), place));
        mind_run = match opcode {
            Opcode::Edit | Opcode::Move => mind_run + 1,
            Opcode::Push | Opcode::Pop | Opcode::Halt => mind_run,
            _ => 0,
        };
        assert!(mind_run < 3, "thrashing");
        if let Some(payload) = intent.value("payload") {
            assert!(payload.len() <= 8_000);
            for marker in ["...", "此处省略", "rest of the code", "existing"] {
                assert!(!payload.contains(marker));
            }
        }
    }
    for window in history.windows(3) {
        assert!(
            window[0].0 != window[1].0 || window[1].0 != window[2].0,
            "three times in a row: {window:?}"
        );
    }
    for window in history.windows(4) {
        let to_and_fro =
            window[0].0 == window[2].0 && window[1].0 == window[3].0 && window[0].0 != window[1].0;
        assert!(!to_and_fro, "to and fro: {window:?}");
    }
}

#[test]
fn answer_is_a_function_of_seed_q_and_frame() {
    let mut kernel = ToyKernel::new(5);
    let mut inputs = Vec::new();
    for _ in 0..400 {
        inputs.push((kernel.q.clone(), kernel.frame()));
        kernel.tick();
    }
    let answer = |clerk: &mut Clerk, (q, frame): &(String, String)| {
        let mut intent = Intent::default();
        clerk.answer(q, frame, &mut intent);
        let mut bytes = Vec::new();
        intent.spell(Spelling::CANONICAL, &mut bytes);
        bytes
    };
    let mut in_order = Clerk::new(5);
    let mut out_of_order = Clerk::new(5);
    let mut forward: Vec<_> = inputs.iter().map(|i| answer(&mut in_order, i)).collect();
    let backward = inputs.iter().rev().map(|i| answer(&mut out_of_order, i));
    forward.reverse();
    assert!(forward.into_iter().eq(backward));
}

#[test]
fn recovery_varies_and_is_bounded() {
    for kind in [
        "cpu_fault",
        "io_fault",
        "l1_cache_hit",
        "deadlock",
        "stack_fault",
    ] {
        let frame = trap_frame(kind);
        let mut clerk = Clerk::new(11);
        let mut q = "MISSION 3 STEP 4/8 TRY 0 FILE notes/slot-03.md\nGo on.".to_owned();
        let mut leavings: Vec<String> = Vec::new();
        for _ in 0..=MAX_RECOVERIES {
            let mut intent = Intent::default();
            clerk.answer(&q, &frame, &mut intent);
            assert!(matches!(intent.opcode(), Opcode::Goto | Opcode::Exec));
            let target = intent.value("pointer").or_else(|| intent.value("cmd"));
            leavings.push(target.unwrap().to_owned());
            q.clone_from(&intent.q_next);
        }
        assert!(q.starts_with("MISSION 4 STEP 0/"), "{q}");
        for pair in leavings.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }
}

#[test]
fn refused_write_resumes_at_its_anchor() {
    let number = (0..).find(|n| Mission::of(9, *n).kind == MissionKind::Note);
    let number = number.unwrap();
    // Step 1 writes; a refused write keeps the next q, so q already says step 2.
    let q = format!("MISSION {number} STEP 2/8 TRY 0 FILE x\n");
    let mut intent = Intent::default();
    Clerk::new(9).answer(&q, &trap_frame("io_fault"), &mut intent);
    assert!(intent.q_next.contains(" STEP 0/"), "{}", intent.q_next);
    // Any other trap gives q back, so q says the step that was refused.
    let q = format!("MISSION {number} STEP 2/8 TRY 1 FILE x\n");
    Clerk::new(9).answer(&q, &trap_frame("cpu_fault"), &mut intent);
    assert!(intent.q_next.contains(" STEP 2/"), "{}", intent.q_next);
    assert!(intent.q_next.contains(" TRY 2 "), "{}", intent.q_next);
}

#[test]
fn halt_needs_a_passed_test() {
    let halting =
        (0..).find(|n| Mission::of(9, *n).steps().last() == Some(&turingos_agents::Step::Halt));
    let mission = Mission::of(9, halting.unwrap());
    let last = mission.steps().len() - 1;
    let q = format!("MISSION {} STEP {last}/9 TRY 0 FILE x\n", mission.number);
    let mut intent = Intent::default();
    let slices = [
        format!(
            "[COMMAND] {}\n[EXIT_CODE] 1\n[STDOUT]\n",
            mission.test_command()
        ),
        "[COMMAND] ls\n[EXIT_CODE] 0\n[STDOUT]\n".to_owned(),
        "anything".to_owned(),
    ];
    for slice in slices {
        Clerk::new(9).answer(&q, &frame_of(&slice), &mut intent);
        assert_ne!(intent.opcode(), Opcode::Halt, "{slice}");
    }
    let passed = format!(
        "[COMMAND] {}\n[EXIT_CODE] 0\n[STDOUT]\n",
        mission.test_command()
    );
    Clerk::new(9).answer(&q, &frame_of(&passed), &mut intent);
    assert_eq!(intent.opcode(), Opcode::Halt);
    assert_eq!(
        Clerk::boot_q(&intent.q_next),
        format!("BOOT {}", mission.number + 1)
    );
}

#[test]
fn boot_q_names_the_next_mission() {
    for (previous, next) in [
        ("NEXT 18\nDone.", "BOOT 18"),
        ("MISSION 17 STEP 1/9 TRY 0 FILE x", "BOOT 18"),
        ("BOOT 4", "BOOT 4"),
        ("BOOT", "BOOT 0"),
        ("", "BOOT 0"),
        ("MISSION x", "BOOT 0"),
    ] {
        assert_eq!(Clerk::boot_q(previous), next);
    }
}

fn frame_of(slice: &str) -> String {
    format!(
        "[OS_CONTRACT]\n(none)\n\n[L1_TRACE_CACHE]\n(empty)\n\n\
         [OS_CALL_STACK]\n[CALL_STACK_DEPTH] 0\n\n[OBSERVED_SLICE]\n{slice}"
    )
}

fn trap_frame(kind: &str) -> String {
    frame_of(&format!(
        "[SYSTEM_CHANNEL] sys://trap/{kind}?details=x\n[DETAILS]\nrefused"
    ))
}
