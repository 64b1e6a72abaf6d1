//! Shared machinery of tests and gates: conformance cases, corpus readers, fuzz bodies, guard trials.
//!
//! Linked by no product crate but the one behind `sim gate`.

pub mod conformance;
pub mod corpus;
pub mod fuzzing;
pub mod guard_trial;
