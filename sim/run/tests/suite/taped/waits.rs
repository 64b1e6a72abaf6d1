//! Time of a taped run: waited for while it is recorded, added up while it is played.

use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;
use turingos_agents::FaultRates;
use turingos_run::soak::on_virtual_time;
use turingos_run::tape::SecretScan;
use turingos_run::{
    Inputs, Profile, RunDirectory, RunIoError, RunWriter, Session, Start, Ticks, soak,
};
use turingos_world::World;

use super::edited::copy;
use super::provider::{Scripted, short_encode};
use super::stage::{header, record, world};

const TICKS: u64 = 12;

type Run = Session<Ticks, World, Scripted, RunWriter>;

fn session(writer: RunWriter) -> Run {
    let parts = (world(), Scripted::default());
    let inputs = Inputs::WorldAndOracle(Box::new(short_encode));
    let start = Start::of_soak(&header(TICKS));
    Session::new(start, Ticks::new(TICKS), parts, inputs, writer)
}

/// Runs to the end; how long that took on the clock, and in the run.
fn timed(session: &mut Run) -> (Duration, Duration) {
    on_virtual_time(async {
        let begun = Instant::now();
        session.drive().await.unwrap();
        let in_run = Duration::from_micros(session.now_us());
        (begun.elapsed(), in_run)
    })
}

#[test]
fn recorded_run_waits_and_played_run_does_not() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("RUN");
    let writer = RunDirectory::create(&run, &header(TICKS)).unwrap();
    let mut recorded = session(writer);
    let (clock, in_run) = timed(&mut recorded);
    assert!(
        in_run > Duration::from_secs(30),
        "a call timed out: {in_run:?}"
    );
    let difference = clock.abs_diff(in_run);
    assert!(
        difference < Duration::from_millis(TICKS * 4),
        "{clock:?} {in_run:?}"
    );
    let tape = run.join(RunDirectory::TAPE);
    let length = std::fs::metadata(&tape).unwrap().len();
    let mut writer = recorded.into_sink();
    assert_eq!(writer.tape_bytes(), length);
    writer.flush().unwrap();
    drop(writer);

    // The same run from its tape: its time is the same, and nobody waits.
    let (_, writer) = RunDirectory::resume::<soak::Settings>(&run).unwrap();
    assert_eq!(writer.tape_bytes(), 0);
    let mut played = session(writer);
    assert_eq!(timed(&mut played), (Duration::ZERO, in_run));
    assert_eq!(played.oracle().calls.get(), 0);
    assert_eq!(played.sink_mut().tape_bytes(), length);
}

/// Where everything is simulated nothing happens on the clock, so it is left alone.
#[test]
fn simulated_run_does_not_wait() {
    let mut settings = soak::Settings::of(Profile::Routine);
    // A call that is never answered is the one thing that a simulated oracle is waited for.
    settings.agent.faults = FaultRates::none();
    let mut session = soak::Soak::start(&settings.into_header(Profile::Routine, 42, 200));
    let (clock, in_run) = on_virtual_time(async {
        let begun = Instant::now();
        session.drive().await.unwrap();
        (begun.elapsed(), Duration::from_micros(session.now_us()))
    });
    assert_eq!(clock, Duration::ZERO);
    assert!(in_run > Duration::from_secs(30), "{in_run:?}");
}

/// The rest of a run that was cut is recorded, and waited for.
#[test]
fn resumed_run_waits_where_its_tape_has_ended() {
    let directory = TempDir::new().unwrap();
    let (whole, cut) = (directory.path().join("WHOLE"), directory.path().join("CUT"));
    record(&whole, TICKS, short_encode);
    copy(&whole, &cut);
    std::fs::remove_file(cut.join(RunDirectory::MANIFEST)).unwrap();
    for name in [RunDirectory::TAPE, RunDirectory::JOURNAL] {
        let text = std::fs::read_to_string(cut.join(name)).unwrap();
        let part = |line: &&str| {
            let tick = line.split("\"tick\":").nth(1).unwrap();
            let tick: u64 = tick.split(',').next().unwrap().parse().unwrap();
            tick < 7
        };
        let kept: String = { text.lines().take_while(part) }
            .map(|line| format!("{line}\n"))
            .collect();
        std::fs::write(cut.join(name), kept).unwrap();
    }
    let (_, writer) = RunDirectory::resume::<soak::Settings>(&cut).unwrap();
    let mut resumed = session(writer);
    let (clock, in_run) = timed(&mut resumed);
    // The call of the seventh tick times out.
    let limit = Duration::from_secs(30);
    assert!(clock >= limit && clock < in_run, "{clock:?} {in_run:?}");
    let length = std::fs::metadata(cut.join(RunDirectory::TAPE))
        .unwrap()
        .len();
    assert_eq!(resumed.sink_mut().tape_bytes(), length);
}

/// A run of which a part is on tape is scanned from there on.
#[test]
fn resumed_run_is_scanned() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("RUN");
    let writer = RunDirectory::create(&run, &header(TICKS)).unwrap();
    let mut begun = session(writer);
    on_virtual_time(async {
        for _ in 0..3 {
            begun.tick().await.unwrap();
        }
    });
    drop(begun);
    let scan = |word: &'static str| {
        SecretScan::new(move |bytes: &[u8]| {
            let found = bytes
                .windows(word.len())
                .any(|part| part == word.as_bytes());
            found.then_some("a secret of the test")
        })
    };
    let tape = || std::fs::read_to_string(run.join(RunDirectory::TAPE)).unwrap();
    assert!(tape().contains("round 0"));
    let resumed = |word| {
        let (_, writer) = RunDirectory::resume::<soak::Settings>(&run).unwrap();
        session(writer.with_scan(scan(word)))
    };
    // What is on the tape is played, not written.
    let mut played = resumed("round 0");
    on_virtual_time(async {
        for _ in 0..3 {
            played.tick().await.unwrap();
        }
    });
    drop(played);
    let error = on_virtual_time(resumed("round 1").drive()).unwrap_err();
    assert!(matches!(error, RunIoError::Secret { .. }), "{error}");
    assert!(!tape().contains("round 1"));
}
