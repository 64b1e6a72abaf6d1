//! The arguments of `sim sweep`, and the plan that they ask for.

use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::choice::one_of;
use crate::exit::{Exit, Failure};
use crate::paths::existing;
use crate::route_flags::RouteFlags;
use crate::scenario_choice::choose;
use crate::share;
use crate::soak::{ticks, whole_number};
use crate::sweep::comparison::Compared;
use crate::sweep::engine::{self, ShardChoice};
use crate::sweep::merge::MergeArgs;
use turingos_run::scenario::{AgentKind, BuiltIn, noise_text};
use turingos_run::{Profile, route_words, scenario, soak};
use turingos_sweep::{MAX_SEEDS, Plan, Shard, Subject};

/// Run many seeds on every core, group their failures, and count what they reached.
///
/// Each seed has a subset of the kinds of trouble turned off (swarm testing). Failures are confirmed
/// in a fresh process and grouped by gate, trap and cause. With --out the results are kept, and the
/// same command resumes where it stopped; with --shard it is one part of a sweep on many machines.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct SweepArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<SweepVerb>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// What else can be done with sweeps.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum SweepVerb {
    #[command(after_help = "Example:\n  sim sweep merge nightly")]
    Merge(MergeArgs),
}

/// The arguments of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct RunArgs {
    /// The seeds from A up to B, B excluded.
    #[arg(long, value_name = "A..B", value_parser = seeds, required = true)]
    seeds: Option<Range<u64>>,
    /// The mix of faults; several are swept one beside the other.
    #[arg(long, value_name = "PROFILE,…", value_delimiter = ',', default_value = "routine",
          value_parser = one_of(Profile::ALL, Profile::name))]
    profile: Vec<Profile>,
    /// How many ticks each soak has, at least 1.
    #[arg(long, value_name = "COUNT", default_value = "1200", value_parser = ticks,
          conflicts_with = "scenario")]
    ticks: NonZeroU64,
    /// Run these scenarios in place of soaks: built-in names, paths of files, or `all` built-in ones.
    #[arg(long, value_name = "SCENARIO|FILE,…", value_delimiter = ',')]
    scenario: Vec<String>,
    /// The noise levels of scenarios in the routine profile, such as 5% or 0.05.
    #[arg(long, value_name = "SHARE,…", value_delimiter = ',', value_parser = share::parse,
          requires = "scenario")]
    noise: Vec<u16>,
    /// Leave every kind of trouble on, in place of a subset for each seed.
    #[arg(long)]
    no_swarm: bool,
    #[command(flatten)]
    route: RouteFlags,
    /// How many threads run seeds; by default one for each core.
    #[arg(short, long, value_name = "THREADS", value_parser = threads)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Stop after so many failed runs.
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub(crate) max_failures: Option<NonZeroU64>,
    /// Stop once so many seeds in a row reached no new point.
    #[arg(long, value_name = "SEEDS", value_parser = count)]
    pub(crate) until_quiet: Option<NonZeroU64>,
    /// Start no run after this time, such as 90s, 30m or 2h.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) time_limit: Option<Duration>,
    /// Run this share of the seeds a second time in a fresh process and compare the roots; exit 4 on
    /// a difference.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share::parse)]
    pub(crate) check_share: u16,
    /// Keep the results in this directory, which is made if need be; resume if they are there already.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: Option<PathBuf>,
    /// Run part I of N, from 0; `auto` takes it from the engine that started this process.
    #[arg(long, value_name = "I/N|auto|auto/N", value_parser = engine::parse, requires = "out")]
    shard: Option<ShardChoice>,
    /// The share of the next shard's seeds that are run too, so that `merge` can compare the machines.
    #[arg(long, value_name = "SHARE", default_value = "0.01", value_parser = share::parse,
          requires = "shard")]
    pub(crate) overlap: u16,
    /// Run this build of `sim`, one process a run, in place of the present program.
    #[arg(long, value_name = "PATH", value_parser = existing(), conflicts_with_all = ["out",
          "check_share", "until_quiet", "junit"])]
    pub(crate) program: Option<PathBuf>,
    /// Compare each run with that of another build of `sim`; exit 1 if one differs.
    #[arg(long, value_name = "PATH", value_parser = existing(), conflicts_with_all = ["out",
          "check_share", "until_quiet", "junit"])]
    pub(crate) against: Option<PathBuf>,
    /// What has to be the same in both builds.
    #[arg(long, value_parser = one_of(Compared::ALL, Compared::name), default_value = "roots",
          requires = "against")]
    pub(crate) compare: Compared,
    /// Write a JUnit report into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Print one JSON object for each failure, and one at the end.
    #[arg(long)]
    pub(crate) json: bool,
}

impl RunArgs {
    /// Whether another build takes part.
    pub(crate) const fn is_comparison(&self) -> bool {
        self.program.is_some() || self.against.is_some()
    }

    /// The shard, if there is one.
    pub(crate) fn shard(&self) -> Result<Option<Shard>, Failure> {
        self.shard.map(engine::resolve).transpose()
    }

    /// What to run.
    pub(crate) fn plan(&self) -> Result<Plan, Failure> {
        let seeds = { self.seeds.clone() }
            .ok_or_else(|| Failure::new(Exit::Usage, "--seeds A..B is missing; see --help"))?;
        let subjects = match &*self.scenario {
            [] => self
                .profile
                .iter()
                .map(|profile| self.soak(*profile))
                .collect(),
            names => self.scenarios(names)?,
        };
        Ok(Plan {
            seeds,
            subjects,
            swarm: !self.no_swarm,
        })
    }

