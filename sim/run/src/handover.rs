//! An oracle that changes hands: a seeded agent answers up to a tick, another oracle from there on.
//!
//! Draws nothing. What the other oracle answers is on the tape, so a replay never gets there.

use std::collections::BTreeMap;

use turingos::bus::{self, BusFault, Provider};
use turingos::dispatch::Lane;
use turingos_agents::wire::{Ending, Envelope, Shape, push_reply};
use turingos_agents::{
    Agent, GivenReply, Injected, Oracle, RawReply, Request, SeededOracle, TransportFault,
};

use crate::edits::{Edits, LivePart};

/// A seeded agent `A`, and `L` from the first live part of a fork on.
#[derive(Clone, Debug)]
pub struct Handover<A, L> {
    seeded: A,
    live: L,
    parts: Vec<LivePart>,
    /// Replies that are given in place of those of `L`, to every call of the lane that is asked
    /// first.
    replies: BTreeMap<u64, GivenReply>,
    /// The lane that was asked first in a tick.
    first: Option<(u64, Lane)>,
    /// `L` was asked last.
    is_live: bool,
}

impl<A, L> Handover<A, L> {
    /// `seeded` up to the live parts of these changes, and `live` in them.
    pub(crate) fn of(seeded: A, live: L, edits: &Edits) -> Self {
        Self {
            seeded,
            live,
            parts: edits.live.clone(),
            replies: edits.oracle.replies.clone(),
            first: None,
            is_live: false,
        }
    }

    /// The seeded agent.
    pub(crate) const fn seeded(&self) -> &A {
        &self.seeded
    }

    /// The other oracle.
    pub const fn live(&self) -> &L {
        &self.live
    }

    /// The reply that is given to this call, if one is.
    fn given(&mut self, request: &Request<'_>, part: usize) -> Option<RawReply> {
        let (tick, lane) = (request.tick, request.lane);
        match self.first {
            Some((of, _)) if of == tick => {}
            _ => self.first = Some((tick, lane)),
        }
        let reply = self.replies.get(&tick)?;
        let providers = &self.parts.get(part)?.providers;
        let kind = match lane {
            Lane::P => providers.p.kind,
            Lane::E => providers.e.kind,
        };
        (self.first == Some((tick, lane))).then(|| raw(reply, kind, tick))
    }
}

impl<A: Agent, L> Handover<SeededOracle<A>, L> {
    /// The seeded agent keeps to these changes from the next tick on.
    pub(crate) fn set_edits(&mut self, edits: &Edits) {
        self.seeded.set_edits(edits.oracle.clone());
    }
}

/// A given reply as a provider's response.
fn raw(reply: &GivenReply, kind: Provider, tick: u64) -> RawReply {
    let (provider, body) = match reply {
        GivenReply::Body { provider, body } => (*provider, body.as_bytes().to_vec()),
        GivenReply::Text(text) => {
            let mut body = Vec::new();
            let envelope = Envelope {
                shape: Shape::chat(kind),
                model: None,
                key: tick,
                tick,
                reasoning: None,
                ending: Ending::Stop,
                text: text.as_bytes(),
                calls: &[],
                echo: "",
                prompt_tokens: None,
            };
            push_reply(&envelope, &mut body);
            (kind, body)
        }
    };
    RawReply {
        provider,
        status: 200,
        retry_after_us: None,
        headers: Vec::new(),
        body,
    }
}

impl<A: Oracle, L: Oracle> Oracle for Handover<A, L> {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        let part = self.parts.iter().rposition(|it| it.tick <= request.tick);
        self.is_live = part.is_some();
        match part {
            None => self.seeded.call(request).await,
            Some(part) => match self.given(&request, part) {
                Some(reply) => Ok(reply),
                None => self.live.call(request).await,
            },
        }
    }

    fn simulated_latency_us(&self) -> u64 {
        match self.is_live {
            true => self.live.simulated_latency_us(),
            false => self.seeded.simulated_latency_us(),
        }
    }

    fn is_simulated(&self) -> bool {
        self.parts.is_empty() && self.seeded.is_simulated()
    }

    fn recycle(&mut self, body: Vec<u8>) {
        self.seeded.recycle(body);
    }

    fn take_sent(&mut self) -> Option<Vec<u8>> {
        self.live.take_sent()
    }

    fn read(&mut self, reply: Result<&bus::Reply, &BusFault>) {
        match self.is_live {
            true => self.live.read(reply),
            false => self.seeded.read(reply),
        }
    }

    fn injected(&self) -> Option<&Injected> {
        self.seeded.injected()
    }
}
