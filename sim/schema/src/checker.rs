//! A compiled schema, and the most helpful violation of it.
//!
//! References resolve only to the embedded schemas; nothing is fetched. Messages do not contain the
//! document's values, which may be long, secret or crafted to forge a line.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde::Serialize;
use serde_json::Value;

use super::{Schema, annotation};
use turingos_run::one_line::one_line;

/// A compiled schema.
#[derive(Debug)]
pub struct Checker {
    validator: Validator,
}

/// One place where a document violates its schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Violation {
    /// JSON pointer (RFC 6901) into the document; empty for the document itself.
    pub pointer: String,
    /// JSON pointer into the schema, following `$ref`s; its last part is the failed keyword.
    pub rule: String,
    /// The requirement, in one line without the document's values.
    pub detail: String,
}

impl Checker {
    /// Compiles a schema with its references.
    ///
    /// # Panics
    /// If an embedded schema is invalid or has an unknown reference, which tests exclude.
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        let mut registry = Registry::new();
        for other in Schema::ALL {
            let document = other.document();
            registry = registry
                .add(annotation(&document, "$id"), document)
                .expect("a test registers every schema under its id");
        }
        let registry = registry
            .prepare()
            .expect("a test resolves every reference of every schema");
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&registry)
            .build(&schema.document())
            .expect("a test compiles every schema");
        Self { validator }
    }

    /// True if the document is valid.
    #[must_use]
    pub fn accepts(&self, document: &Value) -> bool {
        self.validator.is_valid(document)
    }

    /// The violation to report, if there is any; the same for equal documents.
    #[must_use]
    pub fn violation(&self, document: &Value) -> Option<Violation> {
        self.validator
            .iter_errors(document)
            .map(|error| violation_of(most_specific(&error)))
            .min()
    }
}

fn violation_of(error: &ValidationError<'_>) -> Violation {
    Violation {
        pointer: one_line(error.instance_path().as_str()),
        rule: error.evaluation_path().as_str().to_owned(),
        detail: one_line(&error.masked().to_string()),
    }
}

/// Where none of several branches fits, the error of the branch that was most likely intended: the
/// one with the fewest wrong words and constants, then with the fewest errors. On a tie, the error
/// of the whole.
fn most_specific<'e>(error: &'e ValidationError<'e>) -> &'e ValidationError<'e> {
    let (ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context }) =
        error.kind()
    else {
        return error;
    };
    let mut ranked: Vec<_> = context
        .iter()
        .map(|branch| {
            let wrong_words = branch.iter().filter(|error| is_about_a_word(error)).count();
            ((wrong_words, branch.len()), branch)
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    match ranked.as_slice() {
        [(best, branch), (second, _), ..] if best < second => {
            branch.first().map_or(error, most_specific)
        }
        _ => error,
    }
}

fn is_about_a_word(error: &ValidationError<'_>) -> bool {
    matches!(
        error.kind(),
        ValidationErrorKind::Constant { .. }
            | ValidationErrorKind::Enum { .. }
            | ValidationErrorKind::Pattern { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use turingos_run::one_line::MAX_DETAIL_CHARS;

    fn violation(name: &str, document: &Value) -> (String, String) {
        let found = Checker::of(Schema::named(name).unwrap())
            .violation(document)
            .unwrap();
        (found.pointer, found.rule)
    }

    #[test]
    fn reports_the_intended_branch() {
        let of = |action: Value| {
            let document = json!({"q_next": "q", "a_t": action});
            violation("syscall-canonical.v4", &document)
        };
        let branch = "/properties/a_t/oneOf/0/$ref";
        assert_eq!(
            of(json!({"op": "SYS_WRITE", "payload": "x", "cmd": "y"})),
            ("/a_t".into(), format!("{branch}/additionalProperties"))
        );
        assert_eq!(
            of(json!({"op": "SYS_WRITE"})),
            ("/a_t".into(), format!("{branch}/required"))
        );
        assert_eq!(
            of(json!({"op": "SYS_FLY"})),
            ("/a_t".into(), "/properties/a_t/oneOf".into())
        );
    }

    #[test]
    fn violation_in_a_referenced_schema() {
        let found = violation("journal-line.v1", &json!({"hash": "0", "record": {}}));
        assert_eq!(found, ("/hash".into(), "/properties/hash/pattern".into()));
        let hash = "0".repeat(64);
        let found = violation("journal-line.v1", &json!({"hash": hash, "record": {}}));
        assert_eq!(
            found,
            ("/record".into(), "/properties/record/$ref/required".into())
        );
    }

    #[test]
    fn hostile_member_name_is_escaped() {
        let document = json!({"q_next": "q", "a_t": {"op": "SYS_POP"}, "a\nb\u{2028}": 1});
        let checker = Checker::of(Schema::named("syscall-canonical.v4").unwrap());
        let detail = checker.violation(&document).unwrap().detail;
        assert!(detail.contains("a\\u{a}b\\u{2028}"), "{detail}");
        let long = json!({"k".repeat(5_000): 1});
        let detail = checker.violation(&long).unwrap().detail;
        assert!(detail.chars().count() <= MAX_DETAIL_CHARS + 1);
    }
}
