//! Replay: runs a recorded run again from its header and tape, and compares every tick.
//!
//! Opens no socket, does not wait, and changes no file. Stops at the first difference.

mod recording;
mod watch;

use std::path::Path;

use serde::Serialize;
use turingos::Digest;

use crate::soak::on_virtual_time;
use crate::{AnyRun, Cause, Divergence, Kind, RunEnd, RunIoError};

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
    expect_world(&kind)?;
    let mut replayed = AnyRun::of(&kind, Replayed { recording, watcher });
    let whole = on_virtual_time(run(&mut replayed, &kind, limit))?;
    if whole {
        let recorded_in = replayed.sink_mut().recording.recorded_in();
        let derived = replayed.manifest(&kind, recorded_in.as_deref());
        let recording = &mut replayed.sink_mut().recording;
        // A file that is not the manifest's explains a divergence.
        recording.expect_end(&kind)?;
        recording.expect_claims(&derived?)?;
    }
    let goes_on = replayed.has_next();
    let recording = replayed.into_sink().recording;
    let report = recording.report(kind.run_name(), kind.seed_and_profile().0, whole);
    Ok(Report {
        continues: goes_on && !report.finished,
        ..report
    })
}

/// Runs at most `limit` ticks of the recording; true if that is a finished run to its end.
async fn run(
    session: &mut AnyRun<Replayed<impl Watcher>>,
    kind: &Kind,
    limit: u64,
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
    recording.expect_last_record(kind)?;
    if !recording.is_finished() {
        return Ok(false);
    }
    // A user or a budget may have stopped a live run. In any other a further tick is a divergence.
    if !kind.is_live() {
        session.tick().await?;
    }
    Ok(true)
}

/// Checks that the initial world is still the header's.
fn expect_world(kind: &Kind) -> Result<(), RunIoError> {
    let (stated, found) = kind.world();
    if stated == found {
        return Ok(());
    }
    Err(RunIoError::Diverged(Box::new(Divergence {
        tick: 0,
        cause: Cause::WorldChanged,
        detail: "the initial world differs from the header".to_owned(),
        recorded: Some(stated.to_string().into()),
        replayed: Some(found.to_string().into()),
        differences: Vec::new(),
    })))
}
