//! The endpoints that are sent requests: their paths, providers and formats.

use strum::VariantArray;
use turingos::bus::Provider;

use turingos_agents::wire::Shape;

/// A path that answers requests.
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
    /// OpenAI's responses.
    Responses,
    /// OpenAI's embeddings.
    Embeddings,
    /// The length of a request to [`Endpoint::Messages`].
    CountTokens,
    /// Ollama's embeddings of several texts.
    OllamaEmbed,
    /// Ollama's embedding of one text.
    OllamaEmbeddings,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Those whose answers `turingos::bus` reads.
    pub const CHAT: [Self; 4] = [
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
            Self::Responses => &["/v1/responses"],
            Self::Embeddings => &["/v1/embeddings"],
            Self::Messages => &[
                "/v1/messages",
                "/anthropic/v1/messages",
                "/coding/v1/messages",
            ],
            Self::CountTokens => &[
                "/v1/messages/count_tokens",
                "/anthropic/v1/messages/count_tokens",
                "/coding/v1/messages/count_tokens",
            ],
            Self::OllamaChat => &["/api/chat"],
            Self::OllamaGenerate => &["/api/generate"],
            Self::OllamaEmbed => &["/api/embed"],
            Self::OllamaEmbeddings => &["/api/embeddings"],
        }
    }

    /// The provider whose format it has.
    #[must_use]
    pub const fn provider(self) -> Provider {
        match self {
            Self::ChatCompletions | Self::Responses | Self::Embeddings => Provider::OpenAi,
            Self::Messages | Self::CountTokens => Provider::Kimi,
            Self::OllamaChat
            | Self::OllamaGenerate
            | Self::OllamaEmbed
            | Self::OllamaEmbeddings => Provider::Ollama,
        }
    }

    /// Whether a request without `stream` is answered with a stream.
    #[must_use]
    pub(crate) const fn streams_by_default(self) -> bool {
        matches!(self, Self::OllamaChat | Self::OllamaGenerate)
    }

    /// The layout of a model's reply; none at an endpoint that answers something else. `with_usage`
    /// matters to the streams of chat completions only.
    #[must_use]
    pub(crate) const fn shape(self, streamed: bool, with_usage: bool) -> Option<Shape> {
        Some(match (self, streamed) {
            (Self::ChatCompletions, false) => Shape::OpenAiChat,
            (Self::ChatCompletions, true) if with_usage => Shape::OpenAiStream,
            (Self::ChatCompletions, true) => Shape::OpenAiBareStream,
            (Self::Responses, false) => Shape::OpenAiResponses,
            (Self::Responses, true) => Shape::OpenAiResponsesStream,
            (Self::Messages, false) => Shape::KimiMessages,
            (Self::Messages, true) => Shape::KimiStream,
            (Self::OllamaChat, false) => Shape::OllamaChat,
            (Self::OllamaChat, true) => Shape::OllamaChatStream,
            (Self::OllamaGenerate, false) => Shape::OllamaGenerate,
            (Self::OllamaGenerate, true) => Shape::OllamaGenerateStream,
            (
                Self::Embeddings | Self::CountTokens | Self::OllamaEmbed | Self::OllamaEmbeddings,
                _,
            ) => return None,
        })
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
