//! A recorded run whose tape has been edited and chained anew, so that only its content is wrong.

use std::fs::{self, File};
use std::path::Path;

use turingos::Digest;
use turingos_run::tape::{Entry, TapeReader, TapeWriter};
use turingos_run::{Manifest, RunDirectory};

pub(crate) fn entries(run: &Path) -> Vec<Entry> {
    let genesis = Digest::of(&fs::read(run.join(RunDirectory::HEADER)).unwrap());
    let mut tape = TapeReader::open(&run.join(RunDirectory::TAPE), genesis).unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = tape.next_entry().unwrap() {
        entries.push(entry);
    }
    entries
}

/// Writes these entries in place of the tape, and a manifest that agrees.
pub(crate) fn rewrite(run: &Path, entries: &[Entry]) {
    let genesis = Digest::of(&fs::read(run.join(RunDirectory::HEADER)).unwrap());
    let path = run.join(RunDirectory::TAPE);
    let mut writer = TapeWriter::begin(File::create(&path).unwrap(), &path, genesis, None);
    for entry in entries {
        writer.append(entry).unwrap();
    }
    let path = run.join(RunDirectory::MANIFEST);
    let manifest = Manifest::from_bytes(&fs::read(&path).unwrap()).unwrap();
    fs::write(path, manifest.with_tape(writer.chain()).to_bytes()).unwrap();
}

/// Copies a finished run.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in RunDirectory::FILES {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}
