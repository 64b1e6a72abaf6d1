//! The seeded oracle and its layers.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod clerk;
mod noise;
mod seeded;
mod toy_kernel;
