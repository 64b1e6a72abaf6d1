//! A world in which certain operations fail.

use serde_json::json;
use turingos::manifold::{Manifold, WorldFaultCode};
use turingos::pointer::WorkspacePath;
use turingos_run::scenario::Interrupted;
use turingos_world::{Quota, World};

use super::changed;

fn world(interruptions: serde_json::Value) -> Interrupted<World> {
    let scenario = changed("ordered-pipeline", |document| {
        document["interruptions"] = interruptions;
    });
    let files = [("a", "old\n"), ("b", "old\n")];
    let world = World::with_files(Quota::default(), files).unwrap();
    Interrupted::new(world, scenario.interruptions())
}

fn path(text: &str) -> WorkspacePath {
    text.parse().unwrap()
}

fn read(world: &mut Interrupted<World>, file: &str) -> Result<String, WorldFaultCode> {
    let mut content = String::new();
    world
        .read(&path(file), &mut content)
        .map(|()| content)
        .map_err(|fault| fault.code)
}

#[test]
fn a_torn_write_leaves_the_target_and_half_of_the_new_text_beside_it() {
    let mut world = world(json!([
        {"operation": "write", "path": "a", "times": 2, "fault": "torn_write"}
    ]));
    for _ in 0..2 {
        let fault = world.write(&path("a"), "new text", 0).unwrap_err();
        assert_eq!(fault.code, WorldFaultCode::TornWrite);
        assert_eq!(read(&mut world, "a").unwrap(), "old\n");
        assert_eq!(read(&mut world, "a.torn").unwrap(), "new ");
    }
    world.write(&path("a"), "new text", 0).unwrap();
    assert_eq!(read(&mut world, "a").unwrap(), "new text");
    assert_eq!(world.take_met(), ["TORN_WRITE", "TORN_WRITE"]);
    assert!(world.take_met().is_empty());
}

#[test]
fn an_interruption_strikes_its_operation_on_its_file_and_nothing_else() {
    let mut world = world(json!([
        {"operation": "read", "path": "a", "times": 1, "fault": "denied"},
        {"operation": "write", "path": "b", "times": 1, "fault": "no_space"}
    ]));
    assert_eq!(read(&mut world, "b").unwrap(), "old\n");
    world.write(&path("a"), "new\n", 0).unwrap();
    assert_eq!(read(&mut world, "a"), Err(WorldFaultCode::Denied));
    assert_eq!(read(&mut world, "a").unwrap(), "new\n");
    let fault = world.write(&path("b"), "new\n", 0).unwrap_err();
    assert_eq!(fault.code, WorldFaultCode::NoSpace);
    assert_eq!(read(&mut world, "b").unwrap(), "old\n");
}

#[test]
fn whoever_checks_the_world_is_not_interrupted() {
    let mut world = world(json!([
        {"operation": "read", "path": "a", "times": 1, "fault": "not_found"}
    ]));
    let mut content = String::new();
    world.inner_mut().read(&path("a"), &mut content).unwrap();
    assert_eq!(read(&mut world, "a"), Err(WorldFaultCode::NotFound));
}
