//! A compiled schema, and the one violation that tells a person most.
//!
//! Never fetches anything: the only schemas that a reference can reach are those of the table.
//! Never shows a document's values, which may be long, secret or written to forge a line.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde::Serialize;
use serde_json::Value;

use super::{Schema, annotation};
use turingos_run::one_line::one_line;

/// A schema that is ready to check documents.
#[derive(Debug)]
pub struct Checker {
    validator: Validator,
}

/// Where a document is not what its schema says, and which rule says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Violation {
    /// JSON pointer (RFC 6901) into the document; empty for the document itself.
    pub pointer: String,
    /// JSON pointer into the schema, `$ref`s followed: its last part is the keyword that failed.
    pub rule: String,
    /// What the rule asks for, one line without the document's values.
    pub detail: String,
}

impl Checker {
    /// Compiles a schema together with those that it refers to.
    ///
    /// # Panics
    /// If a schema file is no schema or refers to none of the table, which a test would have found.
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

    /// True if the document is what the schema says.
    #[must_use]
    pub fn accepts(&self, document: &Value) -> bool {
        self.validator.is_valid(document)
    }

    /// The violation to tell, if there is any; always the same one for the same document.
    #[must_use]
    pub fn violation(&self, document: &Value) -> Option<Violation> {
        self.validator
            .iter_errors(document)
            .map(|error| told(most_telling(&error)))
            .min()
    }
}

fn told(error: &ValidationError<'_>) -> Violation {
    Violation {
        pointer: one_line(error.instance_path().as_str()),
        rule: error.evaluation_path().as_str().to_owned(),
        detail: one_line(&error.masked().to_string()),
    }
}

/// Where no branch of several fits, the error of the one that was most likely meant: it has fewer
/// words and constants wrong than every other, then fewer errors. Of equals none was meant.
fn most_telling<'e>(error: &'e ValidationError<'e>) -> &'e ValidationError<'e> {
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
            branch.first().map_or(error, most_telling)
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
    fn the_branch_that_was_meant_is_told() {
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
    fn a_violation_in_another_schema_names_the_way_to_it() {
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
    fn a_hostile_member_name_stays_on_one_line() {
        let document = json!({"q_next": "q", "a_t": {"op": "SYS_POP"}, "a\nb\u{2028}": 1});
        let checker = Checker::of(Schema::named("syscall-canonical.v4").unwrap());
        let detail = checker.violation(&document).unwrap().detail;
        assert!(detail.contains("a\\u{a}b\\u{2028}"), "{detail}");
        let long = json!({"k".repeat(5_000): 1});
        let detail = checker.violation(&long).unwrap().detail;
        assert!(detail.chars().count() <= MAX_DETAIL_CHARS + 1);
    }
}
