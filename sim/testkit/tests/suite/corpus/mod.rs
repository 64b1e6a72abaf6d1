//! The committed corpus against decoder, bus and guard lane: every case comes out as it was decided.

mod contracts;
mod documents;
mod form;
mod guard;
mod providers;
mod replies;
mod scenarios;
mod settings;
mod syscalls;
mod turingos_journals;

use std::path::Path;

use turingos_testkit::corpus::{Case, Corpus, Expectation, disagreements, load};

/// Loads a folder of the committed corpus.
fn committed<E: Expectation>() -> Vec<Case<E>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus"));
    match load(&Corpus::Directory(root.to_path_buf())) {
        Ok(cases) => cases,
        Err(error) => panic!("{error}"),
    }
}

/// Runs every case and names all that fail.
fn assert_all_agree<E: Expectation>(cases: &[Case<E>]) {
    let failures: Vec<_> = disagreements(cases)
        .into_iter()
        .map(|(name, disagreement)| format!("{}/{name}: {disagreement}", E::FOLDER))
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}
