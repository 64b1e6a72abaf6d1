//! `sim record`: runs an agent and records what it sends to its services, and what comes back.
//!
//! What this verb has to say goes to standard error: standard output is the agent's, but for the
//! object of `--json` at its end.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::agent::environment::{Keys, environment, secrets};
use crate::agent::services::ServiceArgs;
use crate::agent::{Agent, AgentCommand};
use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::paths::existing;
use crate::replay::chaos::ChaosArgs;
use crate::replay::tape::read_rules;
use crate::replay::twice::{self, TwiceArgs};
use crate::terminal::looks::Looks;
use turingos_exchange::{Header, Manifest, Redaction, RulesText, TapeWriter};
use turingos_matching::Rules;
use turingos_proxy::{Proxy, RunningProxy, Trouble};
use turingos_replayer::{Beyond, Pace, ReplaySession, ReplaySettings};

/// Run an agent and record its calls of models and other HTTP services.
///
/// The agent is given the address of a proxy on the loopback interface in the environment variables
/// that clients read, OPENAI_BASE_URL and the like. Its calls go on to their services unchanged. The
/// exit code is the agent's, unless the recording failed.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct RecordArgs {
    /// The directory of the recording; it must be new or empty.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) services: ServiceArgs,
    /// Record this header of requests and responses too.
    #[arg(long = "header", value_name = "NAME")]
    pub(crate) headers: Vec<String>,
    /// The rules for values that change from run to run, from a TOML file; a replay goes by them.
    #[arg(long, value_name = "FILE", value_parser = existing())]
    pub(crate) rules: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) chaos: ChaosArgs,
    #[command(flatten)]
    pub(crate) twice: TwiceArgs,
    /// Print one JSON object on standard output once the agent has ended.
    #[arg(long)]
    pub(crate) json: bool,
    /// The agent: a program and its arguments.
    #[arg(value_name = "CMD", required = true, last = true)]
    pub(crate) command: Vec<String>,
}

/// A recording that was made.
struct Recorded {
    /// The agent's exit code.
    agent: u8,
    manifest: Option<Manifest>,
    trouble: Option<Trouble>,
}

