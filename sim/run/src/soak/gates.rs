//! The gates of a soak, by profile.
//!
//! A gate reads metrics only. No gate verifies that a mission's content is right (missions have
//! their own checks) or that the same seed gives the same root (`--check` does).

use turingos::trap::TrapKind;

use super::{Settings, Tally};
use crate::{Gate, Header, Profile};

/// The shortest run that must have every kind of fault of its profile.
const FULL_RUN_TICKS: u64 = 1_200;

/// The gates of the run that `header` describes. A short run, or one with kinds of fault turned off,
/// need not have every kind: what it did not reach is skipped.
#[must_use]
pub fn judge(header: &Header<Settings>, tally: &Tally) -> Vec<Gate> {
    judge_edited(header, tally, false)
}

/// The same for a run in which a fork may have changed the faults: it need not have every kind.
pub(super) fn judge_edited(header: &Header<Settings>, tally: &Tally, is_edited: bool) -> Vec<Gate> {
    let (profile, asked) = (header.profile, header.ticks);
    let is_whole = asked >= FULL_RUN_TICKS && !is_edited && header.config == Settings::of(profile);
    // What every full run reaches, and what a short or quieter one may not have reached yet.
    let reached = |id: &str, holds: bool, detail: String| {
        if holds || is_whole {
            return gate(id, holds, detail);
        }
        Gate::skipped(
            id,
            format!(
                "{detail} (required of runs of {FULL_RUN_TICKS} ticks or more with every kind of \
                 fault)"
            ),
        )
    };
    let mut gates = vec![
        // A thousand of twelve hundred, as a share of the requested ticks.
        gate(
            "ticks",
            tally.ticks.saturating_mul(6) >= asked.saturating_mul(5),
            format!("{} records for {asked} requested ticks", tally.ticks),
        ),
        route_coverage(tally),
        gate(
            "faithful-replies-taken",
            tally.unexplained_faults == 0,
            format!("{} faithful replies refused", tally.unexplained_faults),
        ),
        gate(
            "malformed-replies-trapped",
            tally.malformed_taken == 0,
            format!(
                "{} malformed replies, {} of them accepted",
                tally.malformed, tally.malformed_taken
            ),
        ),
    ];
    match profile {
        Profile::Routine => {
            gates.push(reached(
                "both-lanes",
                tally.p > 0 && tally.e > 0,
                format!("P {} and E {}", tally.p, tally.e),
            ));
            for (id, kind) in [
                ("no-cpu-fault", TrapKind::CpuFault),
                ("no-unrecoverable-loop", TrapKind::UnrecoverableLoop),
            ] {
                let count = tally.trap(kind);
                gates.push(gate(id, count == 0, format!("{count} {kind}")));
            }
            gates.push(gate(
                "clean-end",
                tally.ended_clean(),
                format!("{} halts allowed", tally.halts),
            ));
        }
        Profile::Hostile => {
            gates.push(gate(
                "no-avoidable-failure",
                tally.avoidable_failures == 0,
                format!(
                    "{} UNRECOVERABLE_LOOP, {} with a faithful reply in the loop",
                    tally.trap(TrapKind::UnrecoverableLoop),
                    tally.avoidable_failures
                ),
            ));
            // A soak has no contract; the traps of one are forced by the gate `traps`.
            let possible = TrapKind::ALL
                .into_iter()
                .filter(|kind| !kind.needs_contract());
            let count = possible.clone().count();
            let missing: Vec<_> = possible
                .filter(|kind| tally.trap(*kind) == 0)
                .map(TrapKind::name)
                .collect();
            gates.push(reached(
                "every-trap-reached",
                missing.is_empty(),
                if missing.is_empty() {
                    format!("{count} of {count} that need no contract")
                } else {
                    format!("never fired: {}", missing.join(", "))
                },
            ));
        }
    }
    gates
}

/// Every tick is routed as the settings say, and none is left out.
fn route_coverage(tally: &Tally) -> Gate {
    let routes = &tally.routes;
    let counted: u64 = routes.reasons.values().sum();
    let is_whole = tally.in_order == tally.ticks && counted == tally.ticks;
    let reasons: Vec<_> = (routes.reasons.iter())
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    let mut detail = format!(
        "{} of {} as configured: {}",
        counted.saturating_sub(routes.strays),
        tally.ticks,
        reasons.join(", ")
    );
    if let Some(stray) = &routes.first_stray {
        detail.push_str("; ");
        detail.push_str(stray);
    }
    gate("route-coverage", is_whole && routes.strays == 0, detail)
}

fn gate(id: &str, holds: bool, detail: String) -> Gate {
    Gate::judged(id, holds, detail)
}
