//! An oracle whose calls are on a tape: answered from it, or made and recorded.
//!
//! Without a live oracle behind it, it calls nobody: what the tape does not hold is a divergence.
//! Never sleeps while the tape is played, and never answers a request that was not recorded.

use crate::tape::{CallOutcome, Deck, Played, RequestEncoder};
use turingos_agents::{Oracle, RawReply, Request, TransportFault};

/// Answers from a tape, and from `O` where the tape has ended.
#[derive(Debug)]
pub struct RecordedOracle<O, F> {
    deck: Deck,
    encoder: F,
    live: O,
}

/// Nobody to call.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Oracle for Nobody {
    async fn call(&mut self, _request: Request<'_>) -> Result<RawReply, TransportFault> {
        Err(TransportFault::Unreachable)
    }
}

impl<O: Oracle, F: RequestEncoder> RecordedOracle<O, F> {
    /// An oracle over `deck`. `encoder` makes the request body from what is asked: the same for a
    /// recording and its replay, whose calls are recognised by it.
    #[must_use]
    pub const fn new(deck: Deck, encoder: F, live: O) -> Self {
        Self {
            deck,
            encoder,
            live,
        }
    }

    /// The oracle behind the tape.
    pub const fn live(&self) -> &O {
        &self.live
    }
}

impl<O: Oracle, F: RequestEncoder> Oracle for RecordedOracle<O, F> {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        match self.deck.call(&request, &mut self.encoder) {
            Played::Old(CallOutcome::Reply(reply)) => Ok(reply.into_raw()),
            Played::Old(CallOutcome::Fault(fault)) => Err(fault),
            Played::New => self.live.call(request).await,
            Played::Nothing => Err(TransportFault::Unreachable),
        }
    }
}
