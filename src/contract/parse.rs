//! The contract file: strict JSON in, a plan or the first fault with its place out.
//!
//! One pass with the strict JSON reader. Never skips a member and never fills one in.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::cursor::File;
use super::expectation::{Expectation, Pattern};
use super::fault::{ContractCode, ContractError};
use super::{Contract, MAX_CONTRACT_BYTES, MAX_PARTS, MAX_REQUIRED_FILES, MAX_STEPS, Step};
use crate::json::Event;
use crate::pointer::WorkspacePath;
use crate::text::Shown;

/// Reads a whole contract file.
pub(super) fn contract(json: &[u8]) -> Result<Contract, ContractError> {
    let refuse = |code, detail: fmt::Arguments<'_>| Err(ContractError::new("", code, detail));
    if json.len() > MAX_CONTRACT_BYTES {
        return refuse(
            ContractCode::TooLarge,
            format_args!("{} bytes, at most {MAX_CONTRACT_BYTES}", json.len()),
        );
    }
    let text = match core::str::from_utf8(json) {
        Ok(text) => text,
        Err(error) => {
            return refuse(
                ContractCode::NotUtf8,
                format_args!("not UTF-8 at byte {}", error.valid_up_to()),
            );
        }
    };
    if text.starts_with('\u{feff}') {
        return refuse(
            ContractCode::ByteOrderMark,
            format_args!("save the file without a byte order mark"),
        );
    }
    let mut file = File::of(text);
    let members = file.document()?;
    file.end()?;
    file.relate(members)
}

/// The members of a contract, before they are checked against each other.
#[derive(Default)]
struct Document {
    enabled: Option<bool>,
    progress_file: Option<WorkspacePath>,
    ordered_steps: Vec<String>,
    required_files: Vec<WorkspacePath>,
    step_file_map: BTreeMap<String, WorkspacePath>,
    step_expectations: BTreeMap<String, Expectation>,
}

/// The members of an expectation, whatever its kind.
#[derive(Default)]
struct Parts {
    kind: Option<String>,
    /// The canonical text, and the text itself if it is a string.
    value: Option<(String, Option<String>)>,
    values: Option<Vec<String>>,
    pattern: Option<Pattern>,
}

