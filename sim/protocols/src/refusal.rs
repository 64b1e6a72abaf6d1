//! Refused requests, as error bodies in the format of their provider.
//!
//! Errors that chaos draws are not refusals; they imitate a provider.

use turingos::bus::Provider;

use turingos_agents::json_text::push_json_string;

/// Why a request gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The body is not a request of this endpoint.
    Malformed,
    /// No such endpoint, or no such model.
    NotFound,
    /// The path does not accept this method.
    WrongMethod,
    /// The body took too long to arrive.
    TooSlow,
    /// The body is longer than the limit.
    TooLarge,
    /// The request is to another host than this one.
    ForeignHost,
    /// The bodies of other requests fill the memory for them.
    Busy,
    /// The recording has no answer to this request, or none left.
    NotRecorded,
}

impl Reason {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::NotFound | Self::NotRecorded => 404,
            Self::WrongMethod => 405,
            Self::TooSlow => 408,
            Self::TooLarge => 413,
            Self::ForeignHost => 421,
            Self::Busy => 503,
        }
    }

    /// The code in OpenAI's envelope.
    const fn openai_code(self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some("not_found"),
            Self::NotRecorded => Some("not_recorded"),
            Self::Malformed
            | Self::WrongMethod
            | Self::TooSlow
            | Self::TooLarge
            | Self::ForeignHost
            | Self::Busy => None,
        }
    }

    /// The type in the envelope of the messages API.
    const fn messages_type(self) -> &'static str {
        match self {
            Self::Malformed | Self::WrongMethod | Self::ForeignHost => "invalid_request_error",
            Self::Busy => "overloaded_error",
            Self::NotFound | Self::NotRecorded => "not_found_error",
            Self::TooSlow => "timeout_error",
            Self::TooLarge => "request_too_large",
        }
    }
}

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// One line for people: what is wrong and where.
    pub message: String,
    /// The member of the request that is at fault, where one is.
    pub param: Option<&'static str>,
}

impl Refusal {
    /// A refusal of the request as a whole.
    #[must_use]
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            param: None,
        }
    }

    /// A malformed request, by the member that is at fault.
    #[must_use]
    pub(crate) fn of_member(param: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason: Reason::Malformed,
            message: message.into(),
            param: Some(param),
        }
    }

    /// The error body of `provider`.
    #[must_use]
    pub fn body(&self, provider: Provider, request_id: &str) -> Vec<u8> {
        let mut out = Vec::new();
        match provider {
            Provider::OpenAi => {
                out.extend_from_slice(br#"{"error":{"message":"#);
                push_json_string(&mut out, self.message.as_bytes());
                out.extend_from_slice(br#","type":"invalid_request_error","param":"#);
                push_optional(&mut out, self.param);
                out.extend_from_slice(br#","code":"#);
                push_optional(&mut out, self.reason.openai_code());
                out.extend_from_slice(b"}}");
            }
            Provider::Anthropic | Provider::Kimi => {
                out.extend_from_slice(br#"{"type":"error","error":{"type":"#);
                push_json_string(&mut out, self.reason.messages_type().as_bytes());
                out.extend_from_slice(br#","message":"#);
                push_json_string(&mut out, self.message.as_bytes());
                out.extend_from_slice(br#"},"request_id":"#);
                push_json_string(&mut out, request_id.as_bytes());
                out.extend_from_slice(b"}");
            }
            Provider::Ollama => {
                out.extend_from_slice(br#"{"error":"#);
                push_json_string(&mut out, self.message.as_bytes());
                out.extend_from_slice(b"}");
            }
        }
        out
    }
}

fn push_optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => push_json_string(out, text.as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}
