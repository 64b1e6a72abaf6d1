//! A server in this process and a client of it.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use turingos_agents::{AgentProfile, NoiseRates};
use turingos_protocols::agent::Agent;
use turingos_protocols::chaos::Chaos;
use turingos_protocols::endpoint::Endpoint;
use turingos_serve::{ServeError, Server, Settings, Source, Summary};

/// A server that runs until its summary is requested.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Summary, ServeError>>,
}

pub(crate) fn faithful(seed: u64) -> Agent {
    troubled(seed, Chaos::NONE)
}

pub(crate) fn troubled(seed: u64, chaos: Chaos) -> Agent {
    Agent::new(seed, NoiseRates::none(), 0, chaos)
}

pub(crate) fn noisy(seed: u64) -> Agent {
    let profile = AgentProfile::hostile();
    Agent::new(seed, profile.noise, profile.reasoning, Chaos::NONE)
}

impl Served {
    pub(crate) async fn by(agent: Agent) -> Self {
        Self::from(Source::Seeded(agent), None, None).await
    }

    pub(crate) async fn from(
        source: Source,
        log: Option<PathBuf>,
        max_requests: Option<NonZeroU64>,
    ) -> Self {
        let server = Server::bind(Settings {
            port: 0,
            source,
            max_requests,
            log,
            allowed_hosts: Vec::new(),
        })
        .await
        .unwrap();
        let (stop, stopped) = oneshot::channel();
        let address = server.address();
        let running = tokio::task::spawn_local(server.run(async {
            // A dropped sender stops the server too.
            let _ = stopped.await;
        }));
        Self {
            address,
            client: client(),
            stop,
            running,
        }
    }

    pub(crate) async fn stop(self) -> Summary {
        let _ = self.stop.send(());
        self.running.await.unwrap().unwrap()
    }

    /// Its totals, after it has stopped by itself.
    pub(crate) async fn wait(self) -> Summary {
        self.running.await.unwrap().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn post(&self, endpoint: Endpoint, body: &Value) -> RequestBuilder {
        let url = self.url(endpoint.paths()[0]);
        self.client.post(url).body(body.to_string())
    }

    pub(crate) async fn ask(&self, endpoint: Endpoint, body: &Value) -> Response {
        self.post(endpoint, body).send().await.unwrap()
    }
}

/// Runs a test on one thread, on the real clock.
pub(crate) fn on_real_time(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

fn client() -> Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// A request with the message `user`, in the format of the endpoint.
pub(crate) fn prompt(endpoint: Endpoint, user: &str, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": user}]);
    match endpoint {
        Endpoint::ChatCompletions => json!({"model": "m", "messages": messages, "stream": stream}),
        Endpoint::Messages => {
            json!({"model": "m", "max_tokens": 64, "messages": messages, "stream": stream})
        }
        Endpoint::OllamaChat => json!({"model": "m", "messages": messages, "stream": stream}),
        Endpoint::OllamaGenerate => json!({"model": "m", "prompt": user, "stream": stream}),
        Endpoint::CountTokens => json!({"model": "m", "messages": messages}),
        Endpoint::Responses => json!({"model": "m", "input": user, "stream": stream}),
        Endpoint::Embeddings | Endpoint::OllamaEmbed => json!({"model": "m", "input": user}),
        Endpoint::OllamaEmbeddings => json!({"model": "m", "prompt": user}),
    }
}
