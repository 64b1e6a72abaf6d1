//! The guard lane: from a trap frame to the recovery context that the next frame shows.
//!
//! It guides and never acts: nothing here changes the machine, and no expected content of a file
//! ever enters a block. A block is a pure function of its arguments and never longer than
//! [`MAX_BLOCK_BYTES`].

use alloc::string::String;

use crate::isa::{FaultCode, OPCODE_KEY, OPTIONAL_KEYS, Opcode, REQUIRED_KEYS};
use crate::json;
use crate::mind::MAX_TASKS;
use crate::pointer::clip_bytes;
use crate::trap::{TrapCause, TrapFrame, TrapKind};

/// The longest block, in bytes: half of the smallest frame. Only `detail` is ever clipped for it.
pub const MAX_BLOCK_BYTES: usize = 512;

/// The machine's situation: what a block depends on besides the trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Tasks in the run queue.
    pub tasks: usize,
    /// One of them is ACTIVE.
    pub has_active: bool,
    /// What a write would go to.
    pub writing: Writing,
    /// The halt guard would agree.
    pub can_halt: bool,
    /// The pointer is a trap's.
    pub at_trap: bool,
    /// How many more times running the trap may fire, the time counted that resets the run queue;
    /// `None` for a trap that cannot loop.
    pub attempts_left: Option<u8>,
    /// Panic resets left before the machine stops as failed.
    pub resets_left: u8,
}

/// What a write would go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// The pointer.
    Here,
    /// Only what a capability names, which the write then needs.
    ThroughCapability,
    /// Nothing.
    Nowhere,
}

impl Situation {
    /// True if the instruction could be carried out now, as far as the machine itself knows.
    #[must_use]
    pub const fn allows(&self, opcode: Opcode) -> bool {
        match opcode {
            Opcode::Write => !matches!(self.writing, Writing::Nowhere),
            Opcode::Exec | Opcode::Goto | Opcode::GitLog => true,
            Opcode::Push => self.tasks < MAX_TASKS,
            Opcode::Edit | Opcode::Pop => self.has_active,
            Opcode::Move => self.tasks > 0,
            Opcode::Halt => self.can_halt,
        }
    }
}

/// True if the instruction moves the pointer to where its operand says.
const fn moves_pointer(opcode: Opcode) -> bool {
    match opcode {
        Opcode::Exec | Opcode::Goto | Opcode::GitLog => true,
        Opcode::Write | Opcode::Push | Opcode::Edit | Opcode::Move | Opcode::Pop | Opcode::Halt => {
            false
        }
    }
}

/// Appends the block for `frame` to `out`: one line of JSON without a line feed, at most
/// [`MAX_BLOCK_BYTES`] bytes, as `guard-block.v1` describes it.
///
/// `closed` is the trap that ended in `frame`: the one whose repetition made a PANIC_RESET.
/// `frame.cause.code` and that of `closed` are at most [`TrapFrame::MAX_CODE`] bytes, as in every
/// frame that the kernel makes or [`TrapFrame::parse`] takes; more is cut.
pub fn write_block(
    frame: &TrapFrame,
    closed: Option<&TrapFrame>,
    situation: &Situation,
    out: &mut String,
) {
    let start = out.len();
    let code = clip_bytes(&frame.cause.code, TrapFrame::MAX_CODE);
    out.push_str("{\"trap\":\"");
    out.push_str(frame.trap_base.0.name());
    out.push_str("\",\"code\":");
    json::push_string(out, code);
    if let Some(signature) = frame.cause.signature {
        out.push_str(",\"signature\":\"");
        out.push_str(&signature.short(TrapCause::SHOWN_DIGITS));
        out.push('"');
    } else if is_abi_violation(frame) || closed.is_some_and(is_abi_violation) {
        push_reply_form(out);
    }
    if let Some(closed) = closed {
        out.push_str(",\"after\":\"");
        out.push_str(closed.trap_base.0.name());
        out.push('"');
    }
    push_legal(situation, out);
    if let Some(attempts) = situation.attempts_left {
        out.push_str(",\"attempts_left\":");
        json::push_number(out, u64::from(attempts));
    }
    out.push_str(",\"resets_left\":");
    json::push_number(out, u64::from(situation.resets_left));
    if situation.at_trap {
        out.push_str(",\"leave\":");
        push_names(
            out,
            Opcode::ALL
                .into_iter()
                .filter(|opcode| situation.allows(*opcode) && moves_pointer(*opcode))
                .map(Opcode::name),
        );
    }
    out.push_str(",\"detail\":");
    let used = out.len().saturating_sub(start);
    push_clipped_string(
        out,
        &frame.details,
        MAX_BLOCK_BYTES.saturating_sub(used).saturating_sub(1),
    );
    out.push('}');
}

