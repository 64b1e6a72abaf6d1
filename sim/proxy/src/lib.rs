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

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use turingos_exchange::{Header, Redaction, TapeWriter, Target};
use turingos_loopback::Limits;
use turingos_replayer::{CannotListen, Listeners, ReplaySession, Serving};

pub use recorder::{Recorder, Trouble};
pub use relay::Relay;
pub use relayed_body::RelayedBody;

/// The bounds of connections. A model may think for a long time before its first byte.
const LIMITS: Limits = Limits {
    idle: Duration::from_secs(3_600),
    grace: Duration::from_secs(3),
    half_close: false,
};

/// A proxy that listens but passes nothing on yet.
#[derive(Debug)]
pub struct Proxy(Listeners);

impl Proxy {
    /// Listens on a free port for each of the services. Must be called inside a tokio runtime with
    /// I/O and time enabled.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn bind(targets: &[Target]) -> Result<Self, CannotListen> {
        Ok(Self(Listeners::bind(targets, 0, LIMITS).await?))
    }

    /// The services with the addresses at which the proxy listens for them.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&Target, SocketAddr)> {
        self.0.addresses()
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
        let serving = self.0.serve(move |target, request| {
            let relay = Arc::clone(&relay);
            async move { relay.answer(&target, request).await }
        });
        RunningProxy { serving, recorder }
    }
}

/// A proxy at work.
#[derive(Debug)]
pub struct RunningProxy {
    serving: Serving,
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
    /// Never: the tape is taken here only.
    pub async fn stop(self) -> (TapeWriter, Option<Trouble>) {
        self.serving.stop().await;
        let (tape, trouble) = self.recorder.close();
        (tape.expect("the tape is taken once"), trouble)
    }
}
