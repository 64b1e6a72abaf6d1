//! `sim fork --live`: real providers answer from the fork tick on.
//!
//! Keys, commands, budgets and signals are subject to the rules of `sim live`. The prefix is compared
//! with the parent, and a directory made again, before anything of the fork is written.

use std::io::Write;
use std::path::Path;

use turingos::kernel::Committed;
use turingos::manifold::Manifold;
use turingos_explain::{rebuild_world, verify_prefix};
use turingos_live::session::{End, LiveRun, LiveSession, scan_by};
use turingos_live::{Budget, Leak, LiveOracle};
use turingos_run::fork::{Base, Config, Parent};
use turingos_run::providers::{Providers, Settings};
use turingos_run::tape::{NoWorld, TapeSession};
use turingos_run::{
    AnyRun, Edit, FailureTally, Header, Kind, LivePart, RunDirectory, RunIoError, RunWriter, Sink,
    Tick, on_virtual_time, read_prefix,
};
use turingos_workspace::{Launcher, Workspace};

use super::report::{Report, write_opening};
use super::{ForkArgs, change, expect_tick, not_forkable};
use crate::exit::{Exit, Failure};
use crate::live::arguments::settings_file;
use crate::live::keys::Keys;
use crate::live::no_provider;
use crate::live::places::{Assignment, apart, reopened};
use crate::live::signals::Signals;
use crate::live::watch::Watch;
use crate::resumed::write_finished;
use crate::sandbox::expect_untouched;
use crate::terminal::looks::Looks;

/// Runs the verb with the providers of the settings file.
pub(super) fn run(
    arguments: &ForkArgs,
    settings: &Path,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if let Some(directory) = &arguments.resume
        && let Some(manifest) = read_prefix::<Config>(directory)?.manifest
    {
        return write_finished(directory, &manifest, arguments.json, out);
    }
    let settings = settings_file(settings)?;
    let budget = arguments.budget.budget(&settings)?;
    let keys = Keys::take(&settings)?;
    let Some(recording) = arguments.resume.as_deref().or(arguments.out.as_deref()) else {
        let message = "what a provider answers is always recorded: name a new directory with --out";
        return Err(Failure::new(Exit::Usage, message));
    };
    if let Some(workspace) = &arguments.workspace {
        apart(workspace, recording)?;
    }
    let beginning = match &arguments.resume {
        Some(directory) => resumed(arguments, &settings, directory)?,
        None => begun(arguments, &settings)?,
    };
    let oracle =
        LiveOracle::new(&settings, keys.p.as_ref(), keys.e.as_ref()).map_err(no_provider)?;
    scanned(&oracle, "the header", &beginning.header.to_bytes())?;
    let live = Live {
        arguments,
        recording,
        budget,
        looks,
    };
    live.run(beginning, oracle, out)
}

/// A fork before its first tick, of which nothing is written yet.
struct Beginning<'a> {
    header: Header<Config>,
    /// The directory of its parent; none if the fork is resumed.
    parent: Option<&'a Path>,
    /// Where its commands run, if its world is a real directory.
    directory: Option<(&'a Path, Launcher)>,
}

/// The fork that the arguments ask for.
fn begun<'a>(arguments: &'a ForkArgs, settings: &Settings) -> Result<Beginning<'a>, Failure> {
    let (directory, at) = super::place_of(arguments)?;
    let parent = Parent::open(directory)?;
    expect_tick(&parent, at)?;
    expect_route(&parent.kind, settings)?;
    let in_a_directory = parent.kind.scenario_in_a_directory().is_some();
    let workspace = workspace_of(arguments, in_a_directory)?;
    let launcher = workspace.map(|_| arguments.commands.launcher(None));
    let launcher = launcher.transpose()?;
    let part = LivePart {
        tick: at,
        providers: Providers::of(settings),
        driver: settings.driver(),
        sandbox: launcher.as_ref().map(Launcher::sandbox),
    };
    let mut edits = vec![Edit::Live(Box::new(part))];
    edits.extend(change::given(&arguments.change, at)?);
    let mut header = parent.fork(at, edits).map_err(not_forkable)?;
    match arguments.max_ticks {
        Some(ticks) if ticks <= at => {
            let message = format!("--max-ticks {ticks} ends the run before tick {at}");
            return Err(Failure::new(Exit::Usage, message));
        }
        Some(ticks) => header.ticks = ticks,
        None => {}
    }
    verify_prefix(directory, &header)?;
    Ok(Beginning {
        header,
        parent: Some(directory),
        directory: workspace.zip(launcher),
    })
}

