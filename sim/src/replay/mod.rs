//! Replay: a recorded run is run again from its header and tape, and each record is held to its
//! journal.
//!
//! Never opens a socket, never waits, never draws from anything but the header's seed, and never
//! changes a file. Stops at the first difference.

mod recording;

use std::path::Path;

use serde::Serialize;
use turingos::Digest;

use crate::run::{Cause, Divergence, Header, RunIoError};
use crate::soak::{self, Soak, on_virtual_time};

pub use recording::{Kind, Recording};

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
    /// Whether the run was replayed to the end that its manifest tells of.
    pub whole: bool,
    /// The bytes of a line that was being written when the process stopped; they were left out.
    pub torn_bytes: u64,
}

/// Replays the run in `directory`, the first `stop_at` ticks of it if that is given; `look` is
/// shown how many ticks are done.
///
/// # Errors
/// A file is corrupt or cannot be read, or the replay diverges.
pub fn replay(
    directory: &Path,
    stop_at: Option<u64>,
    look: impl FnMut(u64),
) -> Result<Report, RunIoError> {
    let recording = Recording::open(directory)?;
    match recording.kind()? {
        Kind::Soak(header) => on_virtual_time(replay_soak(recording, &header, stop_at, look)),
    }
}

async fn replay_soak(
    mut recording: Recording,
    header: &Header<soak::Settings>,
    stop_at: Option<u64>,
    mut look: impl FnMut(u64),
) -> Result<Report, RunIoError> {
    expect_world(header, header.config.world().digest())?;
    let mut soak = Soak::start(header);
    let limit = stop_at.unwrap_or(u64::MAX);
    while recording.ticks() < limit.min(header.ticks) && recording.has_next()? {
        soak.tick_unchained().await;
        recording.hold(soak.record_json().as_bytes())?;
        look(recording.ticks());
    }
    let is_stopped = recording.ticks() == limit;
    recording.finish(header, is_stopped)
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
