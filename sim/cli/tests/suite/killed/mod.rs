//! Real processes, killed at many moments, go on to the same root as one that was left alone.

mod process;
mod soaks;
mod workspaces;
