//! Live runs: real providers over HTTP, budgets, the secret scan, and the session that records them.
//!
//! [`LiveOracle`] calls one provider for each lane and returns raw bytes; the kernel's bus decodes
//! them and the driver retries. A [`session`] drives a run within its [`Budget`]. No key is written
//! anywhere.

mod headers;
mod oracle;
pub mod session;
mod spending;
mod transport;

pub use oracle::{Alarm, LiveOracle};
pub use spending::{Budget, Spending};
pub use transport::NoProvider;
pub use turingos_secrets::{Key, Leak, NotAKey, Secrets};
