//! Live providers: what is sent to them, by what settings, and what comes back as raw bytes.
//!
//! Never decides what a reply means (that is the kernel's bus), never retries (that is the driver),
//! and never writes a key anywhere.

pub mod prompt;
pub mod provider;
pub mod request;
pub mod settings;
mod transition_schema;

pub use provider::{OutputMode, ProviderSettings};
pub use request::request_body;
pub use settings::{LaneSettings, Settings};