/// The unfinished fork in a directory, which has to be one with these settings.
fn resumed<'a>(
    arguments: &'a ForkArgs,
    settings: &Settings,
    recording: &Path,
) -> Result<Beginning<'a>, Failure> {
    let header = read_prefix::<Config>(recording)?.header;
    let place = recording.display();
    let Some(part) = header.live_part() else {
        let message = format!("no provider answers the fork in {place}: leave --live out");
        return Err(Failure::new(Exit::Usage, message));
    };
    if (&part.providers, &part.driver) != (&Providers::of(settings), &settings.driver()) {
        let message = format!("the settings differ from those of the fork in {place}");
        return Err(Failure::new(Exit::Usage, message));
    }
    let workspace = workspace_of(arguments, part.sandbox.is_some())?;
    let launcher = workspace.map(|_| arguments.commands.launcher(part.sandbox));
    let launcher = launcher.transpose()?;
    Ok(Beginning {
        parent: None,
        directory: workspace.zip(launcher),
        header,
    })
}

/// The directory of the fork's world: given if, and only if, it has one.
fn workspace_of(arguments: &ForkArgs, in_a_directory: bool) -> Result<Option<&Path>, Failure> {
    let message = match (&arguments.workspace, in_a_directory) {
        (Some(workspace), true) => return Ok(Some(workspace)),
        (None, false) => return Ok(None),
        (None, true) => {
            "the world of this run is a real directory: give the fork one with --workspace"
        }
        (Some(_), false) => "the world of this run is in memory: leave --workspace out",
    };
    Err(Failure::new(Exit::Usage, message))
}

/// Checks that the settings ask for no other routes than those of the parent, whose kernel goes on.
fn expect_route(parent: &Kind, settings: &Settings) -> Result<(), Failure> {
    let own = match parent {
        Kind::Soak(header) => &header.config.kernel.route,
        Kind::Scenario(header) => &header.config.kernel.route,
        Kind::Live(header) => &header.config.kernel.route,
        Kind::Fork(header) => match &header.config.base {
            Base::Soak(settings) => &settings.kernel.route,
            Base::Scenario(settings) => &settings.kernel.route,
            Base::Live(settings) => &settings.kernel.route,
        },
    };
    if settings.route == Default::default() || settings.route == *own {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Usage,
        "a fork keeps the routes of its parent: leave [route] out of the settings",
    ))
}

fn scanned(oracle: &LiveOracle, place: &'static str, bytes: &[u8]) -> Result<(), Failure> {
    let checked = oracle.secrets().check(place, bytes);
    checked.map_err(|leak: Leak| Failure::new(Exit::System, leak.to_string()))
}

/// What a fork is run with.
struct Live<'a> {
    arguments: &'a ForkArgs,
    recording: &'a Path,
    budget: Budget,
    looks: Looks,
}

