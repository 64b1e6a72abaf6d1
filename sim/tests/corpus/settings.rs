//! Provider settings: every case comes out as decided, schema and reader judge alike, and every
//! code is expected somewhere.

use std::collections::BTreeSet;

use turingos_sim::corpus::settings::SettingsExpectation;
use turingos_sim::live::settings::SettingsFaultCode;
use turingos_sim::schema::{BEYOND_SCHEMA, Checker, Schema};

use crate::{assert_all_agree, committed};

#[test]
fn settings_come_out_as_decided() {
    assert_all_agree(&committed::<SettingsExpectation>());
}

#[test]
fn every_code_is_expected_and_every_kind_is_taken() {
    let cases = committed::<SettingsExpectation>();
    let codes: BTreeSet<_> = (cases.iter())
        .filter_map(|case| case.expectation.refusal())
        .collect();
    assert_eq!(codes, BTreeSet::from(SettingsFaultCode::ALL));
}

/// The data model of a file, where it has one.
fn document(bytes: &[u8]) -> Option<serde_json::Value> {
    let table: toml::Table = toml::from_str(str::from_utf8(bytes).ok()?).ok()?;
    serde_json::to_value(table).ok()
}

#[test]
fn the_schema_judges_as_the_reader_does() {
    let checker = Checker::of(Schema::named("provider-settings.v1").unwrap());
    for case in committed::<SettingsExpectation>() {
        let Some(document) = document(&case.input()) else {
            assert!(case.expectation.refusal().is_some(), "{}", case.name);
            continue;
        };
        let beyond = case.expectation.beyond();
        let is_taken_by_schema = case.expectation.refusal().is_none() || beyond.is_some();
        let too_long = case.expectation.refusal() == Some(SettingsFaultCode::TooLong);
        assert!(
            checker.accepts(&document) == is_taken_by_schema || too_long,
            "{}: {:?}",
            case.name,
            checker.violation(&document)
        );
        if let Some(name) = beyond {
            let known = BEYOND_SCHEMA.iter().any(|beyond| beyond.name == name);
            assert!(known, "{}: {name}", case.name);
        }
    }
}
