//! The files of a finished run in memory, and ways to forge them: only the content is wrong, every
//! hash and seal agrees.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use turingos::Digest;
use turingos::journal::Chain;
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::{Manifest, Profile, RunDirectory};

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

pub(crate) const NAMES: [&str; 6] = [
    RunDirectory::HEADER,
    RunDirectory::TAPE,
    RunDirectory::JOURNAL,
    RunDirectory::INJECTIONS,
    RunDirectory::TRAPS,
    RunDirectory::MANIFEST,
];

/// How many ticks the run has.
pub(crate) const TICKS: u64 = 120;

/// A hostile soak that has finished: records of every status, traps, injections.
pub(crate) fn finished() -> Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    let record = || {
        let directory = tempfile::tempdir().unwrap();
        record_into(directory.path());
        read(directory.path())
    };
    FILES.get_or_init(record).clone()
}

/// Records that run in a directory.
pub(crate) fn record_into(path: &Path) {
    let header = Settings::header(Profile::Hostile, 5, TICKS);
    let writer = RunDirectory::create(path, &header).unwrap();
    let mut soak = Soak::start_into(&header, writer);
    on_virtual_time(soak.drive()).unwrap();
    let manifest = soak.outcome().manifest(&header);
    soak.into_sink().finish(&manifest).unwrap();
}

pub(crate) fn read(directory: &Path) -> Files {
    { NAMES.iter() }
        .map(|name| ((*name).to_owned(), fs::read(directory.join(name)).unwrap()))
        .collect()
}

/// The same run before it had a manifest.
pub(crate) fn unfinished() -> Files {
    let mut files = finished();
    files.remove(RunDirectory::MANIFEST);
    files
}

pub(crate) fn manifest(files: &Files) -> Manifest {
    Manifest::from_bytes(&files[RunDirectory::MANIFEST]).unwrap()
}

pub(crate) fn text<'f>(files: &'f Files, name: &str) -> &'f str {
    std::str::from_utf8(&files[name]).unwrap()
}

/// The records of the journal, each as its JSON text.
pub(crate) fn records(files: &Files) -> Vec<String> {
    { text(files, RunDirectory::JOURNAL).lines() }
        .map(|line| line[84..line.len() - 1].to_owned())
        .collect()
}

/// The run with these lines, chained anew, in place of its journal or tape.
pub(crate) fn rechained(mut files: Files, name: &str, records: &[String]) -> Files {
    let mut chain = Chain::new(Digest::of(&files[RunDirectory::HEADER]));
    let mut lines = Vec::new();
    for record in records {
        chain.append(record.as_bytes(), &mut lines);
    }
    files.insert(name.to_owned(), lines);
    files
}

/// The run with another text in its manifest, which is sealed anew.
pub(crate) fn forged(mut files: Files, from: &str, to: &str) -> Files {
    let old = text(&files, RunDirectory::MANIFEST);
    assert_eq!(old.matches(from).count(), 1, "{from} in {old}");
    let (members, _) = old.rsplit_once(",\"seal\":").unwrap();
    let members = members.replacen(from, to, 1);
    let seal = Digest::of(members.as_bytes());
    let bytes = format!("{members},\"seal\":\"{seal}\"}}\n").into_bytes();
    files.insert(RunDirectory::MANIFEST.to_owned(), bytes);
    files
}
