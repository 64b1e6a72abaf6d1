//! Live providers: what is sent to them, by what settings, and what comes back as raw bytes.
//!
//! Never decides what a reply means (that is the kernel's bus), never retries (that is the driver),
//! and never writes a key anywhere.

pub mod config;
pub mod headers;
pub mod key;
pub mod mission;
pub mod oracle;
pub mod prompt;
pub mod provider;
pub mod request;
pub mod secrets;
pub mod session;
pub mod settings;
pub mod spending;
mod transition_schema;
pub mod transport;

pub use config::{Config, Providers, ProvidersForm};
pub use key::Key;
pub use oracle::LiveOracle;
pub use provider::{OutputMode, ProviderSettings};
pub use secrets::{Leak, Secrets};
pub use settings::{LaneSettings, Settings};
pub use transport::Transport;
