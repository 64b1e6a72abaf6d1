//! `corpus/guard`: every recorded trap frame leads to the block that was decided for it.

use std::collections::BTreeSet;

use turingos::guard_lane::MAX_BLOCK_BYTES;
use turingos::trap::{TrapFrameFault, TrapKind};
use turingos_schema::{Checker, Schema};
use turingos_testkit::corpus::guidance::GuardExpectation;

use super::{assert_all_agree, committed};

#[test]
fn every_case_comes_out_as_decided() {
    assert_all_agree(&committed::<GuardExpectation>());
}

#[test]
fn every_trap_and_every_refusal_has_a_case() {
    let checker = Checker::of(Schema::named("guard-block.v1").unwrap());
    let mut traps = BTreeSet::new();
    let mut refusals = BTreeSet::new();
    let mut longest = 0;
    for case in committed::<GuardExpectation>() {
        if let Some(block) = case.expectation.block() {
            let document: serde_json::Value = serde_json::from_str(block).unwrap();
            assert_eq!(checker.violation(&document), None, "{}", case.name);
            traps.insert(document["trap"].as_str().unwrap().to_owned());
            longest = longest.max(block.len());
        }
        refusals.extend(case.expectation.refusal().map(str::to_owned));
    }
    assert_eq!(
        traps,
        TrapKind::ALL.map(|kind| kind.name().to_owned()).into()
    );
    assert_eq!(refusals, TrapFrameFault::CODES.map(str::to_owned).into());
    assert!(
        longest > MAX_BLOCK_BYTES - 6,
        "{longest}: no clipped detail"
    );
}
