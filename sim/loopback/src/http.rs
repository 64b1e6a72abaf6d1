//! HTTP on accepted connections.
//!
//! A client may close its sending side once its request is sent; it is answered all the same.

use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;

use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{Connection, Limits, Loopback};

/// The most bytes of a connection that are read ahead; also the longest head of a request.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// Serves connections until `stop` resolves, and then lets the open ones finish their requests. None
/// of them outlives the grace period. Every request has a [`Fate`](super::Fate) as an extension.
pub async fn serve<S, B>(listener: Loopback, service: S, stop: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut stop = pin!(stop);
    let mut conversations = JoinSet::new();
    let limits = listener.limits();
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            connection = listener.accept() => {
                let stopping = listener.stopping();
                conversations.spawn(converse(connection, service.clone(), stopping, limits));
            }
            // Nothing is left of a conversation that has ended.
            Some(_) = conversations.join_next() => {}
        }
    }
    drop(listener);
    while conversations.join_next().await.is_some() {}
}

async fn converse<S, B>(
    connection: Connection,
    service: S,
    mut stopping: watch::Receiver<bool>,
    limits: Limits,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: Body + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let fate = connection.fate();
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(fate.clone());
        service.call(request)
    });
    let mut conversation = pin!(
        http1::Builder::new()
            .half_close(limits.half_close)
            .max_buf_size(MAX_BUFFER_BYTES)
            .serve_connection(TokioIo::new(connection), answer)
    );
    tokio::select! {
        biased;
        // A connection that breaks is its client's affair.
        _ = conversation.as_mut() => return,
        // Without a sender the server is gone, which is a stop as well.
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    conversation.as_mut().graceful_shutdown();
    let _ = conversation.await;
}