/// True if the reply itself was refused: no transition came out of it.
fn is_abi_violation(frame: &TrapFrame) -> bool {
    frame.trap_base.0 == TrapKind::CpuFault
        && FaultCode::ALL
            .iter()
            .any(|code| code.name() == frame.cause.code)
}

/// What a reply must be, from the decoder's own names.
fn push_reply_form(out: &mut String) {
    out.push_str(",\"reply\":{\"form\":\"ONE_JSON_OBJECT\",\"required\":");
    push_names(out, REQUIRED_KEYS);
    out.push_str(",\"optional\":");
    push_names(out, OPTIONAL_KEYS);
    out.push_str(",\"opcode_key\":\"");
    out.push_str(OPCODE_KEY);
    out.push_str("\"}");
}

/// Every instruction that is legal now, with the operands that it cannot do without.
fn push_legal(situation: &Situation, out: &mut String) {
    out.push_str(",\"legal\":{");
    let legal = Opcode::ALL
        .into_iter()
        .filter(|opcode| situation.allows(*opcode));
    for (position, opcode) in legal.enumerate() {
        out.push_str(if position == 0 { "\"" } else { ",\"" });
        out.push_str(opcode.name());
        out.push_str("\":");
        let needs_all = opcode == Opcode::Write && situation.writing == Writing::ThroughCapability;
        let needed = opcode
            .operands()
            .iter()
            .filter(|operand| operand.required || needs_all);
        push_names(out, needed.map(|operand| operand.name));
    }
    out.push('}');
}

/// Appends an array of names that need no escape.
fn push_names(out: &mut String, names: impl IntoIterator<Item = &'static str>) {
    out.push('[');
    for (position, name) in names.into_iter().enumerate() {
        out.push_str(if position == 0 { "\"" } else { ",\"" });
        out.push_str(name);
        out.push('"');
    }
    out.push(']');
}

