//! Replays that record: a fork that goes on live, calls that are not on the tape, trouble that was
//! made.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::agent::environment::secrets;
use crate::exit::{Exit, Failure};
use turingos_exchange::{Header, Redaction, RulesText, TapeWriter, Target};
use turingos_proxy::{Proxy, RunningProxy};
use turingos_replayer::{Beyond, ReplaySession};

use super::tape::OpenTape;

/// What may leave the recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct LiveArgs {
    /// Record the calls of this replay in this new directory: those that were served, those that
    /// went to a service, and the trouble that was made on purpose.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: Option<PathBuf>,
    /// Serve the exchanges before this number from the recording; later calls go to their services.
    #[arg(
        long,
        value_name = "CALL",
        requires = "out",
        conflicts_with = "on_miss"
    )]
    pub(crate) live_after: Option<u64>,
    /// What to do with a call that is not on the recording. Default: refuse it.
    #[arg(long, value_name = "ACTION", requires = "out")]
    pub(crate) on_miss: Option<OnMiss>,
    /// The address of a service, if it is not that of the recording.
    #[arg(long = "upstream", value_name = "NAME=URL", requires = "out")]
    pub(crate) upstreams: Vec<String>,
}

/// What to do with a call that is not on the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnMiss {
    /// Send it to its service, and record it.
    Record,
}

impl LiveArgs {
    /// Where requests go that the recording does not answer.
    pub(crate) const fn beyond(&self) -> Beyond {
        match (self.live_after, self.on_miss) {
            (Some(first), _) => Beyond::LiveFrom(first),
            (None, Some(OnMiss::Record)) => Beyond::Live,
            (None, None) => Beyond::Miss,
        }
    }

    /// The arguments that say the same.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut push = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        if let Some(out) = &self.out {
            push("--out", out.display().to_string());
        }
        if let Some(first) = self.live_after {
            push("--live-after", first.to_string());
        }
        if let Some(OnMiss::Record) = self.on_miss {
            push("--on-miss", "record".to_owned());
        }
        for upstream in &self.upstreams {
            push("--upstream", upstream.clone());
        }
        words
    }

    /// The services of the recording, at the addresses given instead.
    ///
    /// # Errors
    /// An address is malformed, or of no service of the recording.
    pub(crate) fn targets(&self, header: &Header) -> Result<Vec<Target>, Failure> {
        let usage = |message| Failure::new(Exit::Usage, message);
        let mut targets = header.targets.clone();
        for upstream in &self.upstreams {
            let (name, url) = upstream
                .split_once('=')
                .ok_or_else(|| usage(format!("--upstream {upstream}: not of the form NAME=URL")))?;
            let target = targets.iter_mut().find(|target| target.name == name);
            let target = target.ok_or_else(|| {
                usage(format!(
                    "--upstream {upstream}: the recording has no service {name}"
                ))
            })?;
            let variables = target.variables.clone();
            *target = Target::new(name, target.kind, url, variables)
                .map_err(|reason| usage(format!("--upstream {upstream}: {reason}")))?;
        }
        Ok(targets)
    }
}

/// The header of a recording that is made over another one.
pub(crate) fn header_over(
    tape: &OpenTape,
    command: &[String],
    targets: Vec<Target>,
    chaos: &[String],
) -> Header {
    let mut header = Header::new(command.to_vec(), targets);
    header
        .request_headers
        .clone_from(&tape.header.request_headers);
    header
        .response_headers
        .clone_from(&tape.header.response_headers);
    header.limits = tape.header.limits;
    header.rules = (!tape.rules.is_empty()).then(|| RulesText::new(tape.rules.to_toml()));
    header.source = Some(tape.head);
    header.chaos = (!chaos.is_empty()).then(|| chaos.join(" "));
    header
}

/// Starts a proxy that asks the session first and records everything.
///
/// # Errors
/// The new recording cannot be written.
pub(crate) fn start(
    proxy: Proxy,
    header: &Header,
    out: &std::path::Path,
    session: Arc<ReplaySession>,
) -> Result<RunningProxy, Failure> {
    let tape = TapeWriter::create(out, header)?;
    Ok(proxy.start(header, tape, Redaction::new(secrets()), Some(session)))
}
