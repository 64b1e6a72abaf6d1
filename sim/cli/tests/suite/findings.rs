//! Every verb that reads a run has the same findings on the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use turingos_run::RunDirectory;

use crate::shell::sim;

const HEADER: &str = RunDirectory::HEADER;
const TAPE: &str = RunDirectory::TAPE;
const JOURNAL: &str = RunDirectory::JOURNAL;
const INJECTIONS: &str = RunDirectory::INJECTIONS;
const TRAPS: &str = RunDirectory::TRAPS;
const MANIFEST: &str = RunDirectory::MANIFEST;

/// Exit code, standard output, standard error.
type Said = (Option<i32>, String, String);

/// A recording with a tape, and a copy of it that may be damaged.
struct Scene {
    directory: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            directory: TempDir::new().unwrap(),
        };
        scene.restore();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self) -> PathBuf {
        self.path("RUN")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.run().join(name)
    }

    /// Copies the recording anew.
    fn restore(&self) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus");
        let recorded = corpus.join("transcripts/openai-streamed-chaos");
        let _ = fs::remove_dir_all(self.run());
        fs::create_dir(self.run()).unwrap();
        for name in [HEADER, TAPE, JOURNAL, INJECTIONS, TRAPS, MANIFEST] {
            fs::copy(recorded.join(name), self.file(name)).unwrap();
        }
    }

    fn edit(&self, name: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.file(name)).unwrap();
        edit(&mut bytes);
        fs::write(self.file(name), bytes).unwrap();
    }

    fn records(&self) -> usize {
        let journal = fs::read_to_string(self.file(JOURNAL)).unwrap();
        journal.lines().count()
    }

    fn verify(&self) -> Said {
        sim(&["verify", self.run().to_str().unwrap()])
    }

    fn replay(&self) -> Said {
        sim(&["replay", self.run().to_str().unwrap()])
    }

    /// What `--resume` does to the recording before it asks a provider.
    fn resume(&self) -> Said {
        let error = RunDirectory::resume::<turingos_run::providers::Config>(&self.run()).err();
        let code = error.as_ref().map_or(0, |error| match error.blame() {
            turingos_run::Blame::Recording => 6,
            _ => 7,
        });
        let text = error.map_or_else(String::new, |error| error.to_string());
        (Some(code), String::new(), text)
    }

    fn serve(&self) -> Said {
        let run = self.run();
        sim(&["serve", "--for", "1", "--tape", run.to_str().unwrap()])
    }

    fn dataset(&self) -> Said {
        let out = self.path("DATA");
        let _ = fs::remove_dir_all(&out);
        let (run, out) = (self.run(), out.to_str().unwrap().to_owned());
        sim(&["dataset", "--strict", "--out", &out, run.to_str().unwrap()])
    }

    /// The result of each verb, by its name.
    fn all(&self) -> [(&'static str, Said); 5] {
        [
            ("verify", self.verify()),
            ("replay", self.replay()),
            ("resume", self.resume()),
            ("serve", self.serve()),
            ("dataset", self.dataset()),
        ]
    }

    /// Every verb refuses the run with exit code 6 and these words.
    fn refused(&self, words: &str) {
        for (verb, (code, out, err)) in self.all() {
            assert_eq!(code, Some(6), "{verb}, {words}: {out}{err}");
            let said = if verb == "verify" { &out } else { &err };
            assert!(said.contains(words), "{verb}, {words}: {out}{err}");
        }
        self.restore();
    }
}

fn cut(bytes: &mut Vec<u8>, count: usize) {
    bytes.truncate(bytes.len() - count);
}

#[test]
fn whole_run_is_accepted_by_every_verb() {
    let scene = Scene::new();
    for (verb, (code, out, err)) in scene.all() {
        assert_eq!(code, Some(0), "{verb}: {out}{err}");
        assert!(!out.contains("unfinished"), "{verb}: {out}");
    }
}

#[test]
fn torn_journal_of_an_unfinished_run_is_accepted_by_every_verb() {
    let scene = Scene::new();
    let valid = scene.records() - 1;
    fs::remove_file(scene.file(MANIFEST)).unwrap();
    scene.edit(JOURNAL, |bytes| cut(bytes, 5));
    let says = format!("unfinished, {valid} records valid, ");
    for (verb, (code, out, err)) in scene.all() {
        assert_eq!(code, Some(0), "{verb}: {out}{err}");
        match verb {
            "resume" => {}
            // No answer depends on the journal, so it is not read.
            "serve" => assert!(out.contains("of an unfinished run"), "{out}"),
            _ => assert!(out.contains(&says), "{verb}: {out}"),
        }
    }
    let summary = fs::read_to_string(scene.path("DATA/summary.md")).unwrap();
    assert!(summary.contains(&says), "{summary}");
}