impl Live<'_> {
    fn run(
        &self,
        beginning: Beginning<'_>,
        oracle: LiveOracle,
        out: &mut impl Write,
    ) -> Result<Exit, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| {
                Failure::new(Exit::System, format!("cannot start a runtime: {cause}"))
            })?;
        runtime.block_on(oracle.reach()).map_err(no_provider)?;
        if !self.arguments.json && !self.looks.quiet {
            write_opening(&beginning.header, out)?;
            out.flush()?;
        }
        let Beginning {
            header,
            parent,
            directory,
        } = beginning;
        let Some((path, launcher)) = directory else {
            let signals = listen(&runtime)?;
            return self.record(&runtime, &header, parent, (NoWorld, oracle), signals, out);
        };
        let limits = self.arguments.commands.limits();
        if let (Some(parent), Some(scenario)) = (
            parent,
            Kind::Fork(Box::new(header.clone())).scenario_in_a_directory(),
        ) {
            let assignment = Assignment::again(scenario, path, limits)?;
            let workspace = assignment.prepare()?.with_launcher(launcher.clone());
            rebuild_world(parent, &header, workspace)?;
        }
        let signals = listen(&runtime)?;
        let workspace: Workspace = reopened(path, limits)?
            .with_launcher(launcher)
            .with_interrupt(signals.interrupt());
        self.record(&runtime, &header, parent, (workspace, oracle), signals, out)
    }

    /// Runs the fork in its world, and writes its recording and its result.
    fn record<W: Manifold>(
        &self,
        runtime: &tokio::runtime::Runtime,
        header: &Header<Config>,
        parent: Option<&Path>,
        (world, oracle): (W, LiveOracle),
        mut signals: Signals,
        out: &mut impl Write,
    ) -> Result<Exit, Failure> {
        let (at, scan) = (header.config.at, scan_by(oracle.secrets()));
        let writer = match parent {
            Some(parent) => {
                let before = (parent, at);
                RunDirectory::create_after(self.recording, header, before, Some(scan.clone()))?
            }
            None => RunDirectory::resume::<Config>(self.recording)?.1,
        };
        let kind = Kind::Fork(Box::new(header.clone()));
        let sink = Recorded {
            writer: writer.with_scan(scan),
            failure: FailureTally::default(),
        };
        let mut run = AnyRun::with(&kind, (world, oracle), sink);
        // Nothing is asked before the fork tick, and simulated time takes none.
        on_virtual_time(async {
            while run.ticks() < at && run.tick().await?.is_some() {}
            Ok::<(), RunIoError>(())
        })?;
        let watch = Watch::new(self.looks, !self.arguments.json);
        let session = LiveSession::of(LiveFork(run), self.budget);
        let end = session.run(&mut signals, |watched| watch.show(watched));
        let (LiveFork(mut run), spending) = match runtime.block_on(end)? {
            End::Over(fork, spending) => (*fork, spending),
            End::Abandoned { ticks } => return Err(self.aborted(ticks, "a tick was aborted")),
            End::Leak { leak, ticks } => return Err(self.aborted(ticks, &leak.to_string())),
        };
        let manifest = run.manifest(&kind, Some(self.recording))?;
        scanned(run.live_oracle(), "the manifest", &manifest.to_bytes())?;
        let Recorded { writer, failure } = run.into_sink();
        writer.finish(&manifest)?;
        expect_untouched(self.recording, header.genesis())?;
        let report = Report {
            header,
            manifest: &manifest,
            failure: failure.fingerprint(manifest.gates()),
            spending,
        };
        report.write(self.arguments.json, self.looks, out)
    }

    fn aborted(&self, ticks: u64, reason: &str) -> Failure {
        let place = self.recording.display();
        Failure::new(
            Exit::System,
            format!(
                "{reason}; {place} holds a valid recording of {ticks} ticks; use --resume to \
                 continue it"
            ),
        )
    }
}

/// Signals are the run's own from here on.
fn listen(runtime: &tokio::runtime::Runtime) -> Result<Signals, Failure> {
    let _entered = runtime.enter();
    Signals::listen()
}

/// A fork that providers answer.
struct LiveFork<W>(AnyRun<Recorded, W, LiveOracle>);

impl<W: Manifold> LiveRun for LiveFork<W> {
    async fn tick(&mut self) -> Result<Option<Committed>, RunIoError> {
        self.0.tick().await
    }

    fn ticks(&self) -> u64 {
        self.0.ticks()
    }

    fn stop(&mut self, reason: &'static str) {
        self.0.stop(reason);
    }

    fn oracle(&self) -> &LiveOracle {
        self.0.live_oracle()
    }

    fn writer(&mut self) -> &mut RunWriter {
        &mut self.0.sink_mut().writer
    }
}

/// What the ticks of a fork that providers answer are written to.
struct Recorded {
    writer: RunWriter,
    failure: FailureTally,
}

impl Sink for Recorded {
    type Error = RunIoError;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        self.writer.tape()
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.failure.count(tick);
        self.writer.take(tick)
    }
}
