//! `traps.jsonl`: written beside the journal, vouched for by the manifest, compared by a replay.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos::trap::TrapFrame;
use turingos_run::replay::{Report, replay};
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::{
    Blame, Cause, Divergence, LineChain, Manifest, Profile, RunDirectory, RunIoError,
};
use turingos_run::{RunFolder, verify};

const TICKS: u64 = 120;

/// A finished soak in which traps fired.
fn recorded() -> (TempDir, Vec<TrapFrame>) {
    let directory = TempDir::new().unwrap();
    let header = Settings::header(Profile::Hostile, 5, TICKS);
    let writer = RunDirectory::create(directory.path(), &header).unwrap();
    let mut soak = Soak::start_into(&header, writer);
    let mut frames = Vec::new();
    on_virtual_time(async {
        while let Some(committed) = soak.tick().await.unwrap() {
            frames.extend(committed.trap_frames);
        }
    });
    let outcome = soak.outcome();
    soak.into_sink().finish(&outcome.manifest(&header)).unwrap();
    assert!(frames.len() > 20, "{}", frames.len());
    (directory, frames)
}

fn lines(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join(RunDirectory::TRAPS)).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn write(run: &Path, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(run.join(RunDirectory::TRAPS), text).unwrap();
}

/// Makes the manifest vouch for the lines as they are.
fn vouch(run: &Path) {
    let mut chain = LineChain::default();
    for line in lines(run) {
        chain.line(line.as_bytes());
    }
    let path = run.join(RunDirectory::MANIFEST);
    let manifest = Manifest::from_bytes(&fs::read(&path).unwrap()).unwrap();
    fs::write(path, manifest.with_traps(chain.chain()).to_bytes()).unwrap();
}

fn replayed(run: &Path) -> Result<Report, RunIoError> {
    replay(run, None, |_| ())
}

fn diverged(run: &Path) -> Divergence {
    match replayed(run).unwrap_err() {
        RunIoError::Diverged(divergence) => *divergence,
        other => panic!("{other}"),
    }
}

fn is_valid(run: &Path) -> bool {
    let reports = verify::run(&RunFolder(run.to_path_buf()));
    reports.iter().all(|report| report.verdict.is_valid())
}

#[test]
fn every_trap_frame_is_written_and_verified() {
    let (run, frames) = recorded();
    let run = run.path();
    let read: Vec<TrapFrame> = (lines(run).iter())
        .map(|line| TrapFrame::parse(line.as_bytes()).unwrap())
        .collect();
    assert_eq!(read, frames);
    assert!(is_valid(run));
    assert!(replayed(run).unwrap().whole);
}

#[test]
fn trap_frame_outside_the_manifest_is_corrupt() {
    let (run, _) = recorded();
    let run = run.path();
    let whole = lines(run);
    let changed = |at: usize, to: &str| {
        let mut lines = whole.clone();
        lines[at] = lines[at].replacen("\"t\":", to, 1);
        lines
    };
    let last = whole.len() - 1;
    let longer = [whole.clone(), vec![whole[last].clone()]].concat();
    for lines in [
        changed(3, "\"t\":1"),
        changed(last, "\"t\":1"),
        changed(3, "\"x\":"),
        whole[..last].to_vec(),
        whole[1..].to_vec(),
        longer,
    ] {
        write(run, &lines);
        let error = replayed(run).unwrap_err();
        assert_eq!(error.blame(), Blame::Recording, "{error}");
        assert!(!is_valid(run));
    }
    // The last line without its line feed.
    fs::write(run.join(RunDirectory::TRAPS), whole.join("\n")).unwrap();
    let error = replayed(run).unwrap_err();
    assert_eq!(error.blame(), Blame::Recording, "{error}");
    assert!(error.to_string().ends_with("is torn"), "{error}");
    assert!(!is_valid(run));
}

#[test]
fn changed_trap_frame_is_a_divergence() {
    let (run, frames) = recorded();
    let run = run.path();
    let whole = lines(run);
    let mut other = whole.clone();
    other[7] = other[7].replacen("\"details\":\"", "\"details\":\"once ", 1);
    write(run, &other);
    vouch(run);
    let found = diverged(run);
    assert_eq!(
        (found.tick, found.cause),
        (frames[7].tick, Cause::TrapFrameChanged),
        "{found}"
    );
    let pointers: Vec<_> = found.differences.iter().map(|it| &*it.pointer).collect();
    assert_eq!(pointers, ["/details"], "{found}");
    // One that is lacking, and one too many.
    let last = whole.len() - 1;
    write(run, &whole[..last]);
    vouch(run);
    let found = diverged(run);
    assert_eq!((found.tick, found.recorded), (frames[last].tick, None));
    write(run, &[whole.clone(), vec![whole[last].clone()]].concat());
    vouch(run);
    let found = diverged(run);
    assert_eq!((found.tick, found.replayed), (TICKS, None));
}

#[test]
fn missing_trap_file_is_corrupt() {
    let (run, _) = recorded();
    let run = run.path();
    fs::remove_file(run.join(RunDirectory::TRAPS)).unwrap();
    let resumed = RunDirectory::resume::<Settings>(run).unwrap_err();
    for error in [replayed(run).unwrap_err(), resumed] {
        assert_eq!(error.blame(), Blame::Recording);
        assert!(
            error.to_string().ends_with("traps.jsonl is missing"),
            "{error}"
        );
    }
    assert!(!is_valid(run));
}

#[test]
fn unfinished_run_may_lack_trap_frames() {
    let (run, _) = recorded();
    let run = run.path();
    fs::remove_file(run.join(RunDirectory::MANIFEST)).unwrap();
    let path = run.join(RunDirectory::TRAPS);
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() - 1, whole.len() / 2, 0] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(replayed(run).unwrap().ticks, TICKS);
    }
    // What is there has to be right.
    let mut lines = lines_of(&whole);
    lines[2] = lines[2].replacen("\"t\":", "\"t\":1", 1);
    write(run, &lines);
    assert_eq!(diverged(run).cause, Cause::TrapFrameChanged);
    let refused = RunDirectory::resume::<Settings>(run).unwrap_err();
    assert_eq!(refused.blame(), Blame::Recording);
    // A resumed run writes them all again.
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (prefix, writer) = RunDirectory::resume::<Settings>(run).unwrap();
    let mut soak = Soak::start_into(&prefix.header, writer);
    on_virtual_time(soak.drive()).unwrap();
    let manifest = soak.outcome().manifest(&prefix.header);
    soak.into_sink().finish(&manifest).unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);
    assert!(is_valid(run));
}

fn lines_of(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(str::to_owned).collect()
}
