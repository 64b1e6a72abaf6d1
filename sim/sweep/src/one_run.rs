//! One run of a sweep: from its header to its line, with what it reached.

use turingos::manifold::Manifold;
use turingos_agents::{Agent, SeededOracle};
use turingos_run::FailureTally;
use turingos_run::scenario::ScenarioRun;
use turingos_run::soak::{Soak, judge, on_virtual_time};
use turingos_run::{Gate, RunIoError, RunPlan, Session, Sink, Tick};

use crate::ledger::{Counter, Reached};
use crate::line::RunLine;
use crate::plan::{AnyHeader, Plan};

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its line.
    pub line: RunLine,
    /// What it reached.
    pub reached: Reached,
}

/// Makes runs of a plan, one after another; each thread has its own.
#[derive(Debug)]
pub struct Runner<'a> {
    plan: &'a Plan,
    counter: Counter,
}

impl<'a> Runner<'a> {
    /// A runner of `plan`.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            counter: Counter::default(),
        }
    }

    /// Runs `seed` with the subject at this place of the plan.
    ///
    /// # Panics
    /// If the run fails to take its own ticks, which is a bug: nothing of it touches a file.
    pub fn run(&mut self, seed: u64, subject: usize) -> Finished {
        let of_plan = &self.plan.subjects[subject];
        let header = of_plan.header(seed, self.plan.swarm);
        let counter = &mut self.counter;
        let ended = on_virtual_time(async {
            match &header {
                AnyHeader::Soak(header) => {
                    let mut soak = Soak::start_into(header, RunSink::default());
                    drive(&mut soak, counter).await?;
                    let outcome = soak.outcome();
                    let gates = judge(header, &outcome.tally);
                    Ok(Ended::of(soak, &gates))
                }
                AnyHeader::Scenario(header) => {
                    let mut run = ScenarioRun::seeded_into(header, RunSink::default());
                    drive(&mut run, counter).await?;
                    let outcome = run.outcome()?;
                    Ok(Ended::of(run, &outcome.gates))
                }
            }
        });
        let Ended {
            ticks,
            root,
            failure,
        } = ended.unwrap_or_else(|error: RunIoError| {
            unreachable!("a run without files has nothing to fail: {error}")
        });
        Finished {
            line: RunLine {
                seed,
                subject,
                ticks,
                root,
                off: of_plan.kinds_off(&header),
                failure,
                differs: None,
            },
            reached: self.counter.take(),
        }
    }
}

struct Ended {
    ticks: u64,
    root: turingos::Digest,
    failure: Option<turingos_run::Fingerprint>,
}

impl Ended {
    fn of<P: RunPlan<W>, W: Manifold, A: Agent>(
        run: Session<P, W, SeededOracle<A>, RunSink>,
        gates: &[Gate],
    ) -> Self {
        Self {
            ticks: run.ticks(),
            root: run.root(),
            failure: run.into_sink().failure.fingerprint(gates),
        }
    }
}

/// Runs to the end and counts what each tick reached.
async fn drive<P: RunPlan<W>, W: Manifold, A: Agent>(
    run: &mut Session<P, W, SeededOracle<A>, RunSink>,
    counter: &mut Counter,
) -> Result<(), RunIoError> {
    counter.begin();
    while let Some(committed) = run.tick().await? {
        let world_faults = std::mem::take(&mut run.sink_mut().world_faults);
        counter.count(&committed.record, run.oracle(), &world_faults);
    }
    Ok(())
}

/// What only a sink gets to see of a tick.
#[derive(Debug, Default)]
struct RunSink {
    failure: FailureTally,
    world_faults: Vec<&'static str>,
}

impl Sink for RunSink {
    type Error = RunIoError;

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.failure.count(tick);
        self.world_faults.extend(&tick.injections.world_faults);
        Ok(())
    }
}
