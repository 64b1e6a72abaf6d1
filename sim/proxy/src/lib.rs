//! A proxy on loopback that records: each request of an agent goes to its service unchanged, and
//! what comes back goes to the agent piece by piece as it comes.
//!
//! Every service has a port of its own, so that paths stay as they are. A request is on the tape
//! before it is sent; a response is on the tape before its last byte, or its end, reaches the agent.
//! A request's body is read whole, because it is searched for secrets before it goes anywhere; a
//! response's is passed on at once and kept until its end.
//!
//! Redirects are passed on, not followed; nothing is decompressed, retried or cached. Headers that
//! concern one connection only are not passed on (RFC 9110, 7.6.1), and neither are trailers.

mod call;
mod headers;
mod recorder;
mod relay;
mod relayed_body;
mod upstream;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use turingos_exchange::{Header, Redaction, TapeWriter, Target};
use turingos_loopback::{Limits, Loopback, serve};
use turingos_replayer::ReplaySession;

pub use recorder::{Recorder, Trouble};
pub use relay::Relay;
pub use relayed_body::RelayedBody;

/// The bounds of connections. A model may think for a long time before its first byte.
const LIMITS: Limits = Limits {
    idle: Duration::from_secs(3_600),
    grace: Duration::from_secs(3),
    half_close: false,
};

/// Why a proxy cannot listen.
#[derive(Debug, Error)]
#[error("cannot listen on 127.0.0.1: {0}")]
pub struct CannotListen(#[from] io::Error);

/// A proxy that listens but passes nothing on yet.
#[derive(Debug)]
pub struct Proxy {
    listeners: Vec<(Arc<Target>, Loopback, SocketAddr)>,
    stopping: watch::Sender<bool>,
}

impl Proxy {
    /// Listens on a free port for each of the services. Must be called inside a tokio runtime with
    /// I/O and time enabled.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn bind(targets: &[Target]) -> Result<Self, CannotListen> {
        let stopping = watch::Sender::new(false);
        let mut listeners = Vec::new();
        for target in targets {
            let listener = Loopback::bind(0, stopping.subscribe(), LIMITS).await?;
            let address = listener.address()?;
            listeners.push((Arc::new(target.clone()), listener, address));
        }
        Ok(Self {
            listeners,
            stopping,
        })
    }

    /// The services with the addresses at which the proxy listens for them.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&Target, SocketAddr)> {
        let listeners = self.listeners.iter();
        listeners
            .map(|(target, _, address)| (&**target, *address))
            .collect()
    }

    /// Begins to pass requests on and to record them on `tape`, whose header is `header`. A
    /// `session` is asked first: what it answers is recorded too, but sent to no service.
    #[must_use]
    pub fn start(
        self,
        header: &Header,
        tape: TapeWriter,
        redaction: Redaction,
        session: Option<Arc<ReplaySession>>,
    ) -> RunningProxy {
        let recorder = Arc::new(Recorder::new(header, tape, redaction));
        let relay = Arc::new(Relay::new(Arc::clone(&recorder), session));
        let mut serving = JoinSet::new();
        for (target, listener, _) in self.listeners {
            let relay = Arc::clone(&relay);
            let service = service_fn(move |request: Request<Incoming>| {
                let (relay, target) = (Arc::clone(&relay), Arc::clone(&target));
                async move { Ok::<_, Infallible>(relay.answer(&target, request).await) }
            });
            let mut stopping = self.stopping.subscribe();
            let stop = async move {
                // Without a sender the proxy is gone, which is a stop as well.
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            serving.spawn(serve(listener, service, stop));
        }
        RunningProxy {
            serving,
            stopping: self.stopping,
            recorder,
        }
    }
}

/// A proxy at work.
#[derive(Debug)]
pub struct RunningProxy {
    serving: JoinSet<()>,
    stopping: watch::Sender<bool>,
    recorder: Arc<Recorder>,
}

impl RunningProxy {
    /// Resolves once the tape can no longer be written.
    pub async fn broken(&self) {
        self.recorder.broken().await;
    }

    /// Stops listening, lets calls in flight finish within three seconds, and gives the tape back
    /// with the first trouble that there was.
    ///
    /// # Panics
    /// Never: nobody else takes the tape.
    pub async fn stop(mut self) -> (TapeWriter, Option<Trouble>) {
        self.stopping.send_replace(true);
        while self.serving.join_next().await.is_some() {}
        let (tape, trouble) = self.recorder.close();
        (tape.expect("the tape is taken once"), trouble)
    }
}
