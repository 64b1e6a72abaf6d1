//! A call under way: its request is on the tape, its response is being gathered.
//!
//! However a call ends, its response is recorded once: also when the agent leaves, and everything
//! that waited for it is dropped.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;
use turingos_exchange::{Body, Chunk, End, Origin, RecordedResponse, Target};
use turingos_loopback::HeldBody;

use crate::recorder::Recorder;

/// A call under way.
#[derive(Debug)]
pub(super) struct Call {
    recorder: Arc<Recorder>,
    target: Arc<Target>,
    number: u64,
    started: Instant,
    chunks: Vec<(u64, Bytes)>,
    head: RecordedResponse,
    is_recorded: bool,
    /// The request's body counts among those in memory until the call has ended.
    _held: Option<HeldBody>,
}

impl Call {
    pub(super) fn new(
        recorder: Arc<Recorder>,
        target: Arc<Target>,
        number: u64,
        started: Instant,
        held: Option<HeldBody>,
    ) -> Self {
        Self {
            recorder,
            target,
            number,
            started,
            chunks: Vec::new(),
            head: RecordedResponse {
                status: None,
                headers: Vec::new(),
                head_us: 0,
                chunks: Vec::new(),
                end: End::Whole,
                end_us: 0,
                origin: Origin::Proxy,
                injected: None,
                note: None,
            },
            is_recorded: false,
            _held: held,
        }
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Takes the head of the response.
    pub(super) fn head(&mut self, status: u16, headers: Vec<(String, String)>, origin: Origin) {
        self.head.status = Some(status);
        self.head.headers = headers;
        self.head.head_us = self.elapsed_us();
        self.head.origin = origin;
    }

    /// Takes a piece of the response's body.
    pub(super) fn chunk(&mut self, bytes: Bytes) {
        self.chunks.push((self.elapsed_us(), bytes));
    }

    /// Records the response; false if its end must not reach the agent.
    pub(super) fn end(&mut self, end: End, note: Option<String>) -> bool {
        if self.is_recorded {
            return true;
        }
        self.is_recorded = true;
        let chunks = std::mem::take(&mut self.chunks).into_iter();
        let response = RecordedResponse {
            headers: std::mem::take(&mut self.head.headers),
            chunks: chunks
                .map(|(at_us, bytes)| Chunk {
                    at_us,
                    bytes: Body(bytes.into()),
                })
                .collect(),
            end,
            end_us: self.elapsed_us(),
            note,
            ..self.head.clone()
        };
        self.recorder
            .response(self.number, &self.target.name, response)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // The agent has gone, or the proxy has stopped; what came until then is on the tape.
        self.end(End::ClientLeft, None);
    }
}
