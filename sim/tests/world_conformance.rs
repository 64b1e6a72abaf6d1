//! The in-memory world keeps what every manifold promises.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod manifold;

use turingos_sim::world::{NoFaults, Quota, ScriptedFaults, World};

#[test]
fn the_in_memory_world_keeps_the_promises_of_a_manifold() {
    manifold::keeps_its_promises(|| World::new(Quota::default()));
}

#[test]
fn a_plan_that_injects_nothing_changes_nothing() {
    manifold::keeps_its_promises(|| World::new(Quota::default()).with_faults(NoFaults));
    manifold::keeps_its_promises(|| {
        World::new(Quota::default()).with_faults(ScriptedFaults::default())
    });
}
