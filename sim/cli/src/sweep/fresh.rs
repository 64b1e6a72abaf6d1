//! The same run in a fresh process: failures are confirmed there, and a share of all seeds.
//!
//! State that earlier runs left in this process could hide a failure or make one up. A fresh process
//! has none, and a time zone and a locale of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use turingos::Digest;

use crate::exit::{Exit, Failure};
use crate::sweep::stop::Stop;
use turingos_run::Tick;
use turingos_sweep::{AnyHeader, Differs, Plan, RunLine, is_sampled};

/// The result of a run in another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) root: Digest,
    pub(super) passed: bool,
    /// The first gate that failed.
    pub(super) gate: Option<String>,
}

/// Starts this program for single runs.
pub(super) struct Fresh {
    program: PathBuf,
    share: u16,
    checked: AtomicU64,
}

impl Fresh {
    /// Checks failures, and `share` ten-thousandths of the seeds.
    pub(super) fn new(share: u16) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|cause| {
            let message = format!("cannot find the path of this program: {cause}");
            Failure::new(Exit::System, message)
        })?;
        Ok(Self {
            program,
            share,
            checked: AtomicU64::new(0),
        })
    }

    /// This program.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// How many runs were made a second time.
    pub(super) fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    /// The result of the run in a fresh process, if it is another one.
    pub(super) fn check(
        &self,
        plan: &Plan,
        line: &RunLine,
        stop: &Stop,
    ) -> Result<Option<Differs>, Failure> {
        if line.failure.is_none() && !is_sampled(line.seed, self.share) {
            return Ok(None);
        }
        let header = plan.subjects[line.subject].header(line.seed, plan.swarm);
        let verdict = match run(&self.program, &header) {
            Ok(verdict) => verdict,
            // Ctrl-C reaches the fresh process too.
            Err(_) if stop.was_interrupted() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        self.checked.fetch_add(1, Ordering::Relaxed);
        if (verdict.root, verdict.passed) == (line.root, line.failure.is_none()) {
            return Ok(None);
        }
        let tick = self.first_difference(&header)?;
        let root = verdict.root;
        Ok(Some(Differs { root, tick }))
    }

    /// The first tick in which one more run in this process differs from one more fresh one.
    fn first_difference(&self, header: &AnyHeader) -> Result<Option<u64>, Failure> {
        let mut command = command(&self.program, header);
        command.arg("--emit-journal");
        let journal = output(&self.program, command)?.stdout;
        let mut rest = journal.split_inclusive(|byte| *byte == b'\n');
        let mut first = None;
        header.run(|tick: &Tick<'_>| {
            if rest.next() != Some(tick.line) {
                first.get_or_insert(tick.committed.record.tick);
            }
        });
        Ok(first)
    }
}

/// Runs one header with a build of `sim`, in a process of its own.
pub(super) fn run(program: &Path, header: &AnyHeader) -> Result<Verdict, Failure> {
    let mut command = command(program, header);
    command.arg("--json");
    let output = output(program, command)?;
    verdict(&output.stdout).ok_or_else(|| {
        let said = match output.stderr.split(|byte| *byte == b'\n').next() {
            Some(line @ [_, ..]) => String::from_utf8_lossy(line).into_owned(),
            _ => "it prints no root and no verdict".to_owned(),
        };
        let message = format!(
            "{}: {} ({said}); is it a build of sim?",
            program.display(),
            output.status
        );
        Failure::new(Exit::System, message)
    })
}

fn command(program: &Path, header: &AnyHeader) -> Command {
    let words = header.words();
    let mut command = Command::new(program);
    command
        .args(&words[1..])
        .env_clear()
        .env("TZ", "Pacific/Chatham")
        .env("LC_ALL", "tr_TR.UTF-8");
    command
}

fn output(program: &Path, mut command: Command) -> Result<Output, Failure> {
    { command.stdin(Stdio::null()).output() }
        .map_err(|cause| Failure::of_file("run", program, &cause))
}

/// What `--json` says; earlier builds have the same members.
fn verdict(stdout: &[u8]) -> Option<Verdict> {
    let report: Value = serde_json::from_slice(stdout).ok()?;
    let gates = report.get("gates")?.as_array()?;
    let failed = gates.iter().find(|gate| gate["verdict"] == "fail");
    Some(Verdict {
        root: report.get("root")?.as_str()?.parse().ok()?,
        passed: report.get("passed")?.as_bool()?,
        gate: failed.and_then(|gate| Some(gate.get("id")?.as_str()?.to_owned())),
    })
}
