//! `sim soak`: runs a seed, records it and checks its gates.
//!
//! Standard output carries the result and nothing else; progress goes to standard error.

pub(crate) mod report;

use std::io::Write;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::check::Twin;
use crate::choice::one_of;
use crate::exit::{Exit, Failure};
use crate::paths::existing;
use crate::resumed::write_finished;
use crate::route_flags::RouteFlags;
use crate::run_sinks::RunSinks;
use crate::soak::report::{Report, Stopwatch};
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
use crate::trace::Trace;
use turingos_run::soak::{Outcome, Settings, Soak, on_virtual_time};
use turingos_run::tape::TapeSession;
use turingos_run::{Header, Profile, RunDirectory, RunWriter, Sink, Tick, read_prefix};

/// Run seeded agents through the kernel and check the result.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct SoakArgs {
    /// How many ticks to run, at least 1.
    #[arg(long, value_name = "COUNT", default_value = "1200", value_parser = ticks)]
    pub(crate) ticks: NonZeroU64,
    /// The seed of all randomness.
    #[arg(long, value_name = "NUMBER", default_value = "42", value_parser = seed)]
    pub(crate) seed: u64,
    /// The mix of missions and faults.
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
    /// Resume the run in this directory where its process stopped.
    #[arg(long, value_name = "DIRECTORY", value_parser = existing(), conflicts_with_all = [
        "ticks", "seed", "profile", "swarm", "weak_below", "margin", "probe_after", "failover",
        "single_lane", "out", "check", "emit_journal",
    ])]
    pub(crate) resume: Option<PathBuf>,
    /// Print the timeline as it goes, in the lines of `sim show`.
    #[arg(long, conflicts_with_all = ["json", "emit_journal"])]
    pub(crate) trace: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Run a second time in another process, directory, time zone and locale, and compare tick by
    /// tick; exit 4 on a difference.
    #[arg(long)]
    pub(crate) check: bool,
    /// Write the journal to standard output instead of a result, as `--check` reads it.
    #[arg(long, hide = true, conflicts_with_all = ["out", "json", "check"])]
    pub(crate) emit_journal: bool,
}

impl SoakArgs {
    fn header(&self) -> Header<Settings> {
        let settings = Settings::of(self.profile);
        let mut settings = match self.swarm {
            true => settings.swarm(self.seed),
            false => settings,
        };
        self.route.apply(&mut settings.kernel.route);
        settings.into_header(self.profile, self.seed, self.ticks.get())
    }
}

/// Runs the verb.
///
/// # Errors
/// The run's directory or standard output cannot be written, or a check's second process cannot
/// be started.
pub(crate) fn run(
    arguments: &SoakArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if let Some(directory) = &arguments.resume {
        return resume(directory, looks, (arguments.json, arguments.trace), out);
    }
    let header = arguments.header();
    if arguments.emit_journal {
        simulate(&header, Lines(&mut *out))?;
        out.flush()?;
        return Ok(Exit::Passed);
    }
    let writer = match &arguments.out {
        Some(path) => Some(RunDirectory::create(path, &header)?),
        None => None,
    };
    execute(arguments, looks, &header, writer, out)
}

/// Resumes the soak in `directory`; one that has finished is left as it is. The result may be printed
/// as JSON, or the timeline as it goes.
///
/// # Errors
/// A file of the run is corrupt or cannot be read, the re-run differs from the recording, or
/// something cannot be written.
pub(crate) fn resume(
    directory: &Path,
    looks: Looks,
    (json, trace): (bool, bool),
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if let Some(manifest) = read_prefix::<Settings>(directory)?.manifest {
        return write_finished(directory, &manifest, json, out);
    }
    let (prefix, writer) = RunDirectory::resume::<Settings>(directory)?;
    let header = prefix.header;
    let arguments = SoakArgs {
        ticks: NonZeroU64::new(header.ticks)
            .ok_or_else(|| Failure::new(Exit::Corrupt, "the header asks for 0 ticks"))?,
        seed: header.seed,
        profile: header.profile,
        swarm: header.config.swarm,
        // The header has them.
        route: RouteFlags::default(),
        out: None,
        resume: None,
        trace,
        json,
        check: false,
        emit_journal: false,
    };
    execute(&arguments, looks, &header, Some(writer), out)
}

/// Runs the header and judges the result.
fn execute(
    arguments: &SoakArgs,
    looks: Looks,
    header: &Header<Settings>,
    writer: Option<RunWriter>,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let report = Report::new(arguments, looks, header);
    if !arguments.json && !looks.quiet {
        report.write_opening(out)?;
        out.flush()?;
    }
    let twin = match arguments.check {
        true => Some(Twin::start(header)?),
        false => None,
    };
    let has_bar = !arguments.json && !arguments.trace;
    let progress = Progress::new(header.ticks, looks.progress(has_bar));
    let trace = Trace::begin(arguments.trace, looks, out)?;
    let stopwatch = Stopwatch::start();
    let (outcome, sinks) = simulate(
        header,
        Sinks {
            run: RunSinks {
                writer,
                progress,
                trace,
            },
            twin,
        },
    )?;
    let wall = stopwatch.elapsed();
    let writer = sinks.run.into_writer()?;
    if let Some(twin) = sinks.twin {
        twin.finish(outcome.tally.ticks)?;
    }
    let manifest = outcome.manifest(header);
    let passed = manifest.passed();
    if let Some(writer) = writer {
        writer.finish(&manifest)?;
    }
    let closing = report.finish(outcome, wall, &manifest);
    if arguments.json {
        closing.write_json(out)?;
    } else {
        closing.write_text(out)?;
    }
    out.flush()?;
    Ok(if passed { Exit::Passed } else { Exit::Failed })
}

