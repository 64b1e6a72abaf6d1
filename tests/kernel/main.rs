//! The kernel's tests through its public surface: one module for each behaviour.
//!
//! [`machine`] builds every system under test; [`reference`] states a second time, plainly, what a
//! tick means.

mod bus;
mod capabilities;
mod chain;
mod contract;
mod contract_file;
mod decode;
mod decode_against_serde_json;
mod decode_properties;
mod dependencies;
mod guard_lane;
mod limits;
mod machine;
mod opcodes;
mod open_tick;
mod pointers;
mod properties;
mod properties_contract;
mod properties_dispatch;
mod properties_mutex;
mod properties_wild;
mod reference;
mod run_queue;
mod side_by_side;
mod tick;
mod trap_frames;
mod traps;
mod unreadable;
