//! Reply texts as raw provider bytes: whole bodies, streamed bodies and error bodies.
//!
//! Shapes and status codes are those of the public client libraries and servers named at each
//! function. Bodies are a function of the arguments.

mod errors;
mod kimi;
mod ollama;
mod openai;
mod responses;

use strum::VariantArray;
use turingos::bus::Provider;

use super::json_text::{push_json_string, push_number};

pub use errors::{GATEWAY_PAGE, ProviderError, push_error};

/// The layout of a successful body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum Shape {
    /// `POST /v1/chat/completions`.
    OpenAiChat,
    /// The same with `stream: true` and `include_usage`: server-sent events up to `[DONE]`.
    OpenAiStream,
    /// The same without `include_usage`: no chunk contains usage.
    OpenAiBareStream,
    /// `POST /v1/responses`.
    OpenAiResponses,
    /// The same with `stream: true`: named and numbered server-sent events, without `[DONE]`.
    OpenAiResponsesStream,
    /// `POST /v1/messages`.
    KimiMessages,
    /// The same with `stream: true`: named server-sent events up to `message_stop`.
    KimiStream,
    /// `POST /api/chat` with `stream: false`.
    OllamaChat,
    /// The same with `stream: true`: one JSON object per line.
    OllamaChatStream,
    /// `POST /api/generate` with `stream: false`.
    OllamaGenerate,
    /// The same with `stream: true`: one JSON object per line.
    OllamaGenerateStream,
}

impl Shape {
    /// Every shape.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The whole-body shape of a provider's chat endpoint.
    #[must_use]
    pub const fn chat(provider: Provider) -> Self {
        match provider {
            Provider::OpenAi => Self::OpenAiChat,
            Provider::Anthropic | Provider::Kimi => Self::KimiMessages,
            Provider::Ollama => Self::OllamaChat,
        }
    }

    /// The streamed shape of a provider's chat endpoint.
    #[must_use]
    pub const fn stream(provider: Provider) -> Self {
        match provider {
            Provider::OpenAi => Self::OpenAiStream,
            Provider::Anthropic | Provider::Kimi => Self::KimiStream,
            Provider::Ollama => Self::OllamaChatStream,
        }
    }

    /// The provider of the shape.
    #[must_use]
    pub const fn provider(self) -> Provider {
        match self {
            Self::OpenAiChat
            | Self::OpenAiStream
            | Self::OpenAiBareStream
            | Self::OpenAiResponses
            | Self::OpenAiResponsesStream => Provider::OpenAi,
            Self::KimiMessages | Self::KimiStream => Provider::Kimi,
            Self::OllamaChat
            | Self::OllamaChatStream
            | Self::OllamaGenerate
            | Self::OllamaGenerateStream => Provider::Ollama,
        }
    }

    /// False for the shapes that `turingos::bus` does not read.
    #[must_use]
    pub const fn is_chat(self) -> bool {
        !matches!(self, Self::OpenAiResponses | Self::OpenAiResponsesStream)
    }

    /// True for the shapes that are not one JSON document.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(
            self,
            Self::OpenAiStream
                | Self::OpenAiBareStream
                | Self::OpenAiResponsesStream
                | Self::KimiStream
                | Self::OllamaChatStream
                | Self::OllamaGenerateStream
        )
    }
}

/// The reason for the end of a reply, as the provider reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The reply is complete.
    Stop,
    /// The output limit was reached.
    Length,
    /// A tool call; the text becomes the input of a tool that nobody offered.
    ToolCall,
    /// The model or a filter refused.
    Refusal,
}

/// A call of a tool that the request offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolCall<'a> {
    /// The tool's name.
    pub name: &'a str,
    /// The arguments, the text of a JSON object.
    pub arguments: &'a str,
}

/// The content of a successful body.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The layout.
    pub shape: Shape,
    /// The model in the envelope; `None` for the provider's default.
    pub model: Option<&'a str>,
    /// The source of ids and counts; equal keys give equal envelopes.
    pub key: u64,
    /// The tick, for `created`.
    pub tick: u64,
    /// Reasoning text beside the reply, in the provider's own field.
    pub reasoning: Option<&'a str>,
    /// The reason for its end.
    pub ending: Ending,
    /// The reply, empty for none; need not be UTF-8.
    pub text: &'a [u8],
    /// The calls after the text. Where there are any, they are the reason for the end.
    pub calls: &'a [ToolCall<'a>],
    /// What a Responses body repeats of its request: members of a JSON object, without the braces.
    pub echo: &'a str,
    /// The length of the request in tokens; made from the key for none.
    pub prompt_tokens: Option<u64>,
}

