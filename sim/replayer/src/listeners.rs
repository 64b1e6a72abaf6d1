//! The ports of a tape's services, and what answers at them. A replay and a recorder listen alike.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use turingos_exchange::Target;
use turingos_loopback::{Limits, Loopback, serve};

/// Why a port cannot be had.
#[derive(Debug, Error)]
#[error("cannot listen on 127.0.0.1:{port}: {source}")]
pub struct CannotListen {
    /// The port; 0 for any that is free.
    pub port: u16,
    /// The cause, as the system says it.
    pub source: io::Error,
}

/// A port for each service, at which nothing is answered yet.
#[derive(Debug)]
pub struct Listeners {
    ports: Vec<(Arc<Target>, Loopback, SocketAddr)>,
    stopping: watch::Sender<bool>,
}

impl Listeners {
    /// Listens for each of the services: for the first one on `port`, for the others on free ones. A
    /// port of 0 is any that is free. Must be called inside a tokio runtime with I/O and time
    /// enabled.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn bind(targets: &[Target], port: u16, limits: Limits) -> Result<Self, CannotListen> {
        let stopping = watch::Sender::new(false);
        let mut ports = Vec::new();
        for (index, target) in targets.iter().enumerate() {
            let port = if index == 0 { port } else { 0 };
            let refused = |source| CannotListen { port, source };
            let listener = Loopback::bind(port, stopping.subscribe(), limits).await;
            let listener = listener.map_err(refused)?;
            let address = listener.address().map_err(refused)?;
            ports.push((Arc::new(target.clone()), listener, address));
        }
        Ok(Self { ports, stopping })
    }

    /// The services with their addresses.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&Target, SocketAddr)> {
        let ports = self.ports.iter();
        ports
            .map(|(target, _, address)| (&**target, *address))
            .collect()
    }

    /// Sent true, it stops what answers at the ports.
    #[must_use]
    pub fn stopping(&self) -> watch::Sender<bool> {
        self.stopping.clone()
    }

    /// Begins to answer the requests to each service, until it is stopped.
    #[must_use]
    pub fn serve<A, F, B>(self, answer: A) -> Serving
    where
        A: Fn(Arc<Target>, Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut ports = JoinSet::new();
        for (target, listener, _) in self.ports {
            let answer = answer.clone();
            let service = service_fn(move |request| {
                let answered = answer(Arc::clone(&target), request);
                async move { Ok::<_, Infallible>(answered.await) }
            });
            let mut stopping = self.stopping.subscribe();
            let stop = async move {
                // Without a sender the server is gone, which is a stop as well.
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            ports.spawn(serve(listener, service, stop));
        }
        Serving {
            ports,
            stopping: self.stopping,
        }
    }
}

/// Ports at which requests are answered.
#[derive(Debug)]
pub struct Serving {
    ports: JoinSet<()>,
    stopping: watch::Sender<bool>,
}

impl Serving {
    /// Resolves once it was told to stop.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // It fails only without a sender, which this struct holds.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// Stops listening, and lets requests in flight finish within the grace period.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        while self.ports.join_next().await.is_some() {}
    }
}
