//! The gate `traps`: each fires, and its frame is well-formed.

use serde_json::Value;
use turingos::trap::TrapKind;

use super::soaks::run;
use super::{Finding, Ledger};
use crate::run::Profile;
use crate::schema::{Checker, Schema};

pub(super) fn gate() -> Finding {
    let checker =
        Checker::of(Schema::named("trap-frame.v1").expect("the schema is embedded in the program"));
    let mut ledger = Ledger::default();
    let mut seq = 0;
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
            let violation = match serde_json::to_value(frame) {
                Ok(document) => first_violation(&checker, &document),
                Err(error) => Some(error.to_string()),
            };
            ledger.expect(violation.is_none(), || {
                format!("tick {tick}: {}", violation.unwrap_or_default())
            });
        }
    });
    for kind in TrapKind::ALL {
        ledger.expect(outcome.tally.trap(kind) > 0, || {
            format!("{kind} did not fire in 1,200 hostile ticks")
        });
    }
    let fired = TrapKind::ALL
        .into_iter()
        .filter(|kind| outcome.tally.trap(*kind) > 0);
    let detail = format!(
        "{} of {} traps fired, {seq} frames valid",
        fired.count(),
        TrapKind::ALL.len()
    );
    ledger.finding("traps", detail)
}

fn first_violation(checker: &Checker, document: &Value) -> Option<String> {
    let violation = checker.violation(document)?;
    Some(format!(
        "{}: {} ({})",
        violation.pointer, violation.detail, violation.rule
    ))
}
