//! An answer before it is sent: status, body and delivery.
//!
//! Never sends anything.

use turingos::bus::Provider;

use super::chaos::HANG_US;
use turingos_agents::{RawReply, TransportFault};
use turingos_run::tape::retry_after_us;

/// How many pieces a slow document is sent in.
const SLOW_PIECES: usize = 8;

/// How long a slow body takes at most, in microseconds.
const MAX_SLOW_BODY_US: u64 = 4_000_000;

/// The type of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// One JSON document.
    Json,
    /// Server-sent events.
    Events,
    /// One JSON document a line.
    Lines,
    /// A page for a browser.
    Html,
    /// A line for people.
    Text,
}

impl Content {
    /// The type of a streamed body of the provider.
    #[must_use]
    pub(crate) const fn streamed_by(provider: Provider) -> Self {
        match provider {
            Provider::OpenAi | Provider::Anthropic | Provider::Kimi => Self::Events,
            Provider::Ollama => Self::Lines,
        }
    }

    /// The type that a header value names; a JSON document for an unknown one.
    #[must_use]
    pub fn of_header(value: &str) -> Self {
        let kind = value.split(';').next().unwrap_or_default().trim();
        match kind {
            "text/event-stream" => Self::Events,
            "application/x-ndjson" => Self::Lines,
            "text/html" => Self::Html,
            "text/plain" => Self::Text,
            _ => Self::Json,
        }
    }

    /// The header's value.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Events => "text/event-stream; charset=utf-8",
            Self::Lines => "application/x-ndjson",
            Self::Html => "text/html",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// The separator of a stream's events; none if it is not a stream.
    #[must_use]
    pub const fn separator(self) -> Option<&'static [u8]> {
        match self {
            Self::Events => Some(b"\n\n"),
            Self::Lines => Some(b"\n"),
            Self::Json | Self::Html | Self::Text => None,
        }
    }
}

/// How an answer is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All of it.
    Whole,
    /// The connection ends after this many bytes of the body, at most its length.
    CutAfter(usize),
    /// After this many bytes of the body nothing comes for a long time; then the connection is reset.
    StallAfter(usize),
    /// All of it, in pieces with a pause before each.
    Slowly {
        /// The pause, in microseconds.
        gap_us: u64,
    },
    /// None of it: the connection is reset.
    Reset,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The type of the body.
    pub content: Content,
    /// When the client may ask again, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// How long to wait before the answer is sent, in microseconds.
    pub wait_us: u64,
    /// The whole body, even if it is cut or not sent.
    pub body: Vec<u8>,
    /// How it is delivered.
    pub delivery: Delivery,
    /// The id of the request in headers.
    pub request_id: String,
}

/// The pieces of a body and when each is sent, in microseconds from the first moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule<'a> {
    /// The pieces in their order.
    pub pieces: Vec<(u64, &'a [u8])>,
    /// When the connection breaks instead of ending as announced, if it does.
    pub breaks_after_us: Option<u64>,
}

