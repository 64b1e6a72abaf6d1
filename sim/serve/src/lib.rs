//! A provider on loopback that any program can be tested against: OpenAI's, Anthropic's and
//! Ollama's protocols, answered by a seeded agent or from a recording.
//!
//! An answer depends on no other client, thread or time, so this is the one place with more than one
//! runtime thread. The server listens on 127.0.0.1 only, opens no connection, and neither keeps nor
//! logs request headers, so no key can leak.

mod attempts;
pub mod recording;
mod response;
mod routes;

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep};
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::Lane;

use attempts::{Attempts, MAX_REMEMBERED};
use recording::{LOOSE_GENESIS, Recording};
use turingos_agents::Request;
use turingos_loopback::{HeldBody, Limits, Loopback, room_for_bodies, serve};
use turingos_protocols::agent::{Agent, request_id};
use turingos_protocols::answer::Answer;
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::refusal::{Reason, Refusal};
use turingos_protocols::request::ParsedRequest;
use turingos_run::RunIoError;
use turingos_run::tape::{CallEntry, Entry, TapeWriter};

/// The bounds of connections. A client may close its sending side once its request is sent.
const LIMITS: Limits = Limits {
    idle: Duration::from_secs(30),
    grace: Duration::from_secs(3),
    half_close: true,
};

/// The most calls that wait to be logged; the next answer waits for room.
const MAX_UNLOGGED: usize = 1_024;

/// The source of answers.
#[derive(Debug)]
pub enum Source {
    /// An agent, from a seed.
    Seeded(Agent),
    /// The calls of a tape, and no others.
    Recorded(Recording),
}

impl Source {
    /// The identity of a request across attempts. For an agent, a streamed request is the same
    /// one; on a tape it differs, and so does one to another provider.
    fn identity(&self, request: &ParsedRequest) -> Digest {
        match self {
            Self::Seeded(_) => request.hash,
            Self::Recorded(_) => Digest::of_parts(&[
                request.endpoint.provider().name().as_bytes(),
                b"\n",
                request.canonical.as_bytes(),
            ]),
        }
    }

    /// A counter of attempts with room for all requests.
    fn attempts(&self) -> Attempts {
        match self {
            Self::Seeded(_) => Attempts::default(),
            // Room for every recorded request, so that none is forgotten and served again.
            Self::Recorded(recording) => {
                Attempts::with_limit(recording.counts().0.max(MAX_REMEMBERED))
            }
        }
    }

    fn answer(&self, request: &ParsedRequest, attempt: u32) -> Result<Answer, Refusal> {
        match self {
            Self::Seeded(agent) => agent.answer(request, attempt),
            Self::Recorded(recording) => recording.answer(request, attempt),
        }
    }
}

/// The settings of a server.
#[derive(Debug)]
pub struct Settings {
    /// The port to listen on; 0 for any that is free.
    pub port: u16,
    /// The source of answers.
    pub source: Source,
    /// After how many requests to stop, refused ones included; never, for none.
    pub max_requests: Option<NonZeroU64>,
    /// A new file for the tape of requests and answers.
    pub log: Option<PathBuf>,
    /// Names in a request's `Host` that are answered besides those of the loopback interface.
    pub allowed_hosts: Vec<String>,
}

/// The totals of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Requests that were answered, chaos included.
    pub answered: u64,
    /// Requests that were refused: malformed, too large, not recorded, or to no endpoint.
    pub refused: u64,
    /// Recorded calls that were never asked for; none without a recording.
    pub left_over: Option<u64>,
}

/// Why a server could not start or continue.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    System {
        /// The action that failed.
        action: String,
        /// The cause, as the operating system says it.
        source: io::Error,
    },
    /// The log cannot be written.
    #[error(transparent)]
    Log(#[from] RunIoError),
}

/// A server that is listening but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: Loopback,
    address: SocketAddr,
    desk: Desk,
    log: Option<(TapeWriter, mpsc::Receiver<Entry>)>,
}

