//! `corpus/contracts`: execution contracts, held to their reader.
//!
//! Never runs a mission; what a contract does to one is the kernel's matter.

use turingos::contract::{Contract, ContractCode};

use super::headline::{Headline, only_notes};
use super::{Disagreement, Expectation};

/// What the reader makes of a contract file.
///
/// `accept enabled=yes steps=3 required=1`, or `refuse CODE at=/JSON/POINTER` (`at=` for the whole
/// document). A refusal that no schema can state carries its name: `beyond=NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractExpectation {
    verdict: Verdict,
    beyond: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accept {
        enabled: bool,
        steps: usize,
        required: usize,
    },
    Refuse {
        code: ContractCode,
        place: String,
    },
}

impl ContractExpectation {
    /// The code that the contract is refused with; nothing if it is taken.
    #[must_use]
    pub const fn refusal(&self) -> Option<ContractCode> {
        match &self.verdict {
            Verdict::Accept { .. } => None,
            Verdict::Refuse { code, .. } => Some(*code),
        }
    }

    /// The name of the rule beyond the schema that refuses the contract; nothing if the schema
    /// judges as the reader does, where it sees a document at all.
    #[must_use]
    pub fn beyond(&self) -> Option<&str> {
        self.beyond.as_deref()
    }
}

impl Expectation for ContractExpectation {
    const FOLDER: &'static str = "contracts";

    fn parse(_: &str, text: &str) -> Result<Self, String> {
        let mut headline = Headline::parse(text)?;
        only_notes(headline.below)?;
        let code = headline.refused_with.map(contract_code).transpose()?;
        let mut needed = |key: &str| {
            headline
                .take(key)
                .ok_or_else(|| format!("the first line has no `{key}=`"))
        };
        let verdict = match code {
            None => Verdict::Accept {
                enabled: match needed("enabled")? {
                    "yes" => true,
                    "no" => false,
                    other => return Err(format!("`enabled={other}` is neither yes nor no")),
                },
                steps: count(needed("steps")?)?,
                required: count(needed("required")?)?,
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
        let said = Contract::parse(input);
        let got = match &said {
            Ok(contract) => Verdict::Accept {
                enabled: contract.is_enabled(),
                steps: contract.steps().len(),
                required: contract.required_files().len(),
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

fn contract_code(name: &str) -> Result<ContractCode, String> {
    ContractCode::ALL
        .into_iter()
        .find(|code| code.name() == name)
        .ok_or_else(|| format!("`{name}` is no code of a contract"))
}

fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("`{text}` is no count"))
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept {
            enabled,
            steps,
            required,
        } => {
            let enabled = if *enabled { "yes" } else { "no" };
            format!("accept enabled={enabled} steps={steps} required={required}")
        }
        Verdict::Refuse { code, place } => format!("refuse {code} at={place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