impl Answer {
    /// What is delivered of the body, and when: a stream event by event, a document at once.
    #[must_use]
    pub fn schedule(&self) -> Schedule<'_> {
        let (kept, breaks_after_us) = match self.delivery {
            Delivery::Whole | Delivery::Slowly { .. } => (self.body.len(), None),
            Delivery::CutAfter(kept) => (kept.min(self.body.len()), Some(0)),
            Delivery::StallAfter(kept) => (kept.min(self.body.len()), Some(HANG_US)),
            Delivery::Reset => (0, Some(0)),
        };
        let body = &self.body[..kept];
        let mut pieces: Vec<_> = match (self.content.separator(), self.delivery) {
            (Some(separator), _) => events(body, separator).map(|piece| (0, piece)).collect(),
            (None, Delivery::Slowly { .. }) => {
                let length = body.len().div_ceil(SLOW_PIECES).max(1);
                body.chunks(length).map(|piece| (0, piece)).collect()
            }
            (None, _) => vec![(0, body)],
        };
        if let Delivery::Slowly { gap_us } = self.delivery {
            let count = u64::try_from(pieces.len()).unwrap_or(u64::MAX).max(1);
            let gap_us = gap_us.min(MAX_SLOW_BODY_US / count);
            let mut at_us = 0;
            for (after_us, _) in &mut pieces {
                at_us += gap_us;
                *after_us = at_us;
            }
        }
        Schedule {
            pieces,
            breaks_after_us,
        }
    }

    /// A whole JSON body that is sent at once.
    #[must_use]
    pub fn json(status: u16, body: Vec<u8>, request_id: String) -> Self {
        Self {
            status,
            content: Content::Json,
            retry_after_ms: None,
            wait_us: 0,
            body,
            delivery: Delivery::Whole,
            request_id,
        }
    }

    /// The headers that clients read, besides those that frame the body.
    #[must_use]
    pub fn headers(&self, provider: Provider) -> Vec<(&'static str, String)> {
        let mut headers = vec![("content-type", self.content.header().to_owned())];
        match provider {
            Provider::OpenAi => headers.push(("x-request-id", self.request_id.clone())),
            Provider::Anthropic | Provider::Kimi => {
                headers.push(("request-id", self.request_id.clone()))
            }
            // Ollama has no request ids.
            Provider::Ollama => {}
        }
        if let Some(after) = self.retry_after_ms {
            headers.push(("retry-after", after.div_ceil(1_000).to_string()));
            if provider != Provider::Ollama {
                headers.push(("retry-after-ms", after.to_string()));
            }
        }
        headers
    }

    /// The answer as its client sees it.
    ///
    /// # Errors
    /// [`TransportFault`], if it is not delivered whole.
    pub fn as_received(&self, provider: Provider) -> Result<RawReply, TransportFault> {
        match self.delivery {
            Delivery::CutAfter(_) | Delivery::StallAfter(_) | Delivery::Reset => {
                return Err(TransportFault::Reset);
            }
            Delivery::Whole | Delivery::Slowly { .. } => {}
        }
        let headers = self.headers(provider);
        Ok(RawReply {
            provider,
            status: self.status,
            retry_after_us: retry_after_us(|asked| {
                let header = headers.iter().find(|(name, _)| *name == asked);
                header.map(|(_, value)| value.as_str())
            }),
            headers: { headers.into_iter() }
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body: self.body.clone(),
        })
    }
}

/// The events of a streamed body, each with its separator.
pub fn events<'a>(body: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + 'a {
    let mut rest = body;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memmem::find(rest, separator)
            .map_or(rest.len(), |start| start + separator.len());
        let (event, after) = rest.split_at(end);
        rest = after;
        Some(event)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule_keeps_every_byte_that_is_delivered() {
        let answer = |content, delivery| Answer {
            content,
            delivery,
            ..Answer::json(200, b"data: a\n\ndata: b\n\n".to_vec(), String::new())
        };
        let delivered = |answer: &Answer| {
            let schedule = answer.schedule();
            let bytes: Vec<u8> = (schedule.pieces.iter())
                .flat_map(|(_, piece)| piece.to_vec())
                .collect();
            let last = schedule.pieces.last().map_or(0, |(at_us, _)| *at_us);
            (bytes.len(), last, schedule.breaks_after_us)
        };
        let slowly = Delivery::Slowly { gap_us: 1_000 };
        for (content, delivery, expected) in [
            (Content::Json, Delivery::Whole, (18, 0, None)),
            (Content::Events, Delivery::Whole, (18, 0, None)),
            (Content::Json, slowly, (18, 6_000, None)),
            (Content::Events, slowly, (18, 2_000, None)),
            (Content::Json, Delivery::CutAfter(5), (5, 0, Some(0))),
            (
                Content::Events,
                Delivery::StallAfter(10),
                (10, 0, Some(HANG_US)),
            ),
            (Content::Json, Delivery::Reset, (0, 0, Some(0))),
        ] {
            let answer = answer(content, delivery);
            assert_eq!(delivered(&answer), expected, "{answer:?}");
        }
        let endless = Delivery::Slowly { gap_us: u64::MAX };
        assert!(delivered(&answer(Content::Json, endless)).1 <= MAX_SLOW_BODY_US);
    }

    #[test]
    fn stream_splits_without_loss() {
        let split = |body, separator| events(body, separator).collect::<Vec<_>>();
        assert_eq!(
            split(b"data: a\n\ndata: b\n\nrest", b"\n\n"),
            [&b"data: a\n\n"[..], b"data: b\n\n", b"rest"]
        );
        assert_eq!(split(b"{}\n{}\n", b"\n"), [b"{}\n", b"{}\n"]);
        assert!(split(b"", b"\n").is_empty());
    }
}
