//! A provider on loopback that any program can be tested against: OpenAI's, Anthropic's and
//! Ollama's protocols, answered by a seeded agent or from a recording.
//!
//! What a request is answered does not depend on who else asks, on which thread, or when: that is
//! why this is the one place with more than one runtime thread. It never listens on anything but
//! 127.0.0.1, never calls anybody, and never keeps or logs a header of a request, so that no key
//! can leak.

pub mod agent;
pub mod answer;
pub mod asked;
pub mod attempts;
pub mod chaos;
mod connection;
mod discovery;
pub mod endpoint;
pub mod refusal;
mod response;
mod routes;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use agent::{Agent, request_id};
use answer::Answer;
use asked::Asked;
use attempts::Attempts;
use connection::{Fate, Loopback};
use endpoint::Endpoint;
use refusal::Refusal;

pub use connection::{IDLE_LIMIT, MAX_CONNECTIONS};
pub use response::BODY_LIMIT;

/// How long the requests in flight have to end once the server is to stop.
pub const GRACE: Duration = Duration::from_secs(5);

/// What a server is made from.
#[derive(Debug)]
pub struct Settings {
    /// The port to listen on; 0 for any that is free.
    pub port: u16,
    /// Who answers.
    pub agent: Agent,
    /// After how many answered requests to stop; never, for none.
    pub max_requests: Option<NonZeroU64>,
}

/// What a server did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Requests that were answered, chaos included.
    pub answered: u64,
    /// Requests that were refused: malformed, too large, or to no endpoint.
    pub refused: u64,
}

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    desk: Arc<Desk>,
}

impl Server {
    /// Takes the port. Must be called inside a tokio runtime with I/O and time enabled.
    ///
    /// # Errors
    /// The port is in use or may not be had.
    pub async fn bind(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            desk: Arc::new(Desk::new(settings)),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is over or the settings' number of requests is answered. Requests in
    /// flight are answered, but not waited for longer than [`GRACE`].
    ///
    /// # Errors
    /// The listener failed.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<Summary> {
        let desk = Arc::clone(&self.desk);
        let mut stopped = desk.stopping.subscribe();
        let signalling = Arc::clone(&desk);
        let until_stopped = async move {
            let mut full = signalling.stopping.subscribe();
            tokio::select! {
                biased;
                () = stop => {}
                // The sender lives in the desk, so that the wait ends by its value alone.
                _ = full.wait_for(|stopping| *stopping) => {}
            }
            signalling.stopping.send_replace(true);
        };
        let routes = routes::of(Arc::clone(&desk));
        let serving = axum::serve(
            Loopback::new(self.listener),
            routes.into_make_service_with_connect_info::<Fate>(),
        )
        .with_graceful_shutdown(until_stopped);
        let out_of_patience = async {
            // As above: the sender is alive.
            let _ = stopped.wait_for(|stopping| *stopping).await;
            sleep(GRACE).await;
        };
        tokio::select! {
            biased;
            ended = serving => ended?,
            () = out_of_patience => {}
        }
        Ok(desk.summary())
    }
}

/// Where requests are answered.
#[derive(Debug)]
struct Desk {
    agent: Agent,
    attempts: Mutex<Attempts>,
    max_requests: Option<NonZeroU64>,
    answered: AtomicU64,
    refused: AtomicU64,
    stopping: watch::Sender<bool>,
}

impl Desk {
    fn new(settings: Settings) -> Self {
        Self {
            agent: settings.agent,
            attempts: Mutex::default(),
            max_requests: settings.max_requests,
            answered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            stopping: watch::Sender::new(false),
        }
    }

    /// Answers a body that was posted to an endpoint, after the pause that the answer asks for.
    async fn answer(&self, endpoint: Endpoint, body: &[u8]) -> Answer {
        let asked = match Asked::parse(endpoint, body) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse(endpoint, &refusal),
        };
        let attempt = self
            .attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .count(asked.hash);
        let answer = self.agent.answer(&asked, attempt);
        if answer.wait_us > 0 {
            let mut stopping = self.stopping.subscribe();
            tokio::select! {
                biased;
                // A server that stops keeps nobody waiting.
                _ = stopping.wait_for(|stopping| *stopping) => {}
                () = sleep(Duration::from_micros(answer.wait_us)) => {}
            }
        }
        let answered = self.answered.fetch_add(1, Ordering::Relaxed) + 1;
        if self.max_requests.is_some_and(|most| answered >= most.get()) {
            self.stopping.send_replace(true);
        }
        answer
    }

    fn refuse(&self, endpoint: Endpoint, refusal: &Refusal) -> Answer {
        self.refused.fetch_add(1, Ordering::Relaxed);
        refused(endpoint.provider(), refusal)
    }

    fn summary(&self) -> Summary {
        Summary {
            answered: self.answered.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

/// The answer that says what is wrong. Its id is the same for every request that is refused.
fn refused(provider: turingos::bus::Provider, refusal: &Refusal) -> Answer {
    let id = request_id(0);
    let body = refusal.body(provider, &id);
    Answer::json(refusal.reason.status(), body, id)
}
