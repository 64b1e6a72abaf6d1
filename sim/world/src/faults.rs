//! Injectable faults of the in-memory world, and the plans that decide when they occur.
//!
//! A plan decides *whether* an operation fails; the world applies the fault to the operation. A
//! plan never sees paths or contents, so it cannot depend on them.

use std::collections::VecDeque;

use strum::{IntoStaticStr, VariantArray};
use turingos::manifold::WorldFaultCode;

/// The operation that a plan is asked about, once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// A manifold read.
    Read,
    /// A manifold directory listing.
    List,
    /// A change of one path: a manifold write, or one that a shell command makes.
    Write,
    /// A whole command line, before anything of it runs.
    Exec,
    /// A history query.
    GitLog,
}

/// A fault to inject into an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum InjectedFault {
    /// The target appears to be missing.
    NotFound,
    /// Permission is denied.
    Denied,
    /// The disk appears to be full.
    NoSpace,
    /// The operation stops half-way. A write leaves the target unchanged and half of its content
    /// in a staging file, `PATH.torn`; any other operation just fails.
    TornWrite,
}

impl InjectedFault {
    /// Every fault.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in headers and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the fault is one of this operation: a read cannot fill a disk or tear a file, and a
    /// write creates a missing file.
    #[must_use]
    pub const fn fits(self, operation: Operation) -> bool {
        match self {
            Self::NotFound => matches!(operation, Operation::Read),
            Self::Denied => matches!(operation, Operation::Read | Operation::Write),
            Self::NoSpace | Self::TornWrite => matches!(operation, Operation::Write),
        }
    }

    /// The code that the caller receives.
    #[must_use]
    pub const fn code(self) -> WorldFaultCode {
        match self {
            Self::NotFound => WorldFaultCode::NotFound,
            Self::Denied => WorldFaultCode::Denied,
            Self::NoSpace => WorldFaultCode::NoSpace,
            Self::TornWrite => WorldFaultCode::TornWrite,
        }
    }
}

/// Decides which operations fail. Its answers must depend only on its own state and the
/// operations it was asked about, or a run cannot be repeated.
pub trait FaultPlan {
    /// The operations of another tick follow.
    fn open_tick(&mut self, _tick: u64) {}

    /// The fault to inject into the next operation, if any.
    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault>;
}

impl<F: FaultPlan + ?Sized> FaultPlan for Box<F> {
    fn open_tick(&mut self, tick: u64) {
        (**self).open_tick(tick);
    }

    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault> {
        (**self).next_fault(operation)
    }
}

/// The plan without faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoFaults;

impl FaultPlan for NoFaults {
    fn next_fault(&mut self, _: Operation) -> Option<InjectedFault> {
        None
    }
}

/// A queue of faults, each for the next operation of its kind. An operation that does not match
/// the front of the queue succeeds.
#[derive(Clone, Debug, Default)]
pub struct ScriptedFaults(VecDeque<(Operation, InjectedFault)>);

impl ScriptedFaults {
    /// A plan that injects `faults` in order.
    #[must_use]
    pub fn new(faults: impl IntoIterator<Item = (Operation, InjectedFault)>) -> Self {
        Self(faults.into_iter().collect())
    }

    /// How many faults are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.0.len()
    }
}

impl FaultPlan for ScriptedFaults {
    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault> {
        self.0
            .pop_front_if(|(awaited, _)| *awaited == operation)
            .map(|(_, fault)| fault)
    }
}

/// One fault that was injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injection {
    /// The operation that failed.
    pub operation: Operation,
    /// The injected fault.
    pub fault: InjectedFault,
}

/// The faults injected since the last [`InjectionLog::take`].
#[derive(Clone, Debug, Default)]
pub(crate) struct InjectionLog {
    pending: Vec<Injection>,
    total: u64,
}

impl InjectionLog {
    /// How many injections are kept between two takes; later ones are only counted.
    const KEPT: usize = 64;

    pub(crate) fn ask(
        &mut self,
        plan: &mut dyn FaultPlan,
        operation: Operation,
    ) -> Option<InjectedFault> {
        let fault = plan.next_fault(operation)?;
        self.total = self.total.saturating_add(1);
        if self.pending.len() < Self::KEPT {
            self.pending.push(Injection { operation, fault });
        }
        Some(fault)
    }

    pub(crate) fn take(&mut self) -> Vec<Injection> {
        std::mem::take(&mut self.pending)
    }

    pub(crate) const fn total(&self) -> u64 {
        self.total
    }
}
