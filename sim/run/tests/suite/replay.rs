//! What a replay reports, where it stops, and what it makes of a recording that goes on elsewhere.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos::Digest;
use turingos::journal::Chain;
use turingos::kernel::{Committed, Kernel};
use turingos_run::replay::{Recording, Report, Watcher, replay};
use turingos_run::tape::Call;
use turingos_run::{Cause, Divergence, RunDirectory, RunEnd, RunIoError};

use crate::in_memory::{
    Files, TICKS, finished, forged, manifest, rechained, records, text, unfinished,
};

fn placed(files: &Files) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

fn replayed(files: &Files, stop_at: Option<u64>) -> Result<Report, RunIoError> {
    replay(placed(files).path(), stop_at, |_| ())
}

fn diverged(files: &Files) -> Divergence {
    match replayed(files, None).unwrap_err() {
        RunIoError::Diverged(divergence) => *divergence,
        other => panic!("{other}"),
    }
}

/// The head of the journal after so many records.
fn head(files: &Files, count: u64) -> Digest {
    let mut chain = Chain::new(Digest::of(&files[RunDirectory::HEADER]));
    for record in records(files).iter().take(usize::try_from(count).unwrap()) {
        chain.append(record.as_bytes(), &mut Vec::new());
    }
    chain.head()
}

fn report(files: &Files, ticks: u64) -> Report {
    Report {
        run: "soak".to_owned(),
        seed: 5,
        ticks,
        tape_entries: 0,
        root: head(files, ticks),
        whole: false,
        finished: true,
        torn_bytes: 0,
        continues: false,
    }
}

#[test]
fn whole_run_is_reported() {
    let files = finished();
    let expected = Report {
        whole: true,
        ..report(&files, TICKS)
    };
    assert_eq!(replayed(&files, None).unwrap(), expected);
    assert_eq!(expected.end(), RunEnd::Finished);
    // A limit beyond the end is none.
    assert_eq!(replayed(&files, Some(TICKS + 1)).unwrap(), expected);
}

#[test]
fn replay_stops_at_its_limit() {
    let files = finished();
    for limit in [0, 1, 50, TICKS] {
        let found = replayed(&files, Some(limit)).unwrap();
        assert_eq!(found, report(&files, limit));
    }
}

#[test]
fn unfinished_run_is_replayed_as_far_as_it_goes() {
    let mut files = unfinished();
    let expected = Report {
        finished: false,
        ..report(&files, TICKS)
    };
    let found = replayed(&files, None).unwrap();
    assert_eq!(found, expected);
    let end = |torn_bytes| RunEnd::Unfinished {
        records: TICKS,
        torn_bytes,
    };
    assert_eq!(found.end(), end(0));
    files
        .get_mut(RunDirectory::JOURNAL)
        .unwrap()
        .extend(b"{\"half");
    let found = replayed(&files, None).unwrap();
    assert_eq!(found.end(), end(6));
    assert_eq!(found.torn_bytes, 6);
    // A limit before its end, and one that is its end.
    for limit in [20, TICKS] {
        let found = replayed(&files, Some(limit)).unwrap();
        assert_eq!((found.ticks, found.whole), (limit, false));
        assert_eq!(found.continues, limit < TICKS);
    }
}

/// What a replay shows to somebody who watches it.
#[derive(Default)]
struct Seen {
    begun: u64,
    called: u64,
    done: Vec<u64>,
    in_step: bool,
}

impl Watcher for &mut Seen {
    fn begun(&mut self, kernel: &Kernel) {
        self.begun += 1;
        self.in_step = kernel.tick() == 0;
    }

    fn called(&mut self, _: &Call<'_>) {
        self.called += 1;
    }

    fn verified(&mut self, done: u64, committed: &Committed, kernel: &Kernel) {
        self.in_step &= committed.record.tick + 1 == done && kernel.tick() == done;
        self.done.push(done);
    }
}

#[test]
fn watcher_sees_every_tick() {
    let mut seen = Seen::default();
    replay(placed(&finished()).path(), None, &mut seen).unwrap();
    assert_eq!(seen.begun, 1);
    assert!(seen.called >= TICKS, "{}", seen.called);
    assert!(seen.in_step);
    assert_eq!(seen.done, (1..=TICKS).collect::<Vec<_>>());
    let mut counted = 0;
    replay(placed(&finished()).path(), Some(7), |done| counted = done).unwrap();
    assert_eq!(counted, 7);
}

#[test]
fn other_initial_world_is_a_divergence() {
    let mut files = finished();
    let header = text(&files, RunDirectory::HEADER).to_owned();
    let (before, world) = header.rsplit_once("\"world\":\"").unwrap();
    let stated = Digest::EMPTY.to_string();
    let other = format!("{before}\"world\":\"{stated}\"}}\n");
    files.insert(RunDirectory::HEADER.to_owned(), other.into_bytes());
    let found = diverged(&files);
    assert_eq!((found.tick, found.cause), (0, Cause::WorldChanged));
    assert_eq!(found.detail, "the initial world differs from the header");
    assert_eq!(found.recorded, Some(stated.into()));
    assert_eq!(found.replayed, Some(world[..64].into()));
}

