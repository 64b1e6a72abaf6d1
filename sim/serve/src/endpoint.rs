//! Which of a provider's doors a request came in by.
//!
//! Never looks at a request's body.

use turingos::bus::Provider;

use turingos_agents::wire::Shape;

/// A path that answers prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// OpenAI's chat completions.
    ChatCompletions,
    /// Anthropic's messages, also under Kimi's prefix.
    Messages,
    /// Ollama's chat.
    OllamaChat,
    /// Ollama's completion of a single prompt.
    OllamaGenerate,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 4] = [
        Self::ChatCompletions,
        Self::Messages,
        Self::OllamaChat,
        Self::OllamaGenerate,
    ];

    /// The paths it is served under; the first is the provider's own.
    #[must_use]
    pub const fn paths(self) -> &'static [&'static str] {
        match self {
            Self::ChatCompletions => &["/v1/chat/completions"],
            Self::Messages => &["/v1/messages", "/anthropic/v1/messages"],
            Self::OllamaChat => &["/api/chat"],
            Self::OllamaGenerate => &["/api/generate"],
        }
    }

    /// Whose format it speaks.
    #[must_use]
    pub const fn provider(self) -> Provider {
        match self {
            Self::ChatCompletions => Provider::OpenAi,
            Self::Messages => Provider::Kimi,
            Self::OllamaChat | Self::OllamaGenerate => Provider::Ollama,
        }
    }

    /// Whether a request that does not say is answered with a stream.
    #[must_use]
    pub(crate) const fn streams_by_default(self) -> bool {
        matches!(self, Self::OllamaChat | Self::OllamaGenerate)
    }

    /// The layout of a successful body. `with_usage` matters to OpenAI's streams only.
    #[must_use]
    pub(crate) const fn shape(self, streamed: bool, with_usage: bool) -> Shape {
        match (self, streamed) {
            (Self::ChatCompletions, false) => Shape::OpenAiChat,
            (Self::ChatCompletions, true) if with_usage => Shape::OpenAiStream,
            (Self::ChatCompletions, true) => Shape::OpenAiBareStream,
            (Self::Messages, false) => Shape::KimiMessages,
            (Self::Messages, true) => Shape::KimiStream,
            (Self::OllamaChat, false) => Shape::OllamaChat,
            (Self::OllamaChat, true) => Shape::OllamaChatStream,
            (Self::OllamaGenerate, false) => Shape::OllamaGenerate,
            (Self::OllamaGenerate, true) => Shape::OllamaGenerateStream,
        }
    }
}

/// Whose envelope a path's errors are written in, known or unknown.
#[must_use]
pub(super) fn provider_of_path(path: &str) -> Provider {
    if path.starts_with("/api/") {
        Provider::Ollama
    } else if path.starts_with("/v1/messages") || path.starts_with("/anthropic/") {
        Provider::Kimi
    } else {
        Provider::OpenAi
    }
}