impl File<'_> {
    fn document(&mut self) -> Result<Document, ContractError> {
        let mut document = Document::default();
        let event = self.value()?;
        self.members(&event, usize::MAX, |file, key| {
            match key {
                "enabled" => document.enabled = Some(file.truth()?),
                "progress_file" => document.progress_file = Some(file.path()?),
                "ordered_steps" => {
                    document.ordered_steps = file.list(MAX_STEPS, |file, event| {
                        let name = file.text_of(event)?;
                        file.check_step_name(&name).map(|()| name)
                    })?;
                }
                "required_files" => {
                    document.required_files = file.list(MAX_REQUIRED_FILES, Self::path_of)?;
                }
                "step_file_map" => {
                    document.step_file_map = file.map(Self::path_of)?;
                }
                "step_expectations" => {
                    document.step_expectations = file.map(Self::expectation)?;
                }
                _ => return Err(file.unknown_key()),
            }
            Ok(())
        })?;
        Ok(document)
    }

    /// Checks the members against each other.
    fn relate(&mut self, document: Document) -> Result<Contract, ContractError> {
        let Document {
            enabled,
            progress_file,
            ordered_steps,
            required_files,
            mut step_file_map,
            mut step_expectations,
        } = document;
        let Some(enabled) = enabled else {
            return Err(self.missing_key("enabled"));
        };
        if progress_file.is_none() && !ordered_steps.is_empty() {
            return Err(self.refuse(
                ContractCode::NoProgressFile,
                format_args!("there are ordered_steps, so progress_file is needed"),
            ));
        }
        self.refuse_repetition("ordered_steps", ContractCode::DuplicateStep, &ordered_steps)?;
        self.refuse_repetition(
            "required_files",
            ContractCode::DuplicatePath,
            &required_files,
        )?;
        self.within("step_file_map", |file| {
            for (name, path) in &step_file_map {
                file.within(name, |file| {
                    file.refuse_unknown_step(name, &ordered_steps)?;
                    if progress_file.as_ref() == Some(path) {
                        return Err(file.refuse(
                            ContractCode::ProgressFileIsStepFile,
                            format_args!("the progress file cannot be a step's file"),
                        ));
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        self.within("step_expectations", |file| {
            for name in step_expectations.keys() {
                file.within(name, |file| {
                    file.refuse_unknown_step(name, &ordered_steps)?;
                    if !step_file_map.contains_key(name) {
                        return Err(file.refuse(
                            ContractCode::ExpectationWithoutFile,
                            format_args!("step_file_map names no file for this step"),
                        ));
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        let steps = ordered_steps
            .into_iter()
            .map(|name| Step {
                file: step_file_map.remove(&name),
                expectation: step_expectations.remove(&name),
                name,
            })
            .collect();
        Ok(Contract {
            enabled,
            progress_file,
            steps,
            required_files,
        })
    }

    fn refuse_unknown_step(&self, name: &str, steps: &[String]) -> Result<(), ContractError> {
        if steps.iter().any(|step| step == name) {
            return Ok(());
        }
        Err(self.refuse(
            ContractCode::UnknownStep,
            format_args!("ordered_steps has no step {}", Shown(name)),
        ))
    }

    fn refuse_repetition<T: PartialEq>(
        &mut self,
        list: &str,
        code: ContractCode,
        items: &[T],
    ) -> Result<(), ContractError> {
        for (position, item) in items.iter().enumerate() {
            let first = items.iter().position(|other| other == item);
            if let Some(first) = first.filter(|first| *first < position) {
                return self.within(list, |file| {
                    file.within(&position.to_string(), |file| {
                        Err(file.refuse(code, format_args!("duplicate of item {first}")))
                    })
                });
            }
        }
        Ok(())
    }

    fn expectation(&mut self, event: Event<'_>) -> Result<Expectation, ContractError> {
        let mut parts = Parts::default();
        self.members(&event, usize::MAX, |file, key| {
            match key {
                "kind" => parts.kind = Some(file.text()?),
                "value" => parts.value = Some(file.json()?),
                "values" => {
                    let values = file.list(MAX_PARTS, |file, event| {
                        let part = file.text_of(event)?;
                        file.refuse_empty(&part).map(|()| part)
                    })?;
                    if values.is_empty() {
                        return Err(file.refuse(
                            ContractCode::EmptyList,
                            format_args!("at least one part must be named"),
                        ));
                    }
                    parts.values = Some(values);
                }
                "pattern" => {
                    let pattern = file.text()?;
                    file.refuse_empty(&pattern)?;
                    let compiled = Pattern::compile(&pattern);
                    let refuse =
                        |(code, why): (_, String)| file.refuse(code, format_args!("{why}"));
                    parts.pattern = Some(compiled.map_err(refuse)?);
                }
                _ => return Err(file.unknown_key()),
            }
            Ok(())
        })?;
        self.of_kind(parts)
    }

    fn of_kind(&mut self, parts: Parts) -> Result<Expectation, ContractError> {
        let Parts {
            kind,
            value,
            values,
            pattern,
        } = parts;
        let Some(kind) = kind else {
            return Err(self.missing_key("kind"));
        };
        let keys = [
            ("value", value.is_some()),
            ("values", values.is_some()),
            ("pattern", pattern.is_some()),
        ];
        let wanted = match kind.as_str() {
            "text" | "json" => "value",
            "includes" => "values",
            "regex" => "pattern",
            _ => {
                return self.within("kind", |file| {
                    Err(file.refuse(
                        ContractCode::UnknownKind,
                        format_args!("{} is none of text, includes, regex, json", Shown(&kind)),
                    ))
                });
            }
        };
        for (key, is_there) in keys {
            if is_there && key != wanted {
                return self.within(key, |file| Err(file.unknown_key()));
            }
        }
        match (kind.as_str(), value, values, pattern) {
            ("json", Some((canonical, _)), _, _) => Ok(Expectation::Json(canonical)),
            ("text", Some((_, Some(text))), _, _) => Ok(Expectation::Text(text)),
            ("text", Some((_, None)), _, _) => self.within("value", |file| {
                Err(file.refuse(ContractCode::WrongType, format_args!("expected a string")))
            }),
            (_, _, Some(values), _) => Ok(Expectation::Includes(values)),
            (_, _, _, Some(pattern)) => Ok(Expectation::Regex(pattern)),
            _ => Err(self.missing_key(wanted)),
        }
    }
}