/// What the ticks of a soak are written to and compared with.
struct Sinks<'o> {
    run: RunSinks<'o>,
    twin: Option<Twin>,
}

impl Sink for Sinks<'_> {
    type Error = Failure;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        self.run.tape()
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), Failure> {
        self.run.take(tick)?;
        match &mut self.twin {
            Some(twin) => twin.compare(tick.line, tick.committed.record.tick),
            None => Ok(()),
        }
    }
}

/// Writes journal lines.
pub(crate) struct Lines<'a, W>(pub(crate) &'a mut W);

impl<W: Write> Sink for Lines<'_, W> {
    type Error = Failure;

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), Failure> {
        Ok(self.0.write_all(tick.line)?)
    }
}

/// Runs the whole header into `sink`.
fn simulate<S: Sink>(header: &Header<Settings>, sink: S) -> Result<(Outcome, S), S::Error> {
    on_virtual_time(async {
        let mut soak = Soak::start_into(header, sink);
        soak.drive().await?;
        Ok((soak.outcome(), soak.into_sink()))
    })
}

/// A seed as it is given on the command line.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    whole_number(text).ok_or(format!("a whole number from 0 to {}", u64::MAX))
}

/// A number of ticks as it is given on the command line.
pub(crate) fn ticks(text: &str) -> Result<NonZeroU64, String> {
    whole_number(text)
        .and_then(NonZeroU64::new)
        .ok_or(format!("a whole number from 1 to {}", u64::MAX))
}

/// Digits only: a sign, a space or a separator is a slip worth stopping at.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Failure;
    use crate::usage::{self, Parsed};
    use crate::{CommandLine, Verb};

    fn parse(line: &str) -> Result<SoakArgs, Failure> {
        let words = line.split(' ').map(Into::into);
        match usage::parse::<CommandLine>(words)? {
            Parsed::Arguments(CommandLine {
                verb: Verb::Soak(arguments),
                ..
            }) => Ok(arguments),
            other => panic!("{other:?}"),
        }
    }

    fn complaint(line: &str) -> String {
        let message = parse(line).unwrap_err().message;
        assert_eq!(message.lines().count(), 1, "{message}");
        message
    }

    #[test]
    fn soak_needs_no_options() {
        let defaults = parse("sim soak").unwrap();
        assert_eq!(parse("sim soak --ticks 1200 --seed 42").unwrap(), defaults);
        assert_eq!((defaults.ticks.get(), defaults.seed), (1200, 42));
        assert_eq!((defaults.profile, defaults.out), (Profile::Routine, None));
        assert!(!defaults.json && !defaults.check);
    }

    #[test]
    fn every_option_is_parsed() {
        let line = "sim soak --ticks 1 --seed 18446744073709551615 --profile hostile --swarm \
                    --out RUN --json --check";
        let arguments = parse(line).unwrap();
        assert_eq!((arguments.ticks.get(), arguments.seed), (1, u64::MAX));
        assert_eq!(arguments.profile, Profile::Hostile);
        assert_eq!(arguments.out, Some(PathBuf::from("RUN")));
        assert!(arguments.json && arguments.check);
    }

    #[test]
    fn zero_ticks_is_refused() {
        assert_eq!(
            complaint("sim soak --ticks 0"),
            "`0` is not a valid value for --ticks <COUNT>: \
             a whole number from 1 to 18446744073709551615; see --help"
        );
    }

    #[test]
    fn seed_is_a_plain_number() {
        for seed in [
            "-1",
            "+1",
            "0x2a",
            "4_2",
            "1e3",
            "18446744073709551616",
            "today",
        ] {
            let message = complaint(&format!("sim soak --seed={seed}"));
            assert!(
                message.contains("a whole number from 0 to 18446744073709551615"),
                "{message}"
            );
        }
    }

    #[test]
    fn usage_error_lists_what_is_allowed() {
        assert_eq!(
            complaint("sim soak --profile calm"),
            "`calm` is not a valid value for --profile <PROFILE>; allowed: routine, hostile; see --help"
        );
        assert_eq!(
            complaint("sim soak --tick 5"),
            "unknown argument `--tick`; did you mean: --ticks; see --help"
        );
        assert_eq!(
            complaint("sim soka"),
            "unknown verb `soka`; did you mean: soak; see --help"
        );
        assert_eq!(
            complaint("sim soak --seed"),
            "--seed <NUMBER> needs a value; see --help"
        );
        assert_eq!(
            complaint("sim soak --resume . --seed 1"),
            "--resume <DIRECTORY> cannot be used with --seed <NUMBER>; see --help"
        );
        assert_eq!(complaint("sim"), "a verb is missing; see --help");
    }
}
