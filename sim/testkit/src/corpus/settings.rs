//! `corpus/settings`: provider settings, held to their reader.
//!
//! Never connects to anything and never looks for a key.

use turingos::bus::Provider;

use super::documents::{Attributes, Document, DocumentExpectation, Refusal};
use turingos_run::providers::settings::{Settings, SettingsFaultCode};

/// What the reader makes of a settings file: `accept p=openai e=ollama`, or a refusal at a key,
/// `LINE:COLUMN` or `file`.
pub type SettingsExpectation = DocumentExpectation<SettingsText>;

/// A settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingsText;

/// What is looked at in settings: who is asked in which lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    p: Provider,
    e: Provider,
}

impl Document for SettingsText {
    const FOLDER: &'static str = "settings";

    type Code = SettingsFaultCode;
    type Taken = Kinds;

    fn codes() -> impl Iterator<Item = (SettingsFaultCode, &'static str)> {
        SettingsFaultCode::ALL
            .into_iter()
            .map(|code| (code, code.name()))
    }

    fn expected(attributes: &mut Attributes<'_, '_>) -> Result<Kinds, String> {
        let mut provider = |key| {
            let name = attributes.needed(key)?;
            name.parse().map_err(|error| format!("`{name}`: {error}"))
        };
        Ok(Kinds {
            p: provider("p")?,
            e: provider("e")?,
        })
    }

    fn attributes(Kinds { p, e }: &Kinds) -> String {
        format!("p={p} e={e}")
    }

    fn read(input: &[u8]) -> Result<Kinds, Refusal<SettingsFaultCode>> {
        match Settings::parse(input) {
            Ok(settings) => Ok(Kinds {
                p: settings.lanes.p.provider.kind,
                e: settings.lanes.e.provider.kind,
            }),
            Err(fault) => Err(Refusal {
                code: fault.code,
                place: fault.place,
                detail: fault.detail,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Expectation as _;

    #[test]
    fn settings_are_held_to_their_line() {
        let text = b"version = 1\n[lane.p]\nkind = \"ollama\"\nmodel = \"m\"\n";
        let accept = SettingsExpectation::parse("g", "accept p=ollama e=ollama", None).unwrap();
        assert_eq!(accept.check(text), Ok(()));
        assert!(accept.check(b"").is_err());
        let refuse = SettingsExpectation::parse("g", "refuse BAD_VALUE at=version", None).unwrap();
        assert_eq!(refuse.check(b"version = 0"), Ok(()));
        assert!(refuse.check(text).is_err());
    }

    #[test]
    fn other_expectations_are_refused() {
        for expect in [
            "accept",
            "accept p=ollama",
            "accept p=ollama e=gemini",
            "refuse BAD_VALUE",
            "refuse STRANGE at=file",
            "refuse BAD_VALUE at=file why=so",
            "accept p=ollama e=ollama beyond=size",
        ] {
            let parsed = SettingsExpectation::parse("g", expect, None);
            assert!(parsed.is_err(), "{expect}");
        }
    }
}