impl Server {
    /// Binds the port and creates the log. Must be called inside a tokio runtime with I/O and time
    /// enabled.
    ///
    /// # Errors
    /// The port is in use or not allowed; the log already exists or cannot be created.
    pub async fn bind(settings: Settings) -> Result<Self, ServeError> {
        let port = settings.port;
        let refused = |source| ServeError::System {
            action: format!("listen on 127.0.0.1:{port}"),
            source,
        };
        let stopping = watch::Sender::new(false);
        let listening = Loopback::bind(port, stopping.subscribe(), LIMITS).await;
        let listener = listening.map_err(refused)?;
        let address = listener.address().map_err(refused)?;
        let (logging, log) = match &settings.log {
            Some(path) => {
                let file = File::create_new(path).map_err(|source| ServeError::System {
                    action: format!("create {}", path.display()),
                    source,
                })?;
                let (sender, receiver) = mpsc::channel(MAX_UNLOGGED);
                let writer = TapeWriter::begin(file, path, LOOSE_GENESIS, None);
                (Some(sender), Some((writer, receiver)))
            }
            None => (None, None),
        };
        Ok(Self {
            listener,
            address,
            desk: Desk::new(settings, logging, stopping),
            log,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` resolves or the settings' number of requests is answered. Requests in
    /// flight get at most three seconds to finish; the log is complete when this returns.
    ///
    /// # Errors
    /// The listener failed, or the log cannot be written.
    pub async fn run(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Summary, ServeError> {
        let desk = Arc::new(self.desk);
        let signalling = Arc::clone(&desk);
        let until_stopped = async move {
            tokio::select! {
                biased;
                () = stop => {}
                () = signalling.stopped() => {}
            }
            signalling.stop();
        };
        let routes = TowerToHyperService::new(routes::of(Arc::clone(&desk)));
        let serving = serve(self.listener, routes, until_stopped);
        match self.log {
            None => serving.await,
            Some((writer, entries)) => write_log(serving, writer, entries).await?,
        }
        Ok(desk.summary())
    }
}

/// Writes log entries until serving ends, and then the rest.
async fn write_log(
    serving: impl Future<Output = ()>,
    mut writer: TapeWriter,
    mut entries: mpsc::Receiver<Entry>,
) -> Result<(), ServeError> {
    let mut serving = pin!(serving);
    loop {
        tokio::select! {
            biased;
            () = &mut serving => break,
            // The desk keeps its sender while there are clients.
            entry = entries.recv() => if let Some(entry) = entry {
                writer.append(&entry)?;
            },
        }
    }
    entries.close();
    while let Some(entry) = entries.recv().await {
        writer.append(&entry)?;
    }
    Ok(writer.synchronise()?)
}

/// Answers requests.
#[derive(Debug)]
struct Desk {
    source: Source,
    attempts: Mutex<Attempts>,
    max_requests: Option<NonZeroU64>,
    answered: AtomicU64,
    refused: AtomicU64,
    stopping: watch::Sender<bool>,
    log: Option<mpsc::Sender<Entry>>,
    allowed_hosts: Vec<String>,
    /// One permit for each byte of a body that may still be held.
    room: Arc<Semaphore>,
}

impl Desk {
    fn new(
        settings: Settings,
        log: Option<mpsc::Sender<Entry>>,
        stopping: watch::Sender<bool>,
    ) -> Self {
        Self {
            attempts: Mutex::new(settings.source.attempts()),
            source: settings.source,
            max_requests: settings.max_requests,
            answered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            stopping,
            log,
            allowed_hosts: settings.allowed_hosts,
            room: room_for_bodies(),
        }
    }

    fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Resolves when the server has to stop.
    async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // It fails only without a sender, which this struct holds.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// Answers a request body after the pause of its answer.
    async fn answer(&self, endpoint: Endpoint, body: HeldBody) -> Answer {
        let (answer, attempt) = match self.answer_to(endpoint, &body.bytes) {
            Ok(answered) => answered,
            Err(refusal) => return self.refuse(endpoint, &refusal),
        };
        // Only a log needs the request after this.
        let body = self.log.is_some().then_some(body);
        let started = Instant::now();
        if answer.wait_us > 0 {
            tokio::select! {
                biased;
                // A stop ends the pause.
                () = self.stopped() => {}
                () = sleep(Duration::from_micros(answer.wait_us)) => {}
            }
        }
        let before = self.answered.fetch_add(1, Ordering::Relaxed);
        self.stop_after_the_last();
        if let (Some(log), Some(body)) = (&self.log, body) {
            let logged = Request {
                tick: before,
                lane: Lane::E,
                attempt,
                system_prompt: "",
                q: "",
                frame: "",
            };
            let outcome = answer.as_received(endpoint.provider());
            let outcome = outcome.as_ref().map_err(|fault| *fault);
            let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            let entry = CallEntry::new(&logged, body.bytes, outcome, took_us);
            // A log that cannot be written has stopped the server already.
            let _ = log.send(Entry::Call(entry)).await;
        }
        answer
    }

    /// The answer to a request body, and how often the request was sent before.
    fn answer_to(&self, endpoint: Endpoint, body: &[u8]) -> Result<(Answer, u32), Refusal> {
        let request = ParsedRequest::parse(endpoint, body)?;
        let identity = self.source.identity(&request);
        let attempt = self
            .attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .count(identity);
        Ok((self.source.answer(&request, attempt)?, attempt))
    }

    fn refuse(&self, endpoint: Endpoint, refusal: &Refusal) -> Answer {
        self.count_refused();
        refused(endpoint.provider(), refusal)
    }

    fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.stop_after_the_last();
    }

    /// Stops once there were as many requests as the settings say.
    fn stop_after_the_last(&self) {
        let summary = self.summary();
        let requests = summary.answered + summary.refused;
        if self.max_requests.is_some_and(|most| requests >= most.get()) {
            self.stop();
        }
    }

    fn summary(&self) -> Summary {
        let answered = self.answered.load(Ordering::Relaxed);
        let left_over = match &self.source {
            Source::Seeded(_) => None,
            // Every answer is a recorded call of its own.
            Source::Recorded(recording) => {
                Some((recording.counts().1 as u64).saturating_sub(answered))
            }
        };
        Summary {
            answered,
            refused: self.refused.load(Ordering::Relaxed),
            left_over,
        }
    }
}

/// The answer to a refused request. Its id is the same for every refusal.
fn refused(provider: Provider, refusal: &Refusal) -> Answer {
    let id = request_id(0);
    let body = refusal.body(provider, &id);
    let is_busy = refusal.reason == Reason::Busy;
    Answer {
        retry_after_ms: is_busy.then_some(1_000),
        ..Answer::json(refusal.reason.status(), body, id)
    }
}
