//! A live run, tick by tick, recorded as it happens: budgets, interruptions, secrets.
//!
//! Never writes a manifest for a run in which a tick was given up: such a run is a recording that
//! did not finish, valid up to its last whole tick. Never goes on after a failed write.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use turingos::kernel::Committed;
use turingos::manifold::Manifold;

use super::oracle::{Alarm, LiveOracle};
use super::secrets::Leak;
use super::spending::{Budget, Spending};
use turingos_run::providers::{Config, ProvidersEncoder};
use turingos_run::recorded_oracle::RecordedOracle;
use turingos_run::scenario::{Outcome, ScenarioRun};
use turingos_run::tape::{Deck, TapedWorld};
use turingos_run::{Header, RunIoError, RunWriter};

/// A live run in world `W`.
pub struct Session<W> {
    run: ScenarioRun<TapedWorld<W>, RecordedOracle<LiveOracle, ProvidersEncoder>, Deck>,
    writer: RunWriter,
    alarm: Alarm,
    budget: Budget,
}

/// Tells when somebody wants the run to end: ready once for each time that they say so.
pub trait Interrupts {
    /// Ready if somebody has said so again.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()>;
}

/// What one tick came to, for whoever watches.
#[derive(Clone, Debug)]
pub struct Watched<'a> {
    /// The tick.
    pub committed: &'a Committed,
    /// What the run has used so far.
    pub spending: Spending,
}

/// How a session ended.
#[derive(Debug)]
pub enum End {
    /// The run is over, by its own end, its limits or one interruption; its writer is to be
    /// finished with a manifest.
    Over(Box<Outcome>, RunWriter, Spending),
    /// The second interruption came within a tick, which is given up. Nothing is finished.
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

/// What came first.
enum First {
    Tick(Option<Box<Committed>>),
    Abandoned,
    Leak(Leak),
}

impl<W: Manifold> Session<W> {
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
        let writer = writer.with_scan(oracle.secrets().for_writers());
        let deck = writer.deck();
        let alarm = oracle.alarm();
        let encoder = header.config.providers.encoder();
        let run = ScenarioRun::on(
            Config::course(header),
            TapedWorld::new(deck.clone(), world),
            RecordedOracle::new(deck.clone(), encoder, oracle),
        )
        .observed_by(deck);
        Self {
            run,
            writer,
            alarm,
            budget,
        }
    }

    /// Runs to the end. The first interruption ends the run after the tick that is under way,
    /// which `look` is told by `None`; the second gives that tick up.
    ///
    /// # Errors
    /// The run cannot be written. What was written is a valid recording.
    pub async fn run(
        mut self,
        interrupts: &mut impl Interrupts,
        mut look: impl FnMut(Option<Watched<'_>>),
    ) -> Result<End, RunIoError> {
        let mut interrupted = false;
        loop {
            if let Some(reason) = self.reason_to_stop(interrupted) {
                self.run.stop(reason);
            }
            match self.first(interrupts, &mut interrupted, &mut look).await {
                First::Tick(Some(committed)) => {
                    self.writer.record_line(self.run.line())?;
                    self.writer.flush()?;
                    look(Some(Watched {
                        committed: &committed,
                        spending: self.run.oracle().live().spending(),
                    }));
                }
                First::Tick(None) => {
                    let spending = self.run.oracle().live().spending();
                    let outcome = self.run.finish_in(TapedWorld::world_mut);
                    return Ok(End::Over(Box::new(outcome), self.writer, spending));
                }
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

    fn reason_to_stop(&self, interrupted: bool) -> Option<&'static str> {
        let spending = self.run.oracle().live().spending();
        match self.budget.exceeded_by(spending) {
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
        let alarm = self.alarm.clone();
        let mut tick = pin!(self.run.tick());
        poll_fn(|context| {
            while interrupts.poll(context).is_ready() {
                if *interrupted {
                    return Poll::Ready(First::Abandoned);
                }
                *interrupted = true;
                look(None);
            }
            match (tick.as_mut().poll(context), alarm.leak()) {
                (_, Some(leak)) => Poll::Ready(First::Leak(leak)),
                (Poll::Ready(committed), None) => Poll::Ready(First::Tick(committed.map(Box::new))),
                (Poll::Pending, None) => Poll::Pending,
            }
        })
        .await
    }
}
