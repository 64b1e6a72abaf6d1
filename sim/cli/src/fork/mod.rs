//! `sim fork`: a run that goes its own way from a tick on, or many of them.
//!
//! The parent's files are verified, and the fork is held to the parent's records up to the fork
//! tick, before anything is written.

mod change;
mod curve;
mod live;
mod report;

use std::io::Write;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::Args;
use turingos_explain::verify_prefix;
use turingos_live::Spending;
use turingos_run::fork::{Config, Parent};
use turingos_run::scenario::MAX_TICK_LIMIT;
use turingos_run::tape::TapeSession;
use turingos_run::{
    AnyRun, FailureTally, FaultKind, Header, Kind, RunDirectory, RunWriter, Sink, Tick,
    on_virtual_time, read_prefix,
};

use crate::exit::{Exit, Failure};
use crate::fork::report::Report;
use crate::live::budget::BudgetArgs;
use crate::longrun::seeds;
use crate::paths::existing;
use crate::recordings::expect_ticks;
use crate::resumed::write_finished;
use crate::sandbox::SandboxArgs;
use crate::soak::{seed, whole_number};
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;

/// Continue a run from a tick on with one change, or with many seeds.
///
/// With one tick and one change it makes a run that `replay`, `verify`, `show`, `diff` and `fork`
/// take like any other. With --seeds it tries that many seeds at every tick of the range, and prints
/// the share of runs that fail: where it jumps, the fate of the run was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct ForkArgs {
    /// The directory of the run to fork.
    #[arg(value_name = "RUN", value_parser = existing(), required_unless_present = "resume")]
    pub(crate) run: Option<PathBuf>,
    /// The first tick that may differ; with --seeds a range such as 20..60, which excludes its end.
    #[arg(long, value_name = "TICK|A..B", value_parser = place, required_unless_present = "resume")]
    pub(crate) at: Option<RangeInclusive<u64>>,
    #[command(flatten)]
    pub(crate) change: Change,
    /// Have real providers answer from the tick on, as `sim live` does: a TOML file, whose form
    /// `sim schema show provider-settings.v1` shows. With --reply they answer what follows it.
    #[arg(long, value_name = "SETTINGS", value_parser = existing(),
          conflicts_with_all = ["mute", "inject", "reseed", "seeds"])]
    pub(crate) live: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// With --live, stop after this many ticks; at the end that the parent was given if absent.
    #[arg(long, value_name = "NUMBER", requires = "live",
          value_parser = clap::value_parser!(u64).range(1..=MAX_TICK_LIMIT))]
    pub(crate) max_ticks: Option<u64>,
    /// With --live, the directory that the agent works in if the parent's world is a real directory:
    /// new or empty for a scenario, a copy of the parent's at its beginning for a mission. What the
    /// parent did before the tick is done in it again.
    #[arg(long, value_name = "DIRECTORY", requires = "live")]
    pub(crate) workspace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) commands: SandboxArgs,
    /// Try so many seeds, 1 and up, at each tick.
    #[arg(long, value_name = "COUNT", value_parser = count, conflicts_with = "change")]
    pub(crate) seeds: Option<u64>,
    /// Write the fork into this directory, which must be new or empty; with --seeds, write the JSON
    /// object into this new file.
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// Resume the fork in this directory where its process stopped.
    #[arg(long, value_name = "DIRECTORY", value_parser = existing(),
          conflicts_with_all = ["run", "at", "change", "seeds", "out", "max_ticks"])]
    pub(crate) resume: Option<PathBuf>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The one change of a fork.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[group(id = "change", multiple = false)]
pub(crate) struct Change {
    /// Give this reply at the tick, in place of the agent's: the text of a reply, or the whole body
    /// of a provider's response.
    #[arg(long, value_name = "FILE", value_parser = existing())]
    pub(crate) reply: Option<PathBuf>,
    /// Leave out the fault of this kind that begins in the tick.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) mute: Option<FaultKind>,
    /// Add a fault of this kind to the tick.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) inject: Option<FaultKind>,
    /// Draw everything from this seed from the tick on; the mission stays.
    #[arg(long, value_name = "NUMBER", value_parser = seed)]
    pub(crate) reseed: Option<u64>,
}

/// One tick, or a range that excludes its end.
fn place(text: &str) -> Result<RangeInclusive<u64>, String> {
    match whole_number(text) {
        Some(tick) => Ok(tick..=tick),
        None => seeds(text).map_err(|_| "a tick such as 29, or a range such as 20..60".to_owned()),
    }
}

fn count(text: &str) -> Result<u64, String> {
    whole_number(text)
        .filter(|count| (1..=1_000_000).contains(count))
        .ok_or_else(|| "a whole number from 1 to 1000000".to_owned())
}

fn kind(text: &str) -> Result<FaultKind, String> {
    FaultKind::named(text).ok_or_else(|| {
        let names: Vec<_> = FaultKind::all().map(FaultKind::name).collect();
        format!("no such kind of fault; the kinds are {}", names.join(", "))
    })
}

