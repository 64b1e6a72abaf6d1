//! The guard lane in whole frames: shown after a trap and only then, followed without a further
//! trap, and equal to what a recorded trap frame leads to.

use crate::machine::{Machine, traps};
use turingos::guard_lane::{MAX_BLOCK_BYTES, write_block};
use turingos::isa::Opcode;
use turingos::kernel::{FRAME_LIMIT, FRAME_MINIMUM, Kernel, KernelConfig};
use turingos::trap::TrapFrame;
use turingos::trap::TrapKind::{self, *};

const HALT: &str = r#"{"op":"SYS_HALT"}"#;

fn calm() -> Machine {
    let mut machine = Machine::at("a");
    for name in ["a", "b", "c", "d"] {
        machine.world.files.insert(name.into(), name.into());
    }
    machine
}

fn parsed(block: &str) -> serde_json::Value {
    serde_json::from_str(block).expect("a block is JSON")
}

fn names(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(members) => members.keys().cloned().collect(),
        other => serde_json::from_value(other.clone()).expect("names"),
    }
}

/// One machine for each way into a trap, as it stands after it.
fn trapped() -> Vec<(TrapKind, Machine, Vec<TrapFrame>)> {
    let mut all = Vec::new();
    let mut add = |kind, script: &dyn Fn(&mut Machine) -> Vec<TrapFrame>| {
        let mut machine = calm();
        let frames = script(&mut machine);
        all.push((kind, machine, frames));
    };
    add(CpuFault, &|machine| machine.reply("prose").trap_frames);
    add(StackFault, &|machine| {
        machine.act(r#"{"op":"SYS_POP"}"#).trap_frames
    });
    add(IoFault, &|machine| {
        machine.goto("sys://callstack");
        machine.write("x").trap_frames
    });
    add(ContentContract, &|machine| {
        machine.write("// ... existing code").trap_frames
    });
    add(IllegalHalt, &|machine| machine.act(HALT).trap_frames);
    add(L1CacheHit, &|machine| {
        machine.push("same");
        machine.push("same");
        machine.push("same").trap_frames
    });
    add(PanicReset, &|machine| {
        for _ in 0..3 {
            machine.reply("prose");
        }
        machine.reply("prose").trap_frames
    });
    all
}

#[test]
fn a_frame_has_a_block_after_a_trap_and_only_then() {
    let mut machine = calm();
    assert_eq!(machine.block(), None);
    machine.reply("prose");
    assert!(machine.block().is_some());
    machine.goto("b");
    assert_eq!(machine.block(), None);
    machine.goto("sys://trap/io_fault");
    assert_eq!(
        machine.block(),
        None,
        "a trap that never fired has no frame"
    );
}

#[test]
fn it_can_be_switched_off() {
    let mut machine = calm();
    let config = KernelConfig {
        guard_lane: false,
        ..KernelConfig::default()
    };
    machine.kernel = Kernel::boot(&config, "q0", "a");
    machine.reply("prose");
    assert_eq!(machine.block(), None);
    machine.goto("missing");
    assert_eq!(machine.block(), None);
    assert!(!machine.peek().contains("OS_GUARD"));
}

#[test]
fn every_trap_is_named_with_its_code() {
    for (kind, mut machine, frames) in trapped() {
        let block = parsed(&machine.block().expect("a block"));
        let newest = frames.last().expect("a trap");
        assert_eq!(block["trap"], kind.name());
        assert_eq!(block["code"], *newest.cause.code);
        assert_eq!(block["detail"], *newest.details);
        assert_eq!(
            block.get("signature").is_some(),
            newest.cause.signature.is_some()
        );
        let form = matches!(kind, CpuFault | PanicReset);
        assert_eq!(block.get("reply").is_some(), form, "{kind}");
        assert_eq!(
            names(&block["leave"]),
            ["SYS_EXEC", "SYS_GOTO", "SYS_GIT_LOG"]
        );
    }
}

/// What is recorded is enough: the frame's own bytes lead to the block that was shown.
#[test]
fn a_recorded_frame_gives_the_block_that_was_shown() {
    for (kind, mut machine, frames) in trapped() {
        let recorded: Vec<_> = frames
            .iter()
            .map(|frame| serde_json::to_vec(frame).expect("JSON"))
            .collect();
        let read: Vec<_> = recorded
            .iter()
            .map(|bytes| TrapFrame::parse(bytes).expect("a frame"))
            .collect();
        let (newest, earlier) = read.split_last().expect("a trap");
        let situation = machine.kernel.situation(newest, earlier.last());
        let mut block = String::new();
        write_block(newest, earlier.last(), &situation, &mut block);
        assert_eq!(machine.block(), Some(block), "{kind}");
    }
}

#[test]
fn the_block_of_a_soft_trap_matches_its_recorded_frame() {
    for pointer in ["missing", "vfd://r/0123456789abcdef/a"] {
        let mut machine = calm();
        machine.goto(pointer);
        let shown = machine.block().expect("a block");
        assert_eq!(
            parsed(&shown).get("leave"),
            None,
            "the pointer is no trap's"
        );
        assert_eq!(parsed(&shown).get("attempts_left"), None, "it cannot loop");
        let (situation, frames) = {
            let mut copy = calm();
            copy.goto(pointer);
            let now = copy.goto("a").trap_frames;
            (machine.kernel.situation(&now[0], None), now)
        };
        let mut block = String::new();
        write_block(&frames[0], None, &situation, &mut block);
        assert_eq!(shown, block);
    }
}

#[test]
fn what_is_legal_follows_the_machine() {
    let legal = |machine: &mut Machine| names(&parsed(&machine.block().expect("a block"))["legal"]);
    let mut machine = calm();
    machine.reply("prose");
    let few = ["SYS_EXEC", "SYS_GIT_LOG", "SYS_GOTO", "SYS_PUSH"];
    assert_eq!(legal(&mut machine), few);
    machine.push("task");
    let mut more = vec!["SYS_EDIT", "SYS_MOVE", "SYS_POP"];
    more.extend(few);
    more.sort_unstable();
    assert_eq!(legal(&mut machine), more);

    let mut machine = calm();
    machine.goto("sys://cap/issue?access=w&path=a");
    machine.exec("pytest");
    machine.goto("b");
    machine.reply("prose");
    let block = parsed(&machine.block().expect("a block"));
    let write = serde_json::json!(["payload", "semantic_cap"]);
    assert_eq!(block["legal"][Opcode::Write.name()], write);
    assert!(block["legal"].get(Opcode::Halt.name()).is_some());

    let mut machine = calm();
    machine.goto("missing");
    let block = parsed(&machine.block().expect("a block"));
    assert_eq!(
        block["legal"][Opcode::Write.name()],
        serde_json::json!(["payload"])
    );
}

/// Every instruction that a block calls legal is taken, with no more than the operands it names.
#[test]
fn what_is_legal_is_taken() {
    for (kind, mut machine, _) in trapped() {
        let block = parsed(&machine.block().expect("a block"));
        for opcode in names(&block["legal"]) {
            let mut action = serde_json::json!({ "op": opcode });
            for operand in names(&block["legal"][&opcode]) {
                action[operand] = "d".into();
            }
            let (_, mut other, _) = trapped()
                .into_iter()
                .find(|(other, _, _)| *other == kind)
                .expect("the same trap again");
            let committed = other.act(&action.to_string());
            assert_eq!(traps(&committed), &[] as &[TrapKind], "{kind} {action}");
            let leaves = names(&block["leave"]).contains(&opcode);
            assert_eq!(other.kernel.d().trap().is_none(), leaves, "{kind} {action}");
        }
    }
}

#[test]
fn the_budgets_count_down_to_the_reset_and_the_stop() {
    let mut machine = calm();
    let mut seen = Vec::new();
    for _ in 0..11 {
        machine.reply("prose");
        let block = parsed(&machine.block().expect("a block"));
        seen.push((block["attempts_left"].clone(), block["resets_left"].clone()));
    }
    let expected = [
        (3, 2),
        (2, 2),
        (1, 2),
        (4, 1),
        (3, 1),
        (2, 1),
        (1, 1),
        (4, 0),
        (3, 0),
        (2, 0),
        (1, 0),
    ];
    assert_eq!(
        seen,
        expected.map(|(attempts, resets)| (attempts.into(), resets.into()))
    );
    assert_eq!(
        traps(&machine.reply("prose")),
        [CpuFault, UnrecoverableLoop]
    );
}

#[test]
fn frames_stay_within_their_limit_and_blocks_stay_whole() {
    let mut machine = Machine::at("a");
    for number in 0..64 {
        machine.push(&format!("{number} {}", "t".repeat(180)));
    }
    for q in [10, 4_000, 20_000] {
        machine.goto("a");
        machine.act_with_q(r#"{"op":"SYS_GOTO","pointer":"missing"}"#, &"q".repeat(q));
        let frame = machine.peek();
        assert!(frame.chars().count() <= FRAME_LIMIT);
        let block = machine.block().expect("a block");
        assert!(block.len() <= MAX_BLOCK_BYTES);
        assert_eq!(parsed(&block)["trap"], "PAGE_FAULT");
    }
    let frame = machine.peek();
    assert!(frame.chars().count() <= FRAME_MINIMUM);
    assert!(frame.contains("[OS_SECTION_CLIPPED] OS_CALL_STACK"));
}

#[test]
fn a_reboot_forgets_the_trap() {
    let mut machine = calm();
    machine.reply("prose");
    machine.kernel.reboot("q0", "sys://trap/cpu_fault");
    assert_eq!(machine.block(), None);
}

#[test]
fn the_same_replies_give_the_same_trap_frames_byte_by_byte() {
    let run = || -> Vec<Vec<u8>> {
        trapped()
            .into_iter()
            .flat_map(|(_, _, frames)| frames)
            .map(|frame| serde_json::to_vec(&frame).expect("JSON"))
            .collect()
    };
    let first = run();
    assert_eq!(first, run());
    for bytes in first {
        let read = TrapFrame::parse(&bytes).expect("a frame");
        assert_eq!(serde_json::to_vec(&read).expect("JSON"), bytes);
    }
}

/// A reply that is refused where a file is missing has as many attempts left as anywhere else.
#[test]
fn a_page_fault_of_the_same_tick_takes_no_attempts() {
    let attempts = |pointer: &str, expected: &[TrapKind]| {
        let mut machine = calm();
        machine.goto(pointer);
        assert_eq!(traps(&machine.reply("prose")), expected);
        parsed(&machine.block().expect("a block"))["attempts_left"].clone()
    };
    let usual = attempts("b", &[CpuFault]);
    assert!(usual.is_u64(), "{usual}");
    assert_eq!(attempts("missing", &[PageFault, CpuFault]), usual);
}

/// A panic reset names the trap of its own tick, also where an older one is remembered.
#[test]
fn a_panic_reset_names_the_trap_that_caused_it() {
    let mut machine = calm();
    machine.reply("prose");
    machine.goto("b");
    for _ in 0..4 {
        machine.act(r#"{"op":"SYS_POP"}"#);
    }
    let block = parsed(&machine.block().expect("a block"));
    assert_eq!(block["trap"], "PANIC_RESET");
    assert_eq!(block["after"], "STACK_FAULT");
}
