//! Every check of a run can fail.

use serde_json::json;
use turingos::Digest;
use turingos::manifold::Manifold;
use turingos_run::scenario::BuiltIn;

use super::{changed, failed, header, judged};

#[test]
fn altered_expected_file_fails_every_scenario() {
    let mut altered = 0;
    for built_in in BuiltIn::ALL {
        let scenario = built_in.scenario();
        let header = header(&scenario, 0, 4);
        assert!(judged(&header, |_| {}).passed(), "{}", built_in.name);
        for (path, _) in scenario.expected() {
            let outcome = judged(&header, |run| {
                let mut content = String::new();
                run.world_mut().read(path, &mut content).unwrap();
                content.insert(content.len() / 2, '~');
                let effect = Digest::EMPTY;
                run.world_mut().write(path, &content, effect, 0).unwrap();
            });
            let failed = failed(&outcome);
            assert!(
                failed.contains(&"files-as-expected"),
                "{} {path}: {failed:?}",
                built_in.name
            );
            altered += 1;
        }
    }
    assert!(altered > 30, "{altered}");
}

#[test]
fn removed_expected_file_fails_every_scenario() {
    for built_in in BuiltIn::ALL {
        let scenario = built_in.scenario();
        for (path, _) in scenario.expected() {
            let outcome = judged(&header(&scenario, 0, 4), |run| {
                let removed = run.world_mut().exec(&format!("rm '{path}'"), 0);
                assert_eq!(removed.exit_code, 0, "{removed:?}");
            });
            assert!(failed(&outcome).contains(&"files-as-expected"), "{path}");
            let gate = &outcome.gates[2];
            assert!(gate.detail.contains("NOT_FOUND"), "{}", gate.detail);
        }
    }
}

#[test]
fn missing_required_trap_fails_the_run() {
    for required in [
        json!({"trap": "DEADLOCK"}),
        json!({"trap": "PAGE_FAULT", "at": "data/orders.csv"}),
    ] {
        let scenario = changed("ordered-pipeline", |document| {
            document["required_traps"] = json!([required]);
        });
        let outcome = judged(&header(&scenario, 0, 1), |_| {});
        assert_eq!(failed(&outcome), ["traps-met"]);
    }
}

#[test]
fn open_step_or_no_halt_fails_the_run() {
    let scenario = changed("ordered-pipeline", |document| {
        document["tick_limit"] = json!(30);
    });
    let outcome = judged(&header(&scenario, 0, 1), |_| {});
    assert_eq!(
        failed(&outcome),
        ["halted", "contract-done", "files-as-expected"]
    );
}

#[test]
fn json_is_compared_by_value() {
    let scenario = BuiltIn::named("ordered-pipeline").unwrap().scenario();
    let path = "out/result.json".parse().unwrap();
    let spelled = |text: &str| {
        let outcome = judged(&header(&scenario, 0, 1), |run| {
            let effect = Digest::EMPTY;
            run.world_mut().write(&path, text, effect, 0).unwrap();
        });
        failed(&outcome).is_empty()
    };
    let mut content = String::new();
    judged(&header(&scenario, 0, 1), |run| {
        run.world_mut().read(&path, &mut content).unwrap();
    });
    assert!(spelled(&content.replace(':', " :\n ")));
    assert!(!spelled(&content.replace(':', " : 1")));
    assert!(!spelled(&content.replace("24", "24.5")));
}
