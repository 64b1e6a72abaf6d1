//! The tick state machine: open a tick, hand over the frame, commit the reply.
//!
//! Sans-I/O. An [`OpenTick`] borrows the kernel, so a second open tick, or a reply without a
//! frame, does not compile. Dropping an open tick leaves the kernel as it was; only a commit
//! changes it, and every commit yields exactly one record.

mod channels;
mod collapse;
mod commit;
mod config;
mod effect;
mod frame;
mod guidance;
mod observe;
mod plan;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use crate::contract::Contract;
use crate::digest::Digest;
use crate::dispatch::{Context, Dispatcher, Lane, RouteEntry};
use crate::guards::deadlock::Deadlock;
use crate::guards::halt::{Evidence, TestCommands};
use crate::guards::l1::TraceCache;
use crate::guards::thrashing::Thrashing;
use crate::guards::trap_loop::TrapLoop;
use crate::guards::watchdog::Watchdog;
use crate::isa::OpcodeClass;
use crate::journal::Status;
use crate::manifold::Manifold;
use crate::memory::{Capabilities, Pager};
use crate::mind::RunQueue;
use crate::pointer::{Location, Pointer};
use crate::trap::{TrapFrame, TrapKind};

pub use channels::ChannelFault;
pub use collapse::{Collapse, OracleFault};
pub use commit::Committed;
pub use config::KernelConfig;
pub use frame::{
    FRAME_LIMIT, FRAME_MINIMUM, REQUEST_BUDGET, REQUEST_MARGIN, Section, compose, frame_limit,
};

use observe::Observation;

/// The machine: state register, pointer, mind, memory and guards. Every part is bounded.
#[derive(Debug)]
pub struct Kernel {
    system_prompt_chars: usize,
    test_commands: TestCommands,
    /// The plan, if there is one that is enabled; never changed after boot.
    contract: Option<Box<Contract>>,
    q: String,
    q_digest: Digest,
    d: Location,
    tick: u64,
    trap_seq: u64,
    status: Status,
    queue: RunQueue,
    pager: Pager,
    capabilities: Capabilities,
    dispatcher: Dispatcher,
    watchdog: Watchdog,
    trace: TraceCache,
    thrashing: Thrashing,
    deadlock: Deadlock,
    trap_loop: TrapLoop,
    evidence: Evidence,
    /// The last frame of each trap that moves the pointer.
    trap_frames: BTreeMap<TrapKind, TrapFrame>,
    guard_lane: bool,
    last_success: Option<Digest>,
    last_class: OpcodeClass,
    /// Buffers kept from tick to tick for their memory only; empty between ticks.
    buffers: Buffers,
}

#[derive(Debug, Default)]
struct Buffers {
    slice: String,
    plan: String,
    frame: String,
    scratch: String,
    guard: String,
}

impl Buffers {
    /// Empties them and keeps their memory.
    fn clear(&mut self) {
        self.slice.clear();
        self.plan.clear();
        self.frame.clear();
        self.scratch.clear();
        self.guard.clear();
    }
}

/// A tick was asked of a machine that has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped(
    /// How it stopped.
    pub Status,
);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the machine is {}", self.0.name())
    }
}

