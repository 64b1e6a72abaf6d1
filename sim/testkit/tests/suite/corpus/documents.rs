//! What holds for every folder of documents: each code is expected somewhere, and the schema judges
//! as was decided.

use std::collections::BTreeSet;

use serde_json::Value;
use turingos_schema::{BEYOND_SCHEMA, Checker, Schema};
use turingos_testkit::corpus::Case;
use turingos_testkit::corpus::documents::{Document, DocumentExpectation};

pub(crate) type Cases<D> = [Case<DocumentExpectation<D>>];

pub(crate) fn assert_every_code_is_expected<D: Document>(cases: &Cases<D>) {
    let expected: BTreeSet<_> = (cases.iter())
        .filter_map(|case| case.expectation.refusal())
        .collect();
    let codes = D::codes().map(|(code, _)| code);
    assert_eq!(codes.collect::<BTreeSet<_>>(), expected, "{}", D::FOLDER);
}

/// What the schema takes, the reader takes, but for what no schema can say, by name. How many
/// documents the schema saw; `document` shows it one, if there is one in the bytes.
pub(crate) fn assert_schema_judges_as_decided<D: Document>(
    schema: &str,
    cases: &Cases<D>,
    document: impl Fn(&[u8]) -> Option<Value>,
) -> usize {
    let schema = Checker::of(Schema::named(schema).expect("it is embedded"));
    let mut seen = 0;
    for case in cases {
        let (name, expectation) = (&case.name, &case.expectation);
        if let Some(beyond) = expectation.beyond() {
            let is_listed = BEYOND_SCHEMA.iter().any(|listed| listed.name == beyond);
            assert!(is_listed, "{name}: {beyond}");
        }
        match document(&case.input()) {
            Some(document) => {
                seen += 1;
                let is_valid = schema.accepts(&document);
                assert_eq!(is_valid, expectation.is_valid_by_schema(), "{name}");
            }
            None => {
                assert_eq!(expectation.beyond(), None, "{name}");
                assert!(expectation.refusal().is_some(), "{name}");
            }
        }
    }
    seen
}
