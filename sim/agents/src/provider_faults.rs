//! How providers fail, and for how many calls of a tick a failure lasts.
//!
//! Never touches a reply's text: a fault stands in place of the reply.

use turingos::bus::Provider;
use turingos::dispatch::Lane;

use super::wire::{Ending, Envelope, GATEWAY_PAGE, ProviderError, Shape, push_error, push_reply};
use super::{RawReply, TransportFault};
use turingos_draws::Draws;

/// One way for a provider to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProviderFaultKind {
    /// Nothing comes within a day of virtual time.
    Timeout,
    /// The connection is reset.
    ConnectionReset,
    /// The connection cannot be made.
    Unreachable,
    /// 429 with Retry-After.
    RateLimited,
    /// 429 because the account is spent; no Retry-After.
    QuotaExhausted,
    /// 500.
    ServerError,
    /// 503.
    Unavailable,
    /// 529.
    Overloaded,
    /// 200 and no body.
    EmptyBody,
    /// 200 and the first half of a body.
    CutBody,
    /// 502 and a page of HTML.
    GatewayPage,
    /// 200 and an error envelope.
    ErrorUnderSuccess,
    /// 200, a refusal in place of the reply.
    Refusal,
    /// 200, ended by the output limit half-way through the reply.
    LengthTruncated,
    /// 200, a tool call in place of the reply.
    ToolCall,
    /// 200, reasoning and no reply.
    ReasoningOnly,
}

/// Whether asking the same provider again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// A retry may succeed.
    Retryable,
    /// The same call fails again: only another lane can help.
    Final,
}

impl ProviderFaultKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Timeout,
        Self::ConnectionReset,
        Self::Unreachable,
        Self::RateLimited,
        Self::QuotaExhausted,
        Self::ServerError,
        Self::Unavailable,
        Self::Overloaded,
        Self::EmptyBody,
        Self::CutBody,
        Self::GatewayPage,
        Self::ErrorUnderSuccess,
        Self::Refusal,
        Self::LengthTruncated,
        Self::ToolCall,
        Self::ReasoningOnly,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ConnectionReset => "connection_reset",
            Self::Unreachable => "unreachable",
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::ServerError => "server_error",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
            Self::EmptyBody => "empty_body",
            Self::CutBody => "cut_body",
            Self::GatewayPage => "gateway_page",
            Self::ErrorUnderSuccess => "error_under_success",
            Self::Refusal => "refusal",
            Self::LengthTruncated => "length_truncated",
            Self::ToolCall => "tool_call",
            Self::ReasoningOnly => "reasoning_only",
        }
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

    /// False where the provider's format cannot say it.
    #[must_use]
    pub fn exists_at(self, provider: Provider) -> bool {
        self != Self::Refusal || provider != Provider::Ollama
    }

    /// What the call meets. `envelope` is that of the reply which the fault displaces.
    ///
    /// # Errors
    /// [`TransportFault`] for the kinds without a response. [`Self::Timeout`] is one of them: the
    /// caller lets its day pass first.
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
            Self::ReasoningOnly => success(Ending::Stop, b"", Some(THOUGHT)),
        })
    }
}

/// What a model says while it thinks.
pub const THOUGHT: &str = "The frame shows where the work stands; one step follows from it.";

/// A fault that holds for a part of one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    /// What goes wrong.
    pub kind: ProviderFaultKind,
    /// How many attempts on a lane fail; the next one succeeds.
    pub failing_attempts: u32,
    /// Whether the other lane fails as well.
    pub both_lanes: bool,
    /// The lane the tick was first asked on.
    pub lane: Lane,
}

impl FaultPlan {
    /// True if the call meets the fault.
    #[must_use]
    pub fn strikes(&self, lane: Lane, attempt: u32) -> bool {
        (self.both_lanes || lane == self.lane) && attempt < self.failing_attempts
    }
}
