//! `sim live`: a scenario or a mission in a real workspace with real providers, always recorded.
//!
//! Settings, keys, provider addresses, the workspace and the run directory are checked before the
//! first tick.

pub(super) mod arguments;
pub(super) mod budget;
pub(super) mod keys;
pub(super) mod places;
mod report;
pub(super) mod signals;
pub(super) mod watch;

use std::io::Write;
use std::path::Path;

pub(crate) use arguments::LiveArgs;

use super::exit::{Exit, Failure};
use super::resumed::write_finished;
use super::sandbox::expect_untouched;
use crate::soak::report::Stopwatch;
use crate::terminal::looks::Looks;
use keys::Keys;
use places::{Assignment, apart, reopened};
use signals::Signals;
use turingos_live::session::{End, LiveSession, RecordedLive};
use turingos_live::{Budget, LiveOracle, NoProvider};
use turingos_run::providers::{Config, Settings};
use turingos_run::scenario::Ending;
use turingos_run::{Header, RunDirectory, read_prefix};
use turingos_workspace::{Launcher, Workspace};
use watch::Watch;

/// Runs the verb.
///
/// # Errors
/// The arguments or settings are wrong, a key is missing, a provider cannot be reached, a directory
/// cannot be used, a secret was about to be written, or a tick was aborted.
pub(crate) fn run(
    arguments: &LiveArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if let Some(recording) = &arguments.resume
        && let Some(manifest) = read_prefix::<Config>(recording)?.manifest
    {
        return write_finished(recording, &manifest, arguments.json, out);
    }
    let settings = arguments.settings()?;
    let budget = arguments.budget.budget(&settings)?;
    let keys = Keys::take(&settings)?;
    apart(&arguments.workspace, arguments.recording())?;
    let limits = arguments.commands.limits();
    let (header, beginning, launcher) = match (&arguments.resume, &arguments.mission) {
        (Some(recording), _) => {
            let header = unfinished(recording, &settings)?;
            let launcher = arguments.commands.launcher(header.config.sandbox)?;
            (header, Beginning::Again, launcher)
        }
        (None, mission) => {
            let mission = mission.as_deref().unwrap_or_default();
            let assignment = Assignment::find(mission, &arguments.workspace, limits)?;
            let ticks = arguments.ticks(&assignment.scenario);
            let launcher = arguments.commands.launcher(None)?;
            let header = Config::of(assignment.scenario.clone(), &settings)
                .in_sandbox(Some(launcher.sandbox()))
                .into_header(arguments.seed, ticks);
            (header, Beginning::New(Box::new(assignment)), launcher)
        }
    };
    let oracle =
        LiveOracle::new(&settings, keys.p.as_ref(), keys.e.as_ref()).map_err(no_provider)?;
    let secrets = oracle.secrets().clone();
    let scanned = |place, bytes: &[u8]| {
        let checked = secrets.check(place, bytes);
        checked.map_err(|leak| Failure::new(Exit::System, leak.to_string()))
    };
    scanned("the header", &header.to_bytes())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Failure::new(Exit::System, format!("cannot start a runtime: {cause}")))?;
    let stopwatch = Stopwatch::start();
    let end = runtime.block_on(async {
        let beginning = (beginning, launcher);
        record(arguments, looks, &header, beginning, oracle, budget).await
    })?;
    let (mut session, spending) = match end {
        End::Over(session, spending) => (session, spending),
        End::Abandoned { ticks } => return Err(aborted(arguments, ticks, "a tick was aborted")),
        End::Leak { leak, ticks } => return Err(aborted(arguments, ticks, &leak.to_string())),
    };
    let outcome = session.outcome()?;
    let writer = session.into_sink();
    let manifest = outcome.manifest(&header, Some(arguments.recording()));
    scanned("the manifest", &manifest.to_bytes())?;
    writer.finish(&manifest)?;
    expect_untouched(arguments.recording(), header.genesis())?;
    let report = report::Report {
        arguments,
        looks,
        header: &header,
        outcome: &outcome,
        manifest: &manifest,
        spending,
        wall: stopwatch.elapsed(),
    };
    report.write(out)?;
    out.flush()?;
    Ok(match (outcome.passed(), outcome.ending) {
        (true, _) => Exit::Passed,
        (false, Ending::Failed) => Exit::NotLive,
        (false, Ending::Halted | Ending::TickLimit | Ending::Stopped(_)) => Exit::Failed,
    })
}

/// Where a run begins.
enum Beginning {
    /// At its first tick.
    New(Box<Assignment>),
    /// Where its process stopped.
    Again,
}

async fn record(
    arguments: &LiveArgs,
    looks: Looks,
    header: &Header<Config>,
    (beginning, launcher): (Beginning, Launcher),
    oracle: LiveOracle,
    budget: Budget,
) -> Result<End<RecordedLive<Workspace>>, Failure> {
    let mut signals = Signals::listen()?;
    oracle.reach().await.map_err(no_provider)?;
    let recording = arguments.recording();
    let (workspace, writer) = match beginning {
        Beginning::New(assignment) => {
            let writer = RunDirectory::create(recording, header)?;
            (assignment.prepare()?, writer)
        }
        Beginning::Again => {
            let workspace = reopened(&arguments.workspace, arguments.commands.limits())?;
            (workspace, RunDirectory::resume::<Config>(recording)?.1)
        }
    };
    let workspace = workspace
        .with_launcher(launcher)
        .with_interrupt(signals.interrupt());
    let watch = Watch::new(looks, !arguments.json);
    let session = LiveSession::start(header, workspace, oracle, writer, budget);
    let end = session
        .run(&mut signals, |watched| watch.show(watched))
        .await;
    Ok(end?)
}

/// The header of an unfinished recording that was made with these settings.
fn unfinished(recording: &Path, settings: &Settings) -> Result<Header<Config>, Failure> {
    let prefix = read_prefix::<Config>(recording)?;
    let place = recording.display();
    let header = prefix.header;
    let config = Config::of(header.config.scenario.clone(), settings);
    if config.in_sandbox(header.config.sandbox) != header.config {
        let message = format!("the settings differ from those of the recording in {place}");
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(header)
}

pub(crate) fn no_provider(error: NoProvider) -> Failure {
    Failure::new(Exit::System, error.to_string())
}

fn aborted(arguments: &LiveArgs, ticks: u64, reason: &str) -> Failure {
    let place = arguments.recording().display();
    Failure::new(
        Exit::System,
        format!(
            "{reason}; {place} holds a valid recording of {ticks} ticks; use --resume to continue it"
        ),
    )
}
