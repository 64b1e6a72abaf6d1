//! Where these runs happen: a header, a kernel, and a loop that writes or holds each record.

use std::path::Path;

use turingos::journal::Chain;
use turingos::kernel::Kernel;
use turingos::manifold::Manifold;
use turingos_agents::{Oracle, Request};
use turingos_run::recorded_oracle::{Nobody, RecordedOracle};
use turingos_run::replay::{Recording, Report};
use turingos_run::soak::{BOOT_POINTER, BOOT_Q, Settings, on_virtual_time};
use turingos_run::tape::{Deck, NoWorld, TapedWorld};
use turingos_run::{Driver, Header, Manifest, Profile, RunDirectory, RunIoError, RunWriter};
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

/// Runs the header's ticks, handing each record's JSON to `look`.
async fn ticks<W: Manifold, O: Oracle>(
    header: &Header<Settings>,
    deck: &Deck,
    world: W,
    (oracle, encoder): (O, RequestEncoder),
    mut look: impl FnMut(&[u8]) -> Result<bool, RunIoError>,
) -> Result<(), RunIoError> {
    let settings = &header.config;
    let kernel = Kernel::boot(&settings.kernel, BOOT_Q, BOOT_POINTER);
    let mut driver = Driver::start(
        kernel,
        TapedWorld::new(deck.clone(), world),
        RecordedOracle::new(deck.clone(), encoder, oracle),
        &settings.driver,
        header.seed,
    )
    .observed_by(deck.clone());
    let mut json = String::new();
    while driver.kernel().tick() < header.ticks {
        let committed = driver.tick().await.unwrap();
        json.clear();
        committed.record.write_json(&mut json);
        if !look(json.as_bytes())? {
            break;
        }
    }
    Ok(())
}

/// Runs to the end with everything written, and finishes the run.
pub(crate) fn write<W: Manifold>(
    header: &Header<Settings>,
    mut writer: RunWriter,
    world: W,
    oracle: (Scripted, RequestEncoder),
) -> Result<(), RunIoError> {
    let manifest = write_ticks(header, &mut writer, world, oracle)?;
    writer.finish(&manifest)
}

/// The same without the end: nothing is forced onto the disk, which takes its time.
pub(crate) fn write_ticks<W: Manifold>(
    header: &Header<Settings>,
    writer: &mut RunWriter,
    world: W,
    oracle: (Scripted, RequestEncoder),
) -> Result<Manifest, RunIoError> {
    let mut chain = Chain::new(header.genesis());
    let mut line = Vec::new();
    let deck = writer.deck();
    on_virtual_time(ticks(header, &deck, world, oracle, |record| {
        line.clear();
        chain.append(record, &mut line);
        writer.record_line(&line)?;
        writer.flush()?;
        Ok(true)
    }))?;
    Ok(Manifest::new(
        header.seed,
        header.profile,
        chain.count(),
        chain.head(),
        "sim".into(),
    ))
}

/// A finished run of so many ticks in `path`.
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

pub(crate) fn replay_sending(
    path: &Path,
    encoder: impl Fn(&Request<'_>) -> Vec<u8>,
) -> Result<Report, RunIoError> {
    let mut recording = Recording::open(path)?;
    let bytes = std::fs::read(path.join(RunDirectory::HEADER)).unwrap();
    let header = Header::<Settings>::from_bytes(&bytes).unwrap();
    let deck = recording.deck();
    let settings = &header.config;
    on_virtual_time(async {
        let kernel = Kernel::boot(&settings.kernel, BOOT_Q, BOOT_POINTER);
        let mut driver = Driver::start(
            kernel,
            TapedWorld::new(deck.clone(), NoWorld),
            RecordedOracle::new(deck.clone(), encoder, Nobody),
            &settings.driver,
            header.seed,
        )
        .observed_by(deck.clone());
        let mut json = String::new();
        while recording.has_next()? {
            let committed = driver.tick().await.unwrap();
            json.clear();
            committed.record.write_json(&mut json);
            recording.hold(json.as_bytes())?;
        }
        Ok(())
    })?;
    recording.expect_end(&header)?;
    Ok(recording.report(&header, recording.is_finished()))
}
