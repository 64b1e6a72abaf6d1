//! What runs of the built-in scenarios come to.

use turingos_sim::scenario::{BuiltIn, run_seed};

#[test]
fn every_scenario_passes_without_noise() {
    for built_in in BuiltIn::ALL {
        let scenario = built_in.scenario();
        for seed in 0..3 {
            let outcome = run_seed(&scenario, 0, seed);
            assert!(outcome.passed(), "{} {seed}: {:#?}", built_in.name, outcome);
        }
    }
}
