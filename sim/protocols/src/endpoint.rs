//! The endpoints that answer prompts: their paths, providers and formats.

use strum::VariantArray;
use turingos::bus::Provider;

use turingos_agents::wire::Shape;

/// A path that answers prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum Endpoint {
    /// OpenAI's chat completions.
    ChatCompletions,
    /// Anthropic's messages, also under Kimi's prefixes.
    Messages,
    /// Ollama's chat.
    OllamaChat,
    /// Ollama's completion of a single prompt.
    OllamaGenerate,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The paths it is served under; the first is the provider's own.
    #[must_use]
    pub const fn paths(self) -> &'static [&'static str] {
        match self {
            Self::ChatCompletions => &["/v1/chat/completions"],
            Self::Messages => &[
                "/v1/messages",
                "/anthropic/v1/messages",
                "/coding/v1/messages",
            ],
            Self::OllamaChat => &["/api/chat"],
            Self::OllamaGenerate => &["/api/generate"],
        }
    }

    /// The provider whose format it has.
    #[must_use]
    pub const fn provider(self) -> Provider {
        match self {
            Self::ChatCompletions => Provider::OpenAi,
            Self::Messages => Provider::Kimi,
            Self::OllamaChat | Self::OllamaGenerate => Provider::Ollama,
        }
    }

    /// Whether a request without `stream` is answered with a stream.
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

/// The provider whose envelope the errors of a path have; the path may be unknown.
#[must_use]
pub fn provider_of_path(path: &str) -> Provider {
    if path.starts_with("/api/") {
        Provider::Ollama
    } else if ["/v1/messages", "/anthropic/", "/coding/"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
    {
        Provider::Kimi
    } else {
        Provider::OpenAi
    }
}
