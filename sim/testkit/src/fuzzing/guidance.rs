//! Trap frames and guard blocks: one spelling for each frame, and a valid block for every frame.

use std::sync::LazyLock;

use serde_json::Value;
use turingos::guard_lane::{MAX_BLOCK_BYTES, Situation, Writing, write_block};
use turingos::isa::Opcode;
use turingos::mind::MAX_TASKS;
use turingos::trap::{TrapBase, TrapCause, TrapFrame, TrapKind, TrapPointer};

use super::mixed;
use turingos_schema::{Checker, Schema};

static CHECKER: LazyLock<Checker> = LazyLock::new(|| {
    Checker::of(Schema::named("guard-block.v1").expect("the schema is embedded in the program"))
});

/// Input: a trap frame; on a second line the frame that it closed; on a third the state of the
/// machine. Bytes that are not a frame become the details of one.
///
/// Properties: a parsed frame serializes to the same bytes, and is refused with one byte more or
/// less. The block is deterministic, valid by its schema, one line within its limit, and lists
/// exactly the legal instructions; its detail is the frame's or a prefix of it.
///
/// # Panics
/// If a property does not hold.
pub fn guard_block(bytes: &[u8]) {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let frame = read(first).unwrap_or_else(|| frame_about(first));
    let closed = lines.next().and_then(read);
    let situation = situation_of(lines.next().unwrap_or(first));

    let mut block = String::new();
    write_block(&frame, closed.as_ref(), &situation, &mut block);
    let mut again = String::new();
    write_block(&frame, closed.as_ref(), &situation, &mut again);
    assert_eq!(block, again);
    assert!(block.len() <= MAX_BLOCK_BYTES, "{} bytes", block.len());
    assert!(!block.contains('\n'), "more than one line");
    let document: Value = serde_json::from_str(&block).expect("a block is JSON");
    let violation = CHECKER.violation(&document);
    assert_eq!(violation, None, "{block}");
    check_content(&document, &frame, &situation);
}

/// The frame in the bytes, if they are one.
fn read(bytes: &[u8]) -> Option<TrapFrame> {
    let frame = TrapFrame::parse(bytes).ok()?;
    let written = serde_json::to_vec(&frame).expect("a frame is JSON");
    assert_eq!(written, bytes, "parsed, but serialized differently");
    let longer = [bytes, b" "].concat();
    for other in [&bytes[..bytes.len() - 1], &longer] {
        assert!(TrapFrame::parse(other).is_err());
    }
    Some(frame)
}

/// A frame whose details are as much of the text as fits.
fn frame_about(bytes: &[u8]) -> TrapFrame {
    let text = String::from_utf8_lossy(bytes);
    let choice = mixed(bytes);
    let kind = TrapKind::ALL[choice % TrapKind::ALL.len()];
    let end = text.floor_char_boundary(TrapFrame::MAX_DETAILS);
    TrapFrame {
        seq: 0,
        tick: 0,
        t: 0,
        trap_base: TrapBase(kind),
        trap_pointer: TrapPointer::of(kind),
        details: text[..end].to_owned(),
        panic_reset_count: 0,
        cause: TrapCause {
            code: "SYNTAX".into(),
            signature: None,
        },
    }
}

fn situation_of(bytes: &[u8]) -> Situation {
    let choice = mixed(bytes);
    let digit = |place: usize, bound: usize| {
        let byte = bytes.get(place).copied().map_or(choice, usize::from);
        u8::try_from(byte % bound).expect("a bound is small")
    };
    Situation {
        tasks: usize::from(digit(0, MAX_TASKS + 1)),
        has_active: digit(1, 2) == 1,
        writing: match digit(2, 3) {
            0 => Writing::Here,
            1 => Writing::ThroughCapability,
            _ => Writing::Nowhere,
        },
        can_halt: digit(3, 2) == 1,
        at_trap: digit(4, 2) == 1,
        attempts_left: digit(5, 5).checked_sub(1).map(|left| left + 1),
        resets_left: digit(6, 3),
    }
}

fn check_content(document: &Value, frame: &TrapFrame, situation: &Situation) {
    assert_eq!(document["trap"], frame.trap_base.0.name());
    assert_eq!(document["code"], *frame.cause.code);
    for opcode in Opcode::ALL {
        let is_listed = document["legal"].get(opcode.name()).is_some();
        assert_eq!(is_listed, situation.allows(opcode), "{opcode}");
    }
    assert_eq!(document.get("leave").is_some(), situation.at_trap);
    let detail = document["detail"].as_str().expect("a detail is text");
    let is_clipped = detail
        .strip_suffix('…')
        .is_some_and(|start| frame.details.starts_with(start));
    assert!(detail == frame.details || is_clipped, "{detail}");
}
