//! A kernel's settings.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::dispatch::RouteConfig;

/// Settings of a kernel; part of a run's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelConfig {
    /// Length of the system prompt sent with every frame, in characters; the frame's budget shrinks
    /// by it.
    pub system_prompt_chars: u32,
    /// Command lines whose success lets the machine halt; more words may follow each.
    pub test_commands: Vec<String>,
    /// When a lane is left for the other.
    pub route: RouteConfig,
    /// Whether a frame after a trap ends with the section `[OS_GUARD]`.
    pub guard_lane: bool,
}

impl Default for KernelConfig {
    fn default() -> Self {
        Self {
            system_prompt_chars: 0,
            test_commands: vec![
                String::from("cargo test"),
                String::from("npm test"),
                String::from("pytest"),
            ],
            route: RouteConfig::default(),
            guard_lane: true,
        }
    }
}