#[test]
fn torn_tape_of_an_unfinished_run_is_accepted_by_every_verb() {
    let scene = Scene::new();
    fs::remove_file(scene.file(MANIFEST)).unwrap();
    // The tape of a run that was killed is ahead of its journal.
    scene.edit(JOURNAL, |bytes| {
        let last = bytes[..bytes.len() - 1].iter().rposition(|it| *it == b'\n');
        bytes.truncate(last.unwrap() + 1);
    });
    scene.edit(TAPE, |bytes| cut(bytes, 5));
    let says = format!("unfinished, {} records valid", scene.records());
    for (verb, (code, out, err)) in scene.all() {
        assert_eq!(code, Some(0), "{verb}: {out}{err}");
        if !["resume", "serve"].contains(&verb) {
            assert!(out.contains(&says), "{verb}: {out}");
        }
    }
}

#[test]
fn torn_tail_of_a_finished_run_is_corrupt_for_every_verb() {
    let scene = Scene::new();
    scene.edit(TAPE, |bytes| cut(bytes, 5));
    scene.refused("is torn, but the run is finished");
    scene.edit(TAPE, |bytes| bytes.extend(b"{\"hash\":"));
    scene.refused("is torn, but the run is finished");
    for damage in [
        |bytes: &mut Vec<u8>| cut(bytes, 5),
        |bytes: &mut Vec<u8>| bytes.extend(b"no line\n"),
    ] {
        scene.edit(JOURNAL, damage);
        for (verb, (code, out, err)) in scene.all() {
            if verb == "serve" {
                // No answer depends on the journal, so it is not read.
                assert_eq!(code, Some(0), "{verb}: {out}{err}");
                continue;
            }
            assert_eq!(code, Some(6), "{verb}: {out}{err}");
            let says = "is torn, but the run is finished";
            assert!(format!("{out}{err}").contains(says), "{verb}: {out}{err}");
        }
        scene.restore();
    }
}

#[test]
fn broken_tape_chain_is_corrupt_for_every_verb() {
    let scene = Scene::new();
    for finished in [true, false] {
        if !finished {
            fs::remove_file(scene.file(MANIFEST)).unwrap();
        }
        // Within the text of the first entry.
        scene.edit(TAPE, |bytes| bytes[120] ^= 1);
        scene.refused("BROKEN_CHAIN: ");
    }
}

#[test]
fn header_of_an_unknown_kind_or_version_names_the_known_kinds() {
    let scene = Scene::new();
    for (from, to, says) in [
        (
            "turingos.run/1",
            "turingos.run/9",
            "is a newer version than `turingos.run/1`",
        ),
        (
            "turingos.run/1",
            "turingos.walk/1",
            "expected `turingos.run/1`",
        ),
        (
            "\"kind\":\"live\"",
            "\"kind\":\"walk\"",
            "its kind is `walk`",
        ),
    ] {
        scene.edit(HEADER, |bytes| {
            let text = String::from_utf8(std::mem::take(bytes)).unwrap();
            *bytes = text.replace(from, to).into_bytes();
        });
        for (verb, (code, out, err)) in scene.all() {
            assert_eq!(code, Some(6), "{verb}: {out}{err}");
            let said = format!("{out}{err}");
            assert!(said.contains(says), "{verb}: {said}");
            let known = "the known kinds of runs are soak, scenario, live, fork";
            assert!(said.contains(known), "{verb}: {said}");
        }
        scene.restore();
    }
}

#[test]
fn manifest_of_another_run_is_corrupt_for_every_verb() {
    let scene = Scene::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/transcripts");
    let other = corpus.join("kimi-streamed").join(MANIFEST);
    fs::copy(other, scene.file(MANIFEST)).unwrap();
    scene.refused(", but the files beside it say ");
}

#[test]
fn missing_tape_is_corrupt_for_every_verb() {
    let scene = Scene::new();
    fs::remove_file(scene.file(TAPE)).unwrap();
    scene.refused("is missing");
}

#[test]
fn foreign_directory_is_refused_by_every_verb() {
    let scene = Scene::new();
    fs::remove_dir_all(scene.run()).unwrap();
    fs::create_dir(scene.run()).unwrap();
    fs::write(scene.file("notes.txt"), "mine").unwrap();
    for (verb, (code, out, err)) in scene.all() {
        assert_eq!(code, Some(6), "{verb}: {out}{err}");
        let says = match verb {
            "verify" | "dataset" => "has no run and no *.journal.log file",
            _ => "holds no run: there is no header.json in it",
        };
        assert!(format!("{out}{err}").contains(says), "{verb}: {out}{err}");
    }
}
