//! Carrying a plan out: runs on every thread, results in order, and the reasons to stop early.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use crate::error::SweepError;
use crate::file::SweepFile;
use crate::in_order::in_order;
use crate::line::{Differs, RunLine};
use crate::one_run::{Finished, Runner};
use crate::plan::Plan;
use crate::shard::ShardJobs;
use crate::summary::Totals;

/// When to stop before the last run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// After so many failed runs.
    pub max_failures: Option<u64>,
    /// After so many seeds in a row that brought no new point.
    pub until_quiet: Option<u64>,
}

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every run is done.
    Complete,
    /// As many runs failed as [`Limits::max_failures`] allows.
    MaxFailures,
    /// As many seeds as [`Limits::until_quiet`] asks for brought nothing new.
    Quiet,
    /// [`Watch::is_stopped`] said so.
    Stopped,
}

/// What watches a sweep, from any thread.
pub struct Watch<'a, E> {
    /// Whether no further run is to begin.
    pub is_stopped: &'a (dyn Fn() -> bool + Sync),
    /// Looks at a run once it has ended, before it counts: the result in a fresh process, if it was
    /// another one. `None` if the run is to be dropped because the sweep was stopped.
    pub check: &'a (dyn Fn(&RunLine) -> Result<Option<Differs>, E> + Sync),
    /// A run has ended; true if it failed.
    pub ended: &'a (dyn Fn(bool) + Sync),
}

/// A sweep under way.
#[derive(Debug)]
pub struct Sweep<'a> {
    /// What to run.
    pub plan: &'a Plan,
    /// Which of its runs.
    pub jobs: &'a ShardJobs,
    /// The results of its runs so far.
    pub totals: Totals,
    /// Where they are kept, if they are.
    pub file: Option<SweepFile>,
    /// When to stop early.
    pub limits: Limits,
}

impl Sweep<'_> {
    /// Carries out the runs that are not done yet. `each` sees every counted run, in order.
    ///
    /// # Errors
    /// A check failed, `each` failed, or the file cannot be written.
    pub fn run<E: From<SweepError> + Send>(
        &mut self,
        threads: NonZeroUsize,
        watch: &Watch<'_, E>,
        mut each: impl FnMut(&RunLine) -> Result<(), E>,
    ) -> Result<Ended, E> {
        let (plan, jobs) = (self.plan, self.jobs);
        let done = self.file.as_ref().map_or(0, SweepFile::done);
        let failed_before = self.totals.summary.failed;
        let work = |runner: &mut Runner<'_>, job: u64| {
            if (watch.is_stopped)() {
                return None;
            }
            let (seed, subject) = jobs.at(job);
            let mut finished = runner.run(seed, subject);
            match (watch.check)(&finished.line) {
                Ok(differs) => finished.line.differs = differs,
                Err(error) => return Some(Err(error)),
            }
            // A check that was cut short by the same signal proves nothing.
            if finished.line.differs.is_some() && (watch.is_stopped)() {
                return None;
            }
            (watch.ended)(finished.line.failure.is_some());
            Some(Ok(finished))
        };
        let mut ended = Ended::Stopped;
        let mut failure = None;
        let count = jobs.count();
        let next = in_order(
            done..count,
            threads,
            || Runner::new(plan),
            work,
            |job, result| {
                let taken = result.and_then(|finished| self.take(job, &finished, &mut each));
                if let Err(error) = taken {
                    failure = Some(error);
                    return ControlFlow::Break(());
                }
                match self.limit_reached(job, failed_before) {
                    Some(reason) => {
                        ended = reason;
                        ControlFlow::Break(())
                    }
                    None => ControlFlow::Continue(()),
                }
            },
        );
        if let Some(file) = &mut self.file {
            file.save(&self.totals.ledger)?;
        }
        match failure {
            Some(error) => Err(error),
            None if next == count => Ok(Ended::Complete),
            None => Ok(ended),
        }
    }

    fn take<E: From<SweepError>>(
        &mut self,
        job: u64,
        finished: &Finished,
        each: &mut impl FnMut(&RunLine) -> Result<(), E>,
    ) -> Result<(), E> {
        // A neighbour's run is compared when the shards are merged, and counted there.
        if job < self.jobs.own() {
            self.totals.add(finished);
            each(&finished.line)?;
        }
        if let Some(file) = &mut self.file {
            file.add(&finished.line, &self.totals.ledger)?;
        }
        Ok(())
    }

    fn limit_reached(&self, job: u64, failed_before: u64) -> Option<Ended> {
        let failed = self.totals.summary.failed - failed_before;
        if self.limits.max_failures.is_some_and(|most| failed >= most) {
            return Some(Ended::MaxFailures);
        }
        let quiet = self.limits.until_quiet?;
        let (seed, subject) = self.jobs.at(job);
        let is_last_of_seed = subject + 1 == self.plan.subjects.len() && job < self.jobs.own();
        let newest = self.totals.ledger.newest_seed().unwrap_or(0);
        (is_last_of_seed && seed.saturating_sub(newest) >= quiet).then_some(Ended::Quiet)
    }
}
