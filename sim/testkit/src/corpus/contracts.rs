//! `corpus/contracts`: execution contracts, held to their reader.
//!
//! Never runs a mission; what a contract does to one is the kernel's matter.

use turingos::contract::{Contract, ContractCode};

use super::documents::{Attributes, Document, DocumentExpectation, Refusal};

/// What the reader makes of a contract file: `accept enabled=yes steps=3 required=1`, or a refusal at
/// a JSON pointer (nothing for the whole document).
pub type ContractExpectation = DocumentExpectation<ContractFile>;

/// A contract file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractFile;

/// What is looked at in a contract.
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

    fn check(text: &str, input: &str) -> Result<(), Disagreement> {
        let expectation = ContractExpectation::parse("steps", text).unwrap();
        expectation.check(input.as_bytes())
    }

    #[test]
    fn a_contract_is_held_to_its_line() {
        let empty = r#"{"enabled":false}"#;
        assert_eq!(
            check("accept enabled=no steps=0 required=0\n", empty),
            Ok(())
        );
        assert_eq!(check("refuse MISSING_KEY at=\n# why\n", "{}"), Ok(()));
        for (text, input) in [
            ("accept enabled=yes steps=0 required=0\n", empty),
            ("accept enabled=no steps=1 required=0\n", empty),
            ("accept enabled=no steps=0 required=1\n", empty),
            ("refuse MISSING_KEY at=\n", empty),
            ("refuse MISSING_KEY at=/enabled\n", "{}"),
            ("refuse UNKNOWN_KEY at=\n", "{}"),
            ("accept enabled=no steps=0 required=0\n", "{}"),
        ] {
            assert!(check(text, input).is_err(), "{text}{input}");
        }
    }

    #[test]
    fn other_expectations_are_refused() {
        for text in [
            "accept\n",
            "accept enabled=maybe steps=0 required=0\n",
            "accept enabled=yes steps=x required=0\n",
            "accept enabled=yes steps=0 required=0 at=\n",
            "accept enabled=yes steps=0 required=0 beyond=size\n",
            "refuse SYNTAX\n",
            "refuse STRANGE at=\n",
            "refuse SYNTAX at=\nwhy\n",
        ] {
            assert!(ContractExpectation::parse("steps", text).is_err(), "{text}");
        }
    }
}
