//! The machine: everything a kernel keeps from tick to tick, and its boot.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::config::KernelConfig;
use super::decide::LoopGuards;
use super::frame::Remembered;
use crate::contract::Contract;
use crate::digest::Digest;
use crate::dispatch::Dispatcher;
use crate::guards::halt::{Evidence, TestCommands};
use crate::guards::trap_loop::TrapLoop;
use crate::isa::OpcodeClass;
use crate::journal::Status;
use crate::memory::{Capabilities, Pager};
use crate::mind::RunQueue;
use crate::pointer::Location;
use crate::trap::{TrapFrame, TrapKind};

/// The machine: state register, pointer, mind, memory and guards. Every part is bounded.
///
/// A clone goes on by itself from the tick at which it was made.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub(super) system_prompt_chars: usize,
    pub(super) test_commands: TestCommands,
    /// The plan, if there is one that is enabled; never changed after boot.
    pub(super) contract: Option<Box<Contract>>,
    pub(super) guard_lane: bool,
    pub(super) tick: u64,
    pub(super) trap_seq: u64,
    pub(super) queue: RunQueue,
    pub(super) pager: Pager,
    pub(super) capabilities: Capabilities,
    pub(super) dispatcher: Dispatcher,
    pub(super) boot: Boot,
    /// What the plan asked for in the last frame.
    pub(super) plan_shown: Remembered,
    /// The texts of the tick that is open or was open last.
    pub(super) buffers: Buffers,
    pub(super) spare: Spare,
}

/// What every boot starts anew.
#[derive(Clone, Debug)]
pub(super) struct Boot {
    pub(super) q: String,
    pub(super) q_digest: Digest,
    pub(super) d: Location,
    pub(super) status: Status,
    pub(super) guards: LoopGuards,
    pub(super) trap_loop: TrapLoop,
    pub(super) evidence: Evidence,
    /// The last frame of each trap that moves the pointer.
    pub(super) trap_frames: BTreeMap<TrapKind, TrapFrame>,
    pub(super) last_success: Option<Digest>,
    pub(super) last_class: OpcodeClass,
}

impl Boot {
    fn at(q: &str, d: &str) -> Self {
        Self {
            q: String::from(q),
            q_digest: Digest::of(q.as_bytes()),
            d: Location::from_text(d),
            status: Status::Running,
            guards: LoopGuards::default(),
            trap_loop: TrapLoop::default(),
            evidence: Evidence::default(),
            trap_frames: BTreeMap::new(),
            last_success: None,
            last_class: OpcodeClass::WorldNavigation,
        }
    }
}

/// The texts of one tick, which the next one writes anew.
#[derive(Clone, Default)]
pub(super) struct Buffers {
    pub(super) slice: String,
    pub(super) plan: String,
    pub(super) frame: String,
    pub(super) scratch: String,
    pub(super) guard: String,
    pub(super) bytes: Vec<u8>,
}

/// What an earlier committed tick held, empty: kept for its memory only.
#[derive(Clone, Default)]
pub(super) struct Spare {
    pub(super) pointer: String,
    pub(super) next: String,
    pub(super) kinds: Vec<TrapKind>,
    pub(super) trap_frames: Vec<TrapFrame>,
}

/// Shows no content: it does not belong to the machine's state, whose `Debug` form tests compare.
impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffers")
    }
}

/// As [`Buffers`].
impl fmt::Debug for Spare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spare")
    }
}

impl Buffers {
    /// Empties them and keeps their memory.
    pub(super) fn clear(&mut self) {
        self.slice.clear();
        self.plan.clear();
        self.frame.clear();
        self.scratch.clear();
        self.guard.clear();
        self.bytes.clear();
    }
}

/// Sizes of everything a kernel keeps, to show that none of it grows without bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveState {
    /// Tasks in the run queue.
    pub tasks: usize,
    /// Page tables.
    pub page_tables: usize,
    /// Capability handles.
    pub capabilities: usize,
    /// Remembered trap details.
    pub trap_details: usize,
    /// Bytes of the state register.
    pub q_bytes: usize,
}

impl Kernel {
    /// A machine at its first tick.
    #[must_use]
    pub fn boot(config: &KernelConfig, q: &str, d: &str) -> Self {
        Self {
            system_prompt_chars: usize::try_from(config.system_prompt_chars).unwrap_or(usize::MAX),
            test_commands: TestCommands::new(config.test_commands.clone()),
            contract: None,
            guard_lane: config.guard_lane,
            tick: 0,
            trap_seq: 0,
            queue: RunQueue::default(),
            pager: Pager::default(),
            capabilities: Capabilities::default(),
            dispatcher: Dispatcher::new(config.route.clone()),
            boot: Boot::at(q, d),
            plan_shown: Remembered::default(),
            buffers: Buffers::default(),
            spare: Spare::default(),
        }
    }

    /// The machine under a plan, from its first tick on and after every reboot; one that is not
    /// enabled is no plan. Call it before the first tick.
    #[must_use]
    pub fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract.is_enabled().then(|| Box::new(contract));
        self
    }

    /// Starts a stopped machine again with a new state and pointer. The counts of ticks, traps,
    /// handles and task ids continue, and so does the health of the lanes; the run queue, the
    /// guards and the evidence start anew.
    pub fn reboot(&mut self, q: &str, d: &str) {
        self.queue.clear();
        self.boot = Boot::at(q, d);
    }

    /// The state register.
    #[must_use]
    pub fn q(&self) -> &str {
        &self.boot.q
    }

    /// The pointer register.
    #[must_use]
    pub const fn d(&self) -> &Location {
        &self.boot.d
    }

    /// The number of the next tick, which is the number of records so far.
    #[must_use]
    pub const fn tick(&self) -> u64 {
        self.tick
    }

    /// How the machine stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.boot.status
    }

    /// The run queue.
    #[must_use]
    pub const fn queue(&self) -> &RunQueue {
        &self.queue
    }

    /// Panic resets in a row so far.
    #[must_use]
    pub const fn panic_resets(&self) -> u8 {
        self.boot.trap_loop.panic_resets()
    }

    /// Sizes of everything kept.
    #[must_use]
    pub fn live_state(&self) -> LiveState {
        LiveState {
            tasks: self.queue.tasks().len(),
            page_tables: self.pager.tables(),
            capabilities: self.capabilities.len(),
            trap_details: self.boot.trap_frames.len(),
            q_bytes: self.boot.q.len(),
        }
    }
}
