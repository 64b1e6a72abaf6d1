//! An agent that repeats one violation and reads only the text of its frames.

use std::collections::BTreeMap;

use serde::Deserialize;
use turingos::isa::{OPCODE_KEY, Opcode};

use super::{SELF_CORRECTION, Violation};
use turingos_draws::{Draws, Stream};

/// The heading of the guard block, which is the last line of a frame.
pub(crate) const GUARD_HEADING: &str = "\n\n[OS_GUARD]\n";

/// The files of the world, for the agent's valid transitions.
pub(super) const NOTES: [&str; 7] = [
    "notes/monday.md",
    "notes/tuesday.md",
    "notes/wednesday.md",
    "notes/thursday.md",
    "notes/friday.md",
    "notes/saturday.md",
    "notes/sunday.md",
];

/// A model that repeats one violation.
#[derive(Debug)]
pub struct Agent {
    violation: Violation,
    obedience: u32,
    draws: Draws,
    visited: usize,
    text: String,
}

impl Agent {
    /// An agent with one violation that obeys a block `obedience` times of 10,000.
    #[must_use]
    pub fn new(violation: Violation, seed: u64, obedience: u32) -> Self {
        Self {
            violation,
            obedience,
            draws: Draws::keyed(seed, Stream::Obedience, violation.number()),
            visited: 0,
            text: String::new(),
        }
    }

    /// Its reply to a frame: the block's instruction if it obeys, its own valid transition if it
    /// corrects itself, and otherwise its violation.
    pub fn reply(&mut self, frame: &str) -> &str {
        let block = block_of(frame);
        let chance = match block {
            Some(_) => self.obedience,
            None => SELF_CORRECTION,
        };
        self.text.clear();
        if !self.draws.chance(chance) {
            self.violation.say(&mut self.text);
            return &self.text;
        }
        self.visited += 1;
        let note = NOTES[self.visited % NOTES.len()];
        let (opcode, operands) = match block {
            Some(block) => instruction(block, &mut self.draws),
            None => own_instruction(),
        };
        push_transition(&mut self.text, &opcode, &operands, note);
        &self.text
    }
}

/// The block of a frame, if it has one.
pub(super) fn block_of(frame: &str) -> Option<&str> {
    let at = frame.rfind(GUARD_HEADING)?;
    Some(&frame[at + GUARD_HEADING.len()..])
}

/// The members of a block that an agent needs.
#[derive(Deserialize)]
struct Guidance {
    legal: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    leave: Vec<String>,
}

/// An opcode and its operands from a block: preferably one that leaves the trap, otherwise any legal
/// one.
fn instruction(block: &str, draws: &mut Draws) -> (String, Vec<String>) {
    let Ok(mut guidance) = serde_json::from_str::<Guidance>(block) else {
        return own_instruction();
    };
    let choices: Vec<String> = match guidance.leave.is_empty() {
        true => guidance.legal.keys().cloned().collect(),
        false => guidance.leave,
    };
    let bound = u32::try_from(choices.len()).unwrap_or(u32::MAX);
    let at = usize::try_from(draws.below(bound)).unwrap_or_default();
    match choices.into_iter().nth(at) {
        Some(opcode) => {
            let operands = guidance.legal.remove(&opcode).unwrap_or_default();
            (opcode, operands)
        }
        None => own_instruction(),
    }
}

/// The instruction that every agent knows without a block: GOTO.
fn own_instruction() -> (String, Vec<String>) {
    let opcode = Opcode::Goto;
    let needed = opcode.operands().iter().filter(|operand| operand.required);
    let operands = needed.map(|operand| operand.name.to_owned()).collect();
    (opcode.name().to_owned(), operands)
}

/// Writes a transition with `value`, which needs no escape, for every operand.
fn push_transition(out: &mut String, opcode: &str, operands: &[String], value: &str) {
    out.push_str(r#"{"q_next":"read "#);
    out.push_str(value);
    out.push_str(r#"","a_t":{""#);
    out.push_str(OPCODE_KEY);
    out.push_str("\":\"");
    out.push_str(opcode);
    out.push('"');
    for operand in operands {
        out.push_str(",\"");
        out.push_str(operand);
        out.push_str("\":\"");
        out.push_str(value);
        out.push('"');
    }
    out.push_str("}}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos::isa;

    const BLOCK: &str = concat!(
        "[OBSERVED_SLICE]\nx\n\n[OS_GUARD]\n",
        r#"{"trap":"CPU_FAULT","legal":{"SYS_PUSH":["task"],"SYS_EXEC":["cmd"]},"#,
        r#""leave":["SYS_EXEC"],"detail":"x"}"#
    );

    fn opcode(agent: &mut Agent, frame: &str) -> Option<Opcode> {
        let text = agent.reply(frame).to_owned();
        let taken = isa::decode(text.as_bytes()).ok();
        taken.map(|transition| transition.syscall.opcode())
    }

    #[test]
    fn follows_the_block() {
        let mut agent = Agent::new(Violation::ProseOnly, 1, 10_000);
        assert_eq!(opcode(&mut agent, BLOCK), Some(Opcode::Exec));
        let here = BLOCK.replace(r#""leave":["SYS_EXEC"],"#, "");
        let met: Vec<_> = (0..20).map(|_| opcode(&mut agent, &here)).collect();
        assert!(met.contains(&Some(Opcode::Push)) && met.contains(&Some(Opcode::Exec)));
        let own = (0..1_000)
            .filter(|_| opcode(&mut agent, "[OBSERVED_SLICE]\nx").is_some())
            .count();
        assert!((20..90).contains(&own), "{own} of 1,000 by itself");
    }

    #[test]
    fn obedience_rate() {
        for (obedience, expected) in [(0, 0..1), (5_000, 430..570), (10_000, 1_000..1_001)] {
            let mut agent = Agent::new(Violation::Truncated, 2, obedience);
            let obeyed = (0..1_000)
                .filter(|_| opcode(&mut agent, BLOCK).is_some())
                .count();
            assert!(expected.contains(&obeyed), "{obedience}: {obeyed}");
        }
    }
}
