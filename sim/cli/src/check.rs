//! `--check`: the same run in a second process, compared line by line while both run.
//!
//! The twin gets another working directory, time zone and locale, and an otherwise empty
//! environment, so that a leak from any of them shows as the first tick that differs.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::exit::{Exit, Failure};
use turingos_run::soak::Settings;
use turingos_run::{Header, RunConfig};

/// A second process that runs the same seed.
pub(super) struct Twin {
    child: Child,
    journal: BufReader<ChildStdout>,
    line: Vec<u8>,
    reproduce: String,
}

impl Twin {
    /// Starts the twin of a soak.
    pub(super) fn start(header: &Header<Settings>) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|cause| {
            Failure::new(
                Exit::System,
                format!("cannot find the path of this program: {cause}"),
            )
        })?;
        let words = Settings::command(header, None);
        let mut child = Command::new(&program)
            .args(&words[1..])
            .arg("--emit-journal")
            .current_dir(std::env::temp_dir())
            .env_clear()
            .env("TZ", "Pacific/Chatham")
            .env("LC_ALL", "tr_TR.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|cause| Failure::of_file("run", &program, &cause))?;
        let journal = child.stdout.take().ok_or_else(|| {
            Failure::new(Exit::System, "the second process has no standard output")
        })?;
        Ok(Self {
            child,
            journal: BufReader::with_capacity(1 << 16, journal),
            line: Vec::with_capacity(1_280),
            reproduce: format!("{} --check", header.command(None)),
        })
    }

    /// Compares this process's line of `tick` with the twin's.
    pub(super) fn compare(&mut self, line: &[u8], tick: u64) -> Result<(), Failure> {
        self.line.clear();
        self.journal
            .read_until(b'\n', &mut self.line)
            .map_err(|cause| {
                Failure::new(Exit::System, format!("cannot read the second run: {cause}"))
            })?;
        if self.line == line {
            return Ok(());
        }
        Err(self.difference(tick, line))
    }

    /// Checks that the twin ends where this process does.
    pub(super) fn finish(mut self, ticks: u64) -> Result<(), Failure> {
        self.compare(b"", ticks)?;
        let status = self.child.wait().map_err(|cause| {
            Failure::new(
                Exit::System,
                format!("cannot wait for the second run: {cause}"),
            )
        })?;
        if status.success() {
            Ok(())
        } else {
            let message = format!("the second run ended with {status}");
            Err(Failure::new(Exit::System, message))
        }
    }

    fn difference(&mut self, tick: u64, own: &[u8]) -> Failure {
        let show = |line: &[u8]| match line {
            b"" => "(no record)".to_owned(),
            line => String::from_utf8_lossy(line).trim_end().to_owned(),
        };
        let message = format!("two runs of the same seed differ, first at tick {tick}");
        Failure::new(Exit::Nondeterminism, message).with_details(vec![
            format!("  here:  {}", show(own)),
            format!("  there: {}", show(&self.line)),
            format!("reproduce: {}", self.reproduce),
        ])
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        // Nothing reads the twin any more, and killing one that has ended does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
