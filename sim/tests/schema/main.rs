//! Schemas and code held to one another: tables, envelopes, provider bodies, files on disk, the
//! list of what no schema can say, and the verb.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod bodies;
mod command;
mod envelopes;
mod files;
mod limits;
mod mutants;
mod tables;
mod tree;

use turingos_sim::schema::{Checker, Schema};

pub(crate) fn checker(name: &str) -> Checker {
    Checker::of(Schema::named(name).unwrap())
}
