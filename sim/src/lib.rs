//! Deterministic simulation of the agent kernel: where ticks happen.

pub mod oracle;
