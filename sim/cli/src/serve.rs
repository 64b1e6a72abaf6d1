//! `sim serve`: a provider on loopback.
//!
//! The first line of standard output has the address, so that a script can read it; the last one
//! has the totals.

use std::future::pending;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::choice::one_of;
use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::existing;
use super::replay::chaos::{ChaosArgs, DEFAULT_SEED, kind, planned};
use super::replay::served;
use super::replay::tape::MatchArgs;
use super::share::{self, WHOLE};
use crate::soak::report::percent;
use crate::terminal::looks::Looks;
use turingos_agents::{AgentProfile, NoiseRates};
use turingos_exchange::is_exchange_tape;
use turingos_protocols::agent::Agent;
use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_run::Profile;
use turingos_serve::recording::{Recording, RecordingError};
use turingos_serve::{ServeError, Server, Settings, Source, Summary};

/// Serve the protocols of OpenAI, Anthropic and Ollama on 127.0.0.1, deterministically.
///
/// Point a client's base URL at http://127.0.0.1:PORT/v1 (OpenAI), http://127.0.0.1:PORT
/// (Anthropic, Ollama) or http://127.0.0.1:PORT/coding (Kimi); any key will do.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct ServeArgs {
    /// The port to listen on; 0 picks a free one.
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    pub(crate) port: u16,
    /// The seed of all answers, and of what `--chaos` draws; 42 if absent.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Distort replies and fail calls at the rates of this profile; without it, every reply is
    /// good.
    #[arg(long, value_parser = one_of(Profile::ALL, Profile::name), conflicts_with = "tape")]
    pub(crate) profile: Option<Profile>,
    /// The share of calls that fail, such as 5% or 0.05, instead of the profile's rates: late, 429
    /// with Retry-After, 500, 503, 529, resets, cut bodies, malformed JSON, mid-stream errors.
    #[arg(long, value_name = "SHARE", value_parser = share::parse)]
    pub(crate) chaos: Option<u16>,
    /// The kinds that `--chaos` draws from instead of those, separated by commas; the others are
    /// hang, quota_exhausted, gateway_page, empty_body, refusal, length_truncated, stall,
    /// slow_chunks.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kind)]
    #[arg(requires = "chaos")]
    pub(crate) kinds: Vec<ChaosKind>,
    /// Let one call fail in this way, once: the exchange with this number in the recording of an
    /// agent's traffic, from 0. May be repeated.
    #[arg(long, value_name = "CALL:KIND", value_parser = planned)]
    pub(crate) chaos_at: Vec<(u64, ChaosKind)>,
    /// Disable a subset of the noise and chaos kinds, drawn from the seed.
    #[arg(long, conflicts_with = "tape")]
    pub(crate) swarm: bool,
    /// Answer from this recording (a run directory, a tape, or an agent's traffic recorded by `sim
    /// record`) and refuse every other request. An unfinished one is served as far as it was
    /// recorded.
    #[arg(long, value_name = "PATH", value_parser = existing())]
    pub(crate) tape: Option<PathBuf>,
    /// Record requests and answers in this new file, as a tape.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Answer requests to this host too, besides the names of the loopback interface; may be
    /// repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Exit 5 at the end if a request was refused, or a recorded one was never asked for.
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten, next_help_heading = "Recordings of an agent")]
    pub(crate) matching: MatchArgs,
    /// Stop after this many requests, at least 1; refused ones count too.
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_requests: Option<NonZeroU64>,
    /// Stop after this many seconds, at least 1.
    #[arg(long = "for", value_name = "SECONDS")]
    pub(crate) seconds: Option<NonZeroU64>,
    /// Print one JSON object at the start, with the address, and one at the end.
    #[arg(long)]
    pub(crate) json: bool,
}

impl ServeArgs {
    /// Refuses arguments that do not fit the source of answers.
    fn check(&self, is_traffic: bool) -> Result<(), Failure> {
        let usage = |message: &str| Err(Failure::new(Exit::Usage, message));
        if is_traffic && self.log.is_some() {
            return usage("--log does not go with a recording of an agent's traffic");
        }
        if !is_traffic && self.matching != MatchArgs::default() {
            return usage(
                "--rules, --allow-unused and --pace need --tape with a recording of an agent's \
                 traffic",
            );
        }
        if !is_traffic && !self.chaos_at.is_empty() {
            return usage("--chaos-at needs --tape with a recording of an agent's traffic");
        }
        if !is_traffic && self.tape.is_some() && (self.chaos.is_some() || self.seed.is_some()) {
            return usage("--chaos and --seed cannot be used with the tape of a run");
        }
        Ok(())
    }

    /// What goes wrong on purpose over a recording of an agent's traffic.
    pub(crate) fn chaos_args(&self) -> ChaosArgs {
        ChaosArgs {
            chaos: self.chaos,
            kinds: self.kinds.clone(),
            chaos_at: self.chaos_at.clone(),
            seed: self.seed,
        }
    }

