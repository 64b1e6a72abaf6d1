//! Links, pipes and devices in place of files: nothing of the user's is changed, and nothing hangs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;
use turingos_run::RunDirectory;

use crate::shell::{Said, output, sim};

/// An unfinished hostile soak, and a file of its user that is worth something.
struct Scene {
    directory: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            directory: TempDir::new().unwrap(),
        };
        let run = scene.word("RUN");
        let words = [
            "soak",
            "--ticks",
            "60",
            "--profile",
            "hostile",
            "--out",
            &run,
        ];
        assert_eq!(sim(&words).0, Some(0));
        fs::remove_file(scene.at("RUN").join(RunDirectory::MANIFEST)).unwrap();
        let journal = scene.at("RUN").join(RunDirectory::JOURNAL);
        let whole = fs::read(&journal).unwrap();
        fs::write(&journal, &whole[..whole.len() / 2]).unwrap();
        fs::write(scene.precious(), "years of work").unwrap();
        scene
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn word(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    fn precious(&self) -> PathBuf {
        self.at("precious.txt")
    }

    fn resume(&self) -> Said {
        sim(&["run", "--resume", &self.word("RUN")])
    }

    fn assert_untouched(&self) {
        let text = fs::read_to_string(self.precious()).unwrap();
        assert_eq!(text, "years of work");
    }
}

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

/// The program, ended after ten seconds.
fn bounded(arguments: &[&str]) -> Said {
    let program = env!("CARGO_BIN_EXE_sim");
    output(
        Command::new("timeout")
            .arg("10")
            .arg(program)
            .args(arguments),
    )
}

#[test]
fn resumed_run_overwrites_nothing_through_links() {
    let scene = Scene::new();
    for name in RunDirectory::FILES {
        let planted = scene.at("RUN").join(format!(".{name}.unfinished"));
        symlink(scene.precious(), planted).unwrap();
    }
    let (code, out, err) = scene.resume();
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    scene.assert_untouched();
    let run = scene.word("RUN");
    assert_eq!(sim(&["replay", &run]).0, Some(0));
    assert_eq!(sim(&["verify", &run]).0, Some(0));
}

#[test]
fn link_in_place_of_a_file_is_refused() {
    for name in RunDirectory::FILES {
        let scene = Scene::new();
        if name == RunDirectory::MANIFEST {
            assert_eq!(scene.resume().0, Some(0));
        }
        let file = scene.at("RUN").join(name);
        fs::rename(&file, scene.at("moved")).unwrap();
        symlink(scene.at("moved"), &file).unwrap();
        let before = fs::read(scene.at("moved")).unwrap();
        let run = scene.word("RUN");
        let data = scene.word("DATA");
        for words in [
            &["run", "--resume", &run][..],
            &["replay", &run],
            &["verify", &run],
            &["dataset", "--strict", &run, "--out", &data],
        ] {
            let (code, out, err) = sim(words);
            assert_eq!(code, Some(6), "{name}, {words:?}: {out}{err}");
            assert!(
                format!("{out}{err}").contains("not a regular file"),
                "{name}, {words:?}: {out}{err}"
            );
        }
        assert_eq!(fs::read(scene.at("moved")).unwrap(), before, "{name}");
    }
}

#[test]
fn file_with_a_second_name_is_not_appended_to() {
    for name in [RunDirectory::JOURNAL, RunDirectory::TAPE] {
        let scene = Scene::new();
        let file = scene.at("RUN").join(name);
        fs::hard_link(&file, scene.at("second")).unwrap();
        let before = fs::read(&file).unwrap();
        let (code, out, err) = scene.resume();
        assert_eq!(code, Some(6), "{name}: {out}{err}");
        assert!(err.contains("has a second name"), "{name}: {err}");
        assert_eq!(fs::read(scene.at("second")).unwrap(), before);
        // Reading changes nothing.
        assert_eq!(sim(&["replay", &scene.word("RUN")]).0, Some(0));
    }
}

#[test]
fn pipe_or_directory_in_a_run_is_refused_at_once() {
    for name in RunDirectory::FILES {
        for is_pipe in [true, false] {
            let scene = Scene::new();
            let file = scene.at("RUN").join(name);
            let _ = fs::remove_file(&file);
            match is_pipe {
                true => pipe(&file),
                false => fs::create_dir(&file).unwrap(),
            }
            let run = scene.word("RUN");
            for words in [
                &["run", "--resume", &run][..],
                &["replay", &run],
                &["verify", &run],
                &["serve", "--for", "1", "--tape", &run],
            ] {
                let (code, out, err) = bounded(words);
                let said = format!("{name}, {words:?}: {out}{err}");
                // No answer of a server depends on the files that only people read.
                let is_unread = words[0] == "serve"
                    && ![RunDirectory::HEADER, RunDirectory::TAPE].contains(&name);
                if is_unread {
                    continue;
                }
                assert_eq!(code, Some(6), "{said}");
                assert!(said.contains("not a regular file"), "{said}");
            }
        }
    }
}

#[test]
fn only_a_regular_file_is_read_as_input() {
    let scene = Scene::new();
    pipe(&scene.at("pipe"));
    symlink(scene.at("circle"), scene.at("circle")).unwrap();
    fs::create_dir(scene.at("directory")).unwrap();
    fs::write(scene.at("mission.md"), "Push one task.\n").unwrap();
    fs::create_dir(scene.at("work")).unwrap();
    let (work, out, mission) = (
        scene.word("work"),
        scene.word("new"),
        scene.word("mission.md"),
    );
    let places = [
        scene.word("pipe"),
        scene.word("directory"),
        "/dev/zero".to_owned(),
    ];
    for place in &places {
        for words in [
            &["decode", place][..],
            &["run", place],
            &["schema", "check", "scenario.v1", place],
            &[
                "live",
                place,
                "--workspace",
                &work,
                "--out",
                &out,
                "--kind",
                "ollama",
                "--model",
                "m",
            ],
            &[
                "live",
                &mission,
                "--workspace",
                &work,
                "--out",
                &out,
                "--settings",
                place,
            ],
        ] {
            let (code, out, err) = bounded(words);
            let said = format!("{words:?}: {out}{err}");
            assert_eq!(code, Some(6), "{said}");
            assert!(said.contains("not a regular file"), "{said}");
        }
    }
    for place in [
        scene.word("pipe"),
        scene.word("circle"),
        "/dev/zero".to_owned(),
    ] {
        for words in [
            &["verify", &place][..],
            &["serve", "--for", "1", "--tape", &place],
            &["replay", &place],
        ] {
            let (code, out, err) = bounded(words);
            assert_eq!(code, Some(6), "{words:?}: {out}{err}");
        }
    }
    assert!(!scene.at("new").exists());
}
