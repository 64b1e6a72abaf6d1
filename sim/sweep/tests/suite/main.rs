//! Sweeps as a library: their order, their files, their merge.

mod files;
mod merging;
mod stage;
mod sweeps;
mod table;
