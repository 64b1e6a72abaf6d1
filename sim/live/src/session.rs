//! A live session: budgets, interruptions and the leak alarm around a run.
//!
//! Writes no manifest for a run in which a tick was aborted: such a run is an unfinished recording,
//! valid up to its last whole tick.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use turingos::kernel::Committed;
use turingos::manifold::Manifold;

use super::oracle::{Alarm, LiveOracle};
use super::spending::{Budget, Spending};
use turingos_run::providers::Config;
use turingos_run::scenario::ScenarioPlan;
use turingos_run::tape::SecretScan;
use turingos_run::{Header, RunIoError, RunWriter, Session};
use turingos_secrets::{Leak, Secrets};

/// A run that is recorded as it happens, of which real providers answer what is not on its tape.
pub trait LiveRun {
    /// Runs one tick; `None` if the run is over.
    ///
    /// # Errors
    /// As [`Session::tick`].
    fn tick(&mut self) -> impl Future<Output = Result<Option<Committed>, RunIoError>>;

    /// Ticks so far.
    fn ticks(&self) -> u64;

    /// Ends the run before its next tick; `reason` says why, in two or three words.
    fn stop(&mut self, reason: &'static str);

    /// The providers.
    fn oracle(&self) -> &LiveOracle;

    /// What the ticks are written with.
    fn writer(&mut self) -> &mut RunWriter;
}

/// The run of a live header in world `W`.
pub type RecordedLive<W> = Session<ScenarioPlan, W, LiveOracle, RunWriter>;

impl<W: Manifold> LiveRun for RecordedLive<W> {
    async fn tick(&mut self) -> Result<Option<Committed>, RunIoError> {
        Self::tick(self).await
    }

    fn ticks(&self) -> u64 {
        Self::ticks(self)
    }

    fn stop(&mut self, reason: &'static str) {
        Self::stop(self, reason);
    }

    fn oracle(&self) -> &LiveOracle {
        Self::oracle(self)
    }

    fn writer(&mut self) -> &mut RunWriter {
        self.sink_mut()
    }
}

/// The limits of a run, and what stops it.
pub struct LiveSession<R> {
    run: R,
    alarm: Alarm,
    budget: Budget,
}

/// Requests of a user to end the run.
pub trait Interrupts {
    /// Ready once for each request.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()>;
}

/// One tick of a live run, to be shown.
#[derive(Clone, Debug)]
pub struct Watched<'a> {
    /// The tick.
    pub committed: &'a Committed,
    /// What the run has used so far.
    pub spending: Spending,
}

/// How a session ended.
#[derive(Debug)]
pub enum End<R> {
    /// The run is over, by its own end, its limits or one interruption; it waits for its manifest.
    Over(Box<R>, Spending),
    /// The second interruption came within a tick, which is aborted. Nothing is finished.
    Abandoned {
        /// How many ticks are recorded.
        ticks: u64,
    },
    /// A secret was seen where none belongs. Nothing is finished.
    Leak {
        /// What and where.
        leak: Leak,
        /// How many ticks are recorded.
        ticks: u64,
    },
}

/// The scan for the writers of a run.
#[must_use]
pub fn scan_by(secrets: &Secrets) -> SecretScan {
    let secrets = secrets.clone();
    SecretScan::new(move |bytes| secrets.check("a run", bytes).err().map(|leak| leak.kind))
}

/// What ended the wait for a tick.
enum First {
    Tick(Result<Option<Box<Committed>>, RunIoError>),
    Abandoned,
    Leak(Leak),
}

impl<W: Manifold> LiveSession<RecordedLive<W>> {
    /// Prepares the run of `header` in `world`, which holds the scenario's files. Whatever the run
    /// writes passes the oracle's scan. Must be called inside a tokio runtime with a real clock.
    #[must_use]
    pub fn start(
        header: &Header<Config>,
        world: W,
        oracle: LiveOracle,
        writer: RunWriter,
        budget: Budget,
    ) -> Self {
        let writer = writer.with_scan(scan_by(oracle.secrets()));
        let session = Session::new(
            Config::start(header),
            Config::plan(header),
            (world, oracle),
            Config::inputs(header),
            writer,
        );
        Self::of(session, budget)
    }
}

impl<R: LiveRun> LiveSession<R> {
    /// A session of a run whose writer has the scan of its oracle, [`scan_by`].
    pub fn of(run: R, budget: Budget) -> Self {
        Self {
            alarm: run.oracle().alarm(),
            run,
            budget,
        }
    }

    /// Runs to the end. The first interruption ends the run after the tick that is under way, for
    /// which `look` is called with `None`; the second aborts that tick.
    ///
    /// # Errors
    /// The run cannot be written. What was written is a valid recording.
    pub async fn run(
        mut self,
        interrupts: &mut impl Interrupts,
        mut look: impl FnMut(Option<Watched<'_>>),
    ) -> Result<End<R>, RunIoError> {
        let mut interrupted = false;
        loop {
            if let Some(reason) = self.reason_to_stop(interrupted) {
                self.run.stop(reason);
            }
            let first = self.first(interrupts, &mut interrupted, &mut look).await;
            let spending = self.run.oracle().spending();
            match first {
                First::Tick(committed) => match committed? {
                    Some(committed) => {
                        self.run.writer().flush()?;
                        look(Some(Watched {
                            committed: &committed,
                            spending,
                        }));
                    }
                    None => return Ok(End::Over(Box::new(self.run), spending)),
                },
                First::Abandoned => {
                    let ticks = self.run.ticks();
                    return Ok(End::Abandoned { ticks });
                }
                First::Leak(leak) => {
                    let ticks = self.run.ticks();
                    return Ok(End::Leak { leak, ticks });
                }
            }
        }
    }

    fn reason_to_stop(&mut self, interrupted: bool) -> Option<&'static str> {
        let spending = self.run.oracle().spending();
        let tape_bytes = self.run.writer().tape_bytes();
        match self.budget.exceeded_by(spending, tape_bytes) {
            _ if interrupted => Some("interrupted"),
            exceeded => exceeded,
        }
    }

    /// One tick, unless something that ends the run comes before its end. In one task everything
    /// happens in a fixed order: interruptions first, then the tick, then the alarm that it rings.
    async fn first(
        &mut self,
        interrupts: &mut impl Interrupts,
        interrupted: &mut bool,
        look: &mut impl FnMut(Option<Watched<'_>>),
    ) -> First {
        let mut tick = pin!(self.run.tick());
        poll_fn(|context| {
            while interrupts.poll(context).is_ready() {
                if *interrupted {
                    return Poll::Ready(First::Abandoned);
                }
                *interrupted = true;
                look(None);
            }
            match (tick.as_mut().poll(context), self.alarm.leak()) {
                (_, Some(leak)) => Poll::Ready(First::Leak(leak)),
                (Poll::Ready(ticked), None) => {
                    Poll::Ready(First::Tick(ticked.map(|it| it.map(Box::new))))
                }
                (Poll::Pending, None) => Poll::Pending,
            }
        })
        .await
    }
}
