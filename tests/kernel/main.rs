//! The kernel's tests through its public surface: one module for each behaviour.
//!
//! [`machine`] builds every system under test; [`reference`] states a second time, plainly, what a
//! tick means.

mod bus;
mod chain;
mod contract;
mod decode;
mod decode_against_serde_json;
mod decode_properties;
mod dependencies;
mod guard_lane;
mod machine;
mod opcodes;
mod pointers;
mod properties;
mod properties_contract;
mod properties_dispatch;
mod properties_mutex;
mod properties_wild;
mod reference;
mod side_by_side;
mod tick;
mod traps;
