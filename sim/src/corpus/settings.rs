//! `corpus/settings`: provider settings, held to their reader.
//!
//! Never connects to anything and never looks for a key.

use turingos::bus::Provider;

use super::headline::{Headline, only_notes};
use super::{Disagreement, Expectation};
use crate::live::settings::{Settings, SettingsFaultCode};

/// What the reader makes of a settings file.
///
/// `accept p=openai e=ollama`, or `refuse CODE at=PLACE`, where the place is a key, `LINE:COLUMN`
/// or `file`. A refusal of what the schema accepts names the rule that no schema can state:
/// `beyond=NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsExpectation {
    verdict: Verdict,
    beyond: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    p: Provider,
    e: Provider,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accept(Taken),
    Refuse {
        code: SettingsFaultCode,
        place: String,
    },
}

impl SettingsExpectation {
    /// The code that the settings are refused with; nothing if they are taken.
    #[must_use]
    pub const fn refusal(&self) -> Option<SettingsFaultCode> {
        match &self.verdict {
            Verdict::Accept(_) => None,
            Verdict::Refuse { code, .. } => Some(*code),
        }
    }

    /// The rule beyond the schema that refuses them; nothing if the schema judges as the reader
    /// does, where it sees a document at all.
    #[must_use]
    pub fn beyond(&self) -> Option<&str> {
        self.beyond.as_deref()
    }
}

impl Expectation for SettingsExpectation {
    const FOLDER: &'static str = "settings";

    fn parse(_: &str, text: &str) -> Result<Self, String> {
        let mut headline = Headline::parse(text)?;
        only_notes(headline.below)?;
        let code = headline.refused_with.map(code_named).transpose()?;
        let mut needed = |key: &str| {
            let value = headline.take(key);
            value.ok_or_else(|| format!("attribute `{key}` is missing"))
        };
        let provider = |name: &str| -> Result<Provider, String> {
            name.parse().map_err(|error| format!("`{name}`: {error}"))
        };
        let verdict = match code {
            None => Verdict::Accept(Taken {
                p: provider(needed("p")?)?,
                e: provider(needed("e")?)?,
            }),
            Some(code) => Verdict::Refuse {
                code,
                place: needed("at")?.to_owned(),
            },
        };
        let beyond = headline.take("beyond").map(str::to_owned);
        headline.finish()?;
        Ok(Self { verdict, beyond })
    }

    fn check(&self, input: &[u8]) -> Result<(), Disagreement> {
        let (got, detail) = match Settings::parse(input) {
            Ok(settings) => {
                let taken = Taken {
                    p: settings.lane_p.provider.kind,
                    e: settings.lane_e.provider.kind,
                };
                (Verdict::Accept(taken), String::new())
            }
            Err(fault) => (
                Verdict::Refuse {
                    code: fault.code,
                    place: fault.place,
                },
                format!(" ({})", fault.detail),
            ),
        };
        if got == self.verdict {
            return Ok(());
        }
        Err(Disagreement {
            expected: shown(&self.verdict),
            got: shown(&got) + &detail,
        })
    }
}

fn code_named(name: &str) -> Result<SettingsFaultCode, String> {
    SettingsFaultCode::ALL
        .into_iter()
        .find(|code| code.name() == name)
        .ok_or_else(|| format!("`{name}` is no fault code of settings"))
}

fn shown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept(Taken { p, e }) => format!("accept p={p} e={e}"),
        Verdict::Refuse { code, place } => format!("refuse {code} at={place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_held_to_their_line() {
        let text = b"version = 1\n[lane.p]\nkind = \"ollama\"\nmodel = \"m\"\n";
        let accept = SettingsExpectation::parse("g", "accept p=ollama e=ollama\n").unwrap();
        assert_eq!(accept.check(text), Ok(()));
        assert!(accept.check(b"").is_err());
        let refuse = SettingsExpectation::parse("g", "refuse BAD_VALUE at=version\n").unwrap();
        assert_eq!(refuse.check(b"version = 0"), Ok(()));
        assert!(refuse.check(text).is_err());
    }

    #[test]
    fn other_expectations_are_refused() {
        for text in [
            "accept\n",
            "accept p=ollama\n",
            "accept p=ollama e=gemini\n",
            "refuse BAD_VALUE\n",
            "refuse STRANGE at=file\n",
            "refuse BAD_VALUE at=file why=so\n",
        ] {
            assert!(SettingsExpectation::parse("g", text).is_err(), "{text:?}");
        }
    }
}
