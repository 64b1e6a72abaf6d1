//! Schemas and code compared: tables, envelopes, provider bodies, files on disk, the
//! list of what no schema can say, and the verb.

mod bodies;
mod contracts;
mod envelopes;
mod exchanges;
mod files;
mod forks;
mod journals;
mod limits;
mod live;
mod mutants;
mod places;
mod scenarios;
mod tables;
mod tapes;
mod tree;

use proptest::test_runner::{Config, TestRunner};
use turingos_schema::{Checker, Schema};

pub(crate) fn checker(name: &str) -> Checker {
    Checker::of(Schema::named(name).unwrap())
}

/// Runs a property over at least `cases` inputs; `PROPTEST_CASES` raises the number. A failing input
/// is in the message.
pub(crate) fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases: Config::default().cases.max(cases),
        failure_persistence: None,
        ..Config::default()
    })
}
