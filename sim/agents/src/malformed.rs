//! Replies that are not exactly one well-formed transition.
//!
//! Each is a faithful intent with one flaw, so that the decoder must refuse it for that flaw.

use turingos::isa::Opcode;

use super::intent::{Intent, Spelling, Spoiled};
use super::json_text::push_json_string;
use super::noise::NoiseKind;
use turingos_draws::Draws;

/// The depth of [`NoiseKind::DeepNesting`]: beyond any sensible limit of a decoder.
const DEPTH: usize = 600;

/// The length of [`NoiseKind::Oversized`]: more than 256 KiB.
const OVERSIZED_BYTES: usize = 300_000;

/// Appends the intent with the flaw of `kind`; kinds of another class give prose only.
pub(super) fn say(kind: NoiseKind, intent: &Intent, draws: &mut Draws, out: &mut Vec<u8>) {
    let mut spelling = Spelling::CANONICAL;
    match kind {
        NoiseKind::TruncatedJson => {
            let start = out.len();
            intent.spell(spelling, out);
            let whole = out.len() - start;
            // At least one byte stays, and at least the last brace is cut.
            let kept = draws.range(1, whole as u32 - 1) as usize;
            let mut end = start + kept;
            while end > start + 1 && out[end] & 0xc0 == 0x80 {
                end -= 1;
            }
            out.truncate(end);
        }
        NoiseKind::WrongOpcode => {
            spelling.opcode_text =
                Some(draws.pick(&["SYS_READ", "SYS_DELETE", "EXEC", "SYS_GOTOO", "SYS_"]));
            intent.spell(spelling, out);
        }
        NoiseKind::UnknownField => {
            let field = draws.pick(&[
                r#","confidence":"high""#,
                r#","args":{}"#,
                r#","reason":"it is the next step""#,
            ]);
            insert_in_syscall(intent, field, out);
        }
        NoiseKind::ForeignOperand => insert_in_syscall(intent, foreign(intent.opcode()), out),
        NoiseKind::DuplicateKey => say_duplicate(intent, draws, out),
        NoiseKind::NullOperand => {
            spelling.spoiled = Spoiled::Null;
            intent.spell(spelling, out);
        }
        NoiseKind::WrongType => {
            spelling.spoiled = Spoiled::WrongType;
            intent.spell(spelling, out);
        }
        NoiseKind::TwoTransitions => {
            out.extend_from_slice(b"Either this:\n```json\n");
            intent.spell(spelling, out);
            out.extend_from_slice(b"\n```\nor this:\n```json\n");
            push_other(intent, out);
            out.extend_from_slice(b"\n```\n");
        }
        NoiseKind::TrailingTransition => {
            intent.spell(spelling, out);
            out.extend_from_slice(draws.pick(&["\n", "", " "]).as_bytes());
            push_other(intent, out);
        }
        NoiseKind::EmptyObject => out.extend_from_slice(b"{}"),
        NoiseKind::ArrayForObject => {
            out.extend_from_slice(br#"{"q_next":"#);
            push_json_string(out, intent.q_next.as_bytes());
            out.extend_from_slice(br#","a_t":["#);
            push_json_string(out, intent.opcode().name().as_bytes());
            out.extend_from_slice(b"]}");
        }
        NoiseKind::DeepNesting => {
            let mut field = String::from(r#","payload":"#);
            field.extend(core::iter::repeat_n('[', DEPTH));
            field.extend(core::iter::repeat_n(']', DEPTH));
            insert_in_syscall(intent, &field, out);
        }
        NoiseKind::NotUtf8 => {
            let start = out.len();
            intent.spell(spelling, out);
            let bytes = draws.pick(&[&b"\xff\xfe"[..], b"\xc3(", b"\xed\xa0\x80", b"\xc0\xaf"]);
            // Insert right after the quote that opens the first value.
            let quotes = out[start..].iter().enumerate();
            let opening = quotes.filter(|(_, byte)| **byte == b'"').nth(2);
            let at = opening.map_or(start, |(offset, _)| start + offset + 1);
            out.splice(at..at, bytes.iter().copied());
        }
        NoiseKind::Oversized => {
            out.extend_from_slice(br#"{"thought":""#);
            out.extend(core::iter::repeat_n(b'm', OVERSIZED_BYTES));
            out.extend_from_slice(br#"","q_next":"big","a_t":{"op":"SYS_POP"}}"#);
        }
        _ => say_garbage(draws, out),
    }
}

/// Appends prose without any transition.
pub(super) fn say_garbage(draws: &mut Draws, out: &mut Vec<u8>) {
    let text = draws.pick(&[
        "I have updated the note as you asked. Let me know what to do next!",
        "As an AI model I cannot run commands, but you could try the tests yourself.",
        "The next step would be SYS_GOTO with the pointer of the note.",
        "{ q_next: go on, a_t: { op: SYS_POP } }",
        "...",
    ]);
    out.extend_from_slice(text.as_bytes());
}

/// Writes the canonical text with `field` as the last member of the syscall.
fn insert_in_syscall(intent: &Intent, field: &str, out: &mut Vec<u8>) {
    intent.spell(Spelling::CANONICAL, out);
    out.truncate(out.len() - 2);
    out.extend_from_slice(field.as_bytes());
    out.extend_from_slice(b"}}");
}

fn say_duplicate(intent: &Intent, draws: &mut Draws, out: &mut Vec<u8>) {
    match draws.below(3) {
        0 => insert_in_syscall(intent, r#","op":"SYS_POP""#, out),
        // The same key to a parser, but not to a search in the text.
        1 => insert_in_syscall(intent, r#","\u006fp":"SYS_POP""#, out),
        _ => {
            intent.spell(Spelling::CANONICAL, out);
            out.truncate(out.len() - 1);
            out.extend_from_slice(br#","q_next":"another state"}"#);
        }
    }
}

/// An operand that belongs to another opcode only.
const fn foreign(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::Write => r#","target_pos":"TOP""#,
        Opcode::Exec | Opcode::Goto | Opcode::GitLog => r#","payload":"text""#,
        Opcode::Push | Opcode::Edit | Opcode::Move => r#","pointer":"README.md""#,
        Opcode::Pop | Opcode::Halt => r#","task":"more""#,
    }
}

/// Appends a well-formed transition with another action.
fn push_other(intent: &Intent, out: &mut Vec<u8>) {
    let syscall: &[u8] = match intent.opcode() {
        Opcode::Pop => br#"{"op":"SYS_HALT"}"#,
        _ => br#"{"op":"SYS_POP"}"#,
    };
    out.extend_from_slice(br#"{"q_next":"another state","a_t":"#);
    out.extend_from_slice(syscall);
    out.extend_from_slice(b"}");
}
