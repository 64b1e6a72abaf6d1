//! Injectable faults: what may go wrong with the in-memory world, and who decides.
//!
//! A plan decides *whether*; the world decides what that means for the operation at hand. A plan
//! never sees paths or contents, so that it cannot depend on them, and a fault once handed out is
//! never dropped: the world always reports it.

use std::collections::VecDeque;

use turingos::manifold::WorldFaultCode;

/// What is about to be done when a plan is asked. It is asked once for each.
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
    /// A look at the history.
    GitLog,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InjectedFault {
    /// The target seems not to be there.
    NotFound,
    /// The world does not allow it.
    Denied,
    /// The disk seems full.
    NoSpace,
    /// The operation stops half-way. A write leaves the target alone and half of its content in
    /// a staging file, `PATH.torn`; any other operation merely fails.
    TornWrite,
}

impl InjectedFault {
    /// The code that the caller of the operation is given.
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

/// Decides which operations fail. It must be a function of its own state and the operations it
/// was asked about, or a run cannot be repeated.
pub trait FaultPlan {
    /// The fault to inject into the operation about to be done, if any.
    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault>;
}

impl<F: FaultPlan + ?Sized> FaultPlan for Box<F> {
    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault> {
        (**self).next_fault(operation)
    }
}

/// The plan under which nothing ever goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoFaults;

impl FaultPlan for NoFaults {
    fn next_fault(&mut self, _: Operation) -> Option<InjectedFault> {
        None
    }
}

/// A queue of faults, each waiting for the next operation of its kind. An operation that does
/// not match the front of the queue is left alone.
#[derive(Clone, Debug, Default)]
pub struct ScriptedFaults(VecDeque<(Operation, InjectedFault)>);

impl ScriptedFaults {
    /// A plan that injects `faults` in their order.
    #[must_use]
    pub fn new(faults: impl IntoIterator<Item = (Operation, InjectedFault)>) -> Self {
        Self(faults.into_iter().collect())
    }

    /// How many faults still wait.
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
    /// Into what.
    pub operation: Operation,
    /// What went wrong.
    pub fault: InjectedFault,
}

/// Which faults were injected since someone last asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct InjectionLog {
    pending: Vec<Injection>,
    total: u64,
}

impl InjectionLog {
    /// How many injections are kept between two questions; later ones are only counted.
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
