//! The constant instructions sent with every frame, written from the instruction set itself.
//!
//! Names no opcode or operand itself: it iterates the kernel's table.

use std::fmt::Write as _;

use turingos::isa::{OPCODE_KEY, Opcode, Operand, OperandKind};

/// What every request begins with: the reply's form, and each opcode with its operands.
#[must_use]
pub fn system_prompt() -> String {
    let mut text = format!(
        "You are a stateless ALU. You are given the state register q and a frame. Reply with one \
         JSON object and nothing else:\n{{\"thought\"?: string, \"q_next\": string, \"a_t\": \
         {{\"{OPCODE_KEY}\": OPCODE, ...operands}}}}\na_t is exactly one of these; ? is optional:\n"
    );
    for opcode in Opcode::ALL {
        text.push_str(opcode.name());
        for (position, operand) in opcode.operands().iter().enumerate() {
            text.push_str(if position == 0 { " " } else { ", " });
            push_operand(operand, &mut text);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, " [{}]", opcode.class().name());
    }
    text
}

fn push_operand(operand: &Operand, text: &mut String) {
    text.push_str(operand.name);
    if !operand.required {
        text.push('?');
    }
    text.push_str(match operand.kind {
        OperandKind::Text | OperandKind::Verbatim | OperandKind::Task => "",
        OperandKind::Limit => " (1 to 200)",
        OperandKind::Placement => " (TOP or BOTTOM)",
        OperandKind::Status => " (ACTIVE, SUSPENDED or BLOCKED)",
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_opcode_once_with_all_its_operands() {
        let text = system_prompt();
        for opcode in Opcode::ALL {
            let mut lines = text
                .lines()
                .filter(|line| line.split(' ').next() == Some(opcode.name()));
            let line = lines.next().unwrap();
            assert_eq!(lines.next(), None);
            for operand in opcode.operands() {
                assert!(line.contains(operand.name), "{opcode} {}", operand.name);
            }
        }
    }
}
