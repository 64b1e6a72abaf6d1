//! Soaks, which have no inputs but their seed.

use std::path::Path;

use tempfile::TempDir;
use turingos_draws::{Draws, Stream};
use turingos_run::RunDirectory;

use super::process::{files, killed_at, size, succeed};

const RUN: [&str; 7] = [
    "soak",
    "--ticks",
    "900",
    "--seed",
    "9",
    "--profile",
    "hostile",
];

#[test]
fn killed_soak_resumes_to_the_same_files() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("WHOLE");
    succeed(&[&RUN[..], &["--out", whole.to_str().unwrap()]].concat());
    let expected = files(&whole);
    let length = size(&whole.join(RunDirectory::JOURNAL));
    let mut draws = Draws::new(1, Stream::Mission);
    let mut kills = 0;
    for round in 0..12 {
        let run = directory.path().join(format!("RUN{round}"));
        let path = run.to_str().unwrap();
        let journal = run.join(RunDirectory::JOURNAL);
        let delay = u64::from(draws.below(3_000));
        // Anywhere from the header on; a run without one has not begun.
        let start = [&RUN[..], &["--out", path]].concat();
        kills += u64::from(match round {
            0 => killed_at(&start, &run.join(RunDirectory::HEADER), 1, 0),
            _ => killed_at(&start, &journal, length * round / 12, delay),
        });
        // A resumed process can be killed too.
        let resume = ["soak", "--resume", path];
        if round % 3 == 1 {
            kills += u64::from(killed_at(
                &resume,
                &journal,
                length * (round + 1) / 12,
                delay,
            ));
        }
        succeed(&resume);
        assert_same(&expected, &run);
        std::fs::remove_dir_all(&run).unwrap();
    }
    assert!(kills >= 8, "{kills} processes were killed before their end");
}

#[test]
fn finished_soak_or_fork_that_is_resumed_stays_as_it_is() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (soak, fork) = (at("SOAK"), at("FORK"));
    succeed(&["soak", "--ticks", "60", "--out", &soak]);
    succeed(&["fork", &soak, "--at", "30", "--reseed", "5", "--out", &fork]);
    for (verb, run) in [("soak", soak), ("fork", fork)] {
        let before = names(Path::new(&run));
        succeed(&[verb, "--resume", &run]);
        assert_eq!(names(Path::new(&run)), before, "{verb}");
    }
}

/// The names in a directory, in order.
#[expect(clippy::disallowed_methods, reason = "the entries are sorted")]
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn assert_same(expected: &[Vec<u8>], run: &Path) {
    for (number, (expected, found)) in expected.iter().zip(files(run)).enumerate() {
        assert!(*expected == found, "file {number} of {}", run.display());
    }
}
