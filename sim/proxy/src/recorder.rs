//! The tape of a proxy: written by all calls, one line at a time, without secrets.
//!
//! The first thing that goes wrong is kept for the end. A tape that cannot be written ends the
//! recording; a secret that cannot be redacted ends its call only.

use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::sync::watch;
use turingos_exchange::{
    End, Header, Limits, Origin, RecordedRequest, RecordedResponse, Redaction, TapeWriter,
};
use turingos_run::RunIoError;
use turingos_secrets::Leak;

/// Why a recording is not sound.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Trouble {
    /// A request or a response had a secret that cannot be redacted.
    #[error("call {call} to {target} was refused: {leak}")]
    Secret {
        /// How many calls came before it.
        call: u64,
        /// The name of the service.
        target: String,
        /// What and where.
        leak: Leak,
    },
    /// The tape cannot be written.
    #[error(transparent)]
    Tape(#[from] RunIoError),
}

/// Records the calls of a proxy.
#[derive(Debug)]
pub struct Recorder {
    tape: Mutex<Option<TapeWriter>>,
    trouble: Mutex<Option<Trouble>>,
    broken: watch::Sender<bool>,
    redaction: Redaction,
    pub(super) limits: Limits,
    pub(super) request_headers: Vec<String>,
    pub(super) response_headers: Vec<String>,
}

/// Why a call is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotRecorded {
    /// It has a secret that cannot be redacted.
    Secret(Leak),
    /// The tape cannot be written.
    Broken,
}

impl Recorder {
    /// A recorder onto `tape`, whose header is `header`.
    #[must_use]
    pub fn new(header: &Header, tape: TapeWriter, redaction: Redaction) -> Self {
        Self {
            tape: Mutex::new(Some(tape)),
            trouble: Mutex::new(None),
            broken: watch::Sender::new(false),
            redaction,
            limits: header.limits,
            request_headers: header.request_headers.clone(),
            response_headers: header.response_headers.clone(),
        }
    }

    /// The redaction of everything that is recorded.
    #[must_use]
    pub const fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// Records a request, and gives its number.
    pub(super) fn request(&self, request: &RecordedRequest) -> Result<u64, NotRecorded> {
        let redacted = self.redaction.request(request).map_err(|leak| {
            let call = self.tape().as_ref().map_or(0, TapeWriter::requests);
            self.keep(Trouble::Secret {
                call,
                target: request.target.clone(),
                leak,
            });
            NotRecorded::Secret(leak)
        })?;
        let request = redacted.as_ref().unwrap_or(request);
        let mut tape = self.tape();
        let tape = tape.as_mut().ok_or(NotRecorded::Broken)?;
        tape.request(request).map_err(|error| {
            self.break_off(error);
            NotRecorded::Broken
        })
    }

    /// Records the response to the request of that number; false if its end must not reach the
    /// agent.
    pub(super) fn response(
        &self,
        number: u64,
        target: &str,
        mut response: RecordedResponse,
    ) -> bool {
        let clean = self.redaction.response(&mut response);
        if let Err(leak) = clean {
            self.keep(Trouble::Secret {
                call: number,
                target: target.to_owned(),
                leak,
            });
            response = without_content(&response, leak);
        }
        let mut tape = self.tape();
        let written = match tape.as_mut() {
            Some(tape) => tape.response(number, &response),
            // The proxy has stopped, and the agent gets no further byte.
            None => return false,
        };
        match written {
            Ok(()) => clean.is_ok(),
            Err(error) => {
                self.break_off(error);
                false
            }
        }
    }

    fn tape(&self) -> MutexGuard<'_, Option<TapeWriter>> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, trouble: Trouble) {
        let mut kept = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert(trouble);
    }

    fn break_off(&self, error: RunIoError) {
        self.keep(error.into());
        self.broken.send_replace(true);
    }

    /// Resolves once the tape can no longer be written.
    pub async fn broken(&self) {
        let mut broken = self.broken.subscribe();
        // It fails only without a sender, which this struct holds.
        let _ = broken.wait_for(|broken| *broken).await;
    }

    /// Gives the tape back, if it was not given back before, and the first trouble. Nothing is
    /// recorded any more.
    pub fn close(&self) -> (Option<TapeWriter>, Option<Trouble>) {
        let tape = self.tape().take();
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        (tape, trouble.take())
    }
}

/// What is on the tape in place of a response that cannot be recorded.
fn without_content(response: &RecordedResponse, leak: Leak) -> RecordedResponse {
    RecordedResponse {
        status: response.status,
        headers: Vec::new(),
        head_us: response.head_us,
        chunks: Vec::new(),
        end: End::Cut,
        end_us: response.end_us,
        origin: Origin::Proxy,
        injected: None,
        note: Some(format!("not recorded: {leak}")),
    }
}
