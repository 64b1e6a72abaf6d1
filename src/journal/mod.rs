//! The journal: one record for each tick, in a hash chain.
//!
//! Never writes a file. The chain never parses what it chains: bytes come in, bytes go out. A
//! record is small and of near-constant size; whole texts come from re-execution.

pub mod chain;
mod record;

pub use chain::{Chain, ChainFault, ChainFaultCode};
pub(crate) use record::show_pointer;
pub use record::{MAX_SHOWN_POINTER, Record, Status, shown_pointer};
