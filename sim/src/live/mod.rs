//! Live providers: what is sent to them, by what settings, and what comes back as raw bytes.
//!
//! Never decides what a reply means (that is the kernel's bus), never retries (that is the driver),
//! and never writes a key anywhere.

pub mod headers;
pub mod key;
pub mod prompt;
pub mod provider;
pub mod request;
pub mod secrets;
pub mod settings;
mod transition_schema;
pub mod transport;

pub use key::Key;
pub use provider::{OutputMode, ProviderSettings};
pub use request::request_body;
pub use secrets::{Leak, SecretScan};
pub use settings::{LaneSettings, Settings};
pub use transport::Transport;
