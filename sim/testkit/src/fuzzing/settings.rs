//! Provider settings: accepted within their schema, or refused with the place of the error.

use std::sync::LazyLock;

use turingos_run::providers::settings::{MAX_SETTINGS_BYTES, Settings};
use turingos_schema::{Checker, Schema};

static CHECKER: LazyLock<Checker> = LazyLock::new(|| {
    let schema = Schema::named("provider-settings.v1");
    Checker::of(schema.expect("the schema named here is embedded in the program"))
});

/// Accepted settings are short, valid by the schema, and stable when parsed again; an error names a
/// place in one line.
///
/// # Panics
/// If a property does not hold.
pub fn settings(bytes: &[u8]) {
    match Settings::parse(bytes) {
        Ok(settings) => {
            assert!(bytes.len() <= MAX_SETTINGS_BYTES);
            let text = str::from_utf8(bytes).expect("settings are text");
            let table: toml::Table = toml::from_str(text).expect("settings are TOML");
            let document = serde_json::to_value(table).expect("their values are JSON values");
            let violation = CHECKER.violation(&document);
            assert_eq!(violation, None, "the schema refuses accepted settings");
            assert_eq!(Settings::parse(bytes), Ok(settings));
        }
        Err(fault) => {
            let line = fault.to_string();
            assert!(!fault.place.is_empty() && !fault.place.contains(' '));
            assert!(!line.chars().any(char::is_control), "{line:?}");
            assert!(line.len() < 2_000, "{line}");
        }
    }
}
