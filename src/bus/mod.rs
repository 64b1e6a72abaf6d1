//! Provider payloads: bytes of a response to text, usage and finish reason.
//!
//! Never decodes the text (that is [`crate::isa::decode`]), never sends anything, and never takes
//! part of an answer for the whole: refusals, tool calls, cut-offs and cut streams are faults.

mod envelope;
mod fault;
mod messages;
mod ollama;
mod openai;
mod outcome;
mod stream;
mod values;

use alloc::string::String;
use core::fmt::{self, Write as _};
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::named_enum::named_enum;

pub use fault::{BusFault, BusFaultCode};

/// The longest body that is looked at, in bytes.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// How deep a body's objects and arrays may nest, fields that are dropped included.
pub const MAX_BODY_NESTING: usize = 64;

named_enum! {
    /// Whose response it is, and so in which wire format.
    #[derive(Deserialize)]
    pub enum Provider {
        /// OpenAI chat completions, and compatible servers.
        OpenAi = "openai",
        /// Anthropic messages.
        Anthropic = "anthropic",
        /// Kimi's coding endpoint, which speaks Anthropic messages.
        Kimi = "kimi",
        /// Ollama `/api/chat` and `/api/generate`.
        Ollama = "ollama",
    }
}

impl Provider {
    /// True if the wire format is that of Anthropic messages.
    #[must_use]
    pub const fn speaks_messages(self) -> bool {
        matches!(self, Self::Anthropic | Self::Kimi)
    }
}

/// Text that names no provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAProvider;

impl fmt::Display for NotAProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected one of")?;
        for provider in Provider::ALL {
            write!(f, " {provider}")?;
        }
        Ok(())
    }
}

impl core::error::Error for NotAProvider {}

impl FromStr for Provider {
    type Err = NotAProvider;

    fn from_str(text: &str) -> Result<Self, NotAProvider> {
        Self::from_name(text).ok_or(NotAProvider)
    }
}

named_enum! {
    /// How a whole reply ended.
    #[derive(Deserialize)]
    pub enum Finish {
        /// The model ended its turn.
        Stop = "stop",
        /// A stop sequence of the request was met.
        StopSequence = "stop_sequence",
    }
}

/// Tokens that a call cost, where the provider says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Tokens of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens of the answer, reasoning included where the provider counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
}

impl Usage {
    /// Appends the canonical form, such as `{"input_tokens":10,"output_tokens":2}`: input first, a
    /// count that is not known left out. It equals the serialised form.
    pub fn write_canonical(&self, out: &mut String) {
        // Writing to a `String` cannot fail.
        let _ = match (self.input_tokens, self.output_tokens) {
            (None, None) => write!(out, "{{}}"),
            (Some(input), None) => write!(out, "{{\"input_tokens\":{input}}}"),
            (None, Some(output)) => write!(out, "{{\"output_tokens\":{output}}}"),
            (Some(input), Some(output)) => write!(
                out,
                "{{\"input_tokens\":{input},\"output_tokens\":{output}}}"
            ),
        };
    }
}

/// A whole answer of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What the model said, not yet decoded; never blank.
    pub text: String,
    /// What it cost.
    pub usage: Usage,
    /// How it ended.
    pub finish: Finish,
    /// True if reasoning came beside the text; it is not kept.
    pub has_reasoning: bool,
}

/// Reads a response, whole or streamed, in the provider's format.
///
/// A status outside 200 to 299 is a fault whatever the body says; the body only refines it. Unknown
/// fields are dropped but must be JSON.
///
/// # Errors
/// [`BusFault`]; its code says whether trying again makes sense.
pub fn parse(provider: Provider, status: u16, body: &[u8]) -> Result<Reply, BusFault> {
    if !(200..=299).contains(&status) {
        return Err(refused(status, body));
    }
    let body = checked_text(body)?;
    match provider {
        Provider::OpenAi => openai::parse(status, body),
        Provider::Anthropic | Provider::Kimi => messages::parse(status, body),
        Provider::Ollama => ollama::parse(status, body),
    }
}

/// The fault of an error status. A body that is no error envelope does not change its meaning.
fn refused(status: u16, body: &[u8]) -> BusFault {
    let error = checked_text(body)
        .ok()
        .and_then(|text| envelope::read::<envelope::ErrorEnvelope<'_>>(text).ok())
        .and_then(|envelope| envelope.0)
        .unwrap_or_default();
    BusFault::reported(status, &error)
}

fn checked_text(body: &[u8]) -> Result<&str, BusFault> {
    if body.len() > MAX_BODY_BYTES {
        return Err(BusFault::new(
            BusFaultCode::BodyTooLarge,
            format_args!("{} bytes, at most {MAX_BODY_BYTES}", body.len()),
        ));
    }
    let text = core::str::from_utf8(body).map_err(|error| {
        BusFault::new(
            BusFaultCode::NotUtf8,
            format_args!("at byte {}", error.valid_up_to()),
        )
    })?;
    if text.trim_start().is_empty() {
        return Err(BusFault::new(
            BusFaultCode::EmptyBody,
            format_args!("{} bytes of white space", body.len()),
        ));
    }
    Ok(text)
}
