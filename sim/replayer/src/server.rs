//! The server of a session: one port for each service of the tape.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use turingos_exchange::{Body, Header, RecordedRequest, RecordedResponse, Redaction, Target};
use turingos_loopback::{
    BodyFault, Fate, HeldBody, Limits, TimedBody, foreign_host, room_for_bodies,
};
use turingos_protocols::refusal::{Reason, Refusal};

use crate::delivery::{Pace, deliver};
use crate::listeners::{CannotListen, Listeners, Serving};
use crate::report::ReplayReport;
use crate::session::{ReplaySession, Reply, refused};

/// The bounds of connections. A recorded pause may be long.
const LIMITS: Limits = Limits {
    idle: Duration::from_secs(3_600),
    grace: Duration::from_secs(3),
    half_close: true,
};

/// A replay that listens but answers nothing yet.
#[derive(Debug)]
pub struct Replayer(Listeners);

impl Replayer {
    /// Listens for each of the services: for the first one on `port`, for the others on free ones. A
    /// port of 0 is any that is free. Must be called inside a tokio runtime with I/O and time
    /// enabled.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn bind(targets: &[Target], port: u16) -> Result<Self, CannotListen> {
        Ok(Self(Listeners::bind(targets, port, LIMITS).await?))
    }

    /// The services with the addresses at which they are replayed.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&Target, SocketAddr)> {
        self.0.addresses()
    }

    /// Begins to answer. `header` is that of the tape; `redaction` is as it was when the tape was
    /// recorded. After `max_calls` requests, missed and refused ones included, it stops by itself.
    #[must_use]
    pub fn start(
        self,
        header: &Header,
        session: ReplaySession,
        redaction: Redaction,
        allowed_hosts: Vec<String>,
        max_calls: Option<NonZeroU64>,
    ) -> RunningReplayer {
        let desk = Arc::new(Desk {
            session,
            redaction,
            request_headers: header.request_headers.clone(),
            max_body: usize::try_from(header.limits.request_bytes).unwrap_or(usize::MAX),
            room: room_for_bodies(),
            allowed_hosts,
            max_calls,
            calls: AtomicU64::new(0),
            stopping: self.0.stopping(),
        });
        let calls = Arc::clone(&desk);
        let serving = self.0.serve(move |target, request| {
            let desk = Arc::clone(&calls);
            async move { desk.answer(&target, request).await }
        });
        RunningReplayer { serving, desk }
    }
}

/// A replay at work.
#[derive(Debug)]
pub struct RunningReplayer {
    serving: Serving,
    desk: Arc<Desk>,
}

impl RunningReplayer {
    /// Resolves once it has had the most requests that it takes.
    pub async fn exhausted(&self) {
        self.serving.stopped().await;
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &ReplaySession {
        &self.desk.session
    }

    /// Stops listening, lets calls in flight finish within three seconds, and says how it went.
    pub async fn stop(self) -> ReplayReport {
        self.serving.stop().await;
        self.desk.session.report()
    }
}

/// What all connections share.
#[derive(Debug)]
struct Desk {
    session: ReplaySession,
    redaction: Redaction,
    request_headers: Vec<String>,
    max_body: usize,
    room: Arc<Semaphore>,
    allowed_hosts: Vec<String>,
    max_calls: Option<NonZeroU64>,
    calls: AtomicU64,
    stopping: watch::Sender<bool>,
}

impl Desk {
    async fn answer(&self, target: &Target, request: Request<Incoming>) -> Response<TimedBody> {
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let fate = head.extensions.get::<Fate>().cloned().unwrap_or_default();
        let (response, pace) = match self.reply(target, &head, body).await {
            Ok(Reply::Send(response, pace)) => (*response, pace),
            Ok(Reply::PassOn(_)) => {
                let message = "this replay passes nothing on to a service";
                let refusal = Refusal::new(Reason::NotRecorded, message);
                (self.refuse(target, &head, &refusal), Pace::AT_ONCE)
            }
            Err(refusal) => (self.refuse(target, &head, &refusal), Pace::AT_ONCE),
        };
        let response = deliver(response, pace, started, &fate).await;
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if self.max_calls.is_some_and(|most| calls >= most.get()) {
            self.stopping.send_replace(true);
        }
        response
    }

    async fn reply(&self, target: &Target, head: &Parts, body: Incoming) -> Result<Reply, Refusal> {
        let foreign = foreign_host(&head.uri, &head.headers, &self.allowed_hosts);
        if let Some(host) = foreign {
            let message = format!("this replay is not the host {host:?}");
            return Err(Refusal::new(Reason::ForeignHost, message));
        }
        let body = match HeldBody::read(body, self.max_body, &self.room).await {
            Ok(mut held) => std::mem::take(&mut held.bytes),
            // Recorded without its body, as the recorder refused it.
            Err(BodyFault::TooLarge(_)) => Vec::new(),
            Err(fault) => return Err(Refusal::new(reason_of(&fault), fault.to_string())),
        };
        let request = self.recorded(target, head, body);
        let redacted = self.redaction.request(&request);
        let redacted = redacted
            .map_err(|leak| Refusal::new(Reason::Malformed, format!("a secret: {leak}")))?;
        let request = redacted.unwrap_or(request);
        Ok(self.session.answer(target.kind, request))
    }

    fn refuse(&self, target: &Target, head: &Parts, refusal: &Refusal) -> RecordedResponse {
        let path = head.uri.path();
        let name = format!("{} {path} of {}", head.method, target.name);
        self.session
            .refuse(format!("{name} was refused: {}", refusal.message));
        refused(target.kind, path, refusal)
    }

    /// The request as a tape has it.
    fn recorded(&self, target: &Target, head: &Parts, body: Vec<u8>) -> RecordedRequest {
        let query = head.uri.query();
        let texts = head.headers.iter();
        let texts = texts.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        self.redaction.learn_credentials(texts, query);
        RecordedRequest {
            target: target.name.clone(),
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: query.map(str::to_owned),
            headers: allowed(&head.headers, &self.request_headers),
            body: Body(body),
        }
    }
}

/// The headers on the tape's allow-list, as far as they are text.
fn allowed(headers: &HeaderMap, allowed: &[String]) -> Vec<(String, String)> {
    let kept = headers
        .iter()
        .filter(|(name, _)| allowed.iter().any(|allowed| allowed == name.as_str()));
    kept.filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    })
    .collect()
}

const fn reason_of(fault: &BodyFault) -> Reason {
    match fault {
        BodyFault::TooLarge(_) => Reason::TooLarge,
        BodyFault::TooSlow => Reason::TooSlow,
        BodyFault::Busy => Reason::Busy,
        BodyFault::Broken(_) => Reason::Malformed,
    }
}
