//! Replay: a recorded run is run again from its header and tape, and each record is held to its
//! journal.
//!
//! Never opens a socket, never waits, never draws from anything but the header's seed, and never
//! changes a file. Stops at the first difference.

mod recording;
mod watch;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use serde::Serialize;
use turingos::Digest;
use turingos::manifold::Manifold;

use crate::driver::Observer;
use crate::providers;
use crate::recorded_oracle::{Nobody, RecordedOracle};
use crate::scenario::{self, Place, ScenarioRun};
use crate::soak::{self, Soak, judge, on_virtual_time};
use crate::tape::{NoWorld, TapedWorld};
use crate::{Cause, Divergence, Header, Kind, RunEnd, RunIoError};
use turingos_agents::Oracle;

pub use recording::Recording;
pub use watch::Watcher;

use watch::Watched;

/// What a replay came to: everything it ran is as recorded.
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

/// A seeded run that is made once more: nothing is waited for.
#[derive(Clone, Copy, Debug)]
struct Again;

impl Observer for Again {
    fn is_playing(&self) -> bool {
        true
    }
}

/// How far a replay is to go, and who watches it.
struct Extent<V> {
    /// After how many ticks to stop.
    limit: u64,
    /// Who watches: beside the driver's observer, and after each tick.
    watcher: Rc<RefCell<V>>,
}

impl<V> Extent<V> {
    fn beside<R>(&self, observer: R) -> Watched<R, V> {
        Watched {
            observer,
            watcher: Rc::clone(&self.watcher),
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
    let extent = Extent {
        limit: stop_at.unwrap_or(u64::MAX),
        watcher: Rc::new(RefCell::new(watcher)),
    };
    let kind = recording.kind()?;
    on_virtual_time(async {
        match kind {
            Kind::Soak(header) => replay_soak(recording, &header, extent).await,
            Kind::Scenario(header) => replay_scenario(recording, &header, extent).await,
            Kind::Live(header) => replay_live(recording, &header, extent).await,
        }
    })
}

async fn replay_soak(
    mut recording: Recording,
    header: &Header<soak::Settings>,
    extent: Extent<impl Watcher>,
) -> Result<Report, RunIoError> {
    expect_world(header, header.config.world().digest())?;
    let mut soak = Soak::observed(header, extent.beside(Again));
    extent.watcher.borrow_mut().begun(soak.kernel());
    while recording.ticks() < extent.limit.min(header.ticks) && recording.has_next()? {
        let committed = soak.tick_unchained().await;
        recording.hold(soak.record_json().as_bytes())?;
        let mut watcher = extent.watcher.borrow_mut();
        watcher.held(recording.ticks(), &committed, soak.kernel());
    }
    if recording.ticks() == extent.limit {
        return Ok(recording.report(header, false));
    }
    recording.expect_end(header)?;
    if recording.is_finished() {
        if recording.ticks() < header.ticks {
            soak.tick_unchained().await;
            recording.hold(soak.record_json().as_bytes())?;
        }
        recording.expect_gates(&judge(header, &soak.finish().tally))?;
    }
    Ok(recording.report(header, recording.is_finished()))
}

async fn replay_scenario(
    recording: Recording,
    header: &Header<scenario::Settings>,
    extent: Extent<impl Watcher>,
) -> Result<Report, RunIoError> {
    expect_world(header, header.config.scenario.world().digest())?;
    match header.config.place {
        Place::Memory => {
            let run = ScenarioRun::seeded(header).observed_by(extent.beside(Again));
            replay_run(recording, header, run, extent, Ends::ByItself).await
        }
        Place::Directory => {
            let deck = recording.deck();
            let world = TapedWorld::new(deck.clone(), NoWorld);
            let oracle = header.config.oracle(header.seed);
            let run = ScenarioRun::start(header, world, oracle).observed_by(extent.beside(deck));
            replay_run(recording, header, run, extent, Ends::InAnotherWorld).await
        }
    }
}

async fn replay_live(
    recording: Recording,
    header: &Header<providers::Config>,
    extent: Extent<impl Watcher>,
) -> Result<Report, RunIoError> {
    expect_world(header, header.config.scenario.world().digest())?;
    let deck = recording.deck();
    let run = ScenarioRun::on(
        providers::Config::course(header),
        TapedWorld::new(deck.clone(), NoWorld),
        RecordedOracle::new(deck.clone(), header.config.providers.encoder(), Nobody),
    )
    .observed_by(extent.beside(deck));
    replay_run(recording, header, run, extent, Ends::WhenStopped).await
}

/// What is known about the end of a finished run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// It goes on until it is over, and its files can be looked at.
    ByItself,
    /// It goes on until it is over, but its files are not here.
    InAnotherWorld,
    /// Somebody or a budget may have stopped it.
    WhenStopped,
}

async fn replay_run<C, W: Manifold, O: Oracle, R: Observer>(
    mut recording: Recording,
    header: &Header<C>,
    mut run: ScenarioRun<W, O, R>,
    extent: Extent<impl Watcher>,
    ends: Ends,
) -> Result<Report, RunIoError> {
    extent.watcher.borrow_mut().begun(run.kernel());
    while recording.ticks() < extent.limit && recording.has_next()? {
        let Some(committed) = run.tick().await else {
            break;
        };
        recording.hold(run.record_json().as_bytes())?;
        let mut watcher = extent.watcher.borrow_mut();
        watcher.held(recording.ticks(), &committed, run.kernel());
    }
    if recording.ticks() == extent.limit {
        return Ok(recording.report(header, false));
    }
    recording.expect_end(header)?;
    if recording.is_finished() && ends != Ends::WhenStopped {
        if run.tick().await.is_some() {
            recording.hold(run.record_json().as_bytes())?;
        }
        if ends == Ends::ByItself {
            recording.expect_gates(&run.finish().gates)?;
        }
    }
    Ok(recording.report(header, recording.is_finished()))
}

/// Checks that the initial world is still the one that the header speaks of.
fn expect_world<C>(header: &Header<C>, found: Digest) -> Result<(), RunIoError> {
    if header.world == found {
        return Ok(());
    }
    Err(RunIoError::Diverged(Box::new(Divergence {
        tick: 0,
        cause: Cause::WorldChanged,
        detail: "the run starts in another world than the header tells of".to_owned(),
        recorded: Some(header.world.to_string().into()),
        replayed: Some(found.to_string().into()),
        differences: Vec::new(),
    })))
}
