//! Provider payloads: bytes of a response to text, usage and finish reason.

use serde::{Deserialize, Serialize};

/// Whose wire format a response is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// OpenAI chat completions, and compatible servers.
    OpenAi,
    /// Anthropic messages, and Kimi's `/anthropic`.
    Kimi,
    /// Ollama `/api/chat` and `/api/generate`.
    Ollama,
}
