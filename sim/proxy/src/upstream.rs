//! The way to the services: plain or TLS with the system's certificates, no redirects, no retries
//! of a request that was sent, no proxy.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::ConfigVerifierExt as _;
use turingos_exchange::End;

/// How long a service may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Idle connections are closed before servers do so, which usually wait for five seconds or more: a
/// request that meets a closing connection would be lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Sends requests to services.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Upstream {
    pub(super) fn new() -> Self {
        // An error means that it is already installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Plain HTTP must work on a machine without certificates; TLS then trusts no certificate.
        let config = ClientConfig::with_platform_verifier().unwrap_or_else(|_| {
            ClientConfig::builder()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth()
        });
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Self { client }
    }

    /// Sends a request to the address in it, and waits for the head of the response.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, ClientError> {
        self.client.request(request).await
    }
}

/// Why there is no response, for the agent and the tape.
pub(super) fn no_response(error: &ClientError) -> String {
    let cause = innermost(error);
    match error.is_connect() {
        true => format!("cannot be reached: {cause}"),
        false => format!("sent no response: {cause}"),
    }
}

/// How a body ended that broke off, and why.
pub(super) fn early_end(error: &hyper::Error) -> (End, String) {
    let mut cause: Option<&dyn Error> = Some(error);
    let mut end = End::Cut;
    while let Some(inner) = cause {
        let system = inner.downcast_ref::<io::Error>();
        if system.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset) {
            end = End::Reset;
        }
        cause = inner.source();
    }
    (end, innermost(error))
}

/// The innermost cause: the outer errors only repeat that there is one.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
