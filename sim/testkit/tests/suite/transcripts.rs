//! The committed transcripts: recorded from connections once, and from then on replayed without a
//! network, a workspace or a provider, to the same root.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use turingos_agents::Request;
use turingos_run::providers::Config;
use turingos_run::replay::{Recording, Report, replay};
use turingos_run::soak::on_virtual_time;
use turingos_run::tape::{NoOracle, NoWorld, RequestEncoder as _, TapeSession};
use turingos_run::verify;
use turingos_run::{Blame, Header, Inputs, RunDirectory, RunIoError, Session, Sink, Tick};
use turingos_testkit::corpus::transcripts::transcripts;

/// No run is larger, in bytes: they are here to be read, too.
const MAX_RUN_BYTES: usize = 96 * 1024;

fn committed() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus"));
    transcripts(root).unwrap()
}

fn named(name: &str) -> PathBuf {
    let mut runs = committed().into_iter();
    runs.find(|run| run.ends_with(name)).unwrap()
}

/// The run's files; there are no others.
fn files(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let files =
        RunDirectory::FILES.map(|name| (name.to_owned(), fs::read(run.join(name)).unwrap()));
    #[expect(clippy::disallowed_methods, reason = "only counted")]
    let count = fs::read_dir(run).unwrap().count();
    assert_eq!(count, RunDirectory::FILES.len(), "{}", run.display());
    files.into()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The tape's entries of calls.
fn calls(files: &BTreeMap<String, Vec<u8>>) -> Vec<Value> {
    let tape = files[RunDirectory::TAPE].split(|byte| *byte == b'\n');
    let entries = (tape.filter(|line| !line.is_empty())).map(|line| json(line)["record"].take());
    entries.filter(|entry| entry["kind"] == "call").collect()
}

/// The recording as a sink that compares every tick with it.
struct Compared(Recording);

impl Sink for Compared {
    type Error = RunIoError;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        Some(self.0.tape_mut())
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.0.verify_next(tick)
    }
}

/// Replays with other requests than the recording's header says.
fn replay_asking(run: &Path, change: fn(&mut Vec<u8>)) -> Result<Report, RunIoError> {
    let recording = Recording::open(run)?;
    let header = fs::read(run.join(RunDirectory::HEADER)).unwrap();
    let header = Header::<Config>::from_bytes(&header).unwrap();
    let mut providers = header.config.providers.encoder();
    let encoder = move |request: &Request<'_>| {
        let mut body = providers.body(request);
        change(&mut body);
        body
    };
    let mut again = Session::new(
        Config::start(&header),
        Config::plan(&header),
        (NoWorld, NoOracle),
        Inputs::WorldAndOracle(Box::new(encoder)),
        Compared(recording),
    );
    on_virtual_time(async {
        while again.sink_mut().0.has_next()? {
            again.tick().await?.unwrap();
        }
        Ok::<_, RunIoError>(())
    })?;
    again.outcome()?;
    let mut recording = again.into_sink().0;
    recording.expect_end(&header)?;
    let run = header.scenario.clone().unwrap_or_default();
    Ok(recording.report(run, header.seed, recording.is_finished()))
}

#[test]
fn transcripts_verify_and_replay() {
    for run in committed() {
        let name = run.display();
        let files = files(&run);
        for file in verify::run(&files) {
            assert!(file.verdict.is_valid(), "{name}: {file:?}");
        }
        let manifest = json(&files[RunDirectory::MANIFEST]);
        let report = replay(&run, None, |_| ()).unwrap();
        assert!(report.whole, "{name}");
        assert_eq!(report.root.to_string(), manifest["root"], "{name}");
        assert_eq!(report.tape_entries, manifest["tape"]["entries"], "{name}");
        assert!(!calls(&files).is_empty(), "{name}");
    }
}

