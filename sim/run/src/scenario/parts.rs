//! Scenarios with parts taken out: steps of the contract, expected files, faults, required traps.
//!
//! Never touches the files that a mission is about, nor its text.

use serde_json::Value;

use super::document::Scenario;

/// The members whose entries can be taken out.
const LISTS: [&str; 5] = [
    "/contract/ordered_steps",
    "/expected",
    "/interruptions",
    "/brownouts",
    "/required_traps",
];

/// Tables of the contract that have an entry for each step.
const BY_STEP: [&str; 2] = ["/contract/step_file_map", "/contract/step_expectations"];

impl Scenario {
    /// The parts that can be taken out, as JSON pointers into the scenario's document.
    #[must_use]
    pub fn parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        for list in LISTS {
            match self.document().pointer(list) {
                Some(Value::Array(items)) => {
                    parts.extend((0..items.len()).map(|at| format!("{list}/{at}")));
                }
                Some(Value::Object(members)) => {
                    parts.extend(members.keys().map(|key| format!("{list}/{}", escaped(key))));
                }
                _ => {}
            }
        }
        parts
    }

    /// The scenario with none of its parts but these; `None` if that is not a scenario.
    #[must_use]
    pub fn with_parts(&self, kept: &[String]) -> Option<Self> {
        let is_kept = |list: &str, key: &str| kept.contains(&format!("{list}/{}", escaped(key)));
        let mut document = self.document().clone();
        let mut removed_steps = Vec::new();
        for list in LISTS {
            match document.pointer_mut(list) {
                Some(Value::Array(items)) => {
                    let mut at = 0;
                    items.retain(|item| {
                        let keeps = is_kept(list, &at.to_string());
                        at += 1;
                        if !keeps && let Some(step) = item.as_str() {
                            removed_steps.push(step.to_owned());
                        }
                        keeps
                    });
                }
                Some(Value::Object(members)) => members.retain(|key, _| is_kept(list, key)),
                _ => {}
            }
        }
        for table in BY_STEP {
            if let Some(Value::Object(members)) = document.pointer_mut(table) {
                members.retain(|step, _| !removed_steps.contains(step));
            }
        }
        Self::parse(document.to_string().as_bytes()).ok()
    }
}

/// A key as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use crate::scenario::BuiltIn;

    #[test]
    fn every_part_of_a_built_in_scenario_can_be_kept_or_taken_out() {
        for built_in in BuiltIn::ALL {
            let scenario = built_in.scenario();
            let parts = scenario.parts();
            assert!(!parts.is_empty(), "{}", built_in.name);
            let whole = scenario.with_parts(&parts).unwrap();
            assert_eq!(whole, scenario);
            let one_less = scenario.with_parts(&parts[1..]).unwrap();
            assert_eq!(one_less.parts().len(), parts.len() - 1, "{}", built_in.name);
        }
    }
}
