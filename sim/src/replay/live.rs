//! A live run again: the same kernel, driver and scenario, with nobody behind the tape.

use super::{Recording, Report, expect_world};
use crate::live::Config;
use crate::oracle::Request;
use crate::oracle::recorded::{Nobody, RecordedOracle};
use crate::run::tape::{NoWorld, TapedWorld};
use crate::run::{Header, RunIoError};
use crate::scenario::ScenarioRun;

/// Replays a live run.
///
/// # Errors
/// A file is corrupt or cannot be read, or the replay diverges.
pub(super) async fn replay_live(
    mut recording: Recording,
    header: &Header<Config>,
    stop_at: Option<u64>,
    mut look: impl FnMut(u64),
) -> Result<Report, RunIoError> {
    let config = &header.config;
    expect_world(header, config.scenario.world().digest())?;
    let deck = recording.deck();
    let form = |request: &Request<'_>| config.providers.body(request);
    let mut run = ScenarioRun::on(
        Config::course(header),
        TapedWorld::new(deck.clone(), NoWorld),
        RecordedOracle::new(deck.clone(), form, Nobody),
    )
    .observed_by(deck);
    let limit = stop_at.unwrap_or(u64::MAX);
    while recording.ticks() < limit && recording.has_next()? {
        // A run that ends before its journal does is told when the end is held to it.
        if run.tick().await.is_none() {
            break;
        }
        recording.hold(run.record_json().as_bytes())?;
        look(recording.ticks());
    }
    let is_stopped = recording.ticks() == limit;
    recording.finish(header, is_stopped)
}
