//! `sim run`: one scenario, one seed, from the first tick to the verdict.
//!
//! Standard output carries the result and nothing else; progress goes to standard error.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValue;

use super::exit::{Exit, Failure};
use super::noise_level;
use super::progress::Progress;
use super::run_report::{write_json, write_opening, write_text};
use super::scenario_choice::choose;
use super::soak::seed;
use super::soak_report::Stopwatch;
use crate::run::{Header, Manifest, Profile, RunDirectory};
use crate::scenario::{AgentKind, Ending, Outcome, ScenarioRun, Settings};
use crate::soak::on_virtual_time;

/// Run one scenario: an agent carries out its mission, and what comes of it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct RunArgs {
    /// A built-in scenario, or the path of a scenario file.
    #[arg(value_name = "SCENARIO|FILE")]
    pub scenario: String,
    /// What all randomness is derived from.
    #[arg(long, value_name = "NUMBER", default_value = "42", value_parser = seed)]
    pub seed: u64,
    /// The share of replies that go wrong, from 0 to 1.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = noise_level::parse)]
    pub noise: u16,
    /// Who carries out the mission.
    #[arg(long, value_enum, default_value_t = AgentKind::Worker)]
    pub agent: AgentKind,
    /// How replies go wrong: routine by --noise, hostile in every way there is.
    #[arg(long, value_enum, default_value_t = Profile::Routine)]
    pub profile: Profile,
    /// Write the run into this directory, which must be new or empty.
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,
    /// Print the result as one line of JSON.
    #[arg(long)]
    pub json: bool,
    /// Show no progress.
    #[arg(long)]
    pub quiet: bool,
}

impl RunArgs {
    fn header(&self) -> Result<Header<Settings>, Failure> {
        if self.profile == Profile::Hostile && self.noise > 0 {
            return Err(Failure::new(
                Exit::Usage,
                "--noise is for the routine profile; the hostile one goes wrong in every way \
                 already; see `sim run --help`",
            ));
        }
        let scenario = choose(&self.scenario)?;
        let settings = Settings::of(scenario, self.profile, self.agent, self.noise);
        Ok(settings.into_header(self.profile, self.seed))
    }

    /// The command that repeats this run.
    fn reproduce(&self) -> String {
        let quoted = match self.scenario.contains([' ', '\'', '"', '$', '\\']) {
            true => format!("'{}'", self.scenario.replace('\'', "'\\''")),
            false => self.scenario.clone(),
        };
        format!(
            "sim run {quoted} --seed {} --noise {} --agent {} --profile {}",
            self.seed,
            noise_level::text(self.noise),
            self.agent.name(),
            self.profile
        )
    }
}

/// Runs the verb.
///
/// # Errors
/// There is no such scenario, its file is malformed, or a file or standard output cannot be
/// written.
pub fn run(arguments: &RunArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    let header = arguments.header()?;
    if !arguments.json {
        write_opening(&header, out)?;
        out.flush()?;
    }
    let mut writer = match &arguments.out {
        Some(path) => Some(RunDirectory::create(path, &header)?),
        None => None,
    };
    let progress = Progress::new(header.ticks, !arguments.quiet && !arguments.json);
    let stopwatch = Stopwatch::start();
    let outcome = on_virtual_time(async {
        let mut run = ScenarioRun::seeded(&header);
        while run.tick().await.is_some() {
            progress.set(run.ticks());
            if let Some(writer) = &mut writer {
                writer.record_line(run.line())?;
                if let Some(line) = run.draws_line() {
                    writer.draws_line(line.as_bytes())?;
                }
            }
        }
        Ok::<_, Failure>(run.finish())
    })?;
    let wall = stopwatch.elapsed();
    drop(progress);
    let manifest = manifest(arguments, &outcome);
    if let Some(writer) = writer {
        writer.finish(&manifest)?;
    }
    if arguments.json {
        write_json(&header, &outcome, &manifest, out)?;
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

fn manifest(arguments: &RunArgs, outcome: &Outcome) -> Manifest {
    let traps = outcome.figures.traps.iter();
    let counts = traps
        .map(|(kind, count)| (kind.name().to_owned(), *count))
        .collect();
    Manifest::new(
        arguments.seed,
        arguments.profile,
        outcome.figures.ticks,
        outcome.root,
        arguments.reproduce(),
    )
    .with_gates(outcome.gates.clone())
    .with_counts(counts)
}

impl clap::ValueEnum for AgentKind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
