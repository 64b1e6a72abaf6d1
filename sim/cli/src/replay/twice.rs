//! `sim record --twice`: what a second run of the agent does differently, and the rules for it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::agent::offline;
use super::tape::{OpenTape, verdict};
use crate::agent::AgentCommand;
use crate::exit::{Exit, Failure};
use turingos_matching::Rules;
use turingos_replayer::{Beyond, ChaosPlan, Pace, ReplayReport, ReplaySession, ReplaySettings};

/// Whether the agent is run again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct TwiceArgs {
    /// Run the agent again, against its own recording, and propose rules for what differs. A third
    /// run shows whether they are enough; if they are not, the exit code is 5.
    #[arg(long)]
    pub(crate) twice: bool,
    /// Write the proposed rules into this new file.
    #[arg(long, value_name = "FILE", requires = "twice")]
    pub(crate) rules_out: Option<PathBuf>,
}

/// What further runs have shown.
#[derive(Debug)]
pub(crate) struct Proposal {
    /// The rules under which the agent replays; those that it was recorded with, if they are enough.
    pub(crate) rules: Rules,
    /// True if they are not those that it was recorded with.
    pub(crate) is_new: bool,
    /// The strict replay under these rules.
    pub(crate) report: ReplayReport,
}

impl TwiceArgs {
    /// Refuses a file that exists, before anything is run.
    ///
    /// # Errors
    /// The file exists.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match &self.rules_out {
            Some(path) if path.exists() => {
                let message = format!("--rules-out {}: the file exists", path.display());
                Err(Failure::new(Exit::Usage, message))
            }
            _ => Ok(()),
        }
    }

    /// Writes the rules where they are asked for.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, proposal: &Proposal) -> Result<(), Failure> {
        let Some(path) = &self.rules_out else {
            return Ok(());
        };
        let text = proposal.rules.to_toml();
        let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|cause| Failure::of_file("write", path, &cause))
    }
}

impl Proposal {
    /// The outcome for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = self.report.lines(false);
        if self.is_new {
            lines.push("proposed rules; check that each names what may really change:".into());
            let rules = self.rules.to_toml();
            let rules = rules.lines().filter(|line| !line.is_empty());
            lines.extend(rules.map(|line| format!("  {line}")));
        } else {
            lines.push("no rules are needed besides those there are".into());
        }
        lines.push(verdict(&self.report, false));
        lines
    }
}

/// Runs the agent against its recording, once to learn and once strictly.
///
/// # Errors
/// The recording cannot be read, or the agent cannot be started.
pub(crate) async fn propose(path: &Path, command: &AgentCommand) -> Result<Proposal, Failure> {
    let tape = OpenTape::open(path, None)?;
    let session = |rules: Rules, beyond| {
        let settings = ReplaySettings {
            rules,
            chaos: ChaosPlan::default(),
            pace: Pace::AT_ONCE,
            beyond,
        };
        ReplaySession::new(tape.exchanges.clone(), settings)
    };
    let learning = session(tape.rules.clone(), Beyond::Learn);
    let (_, _, rules) = offline(&tape.header, learning, command).await?;
    let strict = session(rules.clone(), Beyond::Miss);
    let (_, report, _) = offline(&tape.header, strict, command).await?;
    Ok(Proposal {
        is_new: rules != tape.rules,
        rules,
        report,
    })
}
