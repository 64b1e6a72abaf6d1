//! Recorded trap frames: each reason for which bytes are not a frame, with its code and its text.

use turingos::trap::{TrapFrame, TrapFrameFault, TrapKind};

use crate::machine::Machine;

/// A frame as the kernel writes it.
fn written() -> String {
    let mut machine = Machine::at("sys://callstack");
    let committed = machine.reply("prose");
    let frame = committed.trap_frames.last().expect("trapped");
    assert_eq!(frame.trap_base.0, TrapKind::CpuFault);
    serde_json::to_string(frame).expect("JSON")
}

fn fault(text: &str) -> TrapFrameFault {
    TrapFrame::parse(text.as_bytes()).expect_err(text)
}

#[test]
fn each_fault_has_its_code_and_its_text() {
    let frame = written();
    TrapFrame::parse(frame.as_bytes()).expect("what the kernel wrote");
    let unlikely = frame.replace("\"panic_reset_count\":0", "\"panic_reset_count\":9");
    for (text, code, shown) in [
        (
            " ".repeat(TrapFrame::MAX_BYTES + 1),
            "TOO_LONG",
            format!("longer than {} bytes", TrapFrame::MAX_BYTES),
        ),
        (
            frame.replace("\"seq\"", "\"sequence\""),
            "NOT_VALID",
            "not a trap frame: unknown field `sequence`".into(),
        ),
        (
            unlikely,
            "OUT_OF_RANGE",
            "/panic_reset_count is out of its range".into(),
        ),
        (
            frame.replacen('{', "{ ", 1),
            "NOT_CANONICAL",
            "not canonical from byte 1 on; it was edited or written by something else".into(),
        ),
    ] {
        let fault = fault(&text);
        assert_eq!(fault.code(), code);
        assert!(fault.to_string().starts_with(&shown), "{fault}");
    }
}

/// A text of the greatest length is read, and refused for what it says.
#[test]
fn the_greatest_length_is_not_too_long() {
    let blank = " ".repeat(TrapFrame::MAX_BYTES);
    assert_eq!(fault(&blank).code(), "NOT_VALID");
}
