//! Provider settings: every case comes out as decided, schema and reader judge alike, and every
//! code is expected somewhere.

use turingos_run::providers::settings::SettingsFaultCode;
use turingos_testkit::corpus::settings::SettingsExpectation;

use super::documents::{assert_every_code_is_expected, assert_schema_judges_as_decided};
use super::{assert_all_agree, committed};

#[test]
fn settings_come_out_as_decided() {
    assert_all_agree(&committed::<SettingsExpectation>());
}

#[test]
fn every_code_is_expected() {
    assert_every_code_is_expected(&committed::<SettingsExpectation>());
}

/// The data model of a file, where it has one.
fn document(bytes: &[u8]) -> Option<serde_json::Value> {
    let table: toml::Table = toml::from_str(str::from_utf8(bytes).ok()?).ok()?;
    serde_json::to_value(table).ok()
}

#[test]
fn the_schema_judges_as_the_reader_does() {
    let mut cases = committed::<SettingsExpectation>();
    // A file that is too long is not read, whatever is in it.
    cases.retain(|case| case.expectation.refusal() != Some(SettingsFaultCode::TooLong));
    let seen = assert_schema_judges_as_decided("provider-settings.v1", &cases, document);
    assert!(seen >= 80, "{seen}");
}
