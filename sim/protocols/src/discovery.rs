//! Discovery endpoints: the lists of models, and the version.
//!
//! One fixed model for each provider. An answer has the name of the requested model, listed or not.

use serde_json::{Value, json};
use turingos::bus::Provider;

use turingos_agents::wire::{CREATED_BASE, default_model};

/// The creation time of every model, as the messages API and Ollama write it.
const CREATED: &str = "2026-01-01T00:00:00Z";

/// `GET /v1/models` of OpenAI: every model, because compatible clients expect their own there.
pub fn openai_models() -> Value {
    let models: Vec<Value> = Provider::ALL
        .into_iter()
        .map(|provider| openai_model(default_model(provider)))
        .collect();
    json!({"object": "list", "data": models})
}

/// `GET /v1/models/NAME` of OpenAI; none for a model that is not listed.
pub fn openai_model_named(name: &str) -> Option<Value> {
    let mut listed = Provider::ALL.into_iter().map(default_model);
    listed.find(|model| *model == name).map(openai_model)
}

fn openai_model(name: &str) -> Value {
    json!({"id": name, "object": "model", "created": CREATED_BASE, "owned_by": "turingos"})
}

/// `GET /v1/models` of the messages API.
pub fn messages_models() -> Value {
    let name = default_model(Provider::Kimi);
    json!({
        "data": [{"type": "model", "id": name, "display_name": name, "created_at": CREATED}],
        "has_more": false,
        "first_id": name,
        "last_id": name,
    })
}

/// `GET /api/tags` of Ollama.
pub fn ollama_models() -> Value {
    let name = default_model(Provider::Ollama);
    json!({"models": [{
        "name": name,
        "model": name,
        "modified_at": CREATED,
        "size": 0,
        "digest": "0000000000000000000000000000000000000000000000000000000000000000",
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "simulated",
            "families": ["simulated"],
            "parameter_size": "0B",
            "quantization_level": "none",
        },
    }]})
}

/// `GET /api/version` of Ollama.
pub fn ollama_version() -> Value {
    json!({"version": env!("CARGO_PKG_VERSION")})
}

/// `GET /` of Ollama, which its clients use as a health check.
pub const GREETING: &str = "Ollama is running";