/// Runs the verb.
///
/// # Errors
/// The parent is corrupt, cannot be forked so or comes out otherwise, or something cannot be
/// written.
pub(crate) fn run(
    arguments: &ForkArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if let Some(settings) = &arguments.live {
        return live::run(arguments, settings, looks, out);
    }
    if arguments.budget != BudgetArgs::default() {
        let message = "a budget needs --live: nothing else costs anything";
        return Err(Failure::new(Exit::Usage, message));
    }
    if let Some(directory) = &arguments.resume {
        return resume(directory, arguments.json, looks, out);
    }
    let (directory, at) = range_of(arguments)?;
    let parent = Parent::open(directory)?;
    expect_tick(&parent, *at.end())?;
    if arguments.seeds.is_some() && parent.kind.is_live() {
        let message = "a curve is of simulated runs: each of its runs would have to ask the providers of \
                       this one";
        return Err(Failure::new(Exit::Usage, message));
    }
    if arguments.seeds.is_some() {
        return curve::run(arguments, &parent, at, looks, out);
    }
    let (_, at) = place_of(arguments)?;
    let edit = change::of(&arguments.change, &parent, at)?;
    let header = parent.fork(at, vec![edit]).map_err(not_forkable)?;
    let begun = verify_prefix(directory, &header)?;
    change::expect_injected(arguments.change.inject, &begun, at)?;
    let writer = match &arguments.out {
        Some(path) => Some(RunDirectory::create(path, &header)?),
        None => None,
    };
    let recording = arguments.out.as_deref();
    execute(&header, writer, recording, arguments.json, looks, out)
}

/// The run to fork, and the ticks.
fn range_of(arguments: &ForkArgs) -> Result<(&Path, &RangeInclusive<u64>), Failure> {
    let given = arguments.run.as_deref().zip(arguments.at.as_ref());
    let (run, at) = given.ok_or_else(|| {
        let message = "a run and a tick are missing; see `sim fork --help`";
        Failure::new(Exit::Usage, message)
    })?;
    expect_ticks(run, "fork")?;
    Ok((run, at))
}

/// The run to fork, and the one tick.
fn place_of(arguments: &ForkArgs) -> Result<(&Path, u64), Failure> {
    let (run, at) = range_of(arguments)?;
    if at.start() == at.end() {
        return Ok((run, *at.start()));
    }
    Err(Failure::new(
        Exit::Usage,
        "a range of ticks needs --seeds; see `sim fork --help`",
    ))
}

fn not_forkable(error: turingos_run::fork::NotForkable) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}

fn expect_tick(parent: &Parent, tick: u64) -> Result<(), Failure> {
    if tick < parent.records {
        return Ok(());
    }
    let last = match parent.records.checked_sub(1) {
        Some(last) => format!("its last tick is {last}"),
        None => "it has no ticks".to_owned(),
    };
    Err(Failure::new(
        Exit::Usage,
        format!("the run has no tick {tick}: {last}"),
    ))
}

fn resume(
    directory: &Path,
    json: bool,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if let Some(manifest) = read_prefix::<Config>(directory)?.manifest {
        return write_finished(directory, &manifest, json, out);
    }
    let (prefix, writer) = RunDirectory::resume::<Config>(directory)?;
    if prefix.header.live_part().is_some() {
        let message = "providers answer this fork: give their settings with --live";
        return Err(Failure::new(Exit::Usage, message));
    }
    execute(
        &prefix.header,
        Some(writer),
        Some(directory),
        json,
        looks,
        out,
    )
}

/// Runs a fork to its end and writes its result.
fn execute(
    header: &Header<Config>,
    writer: Option<RunWriter>,
    recording: Option<&Path>,
    json: bool,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if !json && !looks.quiet {
        report::write_opening(header, out)?;
        out.flush()?;
    }
    let kind = Kind::Fork(Box::new(header.clone()));
    let sinks = Sinks {
        writer,
        failure: FailureTally::default(),
        progress: Progress::new(header.ticks, looks.progress(!json)),
    };
    let mut run = AnyRun::of(&kind, sinks);
    on_virtual_time(run.drive())?;
    let manifest = run.manifest(&kind, recording)?;
    let Sinks {
        writer,
        failure,
        progress,
    } = run.into_sink();
    drop(progress);
    if let Some(writer) = writer {
        writer.finish(&manifest)?;
    }
    let report = Report {
        header,
        manifest: &manifest,
        failure: failure.fingerprint(manifest.gates()),
        spending: Spending::default(),
    };
    report.write(json, looks, out)
}

/// What the ticks of a fork are written to.
struct Sinks {
    writer: Option<RunWriter>,
    failure: FailureTally,
    progress: Progress,
}

impl Sink for Sinks {
    type Error = Failure;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        self.writer.as_mut().and_then(Sink::tape)
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), Failure> {
        self.progress.set(tick.committed.record.tick + 1);
        self.failure.count(tick);
        match &mut self.writer {
            Some(writer) => Ok(writer.take(tick)?),
            None => Ok(()),
        }
    }
}
