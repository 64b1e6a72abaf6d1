//! A tape that fails ends the run at the call that failed: nothing of the tick is committed.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos::manifold::Manifold as _;
use turingos_run::soak::on_virtual_time;
use turingos_run::tape::SecretScan;
use turingos_run::{Inputs, RunDirectory, RunIoError, RunWriter, Session, Start, Ticks};
use turingos_world::World;

use super::provider::{Scripted, encode};
use super::stage::{header, world};

/// A run of ten ticks whose writer refuses every line with `secret` in it.
fn run(path: &Path, secret: &'static str) -> Session<Ticks, World, Scripted, RunWriter> {
    let header = header(10);
    let scan = move |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.contains(secret).then_some("a secret of the test")
    };
    let writer = RunDirectory::create(path, &header).unwrap();
    let start = Start::of_soak(&header);
    let inputs = Inputs::WorldAndOracle(Box::new(encode));
    let parts = (world(), Scripted::default());
    let writer = writer.with_scan(SecretScan::new(scan));
    Session::new(start, Ticks::new(10), parts, inputs, writer)
}

/// Runs until the tape fails; the tick in which it did, and how often the oracle was called.
fn failed(path: &Path, secret: &'static str) -> (u64, u64, World) {
    let mut session = run(path, secret);
    let mut ticks = 0;
    let failure = on_virtual_time(async {
        loop {
            match session.tick().await {
                Ok(ticked) => ticks += ticked.map(|_| 1).unwrap(),
                Err(failure) => return failure,
            }
        }
    });
    assert!(matches!(failure, RunIoError::Secret { .. }), "{failure}");
    assert!(
        failure.to_string().contains(RunDirectory::TAPE),
        "{failure}"
    );
    let calls = session.oracle().calls.get();
    let world = session.world().clone();
    session.into_sink().flush().unwrap();
    let journal = fs::read_to_string(path.join(RunDirectory::JOURNAL)).unwrap();
    assert_eq!(journal.lines().count() as u64, ticks, "whole ticks only");
    let tape = fs::read_to_string(path.join(RunDirectory::TAPE)).unwrap();
    assert!(!tape.contains(secret));
    (ticks, calls, world)
}

#[test]
fn unrecorded_observation_is_not_sent() {
    let directory = TempDir::new().unwrap();
    let (ticks, calls, _) = failed(directory.path(), "A workspace of small missions");
    assert_eq!((ticks, calls), (0, 0));
}

#[test]
fn unrecorded_reply_has_no_effect() {
    let directory = TempDir::new().unwrap();
    let (ticks, calls, mut world) = failed(directory.path(), "round 0");
    // The second tick writes the file.
    assert_eq!((ticks, calls), (1, 2));
    let mut text = String::new();
    let path = "notes/0.txt".parse().unwrap();
    assert!(world.read(&path, &mut text).is_err(), "{text}");
}

#[test]
fn unrecorded_effect_commits_no_tick() {
    let directory = TempDir::new().unwrap();
    let (ticks, calls, mut world) = failed(directory.path(), "\"answer\":\"written\"");
    assert_eq!((ticks, calls), (1, 2));
    // The world did it; a resumed run does it again.
    let mut text = String::new();
    let path = "notes/0.txt".parse().unwrap();
    world.read(&path, &mut text).unwrap();
    assert_eq!(text, "round 0\n");
}

/// Bytes that are no text are in base64 on the tape: the scan sees them as they are.
#[test]
fn secret_in_a_body_that_is_no_text_is_found() {
    use turingos::dispatch::Lane;
    use turingos_agents::{RawReply, Request};
    use turingos_run::tape::{CallEntry, Entry, TapeWriter};
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(RunDirectory::TAPE);
    let find = |bytes: &[u8]| {
        let found = bytes.windows(6).any(|part| part == b"secret");
        found.then_some("a secret of the test")
    };
    let request = Request {
        tick: 0,
        lane: Lane::P,
        attempt: 0,
        system_prompt: "",
        q: "",
        frame: "",
    };
    for (sent, came, is_found) in [
        (b"\xffsecret".as_slice(), b"\xff".as_slice(), true),
        (b"\xff", b"\xffsecret", true),
        (b"\xff", b"\xffsecre", false),
    ] {
        let file = fs::File::create(&path).unwrap();
        let scan = Some(SecretScan::new(find));
        let mut tape = TapeWriter::begin(file, &path, turingos::Digest::EMPTY, scan);
        let reply = RawReply {
            provider: turingos::bus::Provider::Ollama,
            status: 200,
            retry_after_us: None,
            headers: Vec::new(),
            body: came.to_vec(),
        };
        let entry = Entry::Call(CallEntry::new(&request, sent.to_vec(), Ok(&reply), 1));
        let written = tape.append(&entry);
        assert_eq!(written.is_err(), is_found, "{sent:?} {came:?}");
        assert_eq!(fs::read(&path).unwrap().is_empty(), is_found);
        let after = tape.append(&entry);
        assert_eq!(
            matches!(after, Err(RunIoError::AfterFailure { .. })),
            is_found
        );
    }
}
