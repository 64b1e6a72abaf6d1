//! A mission file as a scenario: one text for the agent, which must be unchanged after the run.

use serde_json::json;

use crate::scenario::{MAX_TICK_LIMIT, Scenario, ScenarioError};

/// The path of a mission in its workspace.
pub const MISSION_PATH: &str = "MISSION.md";

/// The scenario that a mission's text is: the text at [`MISSION_PATH`], a contract if the workspace
/// has one (its JSON text), and `ticks` at most.
///
/// # Errors
/// [`ScenarioError`]: the text is too long or the contract is invalid, with the place.
pub fn mission(text: &str, contract: Option<&str>) -> Result<Scenario, ScenarioError> {
    // A contract that is not JSON is shown to its reader as text, which refuses it with its reason.
    let contract = contract.map_or_else(
        || json!({"enabled": false}),
        |text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
    );
    let document = json!({
        "format": "turingos.scenario/1",
        "name": "mission",
        "about": "A mission of its own, in a workspace of its own.",
        "mission": MISSION_PATH,
        "files": {MISSION_PATH: {"text": text}},
        "contract": contract,
        "expected": {MISSION_PATH: {"text": text}},
        "tick_limit": MAX_TICK_LIMIT,
    });
    Scenario::parse(document.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mission_is_a_scenario_of_one_file() {
        let scenario = mission("Do this.\n", None).unwrap();
        assert_eq!(scenario.mission().as_str(), MISSION_PATH);
        assert_eq!(scenario.files()[0].1, "Do this.\n");
        assert!(scenario.contract().steps().is_empty());
        let steps = r#"{"enabled":true,"progress_file":"log","ordered_steps":["A"]}"#;
        let scenario = mission("Do this.\n", Some(steps)).unwrap();
        assert_eq!(scenario.contract().steps().len(), 1);
    }

    #[test]
    fn invalid_contract_names_its_place() {
        for text in ["", "no", "{\"enabled\":1}", "{\"enabled\":true,\"more\":1}"] {
            let error = mission("Do this.\n", Some(text)).unwrap_err();
            assert!(error.to_string().contains("/contract"), "{text}: {error}");
        }
    }
}
