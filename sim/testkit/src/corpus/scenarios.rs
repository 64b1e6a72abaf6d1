//! `corpus/scenario-files`: scenario files and the verdict of their reader.
//!
//! Never runs a scenario; `corpus/scenarios` has the missions that are run.

use super::documents::{Attributes, Document, DocumentExpectation, Refusal};
use turingos_run::scenario::{Scenario, ScenarioCode};

/// The verdict on a scenario file: `accept files=2 expected=1`, the contract's file
/// counted, or a refusal at a JSON pointer (nothing for the whole document).
pub type ScenarioExpectation = DocumentExpectation<ScenarioFile>;

/// A scenario file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScenarioFile;

/// The parts of a scenario that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScenarioFigures {
    files: usize,
    expected: usize,
}

impl Document for ScenarioFile {
    const FOLDER: &'static str = "scenario-files";

    type Code = ScenarioCode;
    type Taken = ScenarioFigures;

    fn codes() -> impl Iterator<Item = (ScenarioCode, &'static str)> {
        ScenarioCode::ALL
            .iter()
            .copied()
            .map(|code| (code, code.name()))
    }

    fn expected(attributes: &mut Attributes<'_, '_>) -> Result<ScenarioFigures, String> {
        Ok(ScenarioFigures {
            files: attributes.count("files")?,
            expected: attributes.count("expected")?,
        })
    }

    fn attributes(taken: &ScenarioFigures) -> String {
        let ScenarioFigures { files, expected } = taken;
        format!("files={files} expected={expected}")
    }

    fn read(input: &[u8]) -> Result<ScenarioFigures, Refusal<ScenarioCode>> {
        match Scenario::parse(input) {
            Ok(scenario) => Ok(ScenarioFigures {
                files: scenario.files().len(),
                expected: scenario.expected().len(),
            }),
            Err(error) => Err(Refusal {
                code: error.code,
                place: error.place,
                detail: error.detail,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Expectation as _;
    use turingos_run::scenario::BuiltIn;

    #[test]
    fn scenario_matches_its_line() {
        let text = BuiltIn::ALL[0].text.as_bytes();
        let scenario = Scenario::parse(text).unwrap();
        let (files, expected) = (scenario.files().len(), scenario.expected().len());
        let held = |line: String, input: &[u8]| {
            let parsed = ScenarioExpectation::parse("g", &line, None);
            parsed.unwrap().check(input)
        };
        let line = format!("accept files={files} expected={expected}");
        assert_eq!(held(line.clone(), text), Ok(()));
        assert!(held(line, b"{}").is_err());
        for (files, expected) in [(files + 1, expected), (files, expected + 1)] {
            let line = format!("accept files={files} expected={expected}");
            assert!(held(line, text).is_err());
        }
        assert!(held("refuse MISSING_KEY at=".to_owned(), text).is_err());
    }
}
