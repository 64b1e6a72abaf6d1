//! Runs an agent against a recording of its traffic.
//!
//! What this verb has to say goes to standard error: standard output is the agent's, but for the
//! object of `--json` at its end.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::ReplayArgs;
use super::chaos::ChaosArgs;
use super::live::{LiveArgs, header_over, start};
use super::tape::{MatchArgs, OpenTape, verdict};
use crate::agent::AgentCommand;
use crate::agent::environment::{Keys, environment, secrets};
use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::soak::report::Stopwatch;
use crate::terminal::looks::Looks;
use turingos_exchange::{Header, Redaction};
use turingos_matching::Rules;
use turingos_proxy::Proxy;
use turingos_replayer::{ReplayReport, ReplaySession, ReplaySettings, Replayer};

/// How an agent is replayed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct AgentReplayArgs {
    #[command(flatten)]
    pub(crate) matching: MatchArgs,
    #[command(flatten)]
    pub(crate) chaos: ChaosArgs,
    #[command(flatten)]
    pub(crate) live: LiveArgs,
}

/// Replays a recording against the agent.
///
/// # Errors
/// The arguments are wrong or the command is not found, or the recording is corrupt.
pub(super) fn run(
    arguments: &ReplayArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<ExitCode, Failure> {
    if arguments.command.is_empty() {
        let tape = arguments.run.display();
        let message = format!(
            "{tape} is a recording of an agent's traffic: give the agent's command behind `--`, or \
             serve the recording with `sim serve --tape {tape}`"
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let command = AgentCommand::find(&arguments.command)?;
    let tape = OpenTape::open(&arguments.run, arguments.agent.matching.rules.as_ref())?;
    let stopwatch = Stopwatch::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| {
            Failure::new(Exit::System, format!("cannot start the runtime: {cause}"))
        })?;
    let (agent, report) = runtime.block_on(replay(arguments, &command, tape))?;
    let passed = report.is_as_recorded(arguments.agent.matching.allow_unused);
    let standard_error = &mut looks.standard_error();
    if !looks.quiet || !passed {
        write_text(arguments, &report, standard_error)?;
    }
    if arguments.json {
        let body = Json {
            passed,
            tape: arguments.run.display().to_string(),
            agent_exit: agent,
            replay: &report,
            wall_ms: u64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX),
            reproduce: reproduce(arguments),
        };
        write_object("agent-replay-report", &body, out)?;
    }
    Ok(match passed {
        true => ExitCode::from(agent),
        false => Exit::Divergence.into(),
    })
}

async fn replay(
    arguments: &ReplayArgs,
    command: &AgentCommand,
    mut tape: OpenTape,
) -> Result<(u8, ReplayReport), Failure> {
    let live = &arguments.agent.live;
    let settings = ReplaySettings {
        rules: tape.rules.clone(),
        chaos: arguments.agent.chaos.plan(),
        pace: arguments.agent.matching.pace(),
        beyond: live.beyond(),
    };
    let session = ReplaySession::new(std::mem::take(&mut tape.exchanges), settings);
    let Some(out) = &live.out else {
        let (agent, report, _) = offline(&tape.header, session, command).await?;
        return Ok((agent, report));
    };
    let targets = live.targets(&tape.header)?;
    let proxy = Proxy::bind(&targets).await?;
    let variables = environment(&proxy.addresses(), Keys::Placeholders);
    let chaos = arguments.agent.chaos.words();
    let header = header_over(&tape, command.words(), targets, &chaos);
    let session = Arc::new(session);
    let running = start(proxy, &header, out, Arc::clone(&session))?;
    let ended = match command.start(&variables) {
        Ok(mut agent) => agent.ended().await,
        Err(failure) => Err(failure),
    };
    let (written, trouble) = running.stop().await;
    let words = ["sim", "replay", &out.to_string_lossy(), "--"].map(str::to_owned);
    let words = words.iter().chain(&arguments.command).map(String::as_str);
    let finished = written.finish(joined(words));
    if let Some(trouble) = trouble {
        return Err(trouble.into());
    }
    finished?;
    Ok((ended?, session.report()))
}

/// Runs the agent against a session that passes nothing on: its exit code, how it went, and the
/// rules that were needed.
///
/// # Errors
/// No port can be had, or the agent cannot be started.
pub(crate) async fn offline(
    header: &Header,
    session: ReplaySession,
    command: &AgentCommand,
) -> Result<(u8, ReplayReport, Rules), Failure> {
    let replayer = Replayer::bind(&header.targets, 0).await?;
    let variables = environment(&replayer.addresses(), Keys::Placeholders);
    let redaction = Redaction::new(secrets());
    let running = replayer.start(header, session, redaction, Vec::new(), None);
    let ended = match command.start(&variables) {
        Ok(mut agent) => agent.ended().await,
        Err(failure) => Err(failure),
    };
    let rules = running.session().rules();
    let report = running.stop().await;
    Ok((ended?, report, rules))
}

fn joined<'w>(words: impl Iterator<Item = &'w str>) -> String {
    shlex::try_join(words).expect("no argument of a command holds a NUL byte")
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    tape: String,
    agent_exit: u8,
    replay: &'a ReplayReport,
    wall_ms: u64,
    reproduce: String,
}

fn write_text(
    arguments: &ReplayArgs,
    report: &ReplayReport,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let allow_unused = arguments.agent.matching.allow_unused;
    for line in report.lines(allow_unused) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", verdict(report, allow_unused))?;
    if !report.is_as_recorded(allow_unused) {
        writeln!(out, "repeat it: {}", reproduce(arguments))?;
    }
    Ok(())
}

/// The command that does this again.
fn reproduce(arguments: &ReplayArgs) -> String {
    let agent = &arguments.agent;
    let mut words = vec![
        "sim".to_owned(),
        "replay".into(),
        arguments.run.display().to_string(),
    ];
    if let Some(rules) = &agent.matching.rules {
        words.extend(["--rules".into(), rules.display().to_string()]);
    }
    if agent.matching.allow_unused {
        words.push("--allow-unused".into());
    }
    words.extend(agent.chaos.words());
    words.extend(agent.live.words());
    words.push("--".into());
    words.extend(arguments.command.iter().cloned());
    joined(words.iter().map(String::as_str))
}

impl From<turingos_replayer::CannotListen> for Failure {
    fn from(error: turingos_replayer::CannotListen) -> Self {
        Self::new(Exit::System, error.to_string())
    }
}