/// Appends as much of `text` as a JSON string of at most `room` bytes holds, quotes included; a
/// text that is cut ends with an ellipsis.
fn push_clipped_string(out: &mut String, text: &str, room: usize) {
    const ELLIPSIS: &str = "…";
    let start = out.len();
    let whole = clip_bytes(text, room);
    if whole.len() == text.len() {
        json::push_string(out, text);
        if out.len().saturating_sub(start) <= room {
            return;
        }
        out.truncate(start);
    }
    let room = room.saturating_sub(ELLIPSIS.len());
    let mut kept = whole;
    // Halving the excess at each step ends quickly, and at the latest with nothing kept.
    loop {
        json::push_string(out, kept);
        let excess = out.len().saturating_sub(start).saturating_sub(room);
        if excess == 0 || kept.is_empty() {
            break;
        }
        out.truncate(start);
        kept = clip_bytes(kept, kept.len().saturating_sub(excess.div_ceil(6)));
    }
    out.pop();
    out.push_str(ELLIPSIS);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;
    use crate::trap::{TrapBase, TrapPointer};
    use alloc::string::ToString;

    fn frame(kind: TrapKind, code: &str, details: &str) -> TrapFrame {
        TrapFrame {
            seq: 1,
            tick: 2,
            t: 3,
            trap_base: TrapBase(kind),
            trap_pointer: TrapPointer::of(kind),
            details: details.to_string(),
            panic_reset_count: 0,
            cause: TrapCause {
                code: code.to_string().into(),
                signature: None,
            },
        }
    }

    const EMPTY: Situation = Situation {
        tasks: 0,
        has_active: false,
        writing: Writing::Nowhere,
        can_halt: false,
        at_trap: true,
        attempts_left: Some(3),
        resets_left: 2,
    };

    const FULL: Situation = Situation {
        tasks: 1,
        has_active: true,
        writing: Writing::ThroughCapability,
        can_halt: true,
        at_trap: true,
        attempts_left: Some(4),
        resets_left: 2,
    };

    fn block(frame: &TrapFrame, closed: Option<&TrapFrame>, situation: &Situation) -> String {
        let mut out = String::new();
        write_block(frame, closed, situation, &mut out);
        out
    }

    #[test]
    fn a_broken_reply_is_answered_with_the_required_form() {
        let frame = frame(TrapKind::CpuFault, "TRUNCATED", "ends at byte 7");
        assert_eq!(
            block(&frame, None, &EMPTY),
            concat!(
                r#"{"trap":"CPU_FAULT","code":"TRUNCATED","#,
                r#""reply":{"form":"ONE_JSON_OBJECT","required":["q_next","a_t"],"#,
                r#""optional":["thought"],"opcode_key":"op"},"#,
                r#""legal":{"SYS_EXEC":["cmd"],"SYS_GOTO":["pointer"],"SYS_GIT_LOG":[],"#,
                r#""SYS_PUSH":["task"]},"attempts_left":3,"resets_left":2,"#,
                r#""leave":["SYS_EXEC","SYS_GOTO","SYS_GIT_LOG"],"detail":"ends at byte 7"}"#
            )
        );
    }

    #[test]
    fn a_provider_failure_does_not_show_the_form() {
        let frame = frame(TrapKind::CpuFault, "ORACLE_TIMEOUT", "no answer");
        assert!(!block(&frame, None, &EMPTY).contains("reply"));
    }

    #[test]
    fn a_refused_action_has_the_trace_cache_name() {
        let mut frame = frame(TrapKind::IoFault, "NO_SPACE", "writing \"a\"\n");
        frame.cause.signature = Some(Digest::EMPTY);
        let soft = Situation {
            at_trap: false,
            attempts_left: None,
            writing: Writing::Here,
            ..EMPTY
        };
        assert_eq!(
            block(&frame, None, &soft),
            concat!(
                r#"{"trap":"IO_FAULT","code":"NO_SPACE","signature":"e3b0c44298fc","#,
                r#""legal":{"SYS_WRITE":["payload"],"SYS_EXEC":["cmd"],"SYS_GOTO":["pointer"],"#,
                r#""SYS_GIT_LOG":[],"SYS_PUSH":["task"]},"resets_left":2,"#,
                r#""detail":"writing \"a\"\n"}"#
            )
        );
    }

    #[test]
    fn a_panic_reset_names_the_trap_that_closed_the_loop() {
        let closed = frame(TrapKind::CpuFault, "SYNTAX", "");
        let reset = frame(TrapKind::PanicReset, "TRAP_LOOP", "");
        let text = block(&reset, Some(&closed), &EMPTY);
        assert!(text.contains(r#""after":"CPU_FAULT""#), "{text}");
        assert!(text.contains(r#""reply":{"#), "{text}");
    }

    #[test]
    fn what_is_legal_follows_the_situation() {
        let legal = |situation: &Situation| {
            Opcode::ALL
                .into_iter()
                .filter(|opcode| situation.allows(*opcode))
                .count()
        };
        assert_eq!(legal(&EMPTY), 4);
        assert_eq!(legal(&FULL), Opcode::ALL.len());
        let crowded = Situation {
            tasks: MAX_TASKS,
            has_active: false,
            ..FULL
        };
        for (opcode, is_allowed) in [
            (Opcode::Push, false),
            (Opcode::Edit, false),
            (Opcode::Pop, false),
            (Opcode::Move, true),
        ] {
            assert_eq!(crowded.allows(opcode), is_allowed, "{opcode}");
        }
    }

    /// The largest block that a frame within its own limits leads to still has room for a detail.
    #[test]
    fn no_block_is_over_the_limit_and_only_the_detail_is_cut() {
        let long_code = "N".repeat(TrapFrame::MAX_CODE);
        for details in [
            "",
            "short",
            &"界".repeat(130),
            &"\u{1}".repeat(400),
            &"\"x".repeat(200),
        ] {
            for kind in TrapKind::ALL {
                for code in [long_code.as_str(), "FORBIDDEN_CHARACTER"] {
                    for closing in TrapKind::ALL {
                        let closed = frame(closing, "FORBIDDEN_CHARACTER", "");
                        let mut frame = frame(kind, code, details);
                        for signature in [None, Some(Digest::EMPTY)] {
                            frame.cause.signature = signature;
                            let text = block(&frame, Some(&closed), &FULL);
                            assert!(text.len() <= MAX_BLOCK_BYTES, "{}: {text}", text.len());
                            let value: serde_json::Value =
                                serde_json::from_str(&text).expect("JSON");
                            let shown = value["detail"].as_str().expect("text");
                            match shown.strip_suffix('…') {
                                Some(start) => assert!(details.starts_with(start), "{text}"),
                                None => assert_eq!(shown, details),
                            }
                            assert!(details.len() != 5 || shown == details, "{text}");
                        }
                    }
                }
            }
        }
    }
}
