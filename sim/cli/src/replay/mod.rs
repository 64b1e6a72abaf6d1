//! `sim replay`: a recorded run again, or an agent against a recording of its traffic.

mod agent;
pub(crate) mod chaos;
pub(crate) mod live;
mod run;
pub(crate) mod served;
pub(crate) mod tape;
pub(crate) mod twice;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::exit::{Exit, Failure};
use crate::paths::existing;
use crate::terminal::looks::Looks;
use agent::AgentReplayArgs;
use turingos_exchange::is_exchange_tape;

/// Replay a recording offline; exit 5 if anything differs.
///
/// A run is carried out again from its header and tape. A recording of an agent's traffic (`sim
/// record`) needs the agent's command behind `--`: the agent is given placeholder keys and the
/// address of a server on the loopback interface, which answers each call as it was recorded and no
/// other.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct ReplayArgs {
    /// The directory of the run or of the recording.
    #[arg(value_name = "RUN", value_parser = existing())]
    pub(crate) run: PathBuf,
    /// Stop after this many ticks of a run.
    #[arg(long, value_name = "TICKS")]
    pub(crate) stop_at: Option<u64>,
    #[command(flatten, next_help_heading = "Recordings of an agent")]
    pub(crate) agent: AgentReplayArgs,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// The agent: a program and its arguments.
    #[arg(value_name = "CMD", last = true)]
    pub(crate) command: Vec<String>,
}

/// Runs the verb.
///
/// # Errors
/// The arguments do not fit the recording, a file is corrupt or cannot be read, or the output cannot
/// be written.
pub(crate) fn run(
    arguments: &ReplayArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<ExitCode, Failure> {
    let usage = |message: &str| Err(Failure::new(Exit::Usage, message));
    if is_exchange_tape(&arguments.run) {
        if arguments.stop_at.is_some() {
            return usage("--stop-at is for runs; this is a recording of an agent's traffic");
        }
        return agent::run(arguments, looks, out);
    }
    if !arguments.command.is_empty() || arguments.agent != AgentReplayArgs::default() {
        return usage("this is a run: it is replayed without a command and without its options");
    }
    run::run(arguments, looks, out).map(ExitCode::from)
}
