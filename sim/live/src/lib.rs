//! Live providers: what is sent to them, by what settings, and what comes back as raw bytes.
//!
//! Never decides what a reply means (that is the kernel's bus), never retries (that is the driver),
//! and never writes a key anywhere.

pub mod headers;
pub mod key;
pub mod oracle;
pub mod secrets;
pub mod session;
pub mod spending;
pub mod transport;

pub use key::Key;
pub use oracle::LiveOracle;
pub use secrets::{Leak, Secrets};
pub use transport::Transport;
