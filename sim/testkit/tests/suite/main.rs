//! Corpora, schemas, tapes and fuzz bodies, each compared with the code.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod corpus;
mod fuzz_bodies;
mod schema;
mod tape;
mod transcripts;
mod transition_schema;
mod turingos_journal;
mod world_conformance;
