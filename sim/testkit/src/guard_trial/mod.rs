//! Forced ABI violations: agents that break the frame's contract repeatedly, with and without guard
//! blocks.
//!
//! A run is a function of its [`Trial`]. The agents see only the text of frames. This does not
//! measure real models: the rate of obedience is an assumed parameter.

mod agent;
mod violation;

pub use agent::Agent;
pub use violation::Violation;

use turingos::guard_lane::write_block;
use turingos::journal::Status;
use turingos::kernel::{Answer, Committed, Kernel, KernelConfig};
use turingos::trap::{TrapFrame, TrapFrameFault, TrapKind};

use turingos_world::{Quota, World};

/// How often an agent obeys a guard block, per ten thousand. It is assumed, not measured; the gate
/// prints how the result depends on it.
pub const OBEDIENCE: u32 = 7_000;

/// How often an agent writes a valid transition without a guard block, per ten thousand. It is rare,
/// because the trial is about agents that repeat their violation.
pub(crate) const SELF_CORRECTION: u32 = 500;

/// Ticks of one run: room for a dozen chances to get stuck.
pub const TICKS: u64 = 40;

/// The panic resets within [`TICKS`] that make a repeated panic loop.
pub(crate) const REPEATED: u32 = 2;

/// Microseconds between two ticks.
const TICK_US: u64 = 1_000_000;

const BOOT_Q: &str = "work through the notes";

/// The parameters of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The agent's violation.
    pub violation: Violation,
    /// The seed of its draws.
    pub seed: u64,
    /// How often it obeys a block, per ten thousand.
    pub obedience: u32,
    /// Whether frames have blocks.
    pub guard_lane: bool,
}

impl Trial {
    /// Runs up to [`TICKS`] ticks. True if the machine falls into a repeated panic loop: two panic
    /// resets, or a stop as failed.
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

    /// Runs the trial and returns its trap frames as bytes, and each shown guard block beside the one
    /// derived from the recorded bytes.
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

/// The recording of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Every trap frame as JSON, in order.
    pub trap_frames: Vec<Vec<u8>>,
    /// The block after every trapped tick.
    pub blocks: Vec<BlockPair>,
}

/// A shown block and the expected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockPair {
    /// The block in the frame, if it had one.
    pub shown: Option<String>,
    /// The block derived from the trap frame's bytes.
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
        let answer = Answer::decode(reply);
        // A trial keeps no journal, so that a huge reply need not be hashed. There is one agent, so
        // that no lane fails over.
        let committed = open.commit(self.now_us, &mut self.world, b"", answer);
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
    fn obedience_decides_whether_it_loops() {
        for &violation in Violation::ALL {
            assert!(!trial(violation, 10_000, true).falls_into_a_panic_loop());
            assert!(trial(violation, 0, true).falls_into_a_panic_loop());
            assert!(trial(violation, 10_000, false).falls_into_a_panic_loop());
        }
    }

    #[test]
    fn recording_is_deterministic_and_matches_the_frames() {
        let mut pairs = 0;
        for &violation in Violation::ALL {
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
