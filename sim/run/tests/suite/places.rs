//! What is found where a run should be.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use turingos_run::soak::Settings;
use turingos_run::{
    Blame, OpenFolder, RunDirectory, RunFiles, RunFolder, RunIoError, RunReader, abandon, claim,
    read_prefix,
};

use crate::in_memory::{finished, read, record_into};

fn error(path: &Path) -> RunIoError {
    read_prefix::<Settings>(path).unwrap_err()
}

#[test]
fn place_without_a_run_is_told_from_one_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let nowhere = directory.path().join("nowhere");
    symlink(directory.path().join("gone"), &nowhere).unwrap();
    for path in [&empty, &file, &nowhere] {
        let error = error(path);
        assert!(matches!(error, RunIoError::NoRun { .. }), "{error}");
        assert_eq!(error.blame(), Blame::Recording);
        let told = format!("{} holds no run", path.display());
        assert!(error.to_string().starts_with(&told), "{error}");
    }
    let absent = error(&directory.path().join("absent"));
    assert_eq!(absent.blame(), Blame::System);
    let linked = directory.path().join("linked");
    record_into(&empty);
    symlink(&empty, &linked).unwrap();
    read_prefix::<Settings>(&linked).unwrap();
}

/// The same run from a path, from an open directory and from memory.
#[test]
fn files_are_the_same_wherever_they_are_read_from() {
    let directory = tempfile::tempdir().unwrap();
    record_into(directory.path());
    assert_eq!(read(directory.path()), finished(), "a soak is repeatable");
    let folder = RunFolder(directory.path().to_owned());
    let open = OpenFolder::open(directory.path()).unwrap();
    let memory = finished();
    let files: [&dyn RunFiles; 3] = [&folder, &open, &memory];
    for source in files {
        for (name, bytes) in &memory {
            let mut found = Vec::new();
            let mut file = source.open(name).unwrap().unwrap();
            file.read_to_end(&mut found).unwrap();
            assert_eq!(&found, bytes, "{name}");
            assert!(source.path(name).ends_with(name));
        }
        assert!(source.open("absent.json").unwrap().is_none());
    }
    assert_eq!(folder.path("a"), directory.path().join("a"));
    assert_eq!(RunFiles::path(&open, "a"), directory.path().join("a"));
    assert_eq!(memory.path("a"), Path::new("a"));
}

#[test]
fn directory_in_place_of_a_file_is_no_missing_file() {
    let directory = tempfile::tempdir().unwrap();
    let name = RunDirectory::JOURNAL;
    fs::create_dir(directory.path().join(name)).unwrap();
    let folder = RunFolder(directory.path().to_owned());
    let open = OpenFolder::open(directory.path()).unwrap();
    assert!(folder.open(name).is_err());
    assert!(RunFiles::open(&open, name).is_err());
}

#[test]
fn abandoned_directory_can_be_claimed_again() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("deep/RUN");
    let names = ["first", "second", "third"];
    for _ in 0..2 {
        let (folder, first) = claim(&path, &names).unwrap();
        folder.create_new("second").unwrap();
        let busy = claim(&path, &names).unwrap_err();
        assert!(matches!(busy, RunIoError::Busy { .. }), "{busy}");
        abandon(&folder, &names);
        for name in names {
            assert!(!path.join(name).exists(), "{name}");
        }
        drop(first);
    }
}

/// A reader of borrowed files names them as their owner does.
#[test]
fn borrowed_files_keep_their_paths() {
    let directory = tempfile::tempdir().unwrap();
    record_into(directory.path());
    let tape = directory.path().join(RunDirectory::TAPE);
    fs::remove_file(&tape).unwrap();
    let folder = RunFolder(directory.path().to_owned());
    let error = RunReader::new(&folder)
        .read_whole::<Settings>()
        .unwrap_err();
    assert_eq!(error.to_string(), format!("{} is missing", tape.display()));
}
