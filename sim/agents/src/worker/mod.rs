//! The worker: a faithful agent that carries out missions written in plain English.
//!
//! It reads a mission file, carries out the step that the frame's contract names next, records
//! progress at the contract's pointer, runs the mission's test command and halts. Its answer is a
//! pure function of (seed, q, frame): its whole memory is in q, within a bound.
//!
//! A worker is made from a seed alone, so it learns of a scenario, a contract's expectations or an
//! expected file only through frames.
//!
//! These lines of a mission are instructions; all others are ignored:
//!
//! ```text
//! STEP NAME: INSTRUCTION          a step of the plan
//! NEED PATH: INSTRUCTION          how to make a missing file
//! TEST: COMMAND                   the check that the work is done
//! ```

mod fold;
mod instruction;
mod memory;
mod reading;
mod turn;
mod view;
mod writing;

use super::Agent;
use super::intent::Intent;

/// The worker agent.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    seed: u64,
}

impl Worker {
    /// The worker of `seed`, which varies its extra actions, not its results.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The q to boot a kernel with: it names the mission file.
    #[must_use]
    pub fn boot_q(mission: &str) -> String {
        format!("BOOT {mission}")
    }
}

impl Agent for Worker {
    fn answer(&mut self, q: &str, frame: &str, intent: &mut Intent) {
        turn::answer(self.seed, q, frame, intent);
    }
}
