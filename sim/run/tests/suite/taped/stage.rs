//! A session with a scripted provider: recorded, resumed, replayed.

use std::path::Path;

use turingos::manifold::Manifold;
use turingos_agents::Request;
use turingos_run::replay::{Recording, Report};
use turingos_run::soak::{Settings, on_virtual_time};
use turingos_run::tape::{NoOracle, NoWorld, TapeSession};
use turingos_run::{
    Header, Inputs, Manifest, Profile, RunDirectory, RunIoError, RunWriter, Session, Sink, Start,
    Tick, Ticks,
};
use turingos_world::World;

use super::provider::Scripted;

/// How a request becomes a body.
pub(crate) type RequestEncoder = fn(&Request<'_>) -> Vec<u8>;

pub(crate) fn header(ticks: u64) -> Header<Settings> {
    Settings::header(Profile::Routine, 11, ticks)
}

pub(crate) fn world() -> World {
    header(0).config.world()
}

/// Runs to the end with everything written, and finishes the run.
pub(crate) fn write<W: Manifold>(
    header: &Header<Settings>,
    writer: RunWriter,
    world: W,
    oracle: (Scripted, RequestEncoder),
) -> Result<(), RunIoError> {
    let (writer, manifest) = write_ticks(header, writer, world, oracle)?;
    writer.finish(&manifest)
}

/// The same without the end: nothing is synced to disk, which is slow.
pub(crate) fn write_ticks<W: Manifold>(
    header: &Header<Settings>,
    writer: RunWriter,
    world: W,
    (oracle, encoder): (Scripted, RequestEncoder),
) -> Result<(RunWriter, Manifest), RunIoError> {
    let mut session = Session::new(
        Start::of_soak(header),
        Ticks::new(header.ticks),
        (world, oracle),
        Inputs::WorldAndOracle(Box::new(encoder)),
        writer,
    );
    on_virtual_time(session.drive())?;
    let (seed, profile, ticks) = (header.seed, header.profile, session.ticks());
    let manifest = Manifest::new(seed, profile, ticks, session.root(), "sim".into());
    let mut writer = session.into_sink();
    writer.flush()?;
    Ok((writer, manifest))
}

/// A finished run of this many ticks in `path`.
pub(crate) fn record(path: &Path, ticks: u64, encoder: RequestEncoder) -> Header<Settings> {
    let header = header(ticks);
    let writer = RunDirectory::create(path, &header).unwrap();
    write(&header, writer, world(), (Scripted::default(), encoder)).unwrap();
    header
}

/// Replays the run in `path` with no provider and no world behind its tape.
pub(crate) fn replay(path: &Path, encoder: RequestEncoder) -> Result<Report, RunIoError> {
    replay_sending(path, encoder)
}

/// A recording as a sink that compares every tick with it.
struct Compared(Recording);

impl Sink for Compared {
    type Error = RunIoError;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        Some(self.0.tape_mut())
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.0.verify_next(tick)
    }
}

pub(crate) fn replay_sending(
    path: &Path,
    encoder: impl Fn(&Request<'_>) -> Vec<u8> + Send + 'static,
) -> Result<Report, RunIoError> {
    let recording = Recording::open(path)?;
    let bytes = std::fs::read(path.join(RunDirectory::HEADER)).unwrap();
    let header = Header::<Settings>::from_bytes(&bytes).unwrap();
    let mut session = Session::new(
        Start::of_soak(&header),
        Ticks::new(header.ticks),
        (NoWorld, NoOracle),
        Inputs::WorldAndOracle(Box::new(encoder)),
        Compared(recording),
    );
    on_virtual_time(async {
        while session.sink_mut().0.has_next()? {
            session.tick().await?.unwrap();
        }
        Ok::<_, RunIoError>(())
    })?;
    let mut recording = session.into_sink().0;
    recording.expect_end(&header)?;
    Ok(recording.report("soak".to_owned(), header.seed, recording.is_finished()))
}
