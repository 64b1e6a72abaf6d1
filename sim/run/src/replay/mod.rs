//! Replay: runs a recorded run again from its header and tape, and compares every tick.
//!
//! Opens no socket, does not wait, and changes no file. Stops at the first difference.

mod recording;
mod watch;

use std::path::Path;

use serde::Serialize;
use turingos::Digest;
use turingos::manifold::Manifold;

use crate::providers;
use crate::scenario::{self, Place, ScenarioRun};
use crate::session::{RunPlan, Session};
use crate::soak::{self, Soak, on_virtual_time};
use crate::tape::{NoOracle, NoWorld};
use crate::{Cause, Divergence, Header, Kind, RunConfig, RunEnd, RunIoError};
use turingos_agents::Oracle;

pub use recording::Recording;
pub use watch::Watcher;

use watch::Replayed;

/// The result of a replay: everything it ran is as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What kind of run it is: `soak`, or the name of its scenario.
    pub run: String,
    /// The seed.
    pub seed: u64,
    /// How many ticks were run again.
    pub ticks: u64,
    /// How many entries of the tape were played.
    pub tape_entries: u64,
    /// The head of the journal's chain after these ticks.
    pub root: Digest,
    /// Whether the run was replayed to the end that its manifest states.
    pub whole: bool,
    /// Whether the recorded run has a manifest.
    pub finished: bool,
    /// The bytes of a line that was being written when the process stopped; they were left out.
    pub torn_bytes: u64,
    /// Whether an unfinished run goes on after its last record: the recording lacks the rest.
    pub continues: bool,
}

impl Report {
    /// How the recorded run ends, as far as it was replayed.
    #[must_use]
    pub const fn end(&self) -> RunEnd {
        match self.finished {
            true => RunEnd::Finished,
            false => RunEnd::Unfinished {
                records: self.ticks,
                torn_bytes: self.torn_bytes,
            },
        }
    }
}

/// Replays the run in `directory`, the first `stop_at` ticks of it if that is given. A closure that
/// watches is shown how many ticks are done.
///
/// # Errors
/// A file is corrupt or cannot be read, or the replay diverges.
pub fn replay(
    directory: &Path,
    stop_at: Option<u64>,
    watcher: impl Watcher,
) -> Result<Report, RunIoError> {
    let recording = Recording::open(directory)?;
    let limit = stop_at.unwrap_or(u64::MAX);
    let kind = recording.kind()?;
    let sink = Replayed { recording, watcher };
    on_virtual_time(async {
        match kind {
            Kind::Soak(header) => replay_soak(sink, &header, limit).await,
            Kind::Scenario(header) => replay_scenario(sink, &header, limit).await,
            Kind::Live(header) => replay_live(sink, &header, limit).await,
        }
    })
}

async fn replay_soak(
    sink: Replayed<impl Watcher>,
    header: &Header<soak::Settings>,
    limit: u64,
) -> Result<Report, RunIoError> {
    expect_world(header, header.config.world().digest())?;
    let mut soak = Soak::start_into(header, sink);
    let whole = run(&mut soak, header, limit, End::OfThePlan).await?;
    if whole {
        let outcome = soak.outcome();
        let recording = &mut soak.sink_mut().recording;
        recording.expect_end(header)?;
        recording.expect_claims(|_| outcome.manifest(header))?;
    }
    Ok(report(soak, header, whole))
}

async fn replay_scenario(
    sink: Replayed<impl Watcher>,
    header: &Header<scenario::Settings>,
    limit: u64,
) -> Result<Report, RunIoError> {
    expect_world(header, header.config.scenario.world().digest())?;
    match header.config.place {
        Place::Memory => {
            let replayed = ScenarioRun::seeded_into(header, sink);
            replay_mission(replayed, header, limit, End::OfThePlan).await
        }
        Place::Directory => {
            let replayed = ScenarioRun::start(header, NoWorld, sink);
            replay_mission(replayed, header, limit, End::OfThePlan).await
        }
    }
}

async fn replay_live(
    sink: Replayed<impl Watcher>,
    header: &Header<providers::Config>,
    limit: u64,
) -> Result<Report, RunIoError> {
    expect_world(header, header.config.scenario.world().digest())?;
    let replayed = Session::new(
        providers::Config::start(header),
        providers::Config::plan(header),
        (NoWorld, NoOracle),
        providers::Config::inputs(header),
        sink,
    );
    replay_mission(replayed, header, limit, End::Anywhere).await
}

async fn replay_mission<C: RunConfig, W: Manifold, O: Oracle>(
    mut replayed: ScenarioRun<W, O, Replayed<impl Watcher>>,
    header: &Header<C>,
    limit: u64,
    end: End,
) -> Result<Report, RunIoError> {
    let whole = run(&mut replayed, header, limit, end).await?;
    if whole {
        let outcome = replayed.outcome();
        let recording = &mut replayed.sink_mut().recording;
        // A file that is not the manifest's explains a divergence.
        recording.expect_end(header)?;
        let outcome = outcome?;
        recording.expect_claims(|recorded_in| outcome.manifest(header, recorded_in))?;
    }
    Ok(report(replayed, header, whole))
}

/// Where a finished run may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Where its plan ends.
    OfThePlan,
    /// A user or a budget may have stopped it.
    Anywhere,
}

/// What was replayed.
fn report<C, P: RunPlan<W>, W: Manifold, O: Oracle>(
    session: Session<P, W, O, Replayed<impl Watcher>>,
    header: &Header<C>,
    whole: bool,
) -> Report {
    let goes_on = session.has_next();
    let report = session.into_sink().recording.report(header, whole);
    Report {
        continues: goes_on && !report.finished,
        ..report
    }
}

/// Runs at most `limit` ticks of the recording; true if that is a finished run to its end.
async fn run<C, P: RunPlan<W>, W: Manifold, O: Oracle, V: Watcher>(
    session: &mut Session<P, W, O, Replayed<V>>,
    header: &Header<C>,
    limit: u64,
    end: End,
) -> Result<bool, RunIoError> {
    while session.ticks() < limit && session.sink_mut().recording.has_next()? {
        match session.tick().await {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                // The line that a finished run lost explains a divergence.
                session.sink_mut().recording.expect_whole()?;
                return Err(error);
            }
        }
    }
    if session.ticks() == limit {
        return Ok(false);
    }
    let recording = &mut session.sink_mut().recording;
    recording.expect_last_record(header)?;
    if !recording.is_finished() {
        return Ok(false);
    }
    if end == End::OfThePlan {
        // A further tick is a divergence.
        session.tick().await?;
    }
    Ok(true)
}

/// Checks that the initial world is still the header's.
fn expect_world<C>(header: &Header<C>, found: Digest) -> Result<(), RunIoError> {
    if header.world == found {
        return Ok(());
    }
    Err(RunIoError::Diverged(Box::new(Divergence {
        tick: 0,
        cause: Cause::WorldChanged,
        detail: "the initial world differs from the header".to_owned(),
        recorded: Some(header.world.to_string().into()),
        replayed: Some(found.to_string().into()),
        differences: Vec::new(),
    })))
}
