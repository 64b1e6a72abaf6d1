//! The gate `resume`: a run that stopped anywhere resumes to the same end.
//!
//! A journal is cut at every byte of its last two records; a run in a real directory is
//! stopped after each of its ticks. Cuts files only; a test kills real processes.

use std::fs;
use std::path::Path;

use super::{Finding, Ledger};
use turingos_run::replay::replay;
use turingos_run::scenario::{self, AgentKind, BuiltIn, Outcome, ScenarioRun};
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::{Header, Profile, RunDirectory, RunIoError, RunWriter};
use turingos_workspace::{Limits, Workspace};

const TICKS: u64 = 4;
const SEED: u64 = 42;

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    if let Err(error) = in_a_scratch_directory(&mut ledger) {
        ledger.expect(false, || error.to_string());
    }
    let cuts = ledger.checked;
    match in_a_workspace() {
        Ok(stops) => {
            let detail = format!(
                "{cuts} cuts within the last two of {TICKS} records, {stops} stops in a directory"
            );
            ledger.finding("resume", detail)
        }
        Err(reason) => {
            ledger.expect(false, || reason);
            ledger.finding("resume", format!("{cuts} cuts"))
        }
    }
}

fn in_a_scratch_directory(ledger: &mut Ledger) -> Result<(), RunIoError> {
    let here = Path::new("a scratch directory");
    let scratch = tempfile::tempdir().map_err(RunIoError::system("create", here))?;
    let run = scratch.path().join("run");
    let header = Settings::header(Profile::Hostile, SEED, TICKS);
    run_to_the_end(&header, RunDirectory::create(&run, &header)?)?;
    let path = run.join(RunDirectory::JOURNAL);
    let whole = fs::read(&path).map_err(RunIoError::system("read", &path))?;
    let ends: Vec<usize> = (whole.iter().enumerate())
        .filter_map(|(at, byte)| (*byte == b'\n').then_some(at + 1))
        .collect();
    let Some([from, _, _]) = ends.last_chunk::<3>() else {
        ledger.expect(false, || "the journal has too few records".to_owned());
        return Ok(());
    };
    for cut in *from..=whole.len() {
        let kept = whole.get(..cut).unwrap_or_default();
        fs::write(&path, kept).map_err(RunIoError::system("write", &path))?;
        let (prefix, writer) = RunDirectory::resume::<Settings>(&run)?;
        run_to_the_end(&prefix.header, writer)?;
        let found = fs::read(&path).map_err(RunIoError::system("read", &path))?;
        ledger.expect(found == whole, || {
            format!("another journal after a cut at byte {cut}")
        });
    }
    scratch.close().map_err(RunIoError::system("remove", here))
}

fn run_to_the_end(header: &Header<Settings>, writer: RunWriter) -> Result<(), RunIoError> {
    let mut soak = Soak::start_into(header, writer);
    on_virtual_time(soak.drive())?;
    soak.into_sink().flush()
}

/// Stops a run in a real directory after each of its ticks and resumes it. Returns how often.
fn in_a_workspace() -> Result<u64, String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let scenario = BuiltIn::ALL
        .first()
        .ok_or("no built-in scenario")?
        .scenario();
    let settings = scenario::Settings::of(scenario, Profile::Routine, AgentKind::Worker, 0);
    let header = settings
        .in_a_directory()
        .into_header(Profile::Routine, SEED);
    for ticks in 1.. {
        let run = scratch.path().join(format!("run-{ticks}"));
        let work = scratch.path().join(format!("work-{ticks}"));
        let is_over = leave(&header, &run, &work, ticks)?;
        if is_over {
            return Ok(ticks - 1);
        }
        resume(&run, &work).map_err(|reason| format!("stopped after {ticks} ticks: {reason}"))?;
    }
    Err("the run never ends".to_owned())
}

/// Begins a run and stops it after so many ticks; true if it ended before.
fn leave(
    header: &Header<scenario::Settings>,
    run: &Path,
    work: &Path,
    ticks: u64,
) -> Result<bool, String> {
    let limits = Limits::default();
    let mut workspace = Workspace::create(work, limits).map_err(|error| error.to_string())?;
    let files = header.config.scenario.files().iter();
    workspace
        .populate(files.map(|(path, content)| (path.as_str(), content.as_str())))
        .map_err(|fault| fault.to_string())?;
    let writer = RunDirectory::create(run, header).map_err(|error| error.to_string())?;
    let outcome = drive(header, writer, workspace, Some(ticks));
    Ok(outcome.map_err(|error| error.to_string())?.is_some())
}

/// Resumes a run to its end, and replays the whole recording.
fn resume(run: &Path, work: &Path) -> Result<(), String> {
    let resumed = RunDirectory::resume::<scenario::Settings>(run);
    let (prefix, writer) = resumed.map_err(|error| error.to_string())?;
    let workspace = Workspace::open(work, Limits::default()).map_err(|error| error.to_string())?;
    let ended = drive(&prefix.header, writer, workspace, None);
    let outcome = ended.map_err(|error| error.to_string())?.ok_or("no end")?;
    let missed = outcome.gates.iter().find(|gate| gate.failed());
    if let Some(gate) = missed {
        return Err(format!("{}: {}", gate.id, gate.detail));
    }
    let report = replay(run, None, |_| ()).map_err(|error| error.to_string())?;
    match report.whole && report.root == outcome.root {
        true => Ok(()),
        false => Err("the replayed root differs from the run's".to_owned()),
    }
}

/// Runs to the end, or stops after `limit` ticks; then there is no outcome.
fn drive(
    header: &Header<scenario::Settings>,
    writer: RunWriter,
    workspace: Workspace,
    limit: Option<u64>,
) -> Result<Option<Outcome>, RunIoError> {
    let mut run = ScenarioRun::start(header, workspace, writer);
    let is_over = on_virtual_time(async {
        while limit != Some(run.ticks()) {
            if run.tick().await?.is_none() {
                return Ok(true);
            }
        }
        Ok::<_, RunIoError>(false)
    })?;
    if !is_over {
        return Ok(None);
    }
    let outcome = run.outcome()?;
    run.into_sink().finish(&outcome.manifest(header, None))?;
    Ok(Some(outcome))
}
