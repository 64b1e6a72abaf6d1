//! HTTP to one provider: one request, one bounded response, raw bytes.
//!
//! Never follows a redirect, keeps a cookie, unpacks a body or tries again, and never uses a proxy
//! that was not asked for. How long a whole call may take is the caller's bound; connecting and
//! pauses within a body are bounded here.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, redirect};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use turingos::bus::{MAX_BODY_BYTES, Provider};

use super::headers;
use super::key::Key;
use turingos_agents::TransportFault;
use turingos_run::providers::request::request_path;
use turingos_run::providers::settings::Connection;

/// The version of the messages API that is spoken.
const MESSAGES_VERSION: &str = "2023-06-01";

/// How long whoever accepted a connection may think about a greeting. They are there, whatever they
/// say, so that more patience would tell nothing.
const GREETING: Duration = Duration::from_secs(1);

/// A client of one provider.
#[derive(Clone, Debug)]
pub struct Transport {
    client: Client,
    base_url: String,
    url: String,
    connect_timeout: Duration,
    idle_timeout: Duration,
}

/// A whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that matter, as [`headers::kept`] keeps them.
    pub headers: Vec<(String, String)>,
    /// The body as it came, streamed or not.
    pub body: Vec<u8>,
}

/// A provider that cannot be called at all.
#[derive(Debug, Error)]
#[error("{base_url}: {reason}")]
pub struct NoProvider {
    /// The address of the settings.
    pub base_url: String,
    /// Why, innermost cause included, without the key.
    pub reason: String,
}

impl Transport {
    /// Prepares a client; connects to nothing.
    ///
    /// # Errors
    /// The system's certificates cannot be loaded.
    pub fn new(
        kind: Provider,
        connection: &Connection,
        key: Option<&Key>,
        system_proxy: bool,
    ) -> Result<Self, NoProvider> {
        let no_provider = |reason: String| NoProvider {
            base_url: connection.base_url.clone(),
            reason,
        };
        // Whoever was first has installed the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let headers = request_headers(kind, key)
            .ok_or_else(|| no_provider("the key cannot be sent in a header".into()))?;
        let mut builder = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("turingos-sim/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(connection.connect_timeout)
            .pool_max_idle_per_host(1)
            .http1_only();
        if !system_proxy {
            builder = builder.no_proxy();
        }
        if connection.base_url.starts_with("http://") {
            // Plain HTTP works on a machine that has no certificates.
            let config = ClientConfig::builder()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
            builder = builder.tls_backend_preconfigured(config);
        }
        let client = builder
            .build()
            .map_err(|error| no_provider(innermost(&error)))?;
        Ok(Self {
            client,
            base_url: connection.base_url.clone(),
            url: format!("{}{}", connection.base_url, request_path(kind)),
            connect_timeout: connection.connect_timeout,
            idle_timeout: connection.idle_timeout,
        })
    }

    /// Makes sure that somebody listens at the address, TLS included; what they say to a bare
    /// `HEAD` does not matter. Takes a second longer than a connection may take, at most.
    ///
    /// # Errors
    /// The connection cannot be made.
    pub async fn reach(&self) -> Result<(), NoProvider> {
        let greeting = self
            .client
            .head(&self.base_url)
            .timeout(self.connect_timeout.saturating_add(GREETING))
            .send()
            .await;
        match greeting {
            Err(error) if error.is_connect() => Err(NoProvider {
                base_url: self.base_url.clone(),
                reason: format!("cannot be reached: {}", innermost(&error)),
            }),
            _ => Ok(()),
        }
    }

    /// Posts a body and reads the whole response.
    ///
    /// # Errors
    /// [`TransportFault`], if no whole response came. An error status is an answer.
    pub async fn post(&self, body: Vec<u8>) -> Result<Answer, TransportFault> {
        let sent = self.client.post(&self.url).body(body).send().await;
        let response = sent.map_err(|error| fault_of(&error))?;
        let status = response.status().as_u16();
        let headers = headers::kept(response.headers());
        let body = self.read(response).await?;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, TransportFault> {
        let limit = MAX_BODY_BYTES as u64;
        if response.content_length().is_some_and(|bytes| bytes > limit) {
            return Err(TransportFault::TooLarge);
        }
        let mut body = Vec::new();
        loop {
            let piece = tokio::time::timeout(self.idle_timeout, response.chunk()).await;
            let piece = piece.map_err(|_| TransportFault::Timeout)?;
            let Some(piece) = piece.map_err(|error| fault_of(&error))? else {
                return Ok(body);
            };
            if body.len() + piece.len() > MAX_BODY_BYTES {
                return Err(TransportFault::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
    }
}

/// The headers of every request. `None` if the key has characters that no header takes.
fn request_headers(kind: Provider, key: Option<&Key>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if kind == Provider::Kimi {
        let name = HeaderName::from_static("anthropic-version");
        headers.insert(name, HeaderValue::from_static(MESSAGES_VERSION));
    }
    if let Some(key) = key {
        let (name, value) = match kind {
            Provider::Kimi => (
                HeaderName::from_static("x-api-key"),
                key.reveal().to_owned(),
            ),
            Provider::OpenAi | Provider::Ollama => {
                (AUTHORIZATION, format!("Bearer {}", key.reveal()))
            }
        };
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Some(headers)
}

fn fault_of(error: &reqwest::Error) -> TransportFault {
    if error.is_connect() {
        TransportFault::Unreachable
    } else {
        TransportFault::Reset
    }
}

/// What it comes down to: the outer errors only repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
