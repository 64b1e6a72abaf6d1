//! Model output against the decoder: what is taken, what is refused, and with which code.

mod codes;
mod operands;
mod reasoning;
mod surroundings;

use turingos::isa::{FaultCode, Syscall, decode};

/// A model envelope around a syscall's members.
fn reply(members: &str) -> String {
    format!(r#"{{"q_next":"s","a_t":{{{members}}}}}"#)
}

fn taken(text: &str) -> Syscall {
    match decode(text.as_bytes()) {
        Ok(transition) => transition.syscall,
        Err(fault) => panic!("{fault}\n{text}"),
    }
}

fn code(text: &str) -> FaultCode {
    match decode(text.as_bytes()) {
        Ok(transition) => panic!("taken: {transition:?}\n{text}"),
        Err(fault) => {
            assert!(fault.detail.chars().count() <= 200, "{fault}");
            assert!(!fault.detail.is_empty(), "{}", fault.code);
            fault.code
        }
    }
}

const HALT: &str = r#"{"q_next":"s","a_t":{"op":"SYS_HALT"}}"#;
