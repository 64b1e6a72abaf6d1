//! HTTP to one provider: one request, one bounded response, raw bytes.
//!
//! There are no redirects, no cookies, no decompression and no retries, and a proxy only on request.
//! The caller bounds the whole call; connecting and pauses within a body are bounded here.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, redirect};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use turingos::bus::{MAX_BODY_BYTES, Provider};

use super::headers;
use turingos_agents::TransportFault;
use turingos_run::providers::request::request_path;
use turingos_run::providers::settings::Connection;
use turingos_secrets::Key;

/// The version of the messages API.
const MESSAGES_VERSION: &str = "2023-06-01";

/// How long a server may take to answer the probe once it has accepted the connection. Any later
/// answer would not change the result.
const GREETING: Duration = Duration::from_secs(1);

/// An HTTP client for one provider.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    client: Client,
    base_url: String,
    url: String,
    connect_timeout: Duration,
    idle_timeout: Duration,
}

/// A complete response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// The headers on the allow-list.
    pub(super) headers: Vec<(String, String)>,
    /// The body as received, streamed or not.
    pub(super) body: Vec<u8>,
}

/// Why a provider cannot be called.
#[derive(Debug, Error)]
#[error("{base_url}: {reason}")]
pub struct NoProvider {
    /// The base URL in the settings.
    pub base_url: String,
    /// The reason with its innermost cause, without the key.
    pub reason: String,
}

impl Transport {
    /// Prepares a client; connects to nothing.
    ///
    /// # Errors
    /// The system's certificates cannot be loaded.
    pub(super) fn new(
        kind: Provider,
        connection: &Connection,
        key: Option<&Key>,
        system_proxy: bool,
    ) -> Result<Self, NoProvider> {
        let no_provider = |reason: String| NoProvider {
            base_url: connection.base_url.clone(),
            reason,
        };
        // An error means that it is already installed.
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
            // Plain HTTP must work on a machine without certificates.
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

    /// Checks that a server accepts connections at the address, TLS included; its answer to `HEAD`
    /// is ignored. Takes at most one second longer than the connection time-out.
    ///
    /// # Errors
    /// The connection cannot be made.
    pub(super) async fn reach(&self) -> Result<(), NoProvider> {
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
    /// [`TransportFault`] if there was no complete response. An error status is a response.
    pub(super) async fn post(&self, body: Vec<u8>) -> Result<Answer, TransportFault> {
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

/// The headers of every request. `None` if the key has characters that a header cannot contain.
fn request_headers(kind: Provider, key: Option<&Key>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if kind.speaks_messages() {
        let name = HeaderName::from_static("anthropic-version");
        headers.insert(name, HeaderValue::from_static(MESSAGES_VERSION));
    }
    if let Some(key) = key {
        let (name, value) = match kind {
            Provider::Anthropic | Provider::Kimi => (
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

/// The innermost cause: the outer errors only repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
