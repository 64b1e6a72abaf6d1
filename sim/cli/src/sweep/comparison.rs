//! `sim sweep --program` and `--against`: another build of this program, one process a run, and what
//! differs between two builds, seed by seed.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;
use strum::VariantArray;
use turingos::Digest;

use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::sweep::arguments::RunArgs;
use crate::sweep::fresh::{self, Verdict};
use crate::sweep::stop::Stop;
use crate::terminal::looks::Looks;
use crate::terminal::progress::Progress;
use turingos_sweep::{Outline, Plan, Runner, ShardJobs, all_cores, in_order};

/// What has to be the same in both builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub(crate) enum Compared {
    /// The roots, and so every byte of the journals.
    Roots,
    /// Whether the runs pass, and by which gate they fail.
    Verdicts,
}

impl Compared {
    pub(crate) const ALL: &'static [Self] = Self::VARIANTS;

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Roots => "roots",
            Self::Verdicts => "verdicts",
        }
    }

    fn agree(self, ours: &Verdict, theirs: &Verdict) -> bool {
        match self {
            Self::Roots => ours.root == theirs.root && ours.passed == theirs.passed,
            Self::Verdicts => (ours.passed, &ours.gate) == (theirs.passed, &theirs.gate),
        }
    }
}

/// The results of the runs.
#[derive(Debug, Default, Serialize)]
struct Counts {
    runs: u64,
    /// Runs that failed with the first build.
    failed: u64,
    other_roots: u64,
    other_verdicts: u64,
    newly_failing: u64,
    newly_passing: u64,
    /// Runs that are not the same in what had to be the same.
    different: u64,
}

#[derive(Serialize)]
struct DifferenceJson<'a> {
    seed: u64,
    subject: &'a str,
    roots: [Digest; 2],
    passed: [bool; 2],
    gates: [&'a Option<String>; 2],
    reproduce: String,
}

#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    compared: Option<&'static str>,
    stopped: bool,
    seeds: &'a str,
    subjects: Vec<&'a str>,
    #[serde(flatten)]
    counts: &'a Counts,
}

/// Runs the plan with one build or two. Exit 1 if a run differs or, without `--against`, fails.
///
/// # Errors
/// A build cannot be started, or prints no verdict.
pub(super) fn run(
    arguments: &RunArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let plan = arguments.plan()?;
    let outline = Outline::of(&plan);
    let jobs = ShardJobs::of(&plan.seeds, plan.subjects.len() as u64, None, 0);
    let stop = Stop::listen(arguments.time_limit)?;
    let progress = Progress::of_runs(jobs.count(), looks.progress(!arguments.json));
    let most = arguments.max_failures.map_or(u64::MAX, Into::into);
    let mut counts = Counts::default();
    let mut broken = None;
    let next = in_order(
        0..jobs.count(),
        arguments.jobs.unwrap_or_else(all_cores),
        || Runner::new(&plan),
        |runner, job| {
            if stop.is_requested() {
                return None;
            }
            let (seed, subject) = jobs.at(job);
            let verdicts = both(arguments, &plan, runner, seed, subject);
            // Ctrl-C reaches the other builds too.
            if stop.was_interrupted() && verdicts.is_err() {
                return None;
            }
            progress.advance();
            Some(verdicts)
        },
        |job, verdicts| {
            let taken = verdicts.and_then(|(ours, theirs)| {
                let run = jobs.at(job);
                let shown = !looks.quiet && counts.count(arguments, &ours, theirs.as_ref());
                if shown {
                    progress.suspend(|| {
                        write_run(arguments, &outline, run, &ours, theirs.as_ref(), out)
                    })?;
                }
                Ok(())
            });
            match taken {
                Err(failure) => {
                    broken = Some(failure);
                    ControlFlow::Break(())
                }
                Ok(()) if counts.bad(arguments) >= most => ControlFlow::Break(()),
                Ok(()) => ControlFlow::Continue(()),
            }
        },
    );
    drop(progress);
    if let Some(failure) = broken {
        return Err(failure);
    }
    let passed = counts.bad(arguments) == 0;
    let is_stopped = next < jobs.count();
    if arguments.json {
        let json = Json {
            passed,
            compared: { arguments.against.as_ref() }.map(|_| arguments.compare.name()),
            stopped: is_stopped,
            seeds: &outline.seeds,
            subjects: outline.subjects.iter().map(|it| it.name.as_str()).collect(),
            counts: &counts,
        };
        write_object("sweep-comparison", &json, out)?;
    } else {
        counts.write(arguments, is_stopped, passed, out)?;
    }
    out.flush()?;
    Ok(match (passed, stop.was_interrupted()) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::System,
        (true, false) => Exit::Passed,
    })
}

