//! Answers an agent from a recording of its HTTP traffic.
//!
//! A [`ReplaySession`] decides what each request is answered with: the recording that equals it,
//! trouble on purpose, or an error that says what differs. A [`Replayer`] serves a session on
//! loopback, one port for each service, so that paths stay as they were recorded.
//!
//! A session opens no connection, and a miss never becomes a call to a service unless the settings
//! say so.

mod delivery;
mod listeners;
mod plan;
mod report;
mod server;
mod session;
mod spoilt;

pub use delivery::{Pace, deliver};
pub use listeners::{CannotListen, Listeners, Serving};
pub use plan::{ChaosPlan, Fault};
pub use report::{ReplayReport, Unused};
pub use server::{Replayer, RunningReplayer};
pub use session::{Beyond, ReplaySession, ReplaySettings, Reply};
pub use spoilt::{provider_of, spoilt};
