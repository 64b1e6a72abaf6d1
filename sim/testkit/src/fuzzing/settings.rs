//! Provider settings: read or refused at a place, never beyond what their schema allows.

use std::sync::LazyLock;

use turingos_run::providers::settings::{MAX_SETTINGS_BYTES, Settings};
use turingos_schema::{Checker, Schema};

static CHECKER: LazyLock<Checker> = LazyLock::new(|| {
    let schema = Schema::named("provider-settings.v1");
    Checker::of(schema.expect("the schema named here is embedded in the program"))
});

/// What is taken is short, is what the schema says, and is the same when it is read again; what is
/// refused is refused at a place, in one line.
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
            assert_eq!(violation, None, "the schema refuses what is taken");
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