/// One run with the first build, and with the other if there is one.
fn both(
    arguments: &RunArgs,
    plan: &Plan,
    runner: &mut Runner<'_>,
    seed: u64,
    subject: usize,
) -> Result<(Verdict, Option<Verdict>), Failure> {
    let header = plan.subjects[subject].header(seed, plan.swarm);
    let of = |program: &Path| fresh::run(program, &header);
    let ours = match &arguments.program {
        Some(program) => of(program)?,
        None => {
            let line = runner.run(seed, subject).line;
            Verdict {
                root: line.root,
                passed: line.failure.is_none(),
                gate: line.failure.map(|failure| failure.gate),
            }
        }
    };
    let theirs = arguments.against.as_deref().map(of).transpose()?;
    Ok((ours, theirs))
}

impl Counts {
    /// Counts one run; true if it is worth a line.
    fn count(&mut self, arguments: &RunArgs, ours: &Verdict, theirs: Option<&Verdict>) -> bool {
        self.runs += 1;
        self.failed += u64::from(!ours.passed);
        let Some(theirs) = theirs else {
            return !ours.passed;
        };
        self.other_roots += u64::from(ours.root != theirs.root);
        let is_other = (ours.passed, &ours.gate) != (theirs.passed, &theirs.gate);
        self.other_verdicts += u64::from(is_other);
        self.newly_failing += u64::from(theirs.passed && !ours.passed);
        self.newly_passing += u64::from(!theirs.passed && ours.passed);
        let is_different = !arguments.compare.agree(ours, theirs);
        self.different += u64::from(is_different);
        is_different
    }

    /// What makes the exit code 1.
    const fn bad(&self, arguments: &RunArgs) -> u64 {
        match arguments.against {
            Some(_) => self.different,
            None => self.failed,
        }
    }

    fn write(
        &self,
        arguments: &RunArgs,
        is_stopped: bool,
        passed: bool,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let runs = self.runs;
        if is_stopped {
            writeln!(out, "stopped after {runs} runs")?;
        }
        if arguments.against.is_none() {
            let word = if passed { "PASSED" } else { "FAILED" };
            return writeln!(out, "{word}  {} of {runs} runs failed", self.failed);
        }
        writeln!(
            out,
            "{runs} runs with both builds: {} other roots, {} other verdicts ({} newly failing, {} \
             newly passing)",
            self.other_roots, self.other_verdicts, self.newly_failing, self.newly_passing
        )?;
        let what = arguments.compare.name();
        match passed {
            true => writeln!(out, "SAME  {what} of {runs} runs"),
            false => writeln!(
                out,
                "DIFFERENT  {what} of {} of {runs} runs",
                self.different
            ),
        }
    }
}

/// One line, or one object, for a run that differs or fails.
fn write_run(
    arguments: &RunArgs,
    outline: &Outline,
    (seed, subject): (u64, usize),
    ours: &Verdict,
    theirs: Option<&Verdict>,
    out: &mut impl Write,
) -> io::Result<()> {
    let reproduce = outline.command(seed, subject);
    let other = theirs.unwrap_or(ours);
    if arguments.json {
        let difference = DifferenceJson {
            seed,
            subject: outline.subject(subject),
            roots: [ours.root, other.root],
            passed: [ours.passed, other.passed],
            gates: [&ours.gate, &other.gate],
            reproduce,
        };
        return write_object("sweep-difference", &difference, out);
    }
    let verdict = |it: &Verdict| match (it.passed, &it.gate) {
        (true, _) => "passed".to_owned(),
        (false, Some(gate)) => format!("failed {gate}"),
        (false, None) => "failed".to_owned(),
    };
    match theirs {
        None => writeln!(out, "FAIL  {}: {reproduce}", verdict(ours)),
        Some(theirs) => writeln!(
            out,
            "FAIL  here {} {}, there {} {}: {reproduce}",
            verdict(ours),
            ours.root.short(16),
            verdict(theirs),
            theirs.root.short(16)
        ),
    }
}
