//! Every limit that a document names has the value that it names.

use turingos::contract::{
    MAX_CONTRACT_BYTES, MAX_FILE_BYTES, MAX_FILE_NESTING, MAX_PARTS, MAX_PATTERN_BYTES,
    MAX_REGEX_BYTES, MAX_REQUIRED_FILES, MAX_STEP_BYTES, MAX_STEPS,
};
use turingos::isa::{FaultCode, MAX_NESTING, MAX_REPLY_BYTES, decode};
use turingos::trap::TrapKind;
use turingos::{Opcode, bus, kernel, memory, mind};

#[test]
fn limits_are_the_documented_ones() {
    for (name, limit, documented) in [
        ("body", bus::MAX_BODY_BYTES, 4_194_304),
        ("body nesting", bus::MAX_BODY_NESTING, 64),
        ("reply", MAX_REPLY_BYTES, 262_144),
        ("reply nesting", MAX_NESTING, 16),
        ("contract", MAX_CONTRACT_BYTES, 262_144),
        ("steps", MAX_STEPS, 128),
        ("required files", MAX_REQUIRED_FILES, 128),
        ("parts", MAX_PARTS, 64),
        ("step name", MAX_STEP_BYTES, 64),
        ("step file", MAX_FILE_BYTES, 1_048_576),
        ("step file nesting", MAX_FILE_NESTING, 64),
        ("pattern", MAX_PATTERN_BYTES, 1_024),
        ("compiled pattern", MAX_REGEX_BYTES, 262_144),
        ("page tables", memory::MAX_PAGE_TABLES, 128),
        ("capabilities", memory::MAX_CAPABILITIES, 2_048),
        ("tasks", mind::MAX_TASKS, 64),
        ("task text", mind::MAX_TASK_TEXT, 200),
        ("frame", kernel::FRAME_LIMIT, 4_096),
    ] {
        assert_eq!(limit, documented, "{name}");
    }
}

#[test]
fn a_reply_of_the_greatest_length_is_taken() {
    let halt = r#"{"q_next":"s","a_t":{"op":"SYS_HALT"}}"#;
    let longest = halt.to_owned() + &" ".repeat(MAX_REPLY_BYTES - halt.len());
    assert_eq!(longest.len(), MAX_REPLY_BYTES);
    let taken = decode(longest.as_bytes()).expect("within the limit");
    assert_eq!(taken.syscall.opcode(), Opcode::Halt);
    let fault = decode(format!("{longest} ").as_bytes()).expect_err("over the limit");
    assert_eq!(fault.code, FaultCode::ReplyTooLarge);
}

#[test]
fn two_traps_need_a_contract() {
    let need: Vec<_> = TrapKind::ALL
        .into_iter()
        .filter(|kind| kind.needs_contract())
        .collect();
    assert_eq!(need, [TrapKind::PlanContract, TrapKind::HaltGuard]);
}
