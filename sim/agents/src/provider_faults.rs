//! Provider faults: their kinds, their responses, and how many calls of a tick they affect.
//!
//! A fault replaces the whole reply; it does not change a reply's text.

use strum::{IntoStaticStr, VariantArray};
use turingos::bus::Provider;
use turingos::dispatch::Lane;

use super::wire::{
    Ending, Envelope, GATEWAY_PAGE, ProviderError, REASONING_TEXT, Shape, push_error, push_reply,
};
use super::{RawReply, TransportFault};
use turingos_draws::Draws;

/// One kind of provider failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum ProviderFaultKind {
    /// No answer within a day of virtual time.
    Timeout,
    /// The connection is reset.
    ConnectionReset,
    /// The connection cannot be made.
    Unreachable,
    /// 429 with Retry-After.
    RateLimited,
    /// 429 because the account has no quota left; no Retry-After.
    QuotaExhausted,
    /// 500.
    ServerError,
    /// 503.
    Unavailable,
    /// 529.
    Overloaded,
    /// 200 with an empty body.
    EmptyBody,
    /// 200 with the first half of a body.
    CutBody,
    /// 502 with an HTML page.
    GatewayPage,
    /// 200 with an error envelope.
    ErrorUnderSuccess,
    /// 200 with a refusal in place of the reply.
    Refusal,
    /// 200 with half a reply, ended by the output limit.
    LengthTruncated,
    /// 200 with a tool call in place of the reply.
    ToolCall,
    /// 200 with reasoning but no reply.
    ReasoningOnly,
}

/// Whether a retry of the same provider can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// A retry may succeed.
    Retryable,
    /// The same call fails again: only another lane can help.
    Final,
}

impl ProviderFaultKind {
    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether a retry can help.
    #[must_use]
    pub const fn recovery(self) -> Recovery {
        match self {
            Self::Timeout
            | Self::ConnectionReset
            | Self::Unreachable
            | Self::RateLimited
            | Self::ServerError
            | Self::Unavailable
            | Self::Overloaded
            | Self::EmptyBody
            | Self::CutBody
            | Self::GatewayPage
            | Self::ErrorUnderSuccess => Recovery::Retryable,
            Self::QuotaExhausted
            | Self::Refusal
            | Self::LengthTruncated
            | Self::ToolCall
            | Self::ReasoningOnly => Recovery::Final,
        }
    }

    /// False if the provider's format cannot express it.
    #[must_use]
    pub fn exists_at(self, provider: Provider) -> bool {
        self != Self::Refusal || provider != Provider::Ollama
    }

    /// The response to a call with this fault. `envelope` is that of the reply it replaces.
    ///
    /// # Errors
    /// [`TransportFault`] for the kinds without a response. For [`Self::Timeout`] the caller first
    /// lets the time pass.
    pub fn response(
        self,
        envelope: &Envelope<'_>,
        draws: &mut Draws,
    ) -> Result<RawReply, TransportFault> {
        let provider = envelope.shape.provider();
        let key = envelope.key;
        let reply = |status, body| RawReply {
            provider,
            status,
            retry_after_us: None,
            headers: Vec::new(),
            body,
        };
        let error = |error: ProviderError, status| {
            let mut body = Vec::new();
            push_error(provider, error, key, &mut body);
            reply(status, body)
        };
        let success = |ending, text: &[u8], reasoning| {
            let mut body = Vec::new();
            let envelope = Envelope {
                shape: Shape::chat(provider),
                ending,
                text,
                reasoning,
                ..*envelope
            };
            push_reply(&envelope, &mut body);
            reply(200, body)
        };
        let half = &envelope.text[..envelope.text.len() / 2];
        Ok(match self {
            Self::Timeout | Self::Unreachable => return Err(TransportFault::Unreachable),
            Self::ConnectionReset => return Err(TransportFault::Reset),
            Self::RateLimited => {
                let seconds = u64::from(draws.range(1, 5));
                let mut reply = error(ProviderError::RateLimited, 429);
                reply.retry_after_us = Some(seconds * 1_000_000);
                reply
            }
            Self::QuotaExhausted => error(ProviderError::QuotaExhausted, 429),
            Self::ServerError => error(ProviderError::Internal, 500),
            Self::Unavailable => error(ProviderError::Unavailable, 503),
            Self::Overloaded => error(ProviderError::Overloaded, 529),
            Self::EmptyBody => reply(200, Vec::new()),
            Self::CutBody => {
                let mut reply = success(Ending::Stop, envelope.text, None);
                reply.body.truncate(reply.body.len() / 2);
                reply
            }
            Self::GatewayPage => reply(502, GATEWAY_PAGE.as_bytes().to_vec()),
            Self::ErrorUnderSuccess => error(ProviderError::Overloaded, 200),
            Self::Refusal => success(Ending::Refusal, b"", None),
            Self::LengthTruncated => success(Ending::Length, half, None),
            Self::ToolCall => success(Ending::ToolCall, envelope.text, None),
            Self::ReasoningOnly => success(Ending::Stop, b"", Some(REASONING_TEXT)),
        })
    }
}

/// A fault for some calls of one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FaultPlan {
    /// The kind of fault.
    pub(crate) kind: ProviderFaultKind,
    /// How many attempts on a lane fail; the next one succeeds.
    pub(crate) failing_attempts: u32,
    /// Whether the other lane fails as well.
    pub(crate) both_lanes: bool,
    /// The first lane that the tick calls.
    pub(crate) lane: Lane,
}

impl FaultPlan {
    /// True if the fault applies to the call.
    #[must_use]
    pub(crate) fn applies_to(&self, lane: Lane, attempt: u32) -> bool {
        (self.both_lanes || lane == self.lane) && attempt < self.failing_attempts
    }
}
