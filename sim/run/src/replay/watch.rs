//! Whoever watches a replay: for progress, or for what a journal holds only the digests of.
//!
//! Never changes what is replayed.

use std::cell::RefCell;
use std::rc::Rc;

use turingos::kernel::{Committed, Kernel};

use crate::driver::{Call, Observer};

/// Is told what is run again.
pub trait Watcher {
    /// The run stands before its first tick.
    fn begun(&mut self, _kernel: &Kernel) {}

    /// An oracle was asked. The last call of a tick is the one that counts.
    fn called(&mut self, _call: &Call<'_>) {}

    /// A tick came out as it was recorded; `done` ticks have. The kernel stands before the next.
    fn held(&mut self, done: u64, _committed: &Committed, _kernel: &Kernel);
}

/// For those who only count.
impl<F: FnMut(u64)> Watcher for F {
    fn held(&mut self, done: u64, _: &Committed, _: &Kernel) {
        self(done);
    }
}

/// An observer beside whom a watcher stands.
#[derive(Debug)]
pub(super) struct Watched<R, V> {
    pub(super) observer: R,
    pub(super) watcher: Rc<RefCell<V>>,
}

impl<R: Observer, V: Watcher> Observer for Watched<R, V> {
    fn opening(&mut self, tick: u64) {
        self.observer.opening(tick);
    }

    fn called(&mut self, call: &Call<'_>) -> u64 {
        self.watcher.borrow_mut().called(call);
        self.observer.called(call)
    }

    fn is_playing(&self) -> bool {
        self.observer.is_playing()
    }

    fn has_stopped(&self) -> bool {
        self.observer.has_stopped()
    }
}
