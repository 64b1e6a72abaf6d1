//! HTTP on accepted connections.
//!
//! A client may close its sending side once its request is sent; it is answered all the same.

use std::pin::pin;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{Connection, Loopback};

/// The most bytes of a connection that are read ahead; also the longest head of a request.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// Serves connections until `stop` resolves, and then lets the open ones finish their requests. None
/// of them outlives the grace period.
pub(super) async fn serve(listener: Loopback, routes: Router, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            connection = listener.accept() => {
                let conversation = converse(connection, routes.clone(), listener.stopping());
                conversations.spawn(conversation);
            }
            // Nothing is left of a conversation that has ended.
            Some(_) = conversations.join_next() => {}
        }
    }
    drop(listener);
    while conversations.join_next().await.is_some() {}
}

async fn converse(connection: Connection, routes: Router, mut stopping: watch::Receiver<bool>) {
    let fate = connection.fate();
    let routes = TowerToHyperService::new(routes);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(fate.clone());
        routes.call(request)
    });
    let mut conversation = pin!(
        http1::Builder::new()
            .half_close(true)
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