/// Runs the verb.
///
/// # Errors
/// The arguments are wrong or the command is not found (nothing is written then), the recording
/// cannot be written, or a call had a secret that cannot be redacted.
pub(crate) fn run(
    arguments: &RecordArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<ExitCode, Failure> {
    let command = AgentCommand::find(&arguments.command)?;
    arguments.twice.check()?;
    let header = arguments.header(&command)?;
    let redaction = Redaction::new(secrets());
    let place = "the recording's header";
    redaction.check(place, &header.to_bytes()).map_err(|leak| {
        let message = format!("{leak}; pass it in an environment variable instead");
        Failure::new(Exit::System, message)
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| {
            Failure::new(Exit::System, format!("cannot start the runtime: {cause}"))
        })?;
    let recorded = runtime.block_on(arguments.record(&command, &header, redaction))?;
    let report = Report::of(arguments, &recorded);
    if !looks.quiet || recorded.trouble.is_some() {
        report.write_text(&mut looks.standard_error())?;
    }
    if let Some(trouble) = recorded.trouble {
        return Err(trouble.into());
    }
    let mut exit = ExitCode::from(recorded.agent);
    if arguments.twice.twice {
        let proposal = runtime.block_on(twice::propose(&arguments.out, &command))?;
        arguments.twice.write(&proposal)?;
        for line in proposal.lines() {
            writeln!(looks.standard_error(), "{line}")?;
        }
        if !proposal.report.is_as_recorded(false) {
            exit = Exit::Divergence.into();
        }
    }
    if arguments.json {
        write_object("record-report", &report, out)?;
    }
    Ok(exit)
}

impl RecordArgs {
    fn header(&self, command: &AgentCommand) -> Result<Header, Failure> {
        let mut header = Header::new(command.words().to_vec(), self.services.targets()?);
        for given in &self.headers {
            let name = given.to_ascii_lowercase();
            let is_name = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
            if name.is_empty() || !name.bytes().all(is_name) {
                let message = format!("--header {given}: not the name of a header");
                return Err(Failure::new(Exit::Usage, message));
            }
            for list in [&mut header.request_headers, &mut header.response_headers] {
                list.push(name.clone());
                list.sort();
                list.dedup();
            }
        }
        if let Some(path) = &self.rules {
            header.rules = Some(RulesText::new(read_rules(path)?.to_toml()));
        }
        let chaos = self.chaos.words();
        header.chaos = (!chaos.is_empty()).then(|| chaos.join(" "));
        Ok(header)
    }

    /// What makes trouble on purpose, if anything does: a replay of nothing, beyond which
    /// everything is live.
    fn session(&self) -> Option<Arc<ReplaySession>> {
        let settings = ReplaySettings {
            rules: Rules::default(),
            chaos: self.chaos.plan(),
            pace: Pace::AT_ONCE,
            beyond: Beyond::Live,
        };
        let is_calm = self.chaos.chaos.is_none() && self.chaos.chaos_at.is_empty();
        (!is_calm).then(|| Arc::new(ReplaySession::new(Vec::new(), settings)))
    }

    async fn record(
        &self,
        command: &AgentCommand,
        header: &Header,
        redaction: Redaction,
    ) -> Result<Recorded, Failure> {
        let proxy = Proxy::bind(&header.targets).await?;
        let variables = environment(&proxy.addresses(), Keys::AsTheyAre);
        let tape = TapeWriter::create(&self.out, header)?;
        let proxy = proxy.start(header, tape, redaction, self.session());
        let agent = match command.start(&variables) {
            Ok(agent) => agent,
            Err(failure) => {
                let (tape, _) = proxy.stop().await;
                tape.abandon();
                return Err(failure);
            }
        };
        let ended = watch(agent, &proxy).await;
        let (tape, trouble) = proxy.stop().await;
        let (manifest, trouble) = match (tape.finish(self.reproduce()), trouble) {
            (Ok(manifest), trouble) => (manifest, trouble),
            // The first trouble explains the later one.
            (Err(error), trouble) => (None, Some(trouble.unwrap_or(error.into()))),
        };
        Ok(Recorded {
            agent: ended?,
            manifest,
            trouble,
        })
    }

    /// The command that replays the recording.
    fn reproduce(&self) -> String {
        let tape = self.out.to_string_lossy();
        let words = ["sim", "replay", &tape, "--"].into_iter();
        let words = words.chain(self.command.iter().map(String::as_str));
        shlex::try_join(words).expect("no argument of a command holds a NUL byte")
    }
}

/// Waits for the agent; one whose recording cannot be written is ended.
async fn watch(mut agent: Agent, proxy: &RunningProxy) -> Result<u8, Failure> {
    tokio::select! {
        biased;
        code = agent.ended() => return code,
        () = proxy.broken() => {}
    }
    agent.kill();
    agent.ended().await
}

/// What was recorded.
#[derive(Serialize)]
struct Report {
    passed: bool,
    tape: String,
    agent_exit: u8,
    finished: bool,
    exchanges: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    reproduce: String,
}

impl Report {
    fn of(arguments: &RecordArgs, recorded: &Recorded) -> Self {
        let manifest = recorded.manifest.as_ref();
        Self {
            passed: recorded.trouble.is_none(),
            tape: arguments.out.display().to_string(),
            agent_exit: recorded.agent,
            finished: manifest.is_some(),
            exchanges: manifest.map_or(0, Manifest::exchanges),
            root: manifest.map(|manifest| manifest.root().to_string()),
            reproduce: arguments.reproduce(),
        }
    }

    fn write_text(&self, out: &mut impl Write) -> Result<(), Failure> {
        let Self {
            tape, exchanges, ..
        } = self;
        match &self.root {
            Some(root) => writeln!(out, "recorded {exchanges} exchanges in {tape}, root {root}")?,
            None => writeln!(out, "the recording in {tape} is unfinished")?,
        }
        if self.finished && *exchanges == 0 {
            writeln!(
                out,
                "no call came: the agent does not read the addresses in its environment, such as \
                 OPENAI_BASE_URL"
            )?;
        }
        writeln!(out, "replay it: {}", self.reproduce)?;
        Ok(())
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Tape(error) => error.into(),
            trouble => Self::new(Exit::System, trouble.to_string()),
        }
    }
}
