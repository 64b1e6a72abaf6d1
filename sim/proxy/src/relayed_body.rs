//! The body of a response on its way to the agent: each piece is passed on as it comes, but not its
//! end, which waits until the response is on the tape.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use turingos_exchange::End;
use turingos_loopback::{Fate, TimedBody};

use crate::call::Call;
use crate::upstream::early_end;

/// The body of an answer to the agent.
#[derive(Debug)]
pub struct RelayedBody(Kind);

#[derive(Debug)]
enum Kind {
    /// Made here, and on the tape already.
    Own(Full<Bytes>),
    /// From a recording, or trouble on purpose; on the tape already.
    Replayed(TimedBody),
    Relayed(Box<Relayed>),
}

#[derive(Debug)]
struct Relayed {
    source: Incoming,
    call: Call,
    fate: Fate,
    /// How many bytes are still to come, if the head said so.
    remaining: Option<u64>,
    /// How many bytes may still come.
    room: u64,
    is_over: bool,
    /// What is left of a body that broke off: the break, once all that came before it is sent.
    breaking: Option<TimedBody>,
}

impl RelayedBody {
    /// A body that is on the tape already.
    pub(super) fn own(bytes: Bytes) -> Self {
        Self(Kind::Own(Full::new(bytes)))
    }

    /// A body that a replay sends, which is on the tape already.
    pub(super) const fn replayed(body: TimedBody) -> Self {
        Self(Kind::Replayed(body))
    }

    /// The body of a service's response of at most `limit` bytes. An empty one is recorded at once;
    /// nothing if it cannot be.
    pub(super) fn relayed(
        source: Incoming,
        mut call: Call,
        fate: Fate,
        limit: u64,
    ) -> Option<Self> {
        if source.is_end_stream() {
            return call.end(End::Whole, None).then(|| Self::own(Bytes::new()));
        }
        let remaining = source.size_hint().exact();
        Some(Self(Kind::Relayed(Box::new(Relayed {
            source,
            call,
            fate,
            remaining,
            room: limit,
            is_over: false,
            breaking: None,
        }))))
    }
}

impl Relayed {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        loop {
            if let Some(breaking) = &mut self.breaking {
                return Pin::new(breaking).poll_frame(context);
            }
            let frame = ready!(Pin::new(&mut self.source).poll_frame(context));
            let data = match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => data,
                // Trailers are not passed on.
                Some(Ok(Err(_))) => continue,
                Some(Err(error)) => {
                    let (end, note) = early_end(&error);
                    self.break_off(end, note);
                    continue;
                }
                None => {
                    self.is_over = true;
                    return Poll::Ready(match self.call.end(End::Whole, None) {
                        true => None,
                        false => Some(Err(unrecorded())),
                    });
                }
            };
            let length = data.len() as u64;
            if length > self.room {
                let note = "the body is longer than the limit of the recording".to_owned();
                self.break_off(End::Cut, note);
                continue;
            }
            self.room -= length;
            self.call.chunk(data.clone());
            self.remaining = self.remaining.map(|bytes| bytes.saturating_sub(length));
            if self.remaining == Some(0) {
                self.is_over = true;
                if !self.call.end(End::Whole, None) {
                    return Poll::Ready(Some(Err(unrecorded())));
                }
            }
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
    }

    /// Ends the body as the service did: the agent sees a reset, or an end before the announced one.
    fn break_off(&mut self, end: End, note: String) {
        self.call.end(end, Some(note));
        let rest = TimedBody::new([]);
        self.breaking = Some(match end {
            End::Reset => rest.resetting(None, self.fate.clone()),
            End::Whole | End::Cut | End::ClientLeft => rest.breaking(None),
        });
    }
}

fn unrecorded() -> io::Error {
    io::Error::other("the response could not be recorded")
}

impl Body for RelayedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            Kind::Own(body) => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                Poll::Ready(frame.map(|frame| frame.map_err(|never| match never {})))
            }
            Kind::Replayed(body) => Pin::new(body).poll_frame(context),
            Kind::Relayed(relayed) => relayed.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Own(body) => body.is_end_stream(),
            Kind::Replayed(body) => body.is_end_stream(),
            // Its end is recorded when it is asked for.
            Kind::Relayed(relayed) => relayed.is_over,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Own(body) => body.size_hint(),
            Kind::Replayed(body) => body.size_hint(),
            Kind::Relayed(relayed) => match relayed.remaining {
                Some(bytes) => SizeHint::with_exact(bytes),
                None => SizeHint::default(),
            },
        }
    }
}
