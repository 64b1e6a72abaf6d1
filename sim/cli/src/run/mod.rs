//! `sim run`: one scenario, one seed, from the first tick to the verdict.
//!
//! Standard output carries the result and nothing else; progress goes to standard error.

mod report;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use turingos::manifold::Manifold;

use crate::choice::one_of;
use crate::exit::{Exit, Failure};
use crate::live::places::{apart, broken, no_workspace};
use crate::paths::existing;
use crate::resumed::write_finished;
use crate::route_flags::RouteFlags;
use crate::run::report::{write_json, write_opening, write_text};
use crate::run_sinks::RunSinks;
use crate::sandbox::{SandboxArgs, expect_untouched};
use crate::scenario_choice::choose;
use crate::share;
use crate::soak::report::Stopwatch;
use crate::soak::{self, Lines, seed};
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
use crate::terminal::verdict::write_verdict_line;
use crate::trace::Trace;
use turingos_agents::SeededOracle;
use turingos_run::scenario::{AgentKind, AnyAgent, Ending, Outcome, Place, ScenarioRun, Settings};
use turingos_run::soak::on_virtual_time;
use turingos_run::{
    Header, Kind, Profile, RunDirectory, RunReader, RunWriter, Sandbox, read_prefix,
};
use turingos_workspace::Workspace;

/// Run one scenario: an agent carries out its mission, and the result is checked.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct RunArgs {
    /// A built-in scenario, or the path of a scenario file.
    #[arg(value_name = "SCENARIO|FILE", required_unless_present = "resume")]
    pub(crate) scenario: Option<String>,
    /// The seed of all randomness.
    #[arg(long, value_name = "NUMBER", default_value = "42", value_parser = seed)]
    pub(crate) seed: u64,
    /// The share of bad replies, such as 5% or 0.05.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share::parse)]
    pub(crate) noise: u16,
    /// The agent that carries out the mission.
    #[arg(long, value_parser = one_of(AgentKind::ALL, AgentKind::name), default_value = "worker")]
    pub(crate) agent: AgentKind,
    /// The faults of replies: routine draws them at the rate of --noise, hostile draws every kind.
    #[arg(long, value_parser = one_of(Profile::ALL, Profile::name), default_value = "routine")]
    pub(crate) profile: Profile,
    /// Disable a subset of the noise and provider fault kinds, drawn from the seed.
    #[arg(long)]
    pub(crate) swarm: bool,
    #[command(flatten)]
    pub(crate) route: RouteFlags,
    /// Write the run into this directory, which must be new or empty.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: Option<PathBuf>,
    /// Run in this real directory, which must be new or empty, instead of in memory.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) workspace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) commands: SandboxArgs,
    /// Resume the run in this directory where its process stopped; a run in a workspace needs the
    /// same --workspace.
    #[arg(long, value_name = "DIRECTORY", value_parser = existing(), conflicts_with_all = [
        "scenario", "seed", "noise", "agent", "profile", "swarm", "weak_below", "margin",
        "probe_after", "failover", "single_lane", "out", "emit_journal",
    ])]
    pub(crate) resume: Option<PathBuf>,
    /// Print the timeline as it goes, in the lines of `sim show`.
    #[arg(long, conflicts_with = "json")]
    pub(crate) trace: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the journal to standard output instead of a result.
    #[arg(long, hide = true, conflicts_with_all = ["out", "workspace", "json"])]
    pub(crate) emit_journal: bool,
}

impl RunArgs {
    /// The header of a new run whose commands are in `sandbox`.
    fn header(
        &self,
        scenario: &str,
        sandbox: Option<Sandbox>,
    ) -> Result<Header<Settings>, Failure> {
        if self.profile == Profile::Hostile && self.noise > 0 {
            return Err(Failure::new(
                Exit::Usage,
                "--noise applies to the routine profile only; the hostile one has every kind of \
                 fault; see `sim run --help`",
            ));
        }
        let chosen = choose(scenario)?;
        let settings =
            Settings::of(chosen, self.profile, self.agent, self.noise).named_by(scenario);
        let mut settings = match self.workspace {
            Some(_) => settings.in_a_directory().in_sandbox(sandbox),
            None => settings,
        };
        if self.swarm {
            settings = settings.swarm(self.seed);
        }
        self.route.apply(&mut settings.kernel.route);
        Ok(settings.into_header(self.profile, self.seed))
    }
}

/// A run that is about to begin or to be resumed.
struct Prepared {
    header: Header<Settings>,
    writer: Option<RunWriter>,
    workspace: Option<Workspace>,
}

impl Prepared {
    /// A new run. Every check is made before anything is written.
    fn new(arguments: &RunArgs, scenario: &str) -> Result<Self, Failure> {
        // The arguments are judged before the sandbox is.
        arguments.header(scenario, None)?;
        if let (Some(workspace), Some(out)) = (&arguments.workspace, &arguments.out) {
            apart(workspace, out)?;
        }
        let mut workspace = None;
        let mut sandbox = None;
        if let Some(path) = &arguments.workspace {
            let launcher = arguments.commands.launcher(None)?;
            sandbox = Some(launcher.sandbox());
            let created = Workspace::create(path, arguments.commands.limits());
            workspace = Some(created.map_err(no_workspace)?.with_launcher(launcher));
        }
        let header = arguments.header(scenario, sandbox)?;
        let writer = match &arguments.out {
            Some(path) => Some(RunDirectory::create(path, &header)?),
            None => None,
        };
        if let Some(workspace) = &mut workspace {
            populate(workspace, &header)?;
        }
        Ok(Self {
            header,
            writer,
            workspace,
        })
    }

