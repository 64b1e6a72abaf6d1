//! The worker: a faithful agent that carries out missions written in plain English.
//!
//! It reads a mission file, does the step that the frame's contract names next, notes progress
//! where the contract says, runs the mission's test command and halts. Its answer is a pure
//! function of (seed, q, frame): what it has to remember from one tick to the next stands in q,
//! within a bound.
//!
//! It is made from a seed and nothing else, so that it cannot know a scenario, a contract's
//! expectations or an expected file but by what frames show. Never answers with anything but one
//! well-formed transition.
//!
//! A mission is a text in which these lines count:
//!
//! ```text
//! STEP NAME: INSTRUCTION          a step of the plan
//! NEED PATH: INSTRUCTION          how to make a file that is missing
//! TEST: COMMAND                   what shows that the work is done
//! ```

mod fold;
mod instruction;
mod notebook;
mod reading;
mod sight;
mod turn;
mod writing;

use super::Agent;
use super::intent::Intent;

/// The agent.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    seed: u64,
}

impl Worker {
    /// The worker of `seed`, which chooses between ways that lead to the same end.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl Agent for Worker {
    fn answer(&mut self, q: &str, frame: &str, intent: &mut Intent) {
        turn::answer(self.seed, q, frame, intent);
    }
}

/// The q to start a kernel with: it tells the worker where its mission stands.
#[must_use]
pub fn boot_q(mission: &str) -> String {
    format!("BOOT {mission}")
}
