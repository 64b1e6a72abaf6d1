//! Real processes, killed at many moments, resume to the same root as an uninterrupted one.

mod process;
mod soaks;
mod workspaces;
