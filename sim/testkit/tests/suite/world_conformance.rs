//! The in-memory world and a real directory keep the same promises.

use turingos::Manifold;
use turingos_testkit::conformance::Case;
use turingos_workspace::{Limits, Workspace};
use turingos_world::{InjectedFault, NoFaults, Operation, Quota, ScriptedFaults, World};

/// The cases that a manifold from `make` does not pass.
fn broken<M: Manifold>(make: impl Fn() -> M) -> Vec<String> {
    let broken = Case::all().into_iter().filter_map(|case| {
        let found = case.check(&mut make()).err()?;
        Some(format!("{}: {found}", case.name))
    });
    broken.collect()
}

fn world() -> World {
    World::new(Quota::default())
}

#[test]
fn in_memory_world_conforms() {
    assert_eq!(broken(world), [""; 0]);
}

#[test]
fn empty_fault_plan_conforms() {
    assert_eq!(broken(|| world().with_faults(NoFaults)), [""; 0]);
    let no_faults = || world().with_faults(ScriptedFaults::default());
    assert_eq!(broken(no_faults), [""; 0]);
}

#[test]
fn directory_conforms() {
    let scratch = tempfile::tempdir().unwrap();
    for (number, case) in Case::all().into_iter().enumerate() {
        let path = scratch.path().join(number.to_string());
        let mut workspace = Workspace::create(&path, Limits::default()).unwrap();
        assert_eq!(case.check(&mut workspace), Ok(()), "{}", case.name);
    }
}

#[test]
fn broken_world_is_detected() {
    let cases = Case::<World>::all().len();
    for (operation, at_least) in [
        (Operation::Write, cases - 3),
        (Operation::Read, 8),
        (Operation::List, 8),
        (Operation::Exec, 5),
    ] {
        let faulty =
            || world().with_faults(ScriptedFaults::new([(operation, InjectedFault::NoSpace)]));
        let broken = broken(faulty);
        assert!(broken.len() >= at_least, "{operation:?}: {broken:#?}");
    }
}
