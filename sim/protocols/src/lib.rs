//! The protocols of OpenAI, Anthropic and Ollama as a server has them: request bodies are read
//! strictly, and answers are made from a seed.
//!
//! Nothing here opens a socket, waits or knows the time: an answer is a function of the seed, the
//! request and how often it was sent before.

pub mod agent;
pub mod answer;
pub mod chaos;
pub mod discovery;
mod embedding;
pub mod endpoint;
pub mod refusal;
pub mod request;
pub mod schema_value;
pub mod trouble;