impl core::error::Error for Stopped {}

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
            q: String::from(q),
            q_digest: Digest::of(q.as_bytes()),
            d: Location::from_text(d),
            tick: 0,
            trap_seq: 0,
            status: Status::Running,
            queue: RunQueue::default(),
            pager: Pager::default(),
            capabilities: Capabilities::default(),
            dispatcher: Dispatcher::new(config.route.clone()),
            watchdog: Watchdog::default(),
            trace: TraceCache::default(),
            thrashing: Thrashing::default(),
            deadlock: Deadlock::default(),
            trap_loop: TrapLoop::default(),
            evidence: Evidence::default(),
            trap_frames: BTreeMap::new(),
            guard_lane: config.guard_lane,
            last_success: None,
            last_class: OpcodeClass::WorldNavigation,
            buffers: Buffers::default(),
        }
    }

    /// The machine under a plan, from its first tick on and after every reboot; one that is not
    /// enabled is no plan. Call it before the first tick.
    #[must_use]
    pub fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract.is_enabled().then(|| Box::new(contract));
        self
    }

    /// Starts a stopped machine again with a new state and pointer. Ticks, traps and handles go on
    /// counting, and so does the health of the lanes; the run queue, the guards and the evidence
    /// start anew.
    pub fn reboot(&mut self, q: &str, d: &str) {
        self.q = String::from(q);
        self.q_digest = Digest::of(q.as_bytes());
        self.d = Location::from_text(d);
        self.status = Status::Running;
        self.queue.clear();
        self.watchdog = Watchdog::default();
        self.trace = TraceCache::default();
        self.thrashing = Thrashing::default();
        self.deadlock = Deadlock::default();
        self.trap_loop = TrapLoop::default();
        self.evidence = Evidence::default();
        self.trap_frames.clear();
        self.last_success = None;
        self.last_class = OpcodeClass::WorldNavigation;
    }

    /// Observes the pointer, composes the frame and chooses a lane.
    ///
    /// `now_us` is the caller's virtual time in microseconds. If the pointer is a command, the
    /// world runs it here: that is what observing a command means.
    ///
    /// # Errors
    /// [`Stopped`] if the machine has halted or failed.
    pub fn open<W: Manifold>(
        &mut self,
        now_us: u64,
        world: &mut W,
    ) -> Result<OpenTick<'_>, Stopped> {
        if self.status != Status::Running {
            return Err(Stopped(self.status));
        }
        let Buffers {
            mut slice,
            mut plan,
            mut frame,
            mut scratch,
            mut guard,
        } = core::mem::take(&mut self.buffers);
        let seen = self.observe(world, now_us, &mut slice, &mut plan);
        self.trace.render(&mut scratch);
        if self.guard_lane {
            self.guide(&seen, now_us, &mut guard);
        }
        let sections = [
            (Section::Contract, plan.as_str()),
            (Section::TraceCache, scratch.as_str()),
            (Section::CallStack, self.queue.rendered()),
            (Section::ObservedSlice, slice.as_str()),
            (Section::Guard, guard.as_str()),
        ];
        let shown = match sections.split_last() {
            Some((_, others)) if guard.is_empty() => others,
            _ => sections.as_slice(),
        };
        let limit = frame_limit(self.system_prompt_chars, self.q.chars().count());
        let clipped = compose(shown, limit, &mut frame);
        let route = self.dispatcher.route(Context {
            trapped: self.d.trap().is_some() || seen.is_trapped(),
            blocked: self.queue.is_blocked(),
            predicted: self.predict(&seen),
        });
        Ok(OpenTick {
            kernel: self,
            seen,
            clipped,
            route,
            buffers: Buffers {
                slice,
                plan,
                frame,
                scratch,
                guard,
            },
        })
    }

    /// What a model most likely does next: it leaves a trap, creates what is missing, and
    /// otherwise does more of what it did last.
    fn predict(&self, seen: &Observation) -> OpcodeClass {
        match self.d.pointer() {
            Ok(Pointer::Trap { .. }) => OpcodeClass::WorldNavigation,
            Ok(Pointer::File(_)) if seen.is_trapped() => OpcodeClass::WorldMutation,
            _ => self.last_class,
        }
    }

    /// The state register.
    #[must_use]
    pub fn q(&self) -> &str {
        &self.q
    }

    /// The pointer register.
    #[must_use]
    pub const fn d(&self) -> &Location {
        &self.d
    }

    /// The number of the next tick, which is the number of records so far.
    #[must_use]
    pub const fn tick(&self) -> u64 {
        self.tick
    }

    /// How the machine stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The run queue.
    #[must_use]
    pub const fn queue(&self) -> &RunQueue {
        &self.queue
    }

    /// Panic resets in a row so far.
    #[must_use]
    pub const fn panic_resets(&self) -> u8 {
        self.trap_loop.panic_resets()
    }

    /// Sizes of everything kept.
    #[must_use]
    pub fn live_state(&self) -> LiveState {
        LiveState {
            tasks: self.queue.tasks().len(),
            page_tables: self.pager.tables(),
            capabilities: self.capabilities.len(),
            trap_details: self.trap_frames.len(),
            q_bytes: self.q.len(),
        }
    }
}

/// A tick between its frame and its reply. Dropping it leaves the kernel as it was.
#[derive(Debug)]
#[must_use = "a tick counts only once it is committed"]
pub struct OpenTick<'k> {
    kernel: &'k mut Kernel,
    seen: Observation,
    clipped: bool,
    route: RouteEntry,
    buffers: Buffers,
}

impl OpenTick<'_> {
    /// The tick's number, from 0.
    #[must_use]
    pub const fn tick(&self) -> u64 {
        self.kernel.tick
    }

    /// The state register to send.
    #[must_use]
    pub fn q(&self) -> &str {
        &self.kernel.q
    }

    /// The frame to send.
    #[must_use]
    pub fn frame(&self) -> &str {
        &self.buffers.frame
    }

    /// The lane to call first.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.route.lane
    }

    /// Why that lane, and how healthy both are.
    #[must_use]
    pub const fn route(&self) -> &RouteEntry {
        &self.route
    }

    /// How long the observation took in the world, in microseconds: the caller's clock has to
    /// advance by it.
    #[must_use]
    pub const fn elapsed_us(&self) -> u64 {
        self.seen.elapsed_us
    }
}