    /// The source of answers, and its description as text and as JSON.
    fn source(&self) -> Result<(Source, String, Value), RecordingError> {
        if let Some(path) = &self.tape {
            let recording = Recording::open(path)?;
            let (requests, calls) = recording.counts();
            let unfinished = recording.is_unfinished();
            let end = if unfinished {
                " of an unfinished run"
            } else {
                ""
            };
            let text = format!("{calls} recorded calls{end}, {requests} different requests");
            let config = json!({"calls": calls, "requests": requests, "unfinished": unfinished});
            return Ok((Source::Recorded(recording), text, config));
        }
        let seed = self.seed.unwrap_or(DEFAULT_SEED);
        let profile = self.profile.map(|profile| {
            let agent = match profile {
                Profile::Routine => AgentProfile::routine(),
                Profile::Hostile => AgentProfile::hostile(),
            };
            if self.swarm { agent.swarm(seed) } else { agent }
        });
        let spread = self.chaos.map(|rate| match &self.kinds[..] {
            [] => Chaos::spread(rate.into()),
            kinds => Chaos::of_kinds(rate.into(), kinds),
        });
        let chaos = match (spread, &profile) {
            (Some(chaos), _) if self.swarm => chaos.swarm(seed),
            (Some(chaos), _) => chaos,
            (None, Some(profile)) => Chaos::of_profile(&profile.faults),
            (None, None) => Chaos::NONE,
        };
        let kinds: Vec<_> = chaos.kinds().map(ChaosKind::name).collect();
        let name = self.profile.map_or("faithful", Profile::name);
        let text = format!(
            "seed {seed}, profile {name}, chaos {}%{}{}",
            percent(chaos.rate().into(), WHOLE.into()),
            if kinds.is_empty() { "" } else { ": " },
            kinds.join(", ")
        );
        let config = json!({
            "seed": seed,
            "profile": name,
            "chaos_per_10000": chaos.rate(),
            "kinds": kinds,
        });
        let (noise, reasoning) = match profile {
            Some(profile) => (profile.noise, profile.reasoning),
            None => (NoiseRates::none(), 0),
        };
        let agent = Agent::new(seed, noise, reasoning, chaos);
        Ok((Source::Seeded(agent), text, config))
    }
}

/// Runs the verb.
///
/// # Errors
/// The port cannot be had, or standard output cannot be written.
pub(crate) fn run(
    arguments: &ServeArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let traffic = arguments
        .tape
        .as_deref()
        .filter(|path| is_exchange_tape(path));
    arguments.check(traffic.is_some())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| system("start the runtime", &cause))?;
    let summary = match traffic {
        Some(path) => {
            let report = runtime.block_on(served::serve(arguments, path, out))?;
            for line in report.lines(arguments.matching.allow_unused) {
                writeln!(looks.standard_error(), "{line}")?;
            }
            Summary {
                answered: report.calls - report.missed - report.refused,
                refused: report.missed + report.refused,
                left_over: Some(report.left_over),
            }
        }
        None => runtime.block_on(serve(arguments, out))?,
    };
    let Summary {
        answered,
        refused,
        left_over,
    } = summary;
    if arguments.json {
        let body = json!({"answered": answered, "refused": refused, "left_over": left_over});
        write_object("serve-end", &body, out)?;
    } else {
        let left_over = left_over.filter(|count| *count > 0);
        let left_over = left_over.map(|count| format!(", {count} never asked for"));
        let left_over = left_over.unwrap_or_default();
        writeln!(
            out,
            "stopped: {answered} answered, {refused} refused{left_over}"
        )?;
    }
    out.flush()?;
    let is_left_over = left_over.is_some_and(|count| count > 0) && !arguments.matching.allow_unused;
    let is_strict_about_it = arguments.strict && (refused > 0 || is_left_over);
    Ok(match is_strict_about_it {
        true => Exit::Divergence,
        false => Exit::Passed,
    })
}

async fn serve(arguments: &ServeArgs, out: &mut impl Write) -> Result<Summary, Failure> {
    let (source, text, config) = arguments.source()?;
    let server = Server::bind(Settings {
        port: arguments.port,
        source,
        max_requests: arguments.max_requests,
        log: arguments.log.clone(),
        allowed_hosts: arguments.allow_host.clone(),
    })
    .await?;
    let stop = stop_signal(arguments.seconds)?;
    let address = format!("http://{}", server.address());
    if arguments.json {
        let body = json!({"listening": address, "source": config});
        write_object("serve-start", &body, out)?;
    } else {
        writeln!(out, "listening on {address}")?;
        writeln!(out, "{text}")?;
    }
    out.flush()?;
    Ok(server.run(stop).await?)
}

/// Resolves at an interrupt, at a request to terminate, or after so many seconds.
pub(crate) fn stop_signal(
    seconds: Option<NonZeroU64>,
) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let watch = |kind| signal(kind).map_err(|cause| system("watch for signals", &cause));
    let mut interrupted = watch(SignalKind::interrupt())?;
    let mut terminated = watch(SignalKind::terminate())?;
    Ok(async move {
        let timer = async {
            match seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds.get())).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
            () = timer => {}
        }
    })
}

fn system(action: &str, cause: &io::Error) -> Failure {
    Failure::new(Exit::System, format!("cannot {action}: {cause}"))
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Log(error) => error.into(),
            error => Self::new(Exit::System, error.to_string()),
        }
    }
}

impl From<RecordingError> for Failure {
    fn from(error: RecordingError) -> Self {
        match error {
            RecordingError::Run(error) => error.into(),
            error => Self::new(Exit::Corrupt, error.to_string()),
        }
    }
}
