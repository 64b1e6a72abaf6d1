//! Contracts of every kind of step.

use arbitrary::Arbitrary;
use serde_json::{Map, Value, json};
use turingos::contract::{Contract, MAX_PARTS, MAX_REQUIRED_FILES, MAX_STEPS};

use super::super::contracts::contract;
use super::{Text, value};

#[derive(Debug, Arbitrary)]
struct Plan<'a> {
    enabled: bool,
    /// Whether names and paths are made by the test, so that the plan is a good one.
    is_tidy: bool,
    steps: Vec<Step<'a>>,
    required_files: Vec<&'a str>,
    progress_file: Option<&'a str>,
}

#[derive(Debug, Arbitrary)]
struct Step<'a> {
    name: &'a str,
    file: Option<&'a str>,
    expectation: Option<Expectation<'a>>,
}

#[derive(Debug, Arbitrary)]
enum Expectation<'a> {
    Text(Text<'a>),
    Includes(Vec<Text<'a>>),
    Regex(Text<'a>),
    Json(Option<u64>),
}

/// A contract document.
///
/// Properties: those of the target `contract`. A plan whose names and paths are plain is taken.
///
/// # Panics
/// If a property does not hold.
pub fn built_contract(bytes: &[u8]) {
    let Some(plan) = value::<Plan<'_>>(bytes) else {
        return;
    };
    let text = plan.document().to_string();
    contract(text.as_bytes());
    let has_regex = |step: &Step<'_>| matches!(step.expectation, Some(Expectation::Regex(_)));
    if plan.is_tidy && !plan.steps.iter().any(has_regex) {
        let read = Contract::parse(text.as_bytes());
        let read = read.unwrap_or_else(|error| panic!("{error:?}: {text}"));
        assert_eq!(read.is_enabled(), plan.enabled);
        assert_eq!(read.steps().len(), plan.steps.len().min(MAX_STEPS));
    }
}

impl Plan<'_> {
    fn document(&self) -> Value {
        let (mut files, mut expectations) = (Map::new(), Map::new());
        let mut names = Vec::new();
        let most = if self.is_tidy { MAX_STEPS } else { usize::MAX };
        for (number, step) in self.steps.iter().take(most).enumerate() {
            let name = match self.is_tidy {
                true => format!("STEP-{number}"),
                false => step.name.to_owned(),
            };
            let file = match self.is_tidy {
                true => Some(format!("out/{number}.md")),
                false => step.file.map(str::to_owned),
            };
            if let Some(file) = file {
                files.insert(name.clone(), file.into());
            }
            if let Some(expectation) = &step.expectation {
                expectations.insert(name.clone(), expectation.document(self.is_tidy));
            }
            names.push(name);
        }
        let required: Vec<String> = match self.is_tidy {
            true => (0..self.required_files.len().min(MAX_REQUIRED_FILES))
                .map(|number| format!("required/{number}"))
                .collect(),
            false => (self.required_files.iter())
                .map(|&file| file.to_owned())
                .collect(),
        };
        let mut document = json!({
            "enabled": self.enabled,
            "ordered_steps": names,
            "required_files": required,
            "step_file_map": files,
            "step_expectations": expectations,
        });
        let progress_file = match self.is_tidy {
            true => Some("progress.log"),
            false => self.progress_file,
        };
        if let Some(file) = progress_file {
            document["progress_file"] = file.into();
        }
        document
    }
}

impl Expectation<'_> {
    fn document(&self, is_tidy: bool) -> Value {
        let text = |text: &Text<'_>| match is_tidy {
            true => text.filled(),
            false => text.raw().to_owned(),
        };
        match self {
            Self::Text(value) => json!({"kind": "text", "value": text(value)}),
            Self::Includes(values) => {
                let most = if is_tidy { MAX_PARTS } else { usize::MAX };
                let mut values: Vec<_> = values.iter().take(most).map(text).collect();
                if is_tidy && values.is_empty() {
                    values.push("x".to_owned());
                }
                json!({"kind": "includes", "values": values})
            }
            Self::Regex(pattern) => json!({"kind": "regex", "pattern": text(pattern)}),
            Self::Json(number) => json!({"kind": "json", "value": number}),
        }
    }
}
