//! A recording replays to the same records without a provider.

use std::fs;

use tempfile::TempDir;
use turingos::dispatch::Lane;
use turingos_run::soak::Settings;
use turingos_run::tape::{CallOutcome, Entry};
use turingos_run::{RunDirectory, read_prefix};

use super::edited::entries;
use super::provider::{Scripted, encode};
use super::stage::{header, record, replay, world, write};

#[test]
fn recording_replays_to_the_same_root() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("RUN");
    record(&run, 60, encode);
    let prefix = read_prefix::<Settings>(&run).unwrap();
    assert_eq!(prefix.records, 60);
    let entries = entries(&run);
    let calls = |entry: &&Entry| matches!(entry, Entry::Call(_));
    let calls = entries.iter().filter(calls).count();
    assert!(calls > 80, "retries and failovers are calls too: {calls}");
    assert!(entries.len() > calls + 60, "every tick asks the world");

    let report = replay(&run, encode).unwrap();
    assert_eq!((report.ticks, report.root), (60, prefix.head));
    assert_eq!(report.tape_entries, entries.len() as u64);
    assert!(report.whole);
}

/// Lane E's broken reply and lane P's in its place are both on the tape.
#[test]
fn broken_reply_and_its_failover_replay() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("RUN");
    let header = header(30);
    let writer = RunDirectory::create(&run, &header).unwrap();
    let oracle = Scripted {
        cuts_replies: true,
        ..Scripted::default()
    };
    write(&header, writer, world(), (oracle, encode)).unwrap();

    let journal = fs::read_to_string(run.join(RunDirectory::JOURNAL)).unwrap();
    let replaced: Vec<u64> = (journal.lines().enumerate())
        .filter(|(_, line)| line.contains("\"failover\":\"TRUNCATED\""))
        .map(|(tick, line)| {
            assert!(line.contains("\"fault\":null"), "{line}");
            tick as u64
        })
        .collect();
    assert!(replaced.len() >= 2, "{replaced:?}");
    let entries = entries(&run);
    for tick in replaced {
        let calls = entries.iter().filter_map(|entry| match entry {
            Entry::Call(call) if call.tick == tick => Some(call),
            _ => None,
        });
        let answered = calls.filter(|call| matches!(call.outcome, CallOutcome::Reply(_)));
        let lanes: Vec<_> = answered.map(|call| call.lane).collect();
        assert_eq!(
            (lanes.first(), lanes.last()),
            (Some(&Lane::E), Some(&Lane::P))
        );
    }
    let report = replay(&run, encode).unwrap();
    let prefix = read_prefix::<Settings>(&run).unwrap();
    assert_eq!((report.ticks, report.root), (30, prefix.head));
    assert!(report.whole);
}

/// Calls that took a fraction of a millisecond, and a second replay: times are read, not measured.
#[test]
fn replay_is_instant_and_repeatable() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("RUN");
    record(&run, 25, encode);
    let first = replay(&run, encode).unwrap();
    for _ in 0..5 {
        assert_eq!(replay(&run, encode).unwrap(), first);
    }
}