    /// The command of the whole sweep: the same for equal plans, however they were asked for.
    pub(crate) fn command(&self, plan: &Plan) -> String {
        let Range { start, end } = plan.seeds;
        let mut words = vec!["sim".into(), "sweep".into(), "--seeds".into()];
        words.push(format!("{start}..{end}"));
        let mut flag = |name: &str, values: &[String]| {
            if !values.is_empty() {
                words.extend([name.to_owned(), values.join(",")]);
            }
        };
        let sources = plan.subjects.iter().filter_map(|subject| match subject {
            Subject::Scenario { settings, .. } => Some(settings.source.clone()),
            Subject::Soak { .. } => None,
        });
        let mut sources: Vec<_> = sources.collect();
        sources.dedup();
        flag("--scenario", &sources);
        let profiles: Vec<_> = { self.profile.iter() }
            .map(|it| it.name().to_owned())
            .collect();
        flag("--profile", &profiles);
        if sources.is_empty() {
            flag("--ticks", &[self.ticks.to_string()]);
        } else if self.profile.contains(&Profile::Routine) {
            let levels: &[u16] = match &*self.noise {
                [] => &[0],
                levels => levels,
            };
            let levels: Vec<_> = levels.iter().map(|level| noise_text(*level)).collect();
            flag("--noise", &levels);
        }
        words.extend(route_words(&self.route.config()));
        if self.no_swarm {
            words.push("--no-swarm".to_owned());
        }
        shlex::try_join(words.iter().map(String::as_str)).expect("no argument holds a NUL byte")
    }

    fn soak(&self, profile: Profile) -> Subject {
        let mut settings = soak::Settings::of(profile);
        self.route.apply(&mut settings.kernel.route);
        Subject::Soak {
            profile,
            ticks: self.ticks.get(),
            settings: Box::new(settings),
        }
    }

    fn scenarios(&self, names: &[String]) -> Result<Vec<Subject>, Failure> {
        let is_hostile = self.profile.contains(&Profile::Hostile);
        if is_hostile && self.profile.len() == 1 && !self.noise.is_empty() {
            return Err(Failure::new(
                Exit::Usage,
                "--noise applies to the routine profile only; the hostile one has every kind of \
                 fault; see `sim sweep --help`",
            ));
        }
        let mut subjects = Vec::new();
        for name in names.iter().flat_map(|name| match name.as_str() {
            "all" => BuiltIn::ALL.iter().map(|known| known.name).collect(),
            name => vec![name],
        }) {
            let scenario = choose(name)?;
            for &profile in &self.profile {
                let levels: &[u16] = match (profile, &*self.noise) {
                    (Profile::Hostile, _) | (Profile::Routine, []) => &[0],
                    (Profile::Routine, levels) => levels,
                };
                for &noise in levels {
                    let worker = AgentKind::Worker;
                    let settings = scenario::Settings::of(scenario.clone(), profile, worker, noise);
                    let mut settings = settings.named_by(name);
                    self.route.apply(&mut settings.kernel.route);
                    subjects.push(Subject::Scenario {
                        profile,
                        settings: Box::new(settings),
                    });
                }
            }
        }
        Ok(subjects)
    }
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let bounds = text
        .split_once("..")
        .and_then(|(first, end)| Some((whole_number(first)?, whole_number(end)?)));
    match bounds {
        Some((first, end)) if first < end && end - first <= MAX_SEEDS => Ok(first..end),
        _ => Err(format!(
            "two whole numbers, the first below the second and at most {MAX_SEEDS} apart, such as \
             0..100"
        )),
    }
}

fn count(text: &str) -> Result<NonZeroU64, String> {
    let number = whole_number(text).and_then(NonZeroU64::new);
    number.ok_or_else(|| format!("a whole number from 1 to {}", u64::MAX))
}

/// More threads than this are a slip.
const MAX_THREADS: u64 = 4_096;

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    { whole_number(text).filter(|threads| *threads <= MAX_THREADS) }
        .and_then(|threads| NonZeroUsize::new(usize::try_from(threads).ok()?))
        .ok_or_else(|| format!("a whole number from 1 to {MAX_THREADS}"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3_600)];
    let seconds = units
        .iter()
        .find_map(|(unit, seconds)| whole_number(text.strip_suffix(*unit)?)?.checked_mul(*seconds));
    { seconds.filter(|seconds| *seconds > 0) }
        .map(Duration::from_secs)
        .ok_or_else(|| "a whole number of seconds, minutes or hours, such as 90s, 30m or 2h".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_times_are_read_strictly() {
        assert_eq!(seeds("0..100"), Ok(0..100));
        for bad in [
            "5..5",
            "0..x",
            "9..8",
            "0..=3",
            "",
            "7",
            "0..1000000001",
            "..5",
        ] {
            assert!(seeds(bad).unwrap_err().contains("such as 0..100"), "{bad}");
        }
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7_200)));
        for bad in ["", "90", "s", "0s", "-1s", "1.5h", "2d", "1h30m"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(threads("2").map(NonZeroUsize::get), Ok(2));
        for bad in ["0", "4097", "-1", "x"] {
            assert!(threads(bad).is_err(), "{bad}");
        }
    }
}
