//! Live providers as a header sees them: settings, missions, and the request bodies that follow
//! from them, so that a recording replays without a connection.
//!
//! Never opens a socket and never sees a key.

mod config;
pub mod mission;
pub mod prompt;
mod provider;
pub mod request;
pub mod settings;
pub mod transition_schema;

pub use config::{Config, Providers, ProvidersEncoder};
pub use provider::{OutputMode, ProviderSettings};
pub use settings::{LaneSettings, Settings};
