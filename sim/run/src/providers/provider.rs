//! The part of a lane's settings that shapes its request bodies; it is part of a run's header.
//!
//! Never holds an address, a path, a key or the name of one: the same header means the same
//! requests wherever the run is replayed.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use turingos::bus::Provider;

/// How a JSON document is requested from a model.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum OutputMode {
    /// The provider enforces the schema of a transition.
    Schema,
    /// The provider enforces that the reply is some JSON object.
    Object,
    /// The instructions ask for it, and nothing enforces it.
    Text,
}

impl OutputMode {
    /// Every mode, the strictest first.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The mode as it is written in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True if `provider` has a request member for this mode. The messages API has none for
    /// [`Object`](Self::Object): with a prefill of `{` the reply would lack its first byte, and a
    /// recording keeps replies as received.
    #[must_use]
    pub const fn is_offered_by(self, provider: Provider) -> bool {
        match provider {
            Provider::OpenAi | Provider::Ollama => true,
            Provider::Anthropic | Provider::Kimi => matches!(self, Self::Schema | Self::Text),
        }
    }
}

/// Everything about a provider that its request bodies follow from, besides the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// The wire format.
    pub kind: Provider,
    /// The model's name, as the provider knows it.
    pub model: String,
    /// How JSON is requested; one that [`OutputMode::is_offered_by`] the kind.
    pub output: OutputMode,
    /// Whether the reply is streamed.
    pub stream: bool,
    /// The most tokens of one reply, at least 1.
    pub max_output_tokens: u32,
    /// Whether `temperature` 0 is sent. Some reasoning models refuse every temperature.
    pub temperature: bool,
    /// The sampling seed, for the kinds that have one (not the messages API).
    pub seed: Option<u64>,
}
