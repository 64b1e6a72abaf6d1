//! Error bodies in each provider's format.

use turingos::bus::Provider;

use crate::json_text::{push_json_string, push_number};

/// An error on the provider's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderError {
    /// Too many requests; retry later.
    RateLimited,
    /// The account's quota is used up.
    QuotaExhausted,
    /// An internal error.
    Internal,
    /// No capacity.
    Unavailable,
    /// No capacity, as the messages API reports it.
    Overloaded,
}

impl ProviderError {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::RateLimited | Self::QuotaExhausted => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::Overloaded => 529,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::RateLimited => "Rate limit reached for requests. Please try again later.",
            Self::QuotaExhausted => {
                "You exceeded your current quota, please check your plan and billing details."
            }
            Self::Internal => "The server had an error while processing your request.",
            Self::Unavailable => "server busy, please try again. maximum pending requests exceeded",
            Self::Overloaded => "Overloaded",
        }
    }

    /// Type and code in OpenAI's envelope.
    const fn openai_names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::RateLimited => ("requests", Some("rate_limit_exceeded")),
            Self::QuotaExhausted => ("insufficient_quota", Some("insufficient_quota")),
            Self::Internal => ("server_error", None),
            Self::Unavailable => ("service_unavailable_error", None),
            Self::Overloaded => ("engine_overloaded_error", None),
        }
    }

    /// Type in the envelope of the messages API.
    const fn messages_name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limit_error",
            Self::QuotaExhausted => "billing_error",
            Self::Internal => "api_error",
            Self::Unavailable | Self::Overloaded => "overloaded_error",
        }
    }
}

/// Appends the error body of `provider`. The request id is made from `key`.
pub fn push_error(provider: Provider, error: ProviderError, key: u64, out: &mut Vec<u8>) {
    let message = error.message().as_bytes();
    match provider {
        Provider::OpenAi => {
            let (kind, code) = error.openai_names();
            out.extend_from_slice(br#"{"error":{"message":"#);
            push_json_string(out, message);
            out.extend_from_slice(br#","type":"#);
            push_json_string(out, kind.as_bytes());
            out.extend_from_slice(br#","param":null,"code":"#);
            match code {
                Some(code) => push_json_string(out, code.as_bytes()),
                None => out.extend_from_slice(b"null"),
            }
            out.extend_from_slice(b"}}");
        }
        Provider::Anthropic | Provider::Kimi => {
            out.extend_from_slice(br#"{"type":"error","error":{"type":"#);
            push_json_string(out, error.messages_name().as_bytes());
            out.extend_from_slice(br#","message":"#);
            push_json_string(out, message);
            out.extend_from_slice(br#"},"request_id":"req_"#);
            push_number(out, key);
            out.extend_from_slice(b"\"}");
        }
        Provider::Ollama => {
            out.extend_from_slice(br#"{"error":"#);
            push_json_string(out, message);
            out.extend_from_slice(b"}");
        }
    }
}

/// The page of a gateway that cannot reach the provider behind it.
pub const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
