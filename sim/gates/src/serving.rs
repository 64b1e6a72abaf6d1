//! The gate `serve`: a server on a loopback port of this process, and a third-party client.
//!
//! Uses the real clock, but no drawn delays: the tests cover slow answers.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use turingos::bus;
use turingos::isa::decode_model;

use super::{Finding, Ledger};
use turingos_agents::{Clerk, NoiseRates};
use turingos_protocols::agent::Agent;
use turingos_protocols::answer::Delivery;
use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::request::ParsedRequest;
use turingos_run::providers::prompt::compose;
use turingos_serve::{Server, Settings, Source};

const SEED: u64 = 42;

/// How many prompts are sent by every protocol.
const PROMPTS: usize = 12;

/// A status and a body; nothing without a whole response.
type Received = Option<(u16, Vec<u8>)>;

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    if let Err(error) = check(&mut ledger) {
        ledger.expect(false, || format!("no server, or no client of it: {error}"));
    }
    let checked = ledger.checked;
    ledger.finding(
        "serve",
        format!("{checked} answers and errors as they should be"),
    )
}

fn check(ledger: &mut Ledger) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        protocols(ledger).await?;
        refusals(ledger).await?;
        trouble(ledger).await
    })
}

/// Every protocol, whole and streamed, carries the same transition.
async fn protocols(ledger: &mut Ledger) -> Result<(), Box<dyn Error>> {
    let calls: Vec<_> = calls(true).collect();
    let received = ask_all(agent(Chaos::NONE), calls.clone()).await?;
    let mut said = BTreeMap::new();
    for (number, (endpoint, body)) in calls.iter().enumerate() {
        let answer = received.get(&number).cloned().flatten();
        let text = answer.and_then(|(status, bytes)| {
            bus::parse(endpoint.provider(), status, &bytes)
                .ok()
                .map(|reply| reply.text)
        });
        let decodes = text
            .as_ref()
            .is_some_and(|text| decode_model(text.as_bytes()).is_ok());
        ledger.expect(decodes, || {
            format!("{endpoint:?}: no transition for {body}")
        });
        let prompt = number / (2 * Endpoint::CHAT.len());
        let first = said.entry(prompt).or_insert_with(|| text.clone());
        ledger.expect(*first == text, || {
            format!("{endpoint:?}, prompt {prompt}: {text:?} instead of {first:?}")
        });
    }
    Ok(())
}

/// A malformed request gets an error that the bus reads as final.
async fn refusals(ledger: &mut Ledger) -> Result<(), Box<dyn Error>> {
    let calls: Vec<_> = Endpoint::ALL
        .iter()
        .copied()
        .flat_map(|endpoint| ["{", "{}", "[]"].map(|body| (endpoint, body.to_owned())))
        .collect();
    let received = ask_all(agent(Chaos::NONE), calls.clone()).await?;
    for (number, (endpoint, body)) in calls.iter().enumerate() {
        let answer = received.get(&number).cloned().flatten();
        let refused = answer.is_some_and(|(status, bytes)| {
            status == 400
                && bus::parse(endpoint.provider(), status, &bytes)
                    .is_err_and(|fault| !fault.code.is_retryable())
        });
        ledger.expect(refused, || format!("{endpoint:?} does not refuse {body}"));
    }
    Ok(())
}

/// The faults follow from the seed, in any order of clients.
async fn trouble(ledger: &mut Ledger) -> Result<(), Box<dyn Error>> {
    let agent = agent(Chaos::spread(5_000).without(ChaosKind::Slow));
    let mut calls: Vec<_> = calls(false).collect();
    for direction in ["first to last", "last to first"] {
        let received = ask_all(agent.clone(), calls.clone()).await?;
        for (number, (endpoint, body)) in calls.iter().enumerate() {
            let answer = received.get(&number).cloned().flatten();
            let expected = ParsedRequest::parse(*endpoint, body.as_bytes())
                .ok()
                .and_then(|asked| agent.answer(&asked, 0).ok())
                .filter(|answer| answer.delivery == Delivery::Whole)
                .map(|answer| (answer.status, answer.body));
            ledger.expect(answer == expected, || {
                format!("{direction}: {endpoint:?} is not answered as the seed says: {body}")
            });
        }
        calls.reverse();
    }
    Ok(())
}

fn agent(chaos: Chaos) -> Agent {
    Agent::new(SEED, NoiseRates::none(), 0, chaos)
}

/// Each prompt by every endpoint, whole and streamed: as the same prompt, or as one of its own.
fn calls(same: bool) -> impl Iterator<Item = (Endpoint, String)> {
    (0..PROMPTS).flat_map(move |prompt| {
        let ways = [false, true].into_iter().enumerate();
        ways.flat_map(move |(way, stream)| {
            let endpoints = Endpoint::CHAT.into_iter().enumerate();
            endpoints.map(move |(index, endpoint)| {
                let own = if same {
                    0
                } else {
                    1 + index + way * Endpoint::CHAT.len()
                };
                let slice = format!("[OBSERVED_SLICE]\nprompt {prompt}, {own}\n");
                let body = request(endpoint, &compose(&Clerk::boot_q(""), &slice), stream);
                (endpoint, body.to_string())
            })
        })
    })
}

fn request(endpoint: Endpoint, user: &str, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": user}]);
    match endpoint {
        Endpoint::ChatCompletions | Endpoint::OllamaChat => {
            json!({"model": "m", "messages": messages, "stream": stream})
        }
        Endpoint::Messages => {
            json!({"model": "m", "max_tokens": 64, "messages": messages, "stream": stream})
        }
        Endpoint::OllamaGenerate | Endpoint::OllamaEmbeddings => {
            json!({"model": "m", "prompt": user, "stream": stream})
        }
        Endpoint::Responses | Endpoint::Embeddings | Endpoint::OllamaEmbed => {
            json!({"model": "m", "input": user, "stream": stream})
        }
        Endpoint::CountTokens => json!({"model": "m", "messages": messages}),
    }
}

/// Sends every call at once; returns the answers by the number of the call.
async fn ask_all(
    agent: Agent,
    calls: Vec<(Endpoint, String)>,
) -> Result<BTreeMap<usize, Received>, Box<dyn Error>> {
    let server = Server::bind(Settings {
        port: 0,
        source: Source::Seeded(agent),
        max_requests: None,
        log: None,
        allowed_hosts: Vec::new(),
    })
    .await?;
    let address = server.address();
    let client = client()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let asking = async move {
        let mut under_way = JoinSet::new();
        for (number, (endpoint, body)) in calls.into_iter().enumerate() {
            let [path, ..] = endpoint.paths() else {
                continue;
            };
            let request = client.post(format!("http://{address}{path}")).body(body);
            under_way.spawn(async move {
                let Ok(response) = request.send().await else {
                    return (number, None);
                };
                let status = response.status().as_u16();
                let body = response.bytes().await.ok();
                (number, body.map(|body| (status, body.to_vec())))
            });
        }
        let received = under_way.join_all().await;
        drop(client);
        drop(stop);
        received
    };
    let serving = server.run(async {
        // The sender is dropped when everything is answered.
        let _ = stopped.await;
    });
    let (received, served) = tokio::join!(asking, serving);
    served?;
    Ok(received.into_iter().collect())
}

/// A client for loopback: no proxy, and no certificate that it would trust.
fn client() -> Result<Client, Box<dyn Error>> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()?)
}
