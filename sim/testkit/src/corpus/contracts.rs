//! `corpus/contracts`: execution contracts and the verdict of their reader.

use turingos::contract::{Contract, ContractCode};

use super::documents::{Attributes, Document, DocumentExpectation, Refusal};

/// The verdict on a contract file: `accept enabled=yes steps=3 required=1`, or a refusal at
/// a JSON pointer (nothing for the whole document).
pub type ContractExpectation = DocumentExpectation<ContractFile>;

/// A contract file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractFile;

/// The parts of a contract that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractFigures {
    enabled: bool,
    steps: usize,
    required: usize,
}

impl Document for ContractFile {
    const FOLDER: &'static str = "contracts";

    type Code = ContractCode;
    type Taken = ContractFigures;

    fn codes() -> impl Iterator<Item = (ContractCode, &'static str)> {
        ContractCode::ALL
            .into_iter()
            .map(|code| (code, code.name()))
    }

    fn expected(attributes: &mut Attributes<'_, '_>) -> Result<ContractFigures, String> {
        Ok(ContractFigures {
            enabled: match attributes.needed("enabled")? {
                "yes" => true,
                "no" => false,
                other => return Err(format!("`enabled={other}` is neither yes nor no")),
            },
            steps: attributes.count("steps")?,
            required: attributes.count("required")?,
        })
    }

    fn attributes(taken: &ContractFigures) -> String {
        let enabled = if taken.enabled { "yes" } else { "no" };
        let ContractFigures {
            steps, required, ..
        } = taken;
        format!("enabled={enabled} steps={steps} required={required}")
    }

    fn read(input: &[u8]) -> Result<ContractFigures, Refusal<ContractCode>> {
        match Contract::parse(input) {
            Ok(contract) => Ok(ContractFigures {
                enabled: contract.is_enabled(),
                steps: contract.steps().len(),
                required: contract.required_files().len(),
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
    use crate::corpus::{Disagreement, Expectation as _};

    fn check(expect: &str, input: &str) -> Result<(), Disagreement> {
        let expectation = ContractExpectation::parse("steps", expect, None).unwrap();
        expectation.check(input.as_bytes())
    }

    #[test]
    fn contract_matches_its_line() {
        let empty = r#"{"enabled":false}"#;
        assert_eq!(check("accept enabled=no steps=0 required=0", empty), Ok(()));
        assert_eq!(check("refuse MISSING_KEY at=", "{}"), Ok(()));
        for (expect, input) in [
            ("accept enabled=yes steps=0 required=0", empty),
            ("accept enabled=no steps=1 required=0", empty),
            ("accept enabled=no steps=0 required=1", empty),
            ("refuse MISSING_KEY at=", empty),
            ("refuse MISSING_KEY at=/enabled", "{}"),
            ("refuse UNKNOWN_KEY at=", "{}"),
            ("accept enabled=no steps=0 required=0", "{}"),
        ] {
            assert!(check(expect, input).is_err(), "{expect}: {input}");
        }
    }

    #[test]
    fn other_expectations_are_refused() {
        for expect in [
            "accept",
            "accept enabled=maybe steps=0 required=0",
            "accept enabled=yes steps=x required=0",
            "accept enabled=yes steps=0 required=0 at=",
            "accept enabled=yes steps=0 required=0 beyond=size",
            "refuse SYNTAX",
            "refuse STRANGE at=",
        ] {
            let parsed = ContractExpectation::parse("steps", expect, None);
            assert!(parsed.is_err(), "{expect}");
        }
        let parsed = ContractExpectation::parse("steps", "refuse SYNTAX at=", Some("why"));
        assert!(parsed.is_err());
    }
}