#[test]
fn record_after_the_last_tick_is_a_divergence() {
    let mut all = records(&unfinished());
    let last = all.last().unwrap().replacen(
        &format!("\"tick\":{}", TICKS - 1),
        &format!("\"tick\":{TICKS}"),
        1,
    );
    all.push(last);
    let found = diverged(&rechained(unfinished(), RunDirectory::JOURNAL, &all));
    assert_eq!((found.tick, found.cause), (TICKS, Cause::RecordChanged));
    assert_eq!(
        found.detail,
        "the recording has a record where the replay has ended"
    );
    assert_eq!(found.replayed, None);
}

/// The end of a finished run was cut away, and its manifest was made to agree.
#[test]
fn tick_after_the_last_record_is_a_divergence() {
    let files = finished();
    let fewer = TICKS - 10;
    let kept = &records(&files)[..usize::try_from(fewer).unwrap()];
    let (from, to) = (manifest(&files).root(), head(&files, fewer));
    let files = rechained(files, RunDirectory::JOURNAL, kept);
    let files = forged(
        files,
        &format!("\"records\":{TICKS},\"root\":\"{from}\""),
        &format!("\"records\":{fewer},\"root\":\"{to}\""),
    );
    let found = diverged(&files);
    assert_eq!((found.tick, found.cause), (fewer, Cause::RecordChanged));
    assert_eq!(
        found.detail,
        "the replay has a record where the recording has ended"
    );
    assert_eq!(found.recorded, None);
}

/// A file that is not the manifest's explains what would be a divergence.
#[test]
fn journal_that_lost_its_end_disagrees_with_the_manifest() {
    let files = finished();
    let fewer = TICKS - 10;
    let kept = &records(&files)[..usize::try_from(fewer).unwrap()];
    let files = rechained(files, RunDirectory::JOURNAL, kept);
    let error = replayed(&files, None).unwrap_err();
    let told = "records says 120, but the files beside it say 110";
    assert!(error.to_string().ends_with(told), "{error}");
}

#[test]
fn changed_record_is_a_divergence() {
    let mut all = records(&unfinished());
    all[30] = all[30].replacen("\"clipped\":false", "\"clipped\":true", 1);
    let found = diverged(&rechained(unfinished(), RunDirectory::JOURNAL, &all));
    assert_eq!((found.tick, found.cause), (30, Cause::RecordChanged));
    assert_eq!(
        found.detail,
        "every input is the recorded one, but the record is another"
    );
    let [difference] = &*found.differences else {
        panic!("{found}");
    };
    assert_eq!(difference.pointer, "/clipped");
    assert_eq!(difference.recorded.as_deref(), Some("true"));
}

/// The file that lost the line explains the divergence that follows from it.
#[test]
fn torn_line_of_a_finished_run_is_named_first() {
    for name in [
        RunDirectory::JOURNAL,
        RunDirectory::TAPE,
        RunDirectory::INJECTIONS,
        RunDirectory::TRAPS,
    ] {
        let mut files = finished();
        let bytes = files.get_mut(name).unwrap();
        match bytes.len() {
            0 => bytes.extend(b"{\"half"),
            length => bytes.truncate(length - 1),
        }
        let error = replayed(&files, None).unwrap_err();
        assert!(
            matches!(error, RunIoError::Torn { .. } | RunIoError::BadLine { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn manifest_that_disagrees_is_named() {
    let files = finished();
    let forged = forged(files.clone(), "\"seed\":5", "\"seed\":6");
    let error = replayed(&forged, None).unwrap_err();
    assert!(
        matches!(error, RunIoError::ManifestDisagrees { claim: "seed", .. }),
        "{error}"
    );
}

#[test]
fn recording_says_what_it_is() {
    let directory = placed(&finished());
    let mut recording = Recording::open(directory.path()).unwrap();
    assert_eq!(recording.kind().unwrap().run_name(), "soak");
    assert!(recording.is_finished());
    assert_eq!(recording.ticks(), 0);
    assert!(recording.has_next().unwrap());
    assert_eq!(recording.chain().count(), 0);
    let report = recording.report("x".to_owned(), 9, false);
    assert_eq!(
        (report.run.as_str(), report.seed, report.ticks),
        ("x", 9, 0)
    );
    // The command of a soak ends with a word of its own.
    assert_eq!(
        recording.recorded_in().as_deref(),
        Some(Path::new("hostile"))
    );
    let directory = placed(&unfinished());
    let recording = Recording::open(directory.path()).unwrap();
    assert!(!recording.is_finished());
    assert_eq!(recording.recorded_in(), None);
}
