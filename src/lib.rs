//! A deterministic agent kernel.
//!
//! A language model is treated as a stateless ALU. Each *tick* the kernel opens against a
//! [`Manifold`] (the world), hands out one frame, is given one reply, and commits exactly one
//! [`Record`]. A reply that is not exactly one well-formed syscall raises a trap.
//!
//! # The run loop
//!
//! The kernel does no I/O: the caller implements [`Manifold`], asks a model for each reply, and says
//! what time it is.
//!
//! ```
//! use turingos::{Answer, CommandOutcome, Digest, Kernel, KernelConfig, Manifold};
//! use turingos::{GitLogQuery, WorkspacePath, WorldFault, WorldFaultCode};
//!
//! /// A world of one note.
//! struct Note(String);
//!
//! impl Manifold for Note {
//!     fn read(&mut self, _: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
//!         content.push_str(&self.0);
//!         Ok(())
//!     }
//!
//!     fn list(&mut self, _: Option<&WorkspacePath>, _: usize) -> Result<Vec<String>, WorldFault> {
//!         Ok(vec!["note.md".into()])
//!     }
//!
//!     fn write(
//!         &mut self,
//!         _: &WorkspacePath,
//!         content: &str,
//!         _: Digest,
//!         _: u64,
//!     ) -> Result<(), WorldFault> {
//!         self.0 = content.into();
//!         Ok(())
//!     }
//!
//!     fn exec(&mut self, _: &str, _: u64) -> CommandOutcome {
//!         CommandOutcome { exit_code: 127, ..CommandOutcome::default() }
//!     }
//!
//!     fn git_log(&mut self, _: &GitLogQuery) -> Result<String, WorldFault> {
//!         Err(WorldFault { code: WorldFaultCode::BadQuery, detail: "no history".into() })
//!     }
//! }
//!
//! /// Stands for a model: shown a state and a frame, it replies with one transition.
//! fn ask(_q: &str, frame: &str) -> String {
//!     assert!(frame.contains("[OBSERVED_SLICE]\nbuy milk"));
//!     r#"{"q_next":"bought","a_t":{"op":"SYS_WRITE","payload":"done"}}"#.into()
//! }
//!
//! let mut world = Note("buy milk".into());
//! let mut kernel = Kernel::boot(&KernelConfig::default(), "start", "note.md");
//! for tick in 0..1 {
//!     let now_us = tick * 1_000_000;
//!     let open = kernel.open(now_us, &mut world)?;
//!     let reply = ask(open.q(), open.frame());
//!     let committed = open.commit(now_us, &mut world, reply.as_bytes(), Answer::decode(&reply));
//!     assert_eq!(committed.record.tick, tick);
//!     assert!(committed.record.traps.is_empty());
//! }
//! assert_eq!(world.0, "done");
//! assert_eq!(kernel.q(), "bought");
//! # Ok::<(), turingos::Stopped>(())
//! ```
//!
//! With two models, one for each [`Lane`], ask the one that [`OpenTick::lane`] names, and ask again
//! for as long as [`OpenTick::fail_over`] says so.
//!
//! An [`OpenTick`] that is dropped leaves the kernel as it was. [`Chain`] turns records into a
//! hash-chained journal; [`bus`] reads the responses of model providers; [`json`] reads JSON
//! fail-closed.
//!
//! This crate never does I/O, reads a clock, draws randomness, uses floating point, spawns a
//! thread, iterates in hash order, or panics on data that a model or a provider controls.

#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::wildcard_enum_match_arm,
        reason = "a test that goes wrong should stop at the line that went wrong"
    )
)]

extern crate alloc;

pub mod bus;
mod byte_scan;
pub mod contract;
pub mod digest;
pub mod dispatch;
pub mod guard_lane;
mod guards;
pub mod isa;
pub mod journal;
pub mod json;
pub mod kernel;
pub mod manifold;
pub mod memory;
pub mod mind;
mod named_enum;
pub mod pointer;
mod text;
pub mod trap;

pub use contract::Contract;
pub use digest::Digest;
pub use dispatch::{Lane, PerLane};
pub use isa::{GitLogQuery, Opcode, Syscall, Transition};
pub use journal::{Chain, Record, Status};
pub use kernel::{Answer, Committed, Kernel, KernelConfig, OpenTick, OracleFault, Stopped};
pub use manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
pub use pointer::{Pointer, WorkspacePath};
pub use trap::{TrapFrame, TrapKind};
