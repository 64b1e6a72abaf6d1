//! The tick state machine: open a tick, hand over the frame, commit the reply.
//!
//! Sans-I/O. An [`OpenTick`] borrows the kernel, so a second open tick, or a reply without a
//! frame, does not compile. Dropping an open tick leaves the kernel as it was; only a commit
//! changes it, and every commit yields exactly one record.
//!
//! The files import each other in one direction: [`Kernel`] and the values that steps exchange,
//! the steps (observe, plan, decide, effect, raise, guide), then opening and committing.

mod channels;
mod commit;
mod config;
mod decide;
mod effect;
mod frame;
mod guide;
#[cfg(test)]
mod hashed_bytes;
mod machine;
mod observe;
mod open;
mod oracle;
mod outcome;
mod plan;
mod raise;

pub use commit::Committed;
pub use config::KernelConfig;
pub use frame::{FRAME_LIMIT, FRAME_MINIMUM, frame_limit};
pub use machine::{Kernel, LiveState};
pub use open::{OpenTick, Stopped};
pub use oracle::{Answer, OracleFault};
