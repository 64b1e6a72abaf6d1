//! The constant instructions sent with every frame, written from the instruction set itself.

use std::fmt::Write as _;

use turingos::isa::{Opcode, OpcodeClass};

/// What every request begins with: the reply's form, and each opcode with its operands.
#[must_use]
pub fn discipline() -> String {
    let mut text = String::from(
        "You are a stateless ALU. You are given the state register q and a frame. Reply with one \
         JSON object and nothing else:\n{\"thought\"?: string, \"q_next\": string, \"a_t\": \
         {\"op\": OPCODE, …operands}}\na_t is exactly one syscall:\n",
    );
    for opcode in Opcode::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{} {} ({})",
            opcode.name(),
            operands(opcode),
            effect(opcode.class())
        );
    }
    text
}

const fn operands(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::Write => "payload, semantic_cap?",
        Opcode::Exec => "cmd",
        Opcode::Goto => "pointer",
        Opcode::GitLog => "query_params? path? limit? ref? grep? since?",
        Opcode::Push | Opcode::Edit => "task",
        Opcode::Move => "task_id? target_pos? status?",
        Opcode::Pop | Opcode::Halt => "without operands",
    }
}

const fn effect(class: OpcodeClass) -> &'static str {
    match class {
        OpcodeClass::WorldMutation => "changes the world",
        OpcodeClass::WorldNavigation => "moves the pointer",
        OpcodeClass::MindScheduling => "changes the run queue",
        OpcodeClass::SystemControl => "stops the machine",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_opcode_once() {
        let text = discipline();
        for opcode in Opcode::ALL {
            let lines = text
                .lines()
                .filter(|line| line.split(' ').next() == Some(opcode.name()));
            assert_eq!(lines.count(), 1, "{opcode}");
        }
    }
}
