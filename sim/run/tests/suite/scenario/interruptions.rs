//! A world in which certain operations fail.

use serde_json::json;
use turingos::Digest;
use turingos::manifold::{Manifold, WorldFaultCode};
use turingos::pointer::WorkspacePath;
use turingos_run::scenario::Interruptions;
use turingos_world::{InjectedFault, Quota, World};

use super::changed;

/// A world and its interruptions.
struct Troubled {
    world: World,
    interruptions: Interruptions,
}

fn world(interruptions: serde_json::Value) -> Troubled {
    let scenario = changed("ordered-pipeline", |document| {
        document["interruptions"] = interruptions;
    });
    let files = [("a", "old\n"), ("b", "old\n")];
    Troubled {
        world: World::with_files(Quota::default(), files).unwrap(),
        interruptions: Interruptions::new(scenario.interruptions()),
    }
}

impl Troubled {
    fn write(&mut self, file: &str, content: &str) -> Result<(), WorldFaultCode> {
        let mut world = self.interruptions.of(&mut self.world);
        let written = world.write(&path(file), content, Digest::EMPTY, 0);
        written.map_err(|fault| fault.code)
    }
}

fn path(text: &str) -> WorkspacePath {
    text.parse().unwrap()
}

fn read(world: &mut Troubled, file: &str) -> Result<String, WorldFaultCode> {
    let mut content = String::new();
    { world.interruptions.of(&mut world.world) }
        .read(&path(file), &mut content)
        .map(|()| content)
        .map_err(|fault| fault.code)
}

#[test]
fn torn_write_keeps_the_target() {
    let mut world = world(json!([
        {"operation": "write", "path": "a", "times": 2, "fault": "torn_write"}
    ]));
    for _ in 0..2 {
        let fault = world.write("a", "new text").unwrap_err();
        assert_eq!(fault, WorldFaultCode::TornWrite);
        assert_eq!(read(&mut world, "a").unwrap(), "old\n");
        assert_eq!(read(&mut world, "a.torn").unwrap(), "new ");
    }
    world.write("a", "new text").unwrap();
    assert_eq!(read(&mut world, "a").unwrap(), "new text");
    assert_eq!(
        world.interruptions.take_struck(),
        [InjectedFault::TornWrite; 2]
    );
    assert!(world.interruptions.take_struck().is_empty());
}

#[test]
fn interruption_hits_only_its_operation_and_file() {
    let mut world = world(json!([
        {"operation": "read", "path": "a", "times": 1, "fault": "denied"},
        {"operation": "write", "path": "b", "times": 1, "fault": "no_space"}
    ]));
    assert_eq!(read(&mut world, "b").unwrap(), "old\n");
    world.write("a", "new\n").unwrap();
    assert_eq!(read(&mut world, "a"), Err(WorldFaultCode::Denied));
    assert_eq!(read(&mut world, "a").unwrap(), "new\n");
    let fault = world.write("b", "new\n").unwrap_err();
    assert_eq!(fault, WorldFaultCode::NoSpace);
    assert_eq!(read(&mut world, "b").unwrap(), "old\n");
}

#[test]
fn unwrapped_world_is_not_interrupted() {
    let mut world = world(json!([
        {"operation": "read", "path": "a", "times": 1, "fault": "not_found"}
    ]));
    let mut content = String::new();
    world.world.read(&path("a"), &mut content).unwrap();
    assert_eq!(read(&mut world, "a"), Err(WorldFaultCode::NotFound));
}

/// Only reads and writes fail; everything else reaches the world and comes back.
#[test]
fn other_operations_are_passed_on() {
    let mut troubled = world(json!([
        {"operation": "read", "path": "a", "times": 1, "fault": "denied"}
    ]));
    let mut plain = troubled.world.clone();
    let query = turingos::GitLogQuery::default();
    let mut world = troubled.interruptions.of(&mut troubled.world);
    assert_eq!(world.list(None, 10).unwrap(), plain.list(None, 10).unwrap());
    assert_eq!(world.list(None, 10).unwrap(), ["a", "b"]);
    let listed = world.exec("cat b", 0);
    assert_eq!((listed.exit_code, listed.stdout.as_str()), (0, "old\n"));
    assert_eq!(listed, plain.exec("cat b", 0));
    assert_eq!(
        world.git_log(&query).unwrap(),
        plain.git_log(&query).unwrap()
    );
    assert_ne!(world.git_log(&query).unwrap(), "");
    assert!(troubled.interruptions.take_struck().is_empty());
}

/// A torn write breaks between two characters, never within one.
#[test]
fn torn_write_leaves_half_of_the_characters() {
    let mut world = world(json!([
        {"operation": "write", "path": "a", "times": 3, "fault": "torn_write"}
    ]));
    for (content, half) in [("äöüß", "äö"), ("abc", "a"), ("x", "")] {
        world.write("a", content).unwrap_err();
        assert_eq!(read(&mut world, "a.torn").unwrap(), half);
    }
}
