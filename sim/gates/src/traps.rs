//! The gate `traps`: each fires, and its frame is well-formed.

use std::collections::BTreeSet;

use serde_json::Value;
use turingos::contract::Contract;
use turingos::kernel::{Answer, Kernel, KernelConfig};
use turingos::trap::{TrapFrame, TrapKind};

use super::soaks::run;
use super::{Finding, Ledger};
use turingos_run::Profile;
use turingos_schema::{Checker, Schema};
use turingos_world::{Quota, World};

pub(super) fn gate() -> Finding {
    let checker =
        Checker::of(Schema::named("trap-frame.v1").expect("the schema is embedded in the program"));
    let mut ledger = Ledger::default();
    let (mut seq, mut frames) = (0, 0);
    let outcome = run(Profile::Hostile, 42, 1_200, |committed, _| {
        let tick = committed.record.tick;
        let kinds = committed.trap_frames.iter().map(|frame| frame.trap_base.0);
        ledger.expect(kinds.eq(committed.record.traps.iter().copied()), || {
            format!("tick {tick}: frames and record name different traps")
        });
        for frame in &committed.trap_frames {
            ledger.expect(frame.seq == seq, || {
                format!("tick {tick}: frame {} where {seq} was due", frame.seq)
            });
            seq += 1;
            frames += 1;
            let violation = violation_of(&checker, frame);
            ledger.expect(violation.is_none(), || {
                format!("tick {tick}: {}", violation.unwrap_or_default())
            });
        }
    });
    let mut fired: BTreeSet<TrapKind> = TrapKind::ALL
        .into_iter()
        .filter(|kind| outcome.tally.trap(*kind) > 0)
        .collect();
    for frame in under_a_contract() {
        fired.insert(frame.trap_base.0);
        frames += 1;
        let violation = violation_of(&checker, &frame);
        ledger.expect(violation.is_none(), || {
            format!("under a contract: {}", violation.unwrap_or_default())
        });
    }
    for kind in TrapKind::ALL {
        ledger.expect(fired.contains(&kind), || {
            format!("{kind} did not fire, in 1,200 hostile ticks and under a contract")
        });
    }
    let detail = format!(
        "{} of {} traps fired, {frames} frames valid",
        fired.len(),
        TrapKind::ALL.len()
    );
    ledger.finding("traps", detail)
}

/// The trap frames of a machine whose progress file contradicts its plan and which still tries to
/// halt: a soak has no contract.
fn under_a_contract() -> Vec<TrapFrame> {
    const PLAN: &[u8] =
        br#"{"enabled":true,"progress_file":"progress.log","ordered_steps":["ONLY"]}"#;
    const TEST: &str = r#"{"q_next":"test","a_t":{"op":"SYS_EXEC","cmd":"pytest"}}"#;
    const HALT: &str = r#"{"q_next":"stop","a_t":{"op":"SYS_HALT"}}"#;
    let mut world = World::with_files(
        Quota::default(),
        [
            ("progress.log", "DONE:OTHER\n"),
            ("tests/progress.expect", "progress.log\tDONE\n"),
        ],
    )
    .expect("the quota holds the files");
    let contract = Contract::parse(PLAN).expect("a test reads this plan");
    let mut kernel =
        Kernel::boot(&KernelConfig::default(), "BOOT", "progress.log").with_contract(contract);
    let mut frames = Vec::new();
    for reply in [TEST, HALT] {
        let open = kernel.open(0, &mut world).expect("it has not halted");
        let committed = open.commit(0, &mut world, reply.as_bytes(), Answer::decode(reply));
        frames.extend(committed.trap_frames);
    }
    frames
}

fn violation_of(checker: &Checker, frame: &TrapFrame) -> Option<String> {
    match serde_json::to_value(frame) {
        Ok(document) => first_violation(checker, &document),
        Err(error) => Some(error.to_string()),
    }
}

fn first_violation(checker: &Checker, document: &Value) -> Option<String> {
    let violation = checker.violation(document)?;
    Some(format!(
        "{}: {} ({})",
        violation.pointer, violation.detail, violation.rule
    ))
}
