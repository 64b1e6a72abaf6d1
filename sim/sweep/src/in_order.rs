//! Jobs on several threads, their results in the order of the jobs.
//!
//! A result waits for those before it, and threads wait once they are [`AHEAD`] jobs ahead, so memory
//! does not grow with the number of jobs. What is delivered does not depend on the number of threads.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};

/// How many jobs may be started beyond the first one that is not delivered.
const AHEAD: u64 = 4_096;

/// The cores that this process may use.
#[must_use]
pub fn all_cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Runs `jobs` on `threads` threads and hands each result to `deliver`, in order, on this thread.
///
/// `work` gets what `state` made for its thread. Where it returns `None` the job was not done, and
/// the sweep ends before it; where `deliver` breaks, it ends after that job. Returns the first job
/// that was not delivered.
pub fn in_order<S, T: Send>(
    jobs: Range<u64>,
    threads: NonZeroUsize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, u64) -> Option<T> + Sync,
    mut deliver: impl FnMut(u64, T) -> ControlFlow<()>,
) -> u64 {
    let queue = Queue::of(&jobs);
    let (sender, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.get() {
            let sender = sender.clone();
            let (queue, state, work) = (&queue, &state, &work);
            scope.spawn(move || {
                let _guard = CloseOnPanic(queue);
                let mut state = state();
                while let Some(job) = queue.take() {
                    if sender.send((job, work(&mut state, job))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut next = jobs.start;
        'results: for (job, result) in results {
            waiting.insert(job, result);
            while let Some(result) = waiting.remove(&next) {
                let Some(result) = result else {
                    break 'results;
                };
                next += 1;
                if deliver(next - 1, result).is_break() {
                    break 'results;
                }
            }
            queue.delivered_before(next);
        }
        queue.close();
        next
    })
}

/// The jobs that no thread has taken yet.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    next: u64,
    end: u64,
    /// Every job before this one is delivered.
    delivered: u64,
}

impl Queue {
    const fn of(jobs: &Range<u64>) -> Self {
        Self {
            state: Mutex::new(State {
                next: jobs.start,
                end: jobs.end,
                delivered: jobs.start,
            }),
            changed: Condvar::new(),
        }
    }

    /// No job runs while the lock is held, so a panic leaves the state whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; waits while it is too far ahead. `None` if there is none left.
    fn take(&self) -> Option<u64> {
        let mut state = self.lock();
        while state.next < state.end && state.next - state.delivered >= AHEAD {
            state = (self.changed.wait(state)).unwrap_or_else(PoisonError::into_inner);
        }
        (state.next < state.end).then(|| {
            state.next += 1;
            state.next - 1
        })
    }

    fn delivered_before(&self, job: u64) {
        self.lock().delivered = job;
        self.changed.notify_all();
    }

    /// No job is taken any more.
    fn close(&self) {
        self.lock().end = 0;
        self.changed.notify_all();
    }
}

/// A thread that panics delivers nothing, so the others must not wait for it.
struct CloseOnPanic<'a>(&'a Queue);

impl Drop for CloseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    /// Later jobs are quicker than earlier ones, so that results come out of order.
    fn square(_: &mut (), job: u64) -> Option<u64> {
        for _ in 0..(20_000 / (job + 1)) {
            std::hint::spin_loop();
        }
        Some(job * job)
    }

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        for count in [1, 2, 7] {
            let mut seen = Vec::new();
            let end = in_order(
                3..10_000,
                threads(count),
                || (),
                square,
                |job, result| {
                    seen.push((job, result));
                    ControlFlow::Continue(())
                },
            );
            let expected: Vec<_> = (3..10_000).map(|job| (job, job * job)).collect();
            assert!(seen == expected, "{count} threads");
            assert_eq!(end, 10_000);
        }
    }

    #[test]
    fn sweep_ends_after_the_job_that_breaks_and_before_one_that_is_not_done() {
        for count in [1, 3] {
            let mut last = 0;
            let end = in_order(
                0..1_000_000,
                threads(count),
                || (),
                square,
                |job, _| {
                    last = job;
                    match job {
                        500 => ControlFlow::Break(()),
                        _ => ControlFlow::Continue(()),
                    }
                },
            );
            assert_eq!((last, end), (500, 501));
            let some = |_: &mut (), job| (job != 700).then_some(job);
            let end = in_order(
                0..1_000_000,
                threads(count),
                || (),
                some,
                |job, _| {
                    last = job;
                    ControlFlow::Continue(())
                },
            );
            assert_eq!((last, end), (699, 700));
        }
    }

    #[test]
    fn no_thread_runs_far_ahead_of_a_slow_job() {
        let (begun, ahead) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = |_: &mut (), job| {
            begun.fetch_max(job, Ordering::Relaxed);
            if job == 0 {
                while begun.load(Ordering::Relaxed) < AHEAD - 1 {
                    std::thread::yield_now();
                }
                for _ in 0..1_000 {
                    std::thread::yield_now();
                }
                ahead.store(begun.load(Ordering::Relaxed), Ordering::Relaxed);
            }
            Some(())
        };
        let end = in_order(
            0..3 * AHEAD,
            threads(2),
            || (),
            work,
            |_, ()| ControlFlow::Continue(()),
        );
        assert_eq!(end, 3 * AHEAD);
        assert_eq!(ahead.into_inner(), AHEAD - 1);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn panic_of_one_thread_ends_the_sweep() {
        let work = |_: &mut (), job: u64| {
            assert_ne!(job, 5, "planted");
            Some(())
        };
        in_order(
            0..u64::MAX,
            threads(2),
            || (),
            work,
            |_, ()| ControlFlow::Continue(()),
        );
    }
}
