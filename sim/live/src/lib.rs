//! Live runs: real providers over HTTP, budgets, the secret scan, and the session that records them.
//!
//! [`LiveOracle`] calls one provider for each lane and returns raw bytes; the kernel's bus decodes
//! them and the driver retries. A [`session`] drives a run within its [`Budget`]. No key is written
//! anywhere.

mod headers;
mod key;
mod oracle;
mod secrets;
pub mod session;
mod spellings;
mod spending;
mod transport;

pub use key::{Key, NotAKey};
pub use oracle::{Alarm, LiveOracle};
pub use secrets::{Leak, Secrets};
pub use spending::{Budget, Spending};
pub use transport::NoProvider;
