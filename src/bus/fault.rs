//! Why a response is not a whole reply: one machine-readable code for each reason.
//!
//! The provider or the request is to blame; the decoder judges the model's syntax. A detail never
//! carries controls or more than a clipped message.

use alloc::string::String;
use core::fmt;

use serde::Serialize;

use super::envelope::ErrorInfo;
use crate::json::{JsonFault, JsonFaultKind};
use crate::named_enum::named_enum;
use crate::text::{clipped, is_forbidden};

/// A response that carries no whole reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BusFault {
    /// The reason, stable across versions.
    pub code: BusFaultCode,
    /// What the provider said, or where the body is wrong, for people. At most 200 characters.
    pub detail: String,
}

impl BusFault {
    /// A fault whose detail is clipped, with controls shown as spaces.
    #[must_use]
    pub fn new(code: BusFaultCode, detail: fmt::Arguments<'_>) -> Self {
        let detail = clipped(detail)
            .chars()
            .map(|character| {
                if is_forbidden(character) || character.is_control() {
                    ' '
                } else {
                    character
                }
            })
            .collect();
        Self { code, detail }
    }

    /// The fault that an error envelope means, under a success status too.
    pub(super) fn reported(status: u16, error: &ErrorInfo<'_>) -> Self {
        let code = error_code(status, error);
        let kind = error.kind.as_deref().or(error.code.as_deref());
        let message = error.message.as_deref().unwrap_or("no message");
        Self::new(
            code,
            format_args!("status {status}, {}: {message}", kind.unwrap_or("error")),
        )
    }
}

impl fmt::Display for BusFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl core::error::Error for BusFault {}

/// What is wrong with a body as JSON.
impl From<JsonFault> for BusFault {
    #[cold]
    fn from(fault: JsonFault) -> Self {
        let code = match fault.kind {
            JsonFaultKind::Truncated(_) => BusFaultCode::TruncatedBody,
            JsonFaultKind::TooDeep(_) => BusFaultCode::TooDeep,
            JsonFaultKind::DuplicateKey(_) => BusFaultCode::DuplicateKey,
            JsonFaultKind::Syntax(_)
            | JsonFaultKind::TrailingBytes
            | JsonFaultKind::ForbiddenCharacter(_)
            | JsonFaultKind::LoneSurrogate
            | JsonFaultKind::FloatNumber(_)
            | JsonFaultKind::NumberTooLarge(_) => BusFaultCode::NotJson,
        };
        Self::new(code, format_args!("{fault}"))
    }
}

named_enum! {
    /// Every reason for which a response carries no whole reply.
    #[non_exhaustive]
    pub enum BusFaultCode {
        /// Too many requests or tokens for now.
        RateLimited = "RATE_LIMITED",
        /// The account is out of quota or credit.
        QuotaExhausted = "QUOTA_EXHAUSTED",
        /// The provider is over capacity.
        Overloaded = "OVERLOADED",
        /// The provider failed inside.
        ServerError = "SERVER_ERROR",
        /// The provider gave up waiting.
        Timeout = "TIMEOUT",
        /// The request collided with another.
        Conflict = "CONFLICT",
        /// The key is absent, wrong or not allowed this.
        Unauthorized = "UNAUTHORIZED",
        /// The request is malformed.
        InvalidRequest = "INVALID_REQUEST",
        /// There is no such model or address.
        NotFound = "NOT_FOUND",
        /// The request is too long.
        RequestTooLarge = "REQUEST_TOO_LARGE",
        /// A status that is neither a success nor an error.
        UnexpectedStatus = "UNEXPECTED_STATUS",
        /// An error envelope of no known kind under a success status.
        ProviderError = "PROVIDER_ERROR",
        /// The model declined to answer.
        Refusal = "REFUSAL",
        /// A filter removed the answer or part of it.
        ContentFilter = "CONTENT_FILTER",
        /// The answer is a tool call, not text.
        ToolCall = "TOOL_CALL",
        /// The answer ran into the token limit.
        CutOff = "CUT_OFF",
        /// The answer ran into the model's context window.
        ContextExceeded = "CONTEXT_EXCEEDED",
        /// The provider paused the turn and wants it continued.
        Paused = "PAUSED",
        /// The answer is blank.
        EmptyContent = "EMPTY_CONTENT",
        /// The model reasoned but did not answer.
        OnlyReasoning = "ONLY_REASONING",
        /// There is no choice.
        NoChoice = "NO_CHOICE",
        /// There is more than one choice.
        SeveralChoices = "SEVERAL_CHOICES",
        /// The finish reason is absent or unknown.
        UnknownFinish = "UNKNOWN_FINISH",
        /// A single document says that more would follow.
        NotDone = "NOT_DONE",
        /// A model was loaded or unloaded; nothing was generated.
        NotGenerated = "NOT_GENERATED",
        /// A stream ended before its end was announced.
        CutStream = "CUT_STREAM",
        /// The events of a stream come in an impossible order.
        BadStream = "BAD_STREAM",
        /// There is no body.
        EmptyBody = "EMPTY_BODY",
        /// The body is longer than [`MAX_BODY_BYTES`](super::MAX_BODY_BYTES).
        BodyTooLarge = "BODY_TOO_LARGE",
        /// The body is not UTF-8.
        NotUtf8 = "NOT_UTF8",
        /// The body is not JSON.
        NotJson = "NOT_JSON",
        /// The body is the beginning of JSON.
        TruncatedBody = "TRUNCATED_BODY",
        /// The body nests deeper than [`MAX_BODY_NESTING`](super::MAX_BODY_NESTING).
        TooDeep = "TOO_DEEP",
        /// An object has a duplicate key.
        DuplicateKey = "DUPLICATE_KEY",
        /// A field has another type or kind than the format says.
        WrongType = "WRONG_TYPE",
        /// A field that the format requires is absent.
        MissingField = "MISSING_FIELD",
    }
}

