//! Runs of scenarios, in memory and in a real directory, whose answers are on the tape.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use turingos_draws::{Draws, Stream};
use turingos_run::RunDirectory;

use super::process::{files, killed_at, sim, size, succeed};

/// The part of each record that does not depend on the duration of real commands.
fn untimed(run: &Path) -> Vec<Value> {
    let journal = fs::read_to_string(run.join(RunDirectory::JOURNAL)).unwrap();
    let record = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line["record"]
            .as_object_mut()
            .unwrap()
            .remove("time_us")
            .unwrap();
        line["record"].take()
    };
    journal.lines().map(record).collect()
}

/// Every file of a workspace with its content.
fn content(workspace: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![workspace.to_path_buf()];
    while let Some(directory) = open.pop() {
        #[expect(
            clippy::disallowed_methods,
            reason = "the files are sorted before anything is done with them"
        )]
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(workspace).unwrap();
                    found.push((
                        name.to_string_lossy().into_owned(),
                        fs::read(&path).unwrap(),
                    ));
                }
            }
        }
    }
    found.sort();
    found
}

#[test]
fn killed_scenario_resumes_to_the_same_files() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("WHOLE");
    let start = ["run", "provider-brownout", "--noise", "0.2", "--out"];
    // The verdict does not matter here: noise may fail a mission.
    sim(&[&start[..], &[whole.to_str().unwrap()]].concat());
    let expected = files(&whole);
    for round in 0..6 {
        let run = directory.path().join(format!("RUN{round}"));
        let path = run.to_str().unwrap();
        let header = run.join(RunDirectory::HEADER);
        killed_at(&[&start[..], &[path]].concat(), &header, 1, round * 700);
        sim(&["run", "--resume", path]);
        for (number, (expected, found)) in expected.iter().zip(files(&run)).enumerate() {
            assert!(*expected == found, "file {number} of round {round}");
        }
    }
}

#[test]
fn killed_workspace_run_resumes_to_the_same_end() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    let start = ["run", "ordered-pipeline", "--noise", "0.05"];
    let places = |run: &str, work: &str| {
        let text = |name| at(name).to_str().unwrap().to_owned();
        [
            "--out".to_owned(),
            text(run),
            "--workspace".to_owned(),
            text(work),
        ]
    };
    let words = |places: &[String; 4]| -> Vec<String> {
        let start = start.iter().map(|word| (*word).to_owned());
        start.chain(places.iter().cloned()).collect()
    };
    let borrowed = |words: &[String]| -> Vec<&'static str> {
        let leak = |word: &String| &*Box::leak(word.clone().into_boxed_str());
        words.iter().map(leak).collect()
    };
    succeed(&borrowed(&words(&places("WHOLE", "WORK"))));
    let expected = untimed(&at("WHOLE"));
    let files = content(&at("WORK"));
    assert!(expected.len() > 10 && !files.is_empty());
    let length = size(&at("WHOLE").join(RunDirectory::TAPE));

    let mut draws = Draws::new(2, Stream::Mission);
    let mut kills = 0;
    for round in 0..14_u64 {
        let (run, work) = (format!("RUN{round}"), format!("WORK{round}"));
        let places = places(&run, &work);
        let tape = at(&run).join(RunDirectory::TAPE);
        let header = at(&run).join(RunDirectory::HEADER);
        let delay = u64::from(draws.below(2_000));
        let start = borrowed(&words(&places));
        kills += u64::from(match round {
            0 | 1 => killed_at(&start, &header, 1, 0),
            _ => killed_at(&start, &tape, length * round / 14, delay),
        });
        let [_, run_path, _, work_path] = places.clone();
        let resume =
            borrowed(&["run", "--resume", &run_path, "--workspace", &work_path].map(str::to_owned));
        if round % 2 == 1 {
            kills += u64::from(killed_at(&resume, &tape, length * (round + 1) / 14, delay));
        }
        succeed(&resume);
        assert!(untimed(&at(&run)) == expected, "round {round}");
        assert!(content(&at(&work)) == files, "round {round}");
        // What is on disk now is the recording of one run: it replays, with no workspace at hand.
        fs::remove_dir_all(at(&work)).unwrap();
        succeed(&borrowed(&["replay".to_owned(), run_path]));
    }
    assert!(
        kills >= 10,
        "{kills} processes were killed before their end"
    );
}

#[test]
fn workspace_must_be_empty_and_present() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(at("FULL")).unwrap();
    fs::write(at("FULL/thesis"), "years of work").unwrap();
    fs::write(at("FILE"), "").unwrap();
    let code = |arguments: &[&str]| {
        let output = sim(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), text)
    };
    for (workspace, reason) in [("FULL", "is not empty"), ("FILE", "is not a directory")] {
        let workspace = at(workspace);
        let run = at("RUN");
        let arguments = [
            "run",
            "fault-recovery",
            "--out",
            &run,
            "--workspace",
            &workspace,
        ];
        let (code, text) = code(&arguments);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(reason), "{text}");
        assert!(!Path::new(&run).exists(), "nothing was begun");
    }
    assert_eq!(fs::read(at("FULL/thesis")).unwrap(), b"years of work");
    let (run, work) = (at("RUN"), at("WORK"));
    let inside = format!("{work}/RUN");
    let (exit, text) = code(&[
        "run",
        "fault-recovery",
        "--out",
        &inside,
        "--workspace",
        &work,
    ]);
    assert_eq!(exit, Some(2), "{text}");

    succeed(&["run", "fault-recovery", "--out", &run, "--workspace", &work]);
    // A finished run has nothing to resume, whatever else is asked.
    succeed(&["run", "--resume", &run]);
    succeed(&["replay", &run]);
    fs::remove_file(format!("{run}/manifest.json")).unwrap();
    let (exit, text) = code(&["run", "--resume", &run]);
    assert_eq!(exit, Some(2));
    assert!(text.contains("name it with --workspace"), "{text}");
    let (exit, _) = code(&["run", "--resume", &run, "--workspace", &at("NOWHERE")]);
    assert_eq!(exit, Some(2));
    succeed(&["run", "--resume", &run, "--workspace", &work]);
    succeed(&["replay", &run]);
    let (exit, text) = code(&["run", "--resume", &work]);
    assert_eq!(exit, Some(6), "{text}");
    assert!(text.contains("holds no run"), "{text}");
    let (exit, text) = code(&["run"]);
    assert_eq!(exit, Some(2), "{text}");
}