#[test]
fn transcripts_cover_every_kind() {
    let (mut ways, mut pairs, mut statuses) = (BTreeSet::new(), 0, BTreeSet::new());
    for run in committed() {
        let files = files(&run);
        let providers = json(&files[RunDirectory::HEADER])["config"]["providers"].take();
        for lane in ["p", "e"] {
            let lane = &providers[lane];
            ways.insert((lane["kind"].to_string(), lane["stream"].to_string()));
        }
        pairs += usize::from(providers["p"]["kind"] != providers["e"]["kind"]);
        for call in calls(&files) {
            statuses.insert(call.to_string().contains(r#""status":200"#));
        }
    }
    assert_eq!(ways.len(), 6, "{ways:?}");
    assert_eq!(pairs, 1);
    assert_eq!(statuses.len(), 2, "calls that succeed and calls that fail");
}

#[test]
fn transcripts_hide_the_recording_machine() {
    for run in committed() {
        let files = files(&run);
        let bytes: usize = files.values().map(Vec::len).sum();
        assert!(bytes <= MAX_RUN_BYTES, "{}: {bytes} bytes", run.display());
        for (name, bytes) in &files {
            let text = std::str::from_utf8(bytes).unwrap();
            for word in [
                "127.0.0.1",
                "localhost",
                "http://",
                "https://",
                "/tmp",
                "/home/",
                "/root",
                "Bearer",
                "sk-",
                "api-key",
                "authorization",
            ] {
                assert!(!text.contains(word), "{}/{name}: {word}", run.display());
            }
        }
        // The command is given in the corpus folder, and names the run as it is named there.
        let name = run.file_name().unwrap().to_str().unwrap();
        let manifest = json(&files[RunDirectory::MANIFEST]);
        assert_eq!(manifest["reproduce"], format!("sim replay {name}"));
    }
}

#[test]
fn changed_byte_is_refused() {
    let run = named("aimock-kimi-whole");
    let whole = files(&run);
    let scratch = tempfile::tempdir().unwrap();
    for name in RunDirectory::FILES {
        fs::write(scratch.path().join(name), &whole[name]).unwrap();
    }
    assert!(replay(scratch.path(), None, |_| ()).unwrap().whole);
    for name in [
        RunDirectory::HEADER,
        RunDirectory::TAPE,
        RunDirectory::JOURNAL,
    ] {
        let length = whole[name].len();
        for at in (0..length).step_by(length / 40) {
            let mut changed = whole.clone();
            changed.get_mut(name).unwrap()[at] ^= 1;
            fs::write(scratch.path().join(name), &changed[name]).unwrap();
            let refused = replay(scratch.path(), None, |_| ()).unwrap_err();
            assert_ne!(refused.blame(), Blame::System, "{name} {at}: {refused}");
            let verified = verify::run(&changed);
            assert!(
                verified.iter().any(|file| !file.verdict.is_valid()),
                "{name} {at}"
            );
        }
        fs::write(scratch.path().join(name), &whole[name]).unwrap();
    }
}

#[test]
fn changed_request_diverges() {
    let run = named("two-providers");
    let report = replay_asking(&run, |_| ()).unwrap();
    assert_eq!(report, replay(&run, None, |_| ()).unwrap());
    let diverged = replay_asking(&run, |body| body.push(b' ')).unwrap_err();
    let RunIoError::Diverged(divergence) = diverged else {
        panic!("{diverged}");
    };
    assert_eq!(divergence.tick, 0, "{divergence:?}");
}

#[test]
fn empty_folder_and_stray_file_are_refused() {
    let corpus = tempfile::tempdir().unwrap();
    let folder = corpus.path().join("transcripts");
    assert!(transcripts(corpus.path()).is_err());
    fs::create_dir(&folder).unwrap();
    let empty = transcripts(corpus.path()).unwrap_err();
    assert!(empty.to_string().contains("no recorded run"), "{empty}");
    fs::create_dir(folder.join("a-run")).unwrap();
    assert_eq!(transcripts(corpus.path()).unwrap(), [folder.join("a-run")]);
    for stray in ["notes", "A_RUN"] {
        fs::write(folder.join(stray), "").unwrap();
        let error = transcripts(corpus.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("transcripts/{stray}")), "{error}");
        fs::remove_file(folder.join(stray)).unwrap();
    }
}
