//! Steps one to five of a tick: observe, consult the plan, compose the frame, choose a lane.

use alloc::borrow::Cow;
use core::fmt;

use super::frame::{FRAME_LIMIT, Parts, Section, compose, frame_limit};
use super::machine::{Buffers, Kernel};
use super::oracle::Answer;
use super::outcome::{Observation, Plan};
use crate::digest::Digest;
use crate::dispatch::{Context, Lane, RouteEntry};
use crate::isa::OpcodeClass;
use crate::journal::Status;
use crate::manifold::Manifold;
use crate::pointer::Pointer;

/// A tick between its frame and its reply. Dropping it leaves the kernel as it was.
#[derive(Debug)]
#[must_use = "a tick counts only once it is committed"]
pub struct OpenTick<'k> {
    pub(super) kernel: &'k mut Kernel,
    pub(super) seen: Observation,
    pub(super) frame: Digest,
    pub(super) clipped: bool,
    pub(super) route: RouteEntry,
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
        &self.kernel.boot.q
    }

    /// The frame to send.
    #[must_use]
    pub fn frame(&self) -> &str {
        &self.kernel.buffers.frame
    }

    /// The lane to call now.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.route.lane
    }

    /// Why that lane, and how healthy both are.
    #[must_use]
    pub const fn route(&self) -> &RouteEntry {
        &self.route
    }

    /// Hears the answer of the lane that was called. True if it failed and another lane is to be
    /// called in its place, which [`OpenTick::lane`] then is; else the answer is to be committed. At
    /// most once a tick: only lane E fails over.
    pub fn fail_over(&mut self, answer: &Answer) -> bool {
        let Some(fault) = answer.fault() else {
            return false;
        };
        let dispatcher = &self.kernel.dispatcher;
        let fails_over = dispatcher.fails_over(self.route.lane, fault.has_text());
        if fails_over {
            self.route.lane = self.route.lane.other();
            self.route.failover = Some(Cow::Borrowed(fault.code()));
        }
        fails_over
    }

    /// How long the observation took in the world, in microseconds: the caller's clock has to
    /// advance by it.
    #[must_use]
    pub const fn elapsed_us(&self) -> u64 {
        self.seen.elapsed_us
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

impl Kernel {
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
        if self.boot.status != Status::Running {
            return Err(Stopped(self.boot.status));
        }
        self.buffers.clear();
        let Buffers {
            mut slice,
            mut plan,
            mut frame,
            mut scratch,
            mut guard,
            mut bytes,
        } = core::mem::take(&mut self.buffers);
        let seen = self.observe(world, now_us, &mut slice, &mut plan);
        self.boot.guards.trace.render(&mut scratch);
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
        let limit_for = |q_chars| frame_limit(self.system_prompt_chars, q_chars);
        // No text has more characters than bytes, so most need no count.
        let limit = match limit_for(self.boot.q.len()) {
            FRAME_LIMIT => FRAME_LIMIT,
            _ => limit_for(self.boot.q.chars().count()),
        };
        let clipped = compose(shown, limit, &mut frame);
        let digest_of = |text: &str| (!text.is_empty()).then(|| Digest::of(text.as_bytes()));
        let parts = Parts {
            contract: self.plan_shown.digest_of(&plan),
            trace_cache: Digest::of(scratch.as_bytes()),
            call_stack: self.queue.digest(),
            slice: seen.digest.unwrap_or(Digest::EMPTY),
            pages: seen.pages,
            notes: digest_of(slice.get(seen.unnoted..).unwrap_or_default()),
            guard: digest_of(&guard),
            clipped_to: clipped.then_some(limit),
        };
        let digest = parts.digest(&mut bytes);
        let route = self.dispatcher.route(Context {
            trapped: self.boot.d.trap().is_some() || seen.is_trapped(),
            blocked_queue: self.queue.is_blocked(),
            blocked_step: seen.plan == Plan::Blocked,
            predicted: self.predict(&seen),
        });
        self.buffers = Buffers {
            slice,
            plan,
            frame,
            scratch,
            guard,
            bytes,
        };
        Ok(OpenTick {
            kernel: self,
            seen,
            frame: digest,
            clipped,
            route,
        })
    }

    /// What a model most likely does next: it leaves a trap, halts when the plan is complete, creates
    /// what is missing, and otherwise does more of what it did last.
    fn predict(&self, seen: &Observation) -> OpcodeClass {
        match self.boot.d.pointer() {
            Ok(Pointer::Trap { .. }) => OpcodeClass::WorldNavigation,
            _ if seen.plan == Plan::Complete => OpcodeClass::SystemControl,
            Ok(Pointer::File(_)) if seen.is_trapped() => OpcodeClass::WorldMutation,
            _ => self.boot.last_class,
        }
    }
}