impl BusFaultCode {
    /// True if the same request may succeed later: the fault lies in the provider's state or in
    /// transport, not in the request or the model's answer.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::RateLimited
            | Self::Overloaded
            | Self::ServerError
            | Self::Timeout
            | Self::Conflict
            | Self::ProviderError
            | Self::EmptyContent
            | Self::OnlyReasoning
            | Self::NoChoice
            | Self::NotDone
            | Self::NotGenerated
            | Self::CutStream
            | Self::BadStream
            | Self::EmptyBody
            | Self::NotUtf8
            | Self::NotJson
            | Self::TruncatedBody => true,
            Self::QuotaExhausted
            | Self::Unauthorized
            | Self::InvalidRequest
            | Self::NotFound
            | Self::RequestTooLarge
            | Self::UnexpectedStatus
            | Self::Refusal
            | Self::ContentFilter
            | Self::ToolCall
            | Self::CutOff
            | Self::ContextExceeded
            | Self::Paused
            | Self::SeveralChoices
            | Self::UnknownFinish
            | Self::BodyTooLarge
            | Self::TooDeep
            | Self::DuplicateKey
            | Self::WrongType
            | Self::MissingField => false,
        }
    }
}

/// A specific kind says more than the status (a quota is a 429 too), the status more than a
/// generic kind (OpenAI calls a wrong key an invalid request).
fn error_code(status: u16, error: &ErrorInfo<'_>) -> BusFaultCode {
    let kinds = || [&error.code, &error.kind].into_iter().flatten();
    kinds()
        .find_map(|kind| specific_kind(kind))
        .or_else(|| status_code(status))
        .or_else(|| kinds().find_map(|kind| generic_kind(kind)))
        .unwrap_or(BusFaultCode::ProviderError)
}

fn specific_kind(kind: &str) -> Option<BusFaultCode> {
    Some(match kind {
        "insufficient_quota"
        | "billing_error"
        | "billing_hard_limit_reached"
        | "exceeded_current_quota_error" => BusFaultCode::QuotaExhausted,
        "rate_limit_error" | "rate_limit_exceeded" | "rate_limit_reached_error" => {
            BusFaultCode::RateLimited
        }
        "overloaded_error" | "engine_overloaded_error" => BusFaultCode::Overloaded,
        "timeout_error" => BusFaultCode::Timeout,
        "authentication_error"
        | "invalid_api_key"
        | "invalid_authentication_error"
        | "permission_error" => BusFaultCode::Unauthorized,
        "not_found_error" | "model_not_found" => BusFaultCode::NotFound,
        "request_too_large" => BusFaultCode::RequestTooLarge,
        "content_filter" => BusFaultCode::ContentFilter,
        _ => return None,
    })
}

fn generic_kind(kind: &str) -> Option<BusFaultCode> {
    match kind {
        "api_error" | "server_error" | "internal_server_error" => Some(BusFaultCode::ServerError),
        "invalid_request_error" => Some(BusFaultCode::InvalidRequest),
        _ => None,
    }
}

/// What a status means by itself; nothing for a success.
const fn status_code(status: u16) -> Option<BusFaultCode> {
    Some(match status {
        200..=299 => return None,
        401 | 403 => BusFaultCode::Unauthorized,
        402 => BusFaultCode::QuotaExhausted,
        404 => BusFaultCode::NotFound,
        408 | 504 => BusFaultCode::Timeout,
        409 => BusFaultCode::Conflict,
        413 => BusFaultCode::RequestTooLarge,
        429 => BusFaultCode::RateLimited,
        503 | 529 => BusFaultCode::Overloaded,
        400..=499 => BusFaultCode::InvalidRequest,
        500..=599 => BusFaultCode::ServerError,
        _ => BusFaultCode::UnexpectedStatus,
    })
}
