//! The JSON Schemas (2020-12) of every external shape, embedded, and a checker of documents.
//!
//! A shape is one file in `schemas/` and one name in the table below. [`Schema::named`] finds it,
//! [`Checker`] compiles it, [`check_file`] checks a file. [`BEYOND_SCHEMA`] lists the rules that no
//! schema can express.
//!
//! Only tests and the `schema` verb use this crate: a run's input is judged by the decoders and
//! parsers, and tests prove that they agree with the schemas.

mod beyond;
mod checker;
mod reading;

use serde_json::Value;

pub use beyond::{BEYOND_SCHEMA, Beyond};
pub use checker::{Checker, Violation};
pub use reading::{MAX_LINE_BYTES, Verdict, check_file};

/// The schema of one version of one external shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    name: &'static str,
    text: &'static str,
}

/// Embeds `schemas/NAME.json`.
macro_rules! schemas {
    ($($name:literal,)+) => {
        &[$(Schema {
            name: $name,
            text: include_str!(concat!("../../../schemas/", $name, ".json")),
        }),+]
    };
}

impl Schema {
    /// Every schema, ordered from a reply to a whole run and to what verbs print about it.
    pub const ALL: &[Self] = schemas![
        "syscall-model.v4",
        "syscall-canonical.v4",
        "bus-frame.v1",
        "trap-frame.v1",
        "guard-block.v1",
        "route-entry.v1",
        "journal-record.v1",
        "journal-line.v1",
        "tape.v1",
        "contract.v1",
        "run-header.v1",
        "scenario.v1",
        "scenario-run-header.v1",
        "run-manifest.v1",
        "live-run-header.v1",
        "fork-run-header.v1",
        "exchange-header.v1",
        "exchange-tape.v1",
        "exchange-manifest.v1",
        "provider-settings.v1",
        "match-rules.v1",
        "turingos-tuple.v1",
        "turingos-trap-frame.v1",
        "turingos-route.v1",
        "turingos-line-chain.v1",
        "dataset-policy-row.v1",
        "dataset-reflex-row.v1",
        "soak-report.v1",
        "scenario-report.v1",
        "live-report.v1",
        "longrun-report.v1",
        "sweep-file.v1",
        "sweep-report.v1",
        "sweep-failure.v1",
        "sweep-comparison.v1",
        "sweep-difference.v1",
        "finished-run.v1",
        "record-report.v1",
        "replay-report.v1",
        "agent-replay-report.v1",
        "verify-report.v1",
        "show-report.v1",
        "diff-report.v1",
        "report-report.v1",
        "fork-report.v1",
        "fork-curve.v1",
        "shrink-report.v1",
        "exchanges-report.v1",
        "exchange-diff-report.v1",
        "dataset-report.v1",
        "gate-report.v1",
        "decode-report.v1",
        "schema-list.v1",
        "schema-document.v1",
        "schema-report.v1",
        "system-prompt.v1",
        "serve-start.v1",
        "serve-end.v1",
        "new-report.v1",
        "lint-report.v1",
        "failure.v1",
    ];

    /// The schema with exactly this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|schema| schema.name == name)
    }

    /// The shape and its version, `journal-line.v1`: the file's name without `.json`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The file, byte for byte.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The file as a JSON value.
    ///
    /// # Panics
    /// If the file is not JSON, which tests exclude.
    #[must_use]
    pub fn document(&self) -> Value {
        serde_json::from_str(self.text).expect("a test reads every schema file as JSON")
    }

    /// The `$id`, by which schemas refer to each other: `urn:turingos:schema:journal-line:1`.
    ///
    /// # Panics
    /// As [`Schema::document`].
    #[must_use]
    pub fn id(&self) -> String {
        annotation(&self.document(), "$id")
    }

    /// The title, for people.
    ///
    /// # Panics
    /// As [`Schema::document`].
    #[must_use]
    pub fn title(&self) -> String {
        annotation(&self.document(), "title")
    }
}

fn annotation(document: &Value, key: &str) -> String {
    let text = document.get(key).and_then(Value::as_str);
    text.expect("a test finds an id and a title in every schema file")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn table_matches_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");
        #[expect(
            clippy::disallowed_methods,
            reason = "the names go into a set, so that their order does not matter"
        )]
        let entries = std::fs::read_dir(folder).unwrap();
        let files: BTreeSet<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let table: BTreeSet<_> = Schema::ALL
            .iter()
            .map(|schema| format!("{}.json", schema.name()))
            .collect();
        assert_eq!(files, table);
        assert_eq!(table.len(), Schema::ALL.len(), "duplicate name");
    }

    #[test]
    fn schemas_are_valid() {
        for schema in Schema::ALL {
            let document = schema.document();
            assert_eq!(
                document["$schema"],
                "https://json-schema.org/draft/2020-12/schema",
                "{}",
                schema.name()
            );
            jsonschema::meta::validate(&document).unwrap();
            let (shape, version) = schema.name().split_once(".v").unwrap();
            assert_eq!(
                schema.id(),
                format!("urn:turingos:schema:{shape}:{version}")
            );
            assert!(
                schema.title().ends_with(&format!(", version {version}")),
                "{}",
                schema.title()
            );
            assert_eq!(Schema::named(schema.name()), Some(schema));
            // The checker resolves every reference to another schema.
            let _ = Checker::of(schema);
        }
        assert_eq!(Schema::named("journal-line"), None);
    }

    #[test]
    fn every_member_has_a_description() {
        for schema in Schema::ALL {
            let document = schema.document();
            assert!(document["description"].as_str().is_some_and(is_sentence));
            let mut members = 0;
            visit(&document, schema.name(), &mut members);
            assert!(members > 0, "{} describes no member", schema.name());
        }
    }

    fn is_sentence(text: &str) -> bool {
        text.ends_with('.')
    }

    /// Visits the declarations of members; conditions only narrow members described elsewhere.
    fn visit(value: &Value, place: &str, members: &mut usize) {
        let Some(object) = value.as_object() else {
            return;
        };
        for keyword in ["properties", "$defs"] {
            let declared = object.get(keyword).and_then(Value::as_object);
            for (name, member) in declared.into_iter().flatten() {
                let place = format!("{place}/{keyword}/{name}");
                assert!(
                    member["description"].as_str().is_some_and(is_sentence),
                    "{place} has no description"
                );
                *members += 1;
                visit(member, &place, members);
            }
        }
        if let Some(items) = object.get("items") {
            visit(items, &format!("{place}/items"), members);
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            let branches = object.get(keyword).and_then(Value::as_array);
            for branch in branches.into_iter().flatten() {
                if branch.get("type").is_some() {
                    visit(branch, &format!("{place}/{keyword}"), members);
                }
            }
        }
    }
}
