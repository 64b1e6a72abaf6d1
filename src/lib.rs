//! A deterministic agent kernel.
//!
//! A language model is treated as a stateless ALU. Each *tick* the kernel opens against a
//! [`Manifold`], hands out one frame, is given one reply, and commits exactly one
//! [`journal::Record`]. Whatever is not exactly one well-formed syscall is a trap.
//!
//! This crate never does I/O, reads a clock, draws randomness, uses floating point, spawns a
//! thread, iterates in hash order, or panics on data a model or a provider controls. Time, bytes
//! and choices arrive as arguments.

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
pub mod guards;
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

pub use digest::Digest;
pub use manifold::Manifold;
