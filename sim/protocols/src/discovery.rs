//! Discovery endpoints: the lists of models, and the version.
//!
//! A few fixed models. An answer has the name of the requested model, listed or not.

use serde_json::{Value, json};
use turingos::bus::Provider;

use super::refusal::{Reason, Refusal};
use turingos_agents::wire::{CREATED_BASE, default_model};
use turingos_run::strict_json::strict_value;

/// The creation time of every model, as the messages API and Ollama write it.
const CREATED: &str = "2026-01-01T00:00:00Z";

/// The models of vectors, of OpenAI and Ollama.
const EMBEDDING_MODELS: [&str; 2] = ["text-embedding-3-small", "nomic-embed-text"];

/// Every model, each once.
fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = Provider::ALL.into_iter().map(default_model).collect();
    names.extend(EMBEDDING_MODELS);
    names.dedup();
    names
}

/// `GET /v1/models` of OpenAI: every model, because compatible clients expect their own there.
#[must_use]
pub fn openai_models() -> Value {
    let models: Vec<Value> = names().into_iter().map(openai_model).collect();
    json!({"object": "list", "data": models})
}

/// `GET /v1/models/NAME` of OpenAI; none for a model that is not listed.
#[must_use]
pub fn openai_model_named(name: &str) -> Option<Value> {
    let named = names().into_iter().find(|listed| *listed == name);
    named.map(openai_model)
}

fn openai_model(name: &str) -> Value {
    json!({"id": name, "object": "model", "created": CREATED_BASE, "owned_by": "turingos"})
}

/// `GET /v1/models` of the messages API.
#[must_use]
pub fn messages_models() -> Value {
    let name = default_model(Provider::Kimi);
    json!({
        "data": [messages_model(name)],
        "has_more": false,
        "first_id": name,
        "last_id": name,
    })
}

/// `GET /v1/models/NAME` of the messages API; none for a model that is not listed.
#[must_use]
pub fn messages_model_named(name: &str) -> Option<Value> {
    (name == default_model(Provider::Kimi)).then(|| messages_model(name))
}

fn messages_model(name: &str) -> Value {
    json!({"type": "model", "id": name, "display_name": name, "created_at": CREATED})
}

/// Ollama's models, of replies and of vectors.
fn ollama_names() -> [&'static str; 2] {
    [default_model(Provider::Ollama), EMBEDDING_MODELS[1]]
}

fn ollama_details() -> Value {
    json!({
        "parent_model": "",
        "format": "gguf",
        "family": "simulated",
        "families": ["simulated"],
        "parameter_size": "0B",
        "quantization_level": "none",
    })
}

/// `GET /api/tags` of Ollama.
#[must_use]
pub fn ollama_models() -> Value {
    let model = |name| {
        json!({
            "name": name,
            "model": name,
            "modified_at": CREATED,
            "size": 0,
            "digest": "0000000000000000000000000000000000000000000000000000000000000000",
            "details": ollama_details(),
        })
    };
    json!({"models": ollama_names().map(model)})
}

/// `POST /api/show` of Ollama, for the model that the body names.
///
/// # Errors
/// [`Refusal`]: the body names no model, or one that is not listed.
pub fn ollama_model(body: &[u8]) -> Result<Value, Refusal> {
    let malformed = || Refusal::of_member("model", "`model` must be the name of a model");
    let document = strict_value(body).map_err(|_| malformed())?;
    let name = document.get("model").or_else(|| document.get("name"));
    let name = name.and_then(Value::as_str).ok_or_else(malformed)?;
    // A name without a tag means the latest.
    let name = name.strip_suffix(":latest").unwrap_or(name);
    if !ollama_names().contains(&name) {
        let message = format!("model {name:?} not found");
        return Err(Refusal::new(Reason::NotFound, message));
    }
    let capabilities = if name == EMBEDDING_MODELS[1] {
        json!(["embedding"])
    } else {
        json!(["completion", "tools"])
    };
    Ok(json!({
        "modelfile": "",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": ollama_details(),
        "model_info": {"general.architecture": "simulated"},
        "capabilities": capabilities,
        "modified_at": CREATED,
    }))
}

/// `GET /api/version` of Ollama.
#[must_use]
pub fn ollama_version() -> Value {
    json!({"version": env!("CARGO_PKG_VERSION")})
}

/// `GET /` of Ollama, which its clients use as a health check.
pub const GREETING: &str = "Ollama is running";