/// A key for [`Envelope::key`], mixed from the seed, the tick and the number of the call within
/// the tick.
#[must_use]
pub fn envelope_key(seed: u64, tick: u64, call: u64) -> u64 {
    let mut key = seed
        .wrapping_add(tick.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(call.wrapping_mul(0xd1b5_4a32_d192_ed03));
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// Appends the body of a response with status 200.
pub fn push_reply(envelope: &Envelope<'_>, out: &mut Vec<u8>) {
    out.reserve(envelope.text.len() + envelope.text.len() / 4 + 640);
    let mut body = Body { out, envelope };
    match envelope.shape {
        Shape::OpenAiChat => body.openai_chat(),
        Shape::OpenAiStream => body.openai_stream(true),
        Shape::OpenAiBareStream => body.openai_stream(false),
        Shape::OpenAiResponses => body.responses(),
        Shape::OpenAiResponsesStream => body.responses_stream(),
        Shape::KimiMessages => body.kimi_messages(),
        Shape::KimiStream => body.kimi_stream(),
        Shape::OllamaChat => body.ollama("message", true),
        Shape::OllamaChatStream => body.ollama_stream("message"),
        Shape::OllamaGenerate => body.ollama("response", true),
        Shape::OllamaGenerateStream => body.ollama_stream("response"),
    }
}

/// The model that a provider reports if the request names none.
#[must_use]
pub const fn default_model(provider: Provider) -> &'static str {
    match provider {
        Provider::OpenAi => openai::MODEL,
        Provider::Anthropic | Provider::Kimi => kimi::MODEL,
        Provider::Ollama => ollama::MODEL,
    }
}

/// The reasoning text of a simulated model.
pub const REASONING_TEXT: &str = "The frame shows where the work stands; one step follows from it.";

/// 2026-01-01T00:00:00Z in seconds, the start of virtual time for `created`.
pub const CREATED_BASE: u64 = 1_767_225_600;

struct Body<'a, 'b> {
    out: &'a mut Vec<u8>,
    envelope: &'a Envelope<'b>,
}

impl Body<'_, '_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        push_number(self.out, number);
    }

    fn string(&mut self, text: &[u8]) {
        push_json_string(self.out, text);
    }

    /// Writes the model's name as a JSON string.
    fn model(&mut self, default: &str) {
        let model = self.envelope.model.unwrap_or(default);
        push_json_string(self.out, model.as_bytes());
    }

    /// The reason for the end, the calls considered.
    fn ending(&self) -> Ending {
        if self.envelope.calls.is_empty() {
            self.envelope.ending
        } else {
            Ending::ToolCall
        }
    }

    /// Writes 16 letters and digits made from the key.
    fn id(&mut self) {
        self.id_of(self.envelope.key);
    }

    /// Writes those of the part of the reply at `index`: a call or an item.
    fn part_id(&mut self, index: usize) {
        self.id_of(envelope_key(self.envelope.key, index as u64 + 1, 0));
    }

    fn id_of(&mut self, mut key: u64) {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        for _ in 0..16 {
            self.out.push(LETTERS[(key & 31) as usize]);
            key = key.rotate_right(5);
        }
    }

    fn prompt_tokens(&self) -> u64 {
        let key = self.envelope.key;
        self.envelope.prompt_tokens.unwrap_or(700 + key % 900)
    }

    fn output_tokens(&self) -> u64 {
        let calls = self.envelope.calls.iter();
        let called: usize = calls
            .map(|call| call.name.len() + call.arguments.len())
            .sum();
        (self.envelope.text.len() + called) as u64 / 4 + 1
    }

    /// The text in pieces that end between characters, as a stream delivers it.
    fn pieces<'t>(text: &'t [u8]) -> impl Iterator<Item = &'t [u8]> + use<'t> {
        const PIECE: usize = 96;
        let mut rest = text;
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mut end = rest.len().min(PIECE);
            while end < rest.len() && rest[end] & 0xc0 == 0x80 {
                end += 1;
            }
            let (piece, after) = rest.split_at(end);
            rest = after;
            Some(piece)
        })
    }
}
