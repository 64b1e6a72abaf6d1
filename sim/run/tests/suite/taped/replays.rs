//! A recording replays to the same records without a provider.

use tempfile::TempDir;
use turingos_run::read_prefix;
use turingos_run::soak::Settings;
use turingos_run::tape::Entry;

use super::edited::entries;
use super::provider::encode;
use super::stage::{record, replay};

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
