//! A run that is written: what reaches the disk when, what never does, and how it ends.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos::Digest;
use turingos::journal::Chain;
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::tape::SecretScan;
use turingos_run::{Manifest, Profile, RunDirectory, RunIoError, RunWriter};

use crate::in_memory::{
    NAMES, TICKS, finished, forged, manifest, read, rechained, record_into, records, unfinished,
};

/// The lines of a file on disk.
fn lines(run: &Path, name: &str) -> usize {
    let text = fs::read_to_string(run.join(name)).unwrap();
    text.lines().count()
}

fn names_in(run: &Path) -> Vec<String> {
    let mut names: Vec<_> = (turingos_run_names(run)).collect();
    names.sort();
    names
}

#[expect(
    clippy::disallowed_methods,
    reason = "the names are sorted before they are compared"
)]
fn turingos_run_names(run: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(run).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap())
}

fn resumed(run: &Path) -> Soak<RunWriter> {
    let (prefix, writer) = RunDirectory::resume::<Settings>(run).unwrap();
    Soak::start_into(&prefix.header, writer)
}

fn placed(files: &crate::in_memory::Files) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

#[test]
fn lines_reach_the_disk_when_they_are_flushed() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path();
    let header = Settings::header(Profile::Hostile, 5, TICKS);
    let writer = RunDirectory::create(run, &header).unwrap();
    let mut soak = Soak::start_into(&header, writer);
    let names = [
        RunDirectory::JOURNAL,
        RunDirectory::INJECTIONS,
        RunDirectory::TRAPS,
    ];
    on_virtual_time(async {
        for _ in 0..40 {
            soak.tick().await.unwrap();
        }
    });
    assert_eq!(names.map(|name| lines(run, name)), [0; 3], "gathered first");
    let mut writer = soak.into_sink();
    writer.flush().unwrap();
    assert_eq!(lines(run, RunDirectory::JOURNAL), 40);
    let whole = finished();
    for name in names {
        let written = fs::read(run.join(name)).unwrap();
        assert!(!written.is_empty(), "{name}");
        assert!(whole[name].starts_with(&written), "{name}");
    }
    assert_eq!(writer.tape_bytes(), 0);
}

/// A scan that finds `word`.
fn scan_for(word: &'static str) -> SecretScan {
    SecretScan::new(move |bytes| {
        let found = bytes
            .windows(word.len())
            .any(|part| part == word.as_bytes());
        found.then_some("a secret of the test")
    })
}

#[test]
fn secret_is_written_into_no_file() {
    for (name, word) in [
        (RunDirectory::JOURNAL, "\"status\":\"HALTED\""),
        (RunDirectory::INJECTIONS, "\"provider_fault\":\""),
        (RunDirectory::TRAPS, "\"trap_base\""),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let header = Settings::header(Profile::Hostile, 5, TICKS);
        let writer = RunDirectory::create(directory.path(), &header).unwrap();
        let mut soak = Soak::start_into(&header, writer.with_scan(scan_for(word)));
        let error = on_virtual_time(soak.drive()).unwrap_err();
        let RunIoError::Secret { path, secret } = &error else {
            panic!("{error}");
        };
        assert_eq!(path.file_name().unwrap(), name, "{error}");
        assert_eq!(*secret, "a secret of the test");
        soak.into_sink().flush().unwrap();
        let files = NAMES[..5].iter().map(|name| directory.path().join(name));
        for file in files.filter(|path| path.file_name().unwrap() == name) {
            assert!(!fs::read_to_string(file).unwrap().contains(word));
        }
    }
    let quiet = tempfile::tempdir().unwrap();
    let header = Settings::header(Profile::Hostile, 5, TICKS);
    let writer = RunDirectory::create(quiet.path(), &header).unwrap();
    let writer = writer.with_scan(scan_for("nowhere to be found"));
    on_virtual_time(Soak::start_into(&header, writer).drive()).unwrap();
}

#[test]
fn finished_run_that_is_resumed_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    record_into(directory.path());
    let before = read(directory.path());
    let mut soak = resumed(directory.path());
    on_virtual_time(soak.drive()).unwrap();
    let other = Manifest::new(0, Profile::Routine, 0, Digest::EMPTY, String::new());
    soak.into_sink().finish(&other).unwrap();
    assert_eq!(read(directory.path()), before);
    let mut names = NAMES.map(str::to_owned);
    names.sort();
    assert_eq!(names_in(directory.path()), names, "and nothing beside them");
}

#[test]
fn run_that_is_resumed_at_its_end_gets_its_manifest() {
    let directory = placed(&unfinished());
    let run = directory.path();
    let mut soak = resumed(run);
    on_virtual_time(soak.drive()).unwrap();
    let whole = manifest(&finished());
    soak.into_sink().finish(&whole).unwrap();
    assert_eq!(read(run), finished());
    let mut names = NAMES.map(str::to_owned);
    names.sort();
    assert_eq!(names_in(run), names);
}

/// A run that is resumed and stops before its recording does has not been verified.
#[test]
fn run_that_ends_before_its_recording_has_no_manifest() {
    let directory = placed(&unfinished());
    let mut soak = resumed(directory.path());
    on_virtual_time(async {
        for _ in 0..50 {
            soak.tick().await.unwrap();
        }
    });
    let error = soak.into_sink().finish(&manifest(&finished())).unwrap_err();
    let RunIoError::Diverged(divergence) = &error else {
        panic!("{error}");
    };
    assert_eq!(divergence.tick, 50);
    assert!(!directory.path().join(RunDirectory::MANIFEST).exists());
    let journal = fs::read(directory.path().join(RunDirectory::JOURNAL)).unwrap();
    assert_eq!(journal, unfinished()[RunDirectory::JOURNAL]);
}

#[test]
fn finished_run_takes_no_further_tick() {
    let files = finished();
    let fewer = TICKS - 10;
    let kept = &records(&files)[..usize::try_from(fewer).unwrap()];
    let mut chain = Chain::new(Digest::of(&files[RunDirectory::HEADER]));
    for record in kept {
        chain.append(record.as_bytes(), &mut Vec::new());
    }
    let root = manifest(&files).root();
    let files = forged(
        rechained(files, RunDirectory::JOURNAL, kept),
        &format!("\"records\":{TICKS},\"root\":\"{root}\""),
        &format!("\"records\":{fewer},\"root\":\"{}\"", chain.head()),
    );
    let directory = placed(&files);
    let error = on_virtual_time(resumed(directory.path()).drive()).unwrap_err();
    assert!(matches!(error, RunIoError::Finished { .. }), "{error}");
    assert_eq!(read(directory.path()), files);
}

#[test]
fn record_that_is_not_the_recorded_one_stops_a_resumed_run() {
    let mut all = records(&unfinished());
    all[30] = all[30].replacen("\"clipped\":false", "\"clipped\":true", 1);
    let files = rechained(unfinished(), RunDirectory::JOURNAL, &all);
    let directory = placed(&files);
    let error = on_virtual_time(resumed(directory.path()).drive()).unwrap_err();
    let RunIoError::Diverged(divergence) = &error else {
        panic!("{error}");
    };
    assert_eq!(divergence.tick, 30);
}