    /// The run in `directory`, verified, with its workspace as it was left.
    fn resume(
        directory: &Path,
        workspace: Option<&Path>,
        commands: &SandboxArgs,
    ) -> Result<Self, Failure> {
        let (prefix, writer) = RunDirectory::resume::<Settings>(directory)?;
        let header = prefix.header;
        let workspace = match (header.config.place, workspace) {
            (Place::Memory, None) => None,
            (Place::Directory, Some(path)) => {
                apart(path, directory)?;
                let launcher = commands.launcher(header.config.sandbox)?;
                let opened = Workspace::open(path, commands.limits());
                let mut workspace = opened.map_err(no_workspace)?.with_launcher(launcher);
                if prefix.tape.count() == 0 {
                    // It was not used yet, so its process may have been killed while it was filled.
                    populate(&mut workspace, &header)?;
                }
                Some(workspace)
            }
            (Place::Memory, Some(_)) => {
                return Err(Failure::new(
                    Exit::Usage,
                    "this run is in memory; resume it without --workspace",
                ));
            }
            (Place::Directory, None) => {
                return Err(Failure::new(
                    Exit::Usage,
                    "this run has a workspace; name it with --workspace",
                ));
            }
        };
        Ok(Self {
            header,
            writer: Some(writer),
            workspace,
        })
    }

    /// Runs to the end, in memory or in the workspace. The writer comes back for its manifest.
    fn run(
        &mut self,
        progress: Progress,
        trace: Option<Trace<'_>>,
    ) -> Result<(Outcome, Option<RunWriter>), Failure> {
        let header = &self.header;
        let sinks = RunSinks {
            writer: self.writer.take(),
            progress,
            trace,
        };
        on_virtual_time(async {
            match self.workspace.take() {
                None => run_to_end(ScenarioRun::seeded_into(header, sinks)).await,
                Some(workspace) => run_to_end(ScenarioRun::start(header, workspace, sinks)).await,
            }
        })
    }
}

async fn run_to_end<W: Manifold>(
    mut run: ScenarioRun<W, SeededOracle<AnyAgent>, RunSinks<'_>>,
) -> Result<(Outcome, Option<RunWriter>), Failure> {
    run.drive().await?;
    let outcome = run.outcome()?;
    Ok((outcome, run.into_sink().into_writer()?))
}

fn populate(workspace: &mut Workspace, header: &Header<Settings>) -> Result<(), Failure> {
    let files = header.config.scenario.files().iter();
    let files = files.map(|(path, content)| (path.as_str(), content.as_str()));
    workspace.populate(files).map_err(broken)
}

/// Runs the verb.
///
/// # Errors
/// There is no such scenario, its file is malformed, a workspace or run directory cannot be used,
/// a resumed run is corrupt or diverges, or a file or standard output cannot be written.
pub(crate) fn run(
    arguments: &RunArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let mut prepared = match (&arguments.resume, &arguments.scenario) {
        (Some(directory), _) => {
            if is_soak(directory)? && arguments.workspace.is_none() {
                return soak::resume(directory, looks, (arguments.json, arguments.trace), out);
            }
            if let Some(manifest) = read_prefix::<Settings>(directory)?.manifest {
                return write_finished(directory, &manifest, arguments.json, out);
            }
            Prepared::resume(
                directory,
                arguments.workspace.as_deref(),
                &arguments.commands,
            )?
        }
        (None, Some(scenario)) if arguments.emit_journal => {
            let header = arguments.header(scenario, None)?;
            on_virtual_time(ScenarioRun::seeded_into(&header, Lines(&mut *out)).drive())?;
            out.flush()?;
            return Ok(Exit::Passed);
        }
        (None, Some(scenario)) => Prepared::new(arguments, scenario)?,
        (None, None) => {
            return Err(Failure::new(
                Exit::Usage,
                "a scenario is missing; see `sim run --help`",
            ));
        }
    };
    if !arguments.json && !looks.quiet {
        write_opening(&prepared.header, looks, out)?;
        out.flush()?;
    }
    let has_bar = !arguments.json && !arguments.trace;
    let progress = Progress::new(prepared.header.ticks, looks.progress(has_bar));
    let trace = Trace::begin(arguments.trace, looks, out)?;
    let stopwatch = Stopwatch::start();
    let (outcome, writer) = prepared.run(progress, trace)?;
    let wall = stopwatch.elapsed();
    let manifest = outcome.manifest(&prepared.header, None);
    if let Some(writer) = writer {
        writer.finish(&manifest)?;
        let recording = arguments.resume.as_deref().or(arguments.out.as_deref());
        if let (Some(recording), Some(_)) = (recording, &arguments.workspace) {
            expect_untouched(recording, prepared.header.genesis())?;
        }
    }
    if arguments.json {
        write_json(&prepared.header, &outcome, &manifest, out)?;
    } else if looks.quiet {
        write_verdict_line(&manifest, outcome.root, out)?;
    } else {
        write_text(&outcome, wall, &manifest, out)?;
    }
    out.flush()?;
    Ok(match (outcome.passed(), outcome.ending) {
        (true, _) => Exit::Passed,
        (false, Ending::Failed) => Exit::NotLive,
        (false, Ending::Halted | Ending::TickLimit | Ending::Stopped(_)) => Exit::Failed,
    })
}

/// Whether the run in `directory` is a soak: this verb resumes every seeded run.
fn is_soak(directory: &Path) -> Result<bool, Failure> {
    let run = RunReader::of(directory);
    match run.kind_of(&run.header_bytes()?)? {
        Kind::Soak(_) => Ok(true),
        Kind::Scenario(_) => Ok(false),
        Kind::Live(_) => Err(Failure::new(
            Exit::Usage,
            "use `sim live --resume` to resume a live run",
        )),
        Kind::Fork(_) => Err(Failure::new(
            Exit::Usage,
            "use `sim fork --resume` to resume a fork",
        )),
    }
}
