//! Requests for the vectors of texts.

use serde_json::{Map, Value};

use super::{missing, wrong};
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;

/// The most numbers of a vector.
const MAX_DIMENSIONS: u64 = 4_096;

/// The most numbers of an answer, of all vectors together.
const MAX_NUMBERS: usize = 1 << 20;

/// A request for vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedRequest {
    /// The texts, in their order; a list of tokens as its JSON text.
    pub inputs: Vec<String>,
    /// How many numbers a vector has.
    pub dimensions: usize,
    /// How vectors are written.
    pub encoding: Encoding,
}

/// How a vector is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// An array of numbers.
    Numbers,
    /// The base64 of little-endian 32-bit floats.
    Base64,
}

impl EmbedRequest {
    pub(super) fn of(endpoint: Endpoint, members: &Map<String, Value>) -> Result<Self, Refusal> {
        let takes_tokens = endpoint == Endpoint::Embeddings;
        let inputs = if endpoint == Endpoint::OllamaEmbeddings {
            match members.get("prompt") {
                Some(Value::String(prompt)) => vec![prompt.clone()],
                Some(_) => return Err(wrong("prompt", "text")),
                None => return Err(missing("prompt")),
            }
        } else {
            let input = members.get("input").ok_or_else(|| missing("input"))?;
            inputs(input, takes_tokens).ok_or_else(|| {
                wrong(
                    "input",
                    "a text that is not empty, or an array of them that is not empty",
                )
            })?
        };
        let usual = if takes_tokens { 1_536 } else { 768 };
        let dimensions = match members.get("dimensions") {
            None | Some(Value::Null) => usual,
            Some(count) => count
                .as_u64()
                .filter(|count| (1..=MAX_DIMENSIONS).contains(count))
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| {
                    wrong(
                        "dimensions",
                        &format!("an integer from 1 to {MAX_DIMENSIONS}"),
                    )
                })?,
        };
        if inputs.len() * dimensions > MAX_NUMBERS {
            let most = MAX_NUMBERS / dimensions;
            return Err(wrong(
                "input",
                &format!("at most {most} texts of {dimensions} numbers"),
            ));
        }
        let encoding = match members.get("encoding_format").map(Value::as_str) {
            None => Encoding::Numbers,
            Some(Some("float")) => Encoding::Numbers,
            Some(Some("base64")) => Encoding::Base64,
            Some(_) => return Err(wrong("encoding_format", "\"float\" or \"base64\"")),
        };
        Ok(Self {
            inputs,
            dimensions,
            encoding,
        })
    }
}

/// One text or a list of them; where tokens are taken, also a list of tokens or a list of such.
fn inputs(input: &Value, takes_tokens: bool) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(tokens) if takes_tokens && is_tokens(tokens) => Some(value.to_string()),
        _ => None,
    };
    match input {
        Value::Array(list) if !(takes_tokens && is_tokens(list)) => {
            let texts: Option<Vec<_>> = list.iter().map(text).collect();
            texts.filter(|texts| !texts.is_empty())
        }
        single => text(single).map(|text| vec![text]),
    }
}

fn is_tokens(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(Value::is_u64)
}
