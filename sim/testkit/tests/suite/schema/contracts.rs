//! Contracts with one or two things changed: schema and reader judge alike, but for what no schema
//! can say.

use proptest::prelude::*;
use proptest::sample::Index;
use turingos::contract::{Contract, ContractCode};

use super::mutants::{count_judged, mutants};
use super::tree::Tree;
use super::{checker, runner};

const PLAN: &str = r#"{
    "enabled": true, "progress_file": "plan/progress.log", "ordered_steps": ["A", "B", "C", "D"],
    "required_files": ["work/a.txt", "b"],
    "step_file_map": {"A": "work/a.txt", "B": "b", "C": "c", "D": "d"},
    "step_expectations": {
        "A": {"kind": "text", "value": "x\n"},
        "B": {"kind": "includes", "values": ["x", "y"]},
        "C": {"kind": "regex", "pattern": "^x+$"},
        "D": {"kind": "json", "value": {"a": [1, 2.5, null, "x", true]}}
    }
}"#;

/// Refusals that the list of what is beyond a schema names.
fn is_beyond(code: ContractCode) -> bool {
    matches!(
        code,
        ContractCode::UnknownStep
            | ContractCode::ExpectationWithoutFile
            | ContractCode::ProgressFileIsStepFile
            | ContractCode::BadRegex
    )
}

/// Says whether the contract is taken, if both say the same.
fn judge(schema: &turingos_schema::Checker, contract: &Tree) -> Result<bool, String> {
    let by_schema = schema.accepts(&contract.value());
    let read = Contract::parse(contract.to_string().as_bytes());
    match read {
        Ok(_) if by_schema => Ok(true),
        Err(error) if !by_schema || is_beyond(error.code) => Ok(false),
        Ok(_) => Err(format!("only the schema refuses {contract}")),
        Err(error) => Err(format!("only the reader refuses {contract}: {error}")),
    }
}

#[test]
fn agree_on_a_changed_contract() {
    let schema = checker("contract.v1");
    let (taken, refused) = count_judged(&Tree::of(PLAN), |tree| judge(&schema, tree));
    assert!(
        refused > 300 && taken > 50,
        "{refused} refused, {taken} taken"
    );
}

#[test]
fn agree_on_a_contract_changed_twice() {
    let schema = checker("contract.v1");
    let once: Vec<Tree> = mutants(&Tree::of(PLAN))
        .into_iter()
        .map(|mutant| mutant.tree)
        .collect();
    runner(256)
        .run(&(any::<Index>(), any::<Index>()), |(first, second)| {
            let twice = mutants(first.get(&once));
            judge(&schema, &second.get(&twice).tree)
                .map(|_| ())
                .map_err(TestCaseError::fail)
        })
        .unwrap();
}

/// Every character at the start, inside and at the end of a segment of a path, and alone.
#[test]
fn agree_on_path_characters() {
    let schema = checker("contract.v1");
    let basic = ('\0'..='\u{3100}').chain(['\u{feff}', '\u{1f600}']);
    for character in basic {
        for path in [
            format!("{character}"),
            format!("{character}b/c"),
            format!("a{character}b"),
            format!("a/b{character}"),
            format!("a{character}/b"),
        ] {
            let document = serde_json::json!({"enabled": true, "required_files": [path]});
            let tree = Tree::of(&document.to_string());
            assert!(judge(&schema, &tree).is_ok(), "{path:?}");
        }
    }
}
