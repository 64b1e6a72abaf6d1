//! Deterministic simulation of the agent kernel: where ticks happen.

pub mod cli;
pub mod conformance;
pub mod corpus;
pub mod dataset;
pub mod directory;
pub mod draws;
pub mod fuzzing;
pub mod gate;
pub mod guard_trial;
pub mod line_reader;
pub mod live;
mod one_line;
pub mod oracle;
pub mod replay;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod serve;
pub mod soak;
pub mod turingos_journal;
pub mod verify;
pub mod world;
