//! `sim serve`: a provider on loopback.
//!
//! The first line of standard output says where it listens, so that a script can read it; the
//! last one says what came of it.

use std::future::pending;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{Exit, Failure};
use crate::oracle::AgentProfile;
use crate::oracle::noise::NoiseRates;
use crate::run::Profile;
use crate::serve::agent::Agent;
use crate::serve::chaos::Chaos;
use crate::serve::{Server, Settings, Summary};

/// Serve the protocols of OpenAI, Anthropic and Ollama on 127.0.0.1, deterministically.
///
/// Point a client's base URL at http://127.0.0.1:PORT/v1 (OpenAI), http://127.0.0.1:PORT
/// (Anthropic, Ollama) or http://127.0.0.1:PORT/anthropic (Kimi); any key will do.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ServeArgs {
    /// The port to listen on; 0 takes one that is free.
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    pub port: u16,
    /// What all answers are derived from.
    #[arg(long, value_name = "NUMBER", default_value = "42")]
    pub seed: u64,
    /// Spoil replies and fail calls as the agents and providers of this mixture do; without it
    /// every reply is good.
    #[arg(long, value_enum)]
    pub profile: Option<Profile>,
    /// How many calls go wrong, in ten-thousandths, in place of the profile's rates: late, 429
    /// with Retry-After, 500, 503, 529, resets, cut bodies, malformed JSON, mid-stream errors.
    #[arg(long, value_name = "RATE", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub chaos: Option<u32>,
    /// Turn a subset of the kinds of noise and chaos, drawn from the seed, off.
    #[arg(long)]
    pub swarm: bool,
    /// Stop after this many answers, at least 1.
    #[arg(long, value_name = "COUNT")]
    pub max_requests: Option<NonZeroU64>,
    /// Stop after this many seconds, at least 1.
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<NonZeroU64>,
    /// Print one line of JSON at the start and one at the end.
    #[arg(long)]
    pub json: bool,
}

impl ServeArgs {
    fn agent(&self) -> (Agent, Chaos) {
        let profile = self.profile.map(|profile| {
            let profile = match profile {
                Profile::Routine => AgentProfile::routine(),
                Profile::Hostile => AgentProfile::hostile(),
            };
            if self.swarm {
                profile.swarm(self.seed)
            } else {
                profile
            }
        });
        let chaos = match (self.chaos, &profile) {
            (Some(rate), _) if self.swarm => Chaos::spread(rate).swarm(self.seed),
            (Some(rate), _) => Chaos::spread(rate),
            (None, Some(profile)) => Chaos::of_profile(&profile.faults),
            (None, None) => Chaos::NONE,
        };
        let (noise, reasoning) = match profile {
            Some(AgentProfile {
                noise, reasoning, ..
            }) => (noise, reasoning),
            None => (NoiseRates::none(), 0),
        };
        (Agent::new(self.seed, noise, reasoning, chaos.clone()), chaos)
    }
}

/// Runs the verb.
///
/// # Errors
/// The port cannot be had, or standard output cannot be written.
pub fn run(arguments: &ServeArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| system("start the runtime", &cause))?;
    let summary = runtime.block_on(serve(arguments, out))?;
    if arguments.json {
        let line = json!({"answered": summary.answered, "refused": summary.refused});
        writeln!(out, "{line}")?;
    } else {
        let Summary { answered, refused } = summary;
        writeln!(out, "stopped: {answered} answered, {refused} refused")?;
    }
    out.flush()?;
    Ok(Exit::Passed)
}

async fn serve(arguments: &ServeArgs, out: &mut impl Write) -> Result<Summary, Failure> {
    let (agent, chaos) = arguments.agent();
    let settings = Settings {
        port: arguments.port,
        agent,
        max_requests: arguments.max_requests,
    };
    let server = Server::bind(settings).await.map_err(|cause| {
        let what = format!("listen on 127.0.0.1:{}", arguments.port);
        system(&what, &cause)
    })?;
    let mut interrupted =
        signal(SignalKind::interrupt()).map_err(|cause| system("watch for signals", &cause))?;
    let mut terminated =
        signal(SignalKind::terminate()).map_err(|cause| system("watch for signals", &cause))?;
    let address = server.address();
    let kinds: Vec<_> = chaos.kinds().map(|kind| kind.name()).collect();
    let profile = arguments.profile.map_or("faithful", Profile::name);
    if arguments.json {
        let line = json!({
            "listening": format!("http://{address}"),
            "seed": arguments.seed,
            "profile": profile,
            "chaos": chaos.rate(),
            "kinds": kinds,
        });
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "listening on http://{address}")?;
        writeln!(
            out,
            "seed {}, profile {profile}, chaos {} in 10,000{}{}",
            arguments.seed,
            chaos.rate(),
            if kinds.is_empty() { "" } else { ": " },
            kinds.join(", ")
        )?;
    }
    out.flush()?;
    let seconds = arguments.seconds;
    let stop = async move {
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
    };
    server
        .run(stop)
        .await
        .map_err(|cause| system("serve", &cause))
}

fn system(action: &str, cause: &io::Error) -> Failure {
    Failure::new(Exit::System, format!("cannot {action}: {cause}"))
}
