//! Forced ABI violations: agents that break the frame's contract again and again, with and without
//! a guard block to go by.
//!
//! A run is a function of its [`Trial`]. The agents never see the machine, only the text of its
//! frames. Nothing here measures a real model: how often an agent obeys is an assumption, and a
//! parameter.

mod agent;
mod violation;

pub use agent::{Agent, GUARD_HEADING};
pub use violation::Violation;

use turingos::guard_lane::write_block;
use turingos::journal::Status;
use turingos::kernel::{Committed, Kernel, KernelConfig, OracleOutcome};
use turingos::trap::{TrapFrame, TrapFrameFault, TrapKind};

use turingos_world::{Quota, World};

/// How often an agent does what a guard block says, in ten-thousandths. No measurement stands
/// behind it: it leaves an agent that ignores its instructions in three cases of ten, and the
/// gate prints how the result depends on it.
pub const OBEDIENCE: u32 = 7_000;

/// How often an agent writes a whole transition although nobody tells it how, in ten-thousandths:
/// seldom, because what is looked at are agents that are stuck in a habit.
pub const SELF_CORRECTION: u32 = 500;

/// Ticks of one run: room for a dozen chances to get stuck.
pub const TICKS: u64 = 40;

/// So many panic resets within [`TICKS`] are a repeated panic loop.
pub const REPEATED: u32 = 2;

/// Microseconds between two ticks.
const TICK_US: u64 = 1_000_000;

const BOOT_Q: &str = "work through the notes";

/// What one run is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// How the agent breaks the frame.
    pub violation: Violation,
    /// What its draws come from.
    pub seed: u64,
    /// How often it obeys a block, in ten-thousandths.
    pub obedience: u32,
    /// Whether frames have blocks.
    pub guard_lane: bool,
}

impl Trial {
    /// Runs [`TICKS`] ticks, or fewer if the machine falls into a repeated panic loop before.
    /// True if it does: two panic resets, or a machine that stops as failed.
    #[must_use]
    pub fn falls_into_a_panic_loop(self) -> bool {
        let mut machine = Machine::boot(self);
        let mut resets = 0;
        for _ in 0..TICKS {
            let committed = machine.tick().committed;
            let traps = &committed.record.traps;
            resets += u32::from(traps.contains(&TrapKind::PanicReset));
            if resets >= REPEATED || committed.record.status == Status::Failed {
                return true;
            }
        }
        false
    }

    /// Runs the trial and looks at its recording: every trap frame as bytes, and every block that
    /// was shown beside the one that the recorded bytes lead to.
    ///
    /// # Errors
    /// [`TrapFrameFault`], if a recorded trap frame cannot be read back.
    pub fn recording(self) -> Result<Recording, TrapFrameFault> {
        let mut machine = Machine::boot(self);
        let mut recording = Recording::default();
        let mut newest = Vec::new();
        for _ in 0..TICKS {
            if machine.kernel.status() != Status::Running {
                break;
            }
            let expected = machine.block_after(&newest)?;
            let Ticked { frame, committed } = machine.tick();
            if let Some(expected) = expected {
                let shown = agent::block_of(&frame).map(str::to_owned);
                recording.blocks.push(BlockPair { shown, expected });
            }
            newest = committed
                .trap_frames
                .iter()
                .filter_map(|frame| serde_json::to_vec(frame).ok())
                .collect();
            recording.trap_frames.extend(newest.iter().cloned());
        }
        Ok(recording)
    }
}

/// What a run leaves to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The JSON of every trap frame, in order.
    pub trap_frames: Vec<Vec<u8>>,
    /// Every block after a tick that was trapped.
    pub blocks: Vec<BlockPair>,
}

/// A block as shown and as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockPair {
    /// What the frame held; nothing if it had no block.
    pub shown: Option<String>,
    /// What the trap frame's own bytes lead to.
    pub expected: String,
}

/// One kernel, its world and its agent.
struct Machine {
    kernel: Kernel,
    world: World,
    agent: Agent,
    now_us: u64,
}

struct Ticked {
    frame: String,
    committed: Committed,
}

impl Machine {
    fn boot(trial: Trial) -> Self {
        let config = KernelConfig {
            guard_lane: trial.guard_lane,
            ..KernelConfig::default()
        };
        let files = agent::NOTES.map(|path| (path, "A note.\n"));
        let world = World::with_files(Quota::default(), files)
            .expect("the default quota holds a handful of short notes");
        Self {
            kernel: Kernel::boot(&config, BOOT_Q, agent::NOTES[0]),
            world,
            agent: Agent::new(trial.violation, trial.seed, trial.obedience),
            now_us: 0,
        }
    }

    fn tick(&mut self) -> Ticked {
        self.now_us += TICK_US;
        let open = match self.kernel.open(self.now_us, &mut self.world) {
            Ok(open) => open,
            Err(stopped) => unreachable!("a run ends when its machine does, but {stopped}"),
        };
        let frame = open.frame().to_owned();
        let reply = self.agent.reply(&frame);
        let oracle = OracleOutcome {
            lane: open.lane(),
            failed_over: false,
            // A trial keeps no journal, so that a huge reply need not be hashed.
            raw: b"",
            reply: Ok(reply),
        };
        let committed = open.commit(self.now_us, &mut self.world, &oracle);
        Ticked { frame, committed }
    }

    /// The block that the next frame must show, if the last tick's newest trap moved the pointer.
    fn block_after(&self, recorded: &[Vec<u8>]) -> Result<Option<String>, TrapFrameFault> {
        let read: Vec<TrapFrame> = recorded
            .iter()
            .map(|bytes| TrapFrame::parse(bytes))
            .collect::<Result<_, _>>()?;
        let Some((newest, earlier)) = read.split_last() else {
            return Ok(None);
        };
        if !newest.trap_base.0.is_hard() {
            return Ok(None);
        }
        let closed = earlier
            .last()
            .filter(|_| newest.trap_base.0 == TrapKind::PanicReset);
        let situation = self.kernel.situation(newest, closed);
        let mut block = String::new();
        write_block(newest, closed, &situation, &mut block);
        Ok(Some(block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(violation: Violation, obedience: u32, guard_lane: bool) -> Trial {
        Trial {
            violation,
            seed: 1,
            obedience,
            guard_lane,
        }
    }

    #[test]
    fn an_agent_that_always_obeys_never_loops_and_one_that_never_does_always_loops() {
        for violation in Violation::ALL {
            assert!(!trial(violation, 10_000, true).falls_into_a_panic_loop());
            assert!(trial(violation, 0, true).falls_into_a_panic_loop());
            assert!(trial(violation, 10_000, false).falls_into_a_panic_loop());
        }
    }

    #[test]
    fn a_recording_is_the_same_twice_and_its_blocks_are_those_shown() {
        let mut pairs = 0;
        for violation in Violation::ALL {
            let trial = trial(violation, OBEDIENCE, true);
            let recording = trial.recording().unwrap();
            assert_eq!(recording, trial.recording().unwrap());
            for pair in &recording.blocks {
                assert_eq!(pair.shown.as_ref(), Some(&pair.expected));
            }
            pairs += recording.blocks.len();
        }
        assert!(pairs > 10 * Violation::ALL.len(), "{pairs}");
    }
}
