//! The bodies of the fuzz targets, one for each external input.
//!
//! A body takes arbitrary bytes and panics if a property does not hold. Fuzz targets and ordinary
//! tests call the same bodies, so an input that a fuzzer finds also fails on stable. A body is a
//! function of its input alone.

mod built;
mod contracts;
pub mod dictionary;
mod guidance;
mod machine;
mod matching;
mod pointers;
mod providers;
mod recordings;
mod replies;
mod requests;
mod scenarios;
mod script;
mod settings;
mod shell;
mod sweep_files;
mod tapes;
mod ticks;
pub mod turingos_journal;
mod witness;

pub use built::{
    built_contract, built_opcode, built_records, built_syscall, built_ticks, built_transition,
};
pub use contracts::contract;
pub use guidance::guard_block;
pub use matching::matching;
pub use pointers::pointer;
pub use providers::{provider_kimi, provider_ollama, provider_openai};
pub use recordings::{journal, run_header};
pub use replies::{reply_text, syscall};
pub use requests::request;
pub use scenarios::scenario;
pub use settings::settings;
pub use shell::shell_line;
pub use sweep_files::{sealed, sweep_file};
pub use tapes::{run_files, tape};
pub use ticks::{records, ticks};
pub use turingos_journal::turingos_journal;

/// One fuzz target: the name of its binary, its seed folder and its body.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, as in `fuzz/fuzz_targets/NAME.rs` and `corpus/fuzz/NAME/`.
    pub name: &'static str,
    /// Panics if `bytes` break a property.
    pub body: fn(bytes: &[u8]),
}

/// Every target. An external shape is added here with its body, its binary and its seeds.
pub const TARGETS: [Target; 24] = [
    target("syscall", syscall),
    target("reply_text", reply_text),
    target("provider_openai", provider_openai),
    target("provider_kimi", provider_kimi),
    target("provider_ollama", provider_ollama),
    target("request", request),
    target("pointer", pointer),
    target("contract", contract),
    target("scenario", scenario),
    target("shell_line", shell_line),
    target("run_header", run_header),
    target("journal", journal),
    target("settings", settings),
    target("sweep_file", sweep_file),
    target("tape", tape),
    target("matching", matching),
    target("run_files", run_files),
    target("guard_block", guard_block),
    target("ticks", ticks),
    target("turingos_journal", turingos_journal),
    target("built_transition", built_transition),
    target("built_syscall", built_syscall),
    target("built_contract", built_contract),
    target("built_ticks", built_ticks),
];

const fn target(name: &'static str, body: fn(&[u8])) -> Target {
    Target { name, body }
}

/// A number computed from all bytes, which selects one variant of an input.
fn mixed(bytes: &[u8]) -> usize {
    bytes.iter().fold(bytes.len(), |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
    })
}
