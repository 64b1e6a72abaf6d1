//! `corpus/scenario-files`: scenario files, held to their reader.
//!
//! Never runs a scenario; the missions that are run stand in `corpus/scenarios`.

use super::headline::{Headline, only_notes};
use super::{Disagreement, Expectation};
use crate::scenario::{Scenario, ScenarioCode};

/// What the reader makes of a scenario file.
///
/// `accept files=2 expected=1`, the contract's file counted, or `refuse CODE at=/JSON/POINTER`
/// (`at=` for the whole document). A refusal that no schema can state carries its name:
/// `beyond=NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioExpectation {
    verdict: Verdict,
    beyond: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accept { files: usize, expected: usize },
    Refuse { code: ScenarioCode, place: String },
}

impl ScenarioExpectation {
    /// The code that the file is refused with; nothing if it is taken.
    #[must_use]
    pub const fn refusal(&self) -> Option<ScenarioCode> {
        match &self.verdict {
            Verdict::Accept { .. } => None,
            Verdict::Refuse { code, .. } => Some(*code),
        }
    }

    /// The name of the rule beyond the schema that refuses the file; nothing if the schema judges
    /// as the reader does, where it sees a document at all.
    #[must_use]
    pub fn beyond(&self) -> Option<&str> {
        self.beyond.as_deref()
    }
}

impl Expectation for ScenarioExpectation {
    const FOLDER: &'static str = "scenario-files";

    fn parse(_: &str, text: &str) -> Result<Self, String> {
        let mut headline = Headline::parse(text)?;
        only_notes(headline.below)?;
        let code = headline.refused_with.map(scenario_code).transpose()?;
        let mut needed = |key: &str| {
            headline
                .take(key)
                .ok_or_else(|| format!("the first line has no `{key}=`"))
        };
        let verdict = match code {
            None => Verdict::Accept {
                files: count(needed("files")?)?,
                expected: count(needed("expected")?)?,
            },
            Some(code) => Verdict::Refuse {
                code,
                place: needed("at")?.to_owned(),
            },
        };
        let beyond = match verdict {
            Verdict::Accept { .. } => None,
            Verdict::Refuse { .. } => headline.take("beyond").map(str::to_owned),
        };
        headline.finish()?;
        Ok(Self { verdict, beyond })
    }

    fn check(&self, input: &[u8]) -> Result<(), Disagreement> {
        let said = Scenario::parse(input);
        let got = match &said {
            Ok(scenario) => Verdict::Accept {
                files: scenario.files().len(),
                expected: scenario.expected().len(),
            },
            Err(error) => Verdict::Refuse {
                code: error.code,
                place: error.place.clone(),
            },
        };
        if got == self.verdict {
            return Ok(());
        }
        Err(Disagreement {
            expected: words(&self.verdict),
            got: match said {
                Ok(_) => words(&got),
                Err(error) => format!("{} ({})", words(&got), error.detail),
            },
        })
    }
}

fn scenario_code(name: &str) -> Result<ScenarioCode, String> {
    ScenarioCode::ALL
        .into_iter()
        .find(|code| code.name() == name)
        .ok_or_else(|| format!("`{name}` is no code of a scenario"))
}

fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("`{text}` is no count"))
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept { files, expected } => {
            format!("accept files={files} expected={expected}")
        }
        Verdict::Refuse { code, place } => format!("refuse {} at={place}", code.name()),
    }
}
