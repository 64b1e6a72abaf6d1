//! Quotas, and that a refused change is not half applied.

use turingos::Manifold;
use turingos::manifold::WorldFaultCode::{NoSpace, TooLarge};
use turingos_world::{Quota, World};

use super::{path, read, write};

const SMALL: Quota = Quota {
    max_files: 3,
    max_directories: 2,
    max_file_bytes: 10,
    max_total_bytes: 20,
};

#[test]
fn quota_refusal_changes_nothing() {
    let mut world = World::new(SMALL);
    assert_eq!(write(&mut world, "a", "12345678901"), Err(TooLarge));
    write(&mut world, "a", "1234567890").unwrap();
    write(&mut world, "b", "123456789").unwrap();
    let before = world.digest();
    assert_eq!(write(&mut world, "c", "12"), Err(NoSpace));
    assert_eq!(write(&mut world, "a", "12345678901"), Err(TooLarge));
    assert_eq!(world.digest(), before);
    write(&mut world, "c", "1").unwrap();
    assert_eq!(write(&mut world, "d", ""), Err(NoSpace));
    assert_eq!(write(&mut world, "b", "1234567890"), Err(NoSpace));
    assert_eq!(read(&mut world, "b").unwrap(), "123456789");
    write(&mut world, "a", "").unwrap();
    write(&mut world, "b", "1234567890").unwrap();
    assert_eq!(world.files().total_bytes(), 11);
    assert_eq!(world.files().file_count(), 3);
}

#[test]
fn directory_quota() {
    let mut world = World::new(SMALL);
    assert_eq!(write(&mut world, "a/b/c/f", "x"), Err(NoSpace));
    assert_eq!(world.files().directory_count(), 0);
    write(&mut world, "a/b/f", "x").unwrap();
    assert_eq!(
        world.exec("mkdir c", 0).stderr,
        "mkdir: c: No space left on device\n"
    );
    assert_eq!(world.exec("mv a c", 0).exit_code, 0);
    assert_eq!(world.exec("rm -r c/b && mkdir d", 0).exit_code, 0);
    assert_eq!(world.files().directory_count(), 2);
    assert_eq!(world.files().file_count(), 0);
    assert_eq!(world.files().total_bytes(), 0);
}

#[test]
fn directory_outlives_its_last_file() {
    let mut world = World::new(SMALL);
    write(&mut world, "a/f", "x").unwrap();
    world.exec("rm a/f", 0);
    assert_eq!(world.list(None, 9).unwrap(), ["a/"]);
    assert_eq!(
        world.list(Some(&path("a")), 9).unwrap(),
        Vec::<String>::new()
    );
}

#[test]
fn redirection_over_the_quota_keeps_the_file() {
    let mut world = World::new(SMALL);
    write(&mut world, "a", "old").unwrap();
    let outcome = world.exec("echo 12345678901 > a", 0);
    assert_eq!(
        (outcome.exit_code, outcome.stderr.as_str()),
        (1, "a: File too large\n")
    );
    assert_eq!(world.exec("echo 1234567 >> a", 0).exit_code, 1);
    assert_eq!(read(&mut world, "a").unwrap(), "old");
}

#[test]
fn rename_to_a_long_path_is_refused() {
    let mut world = World::new(Quota::default());
    let name = "n".repeat(200);
    write(&mut world, &format!("a/{name}/{name}"), "x").unwrap();
    let before = world.digest();
    assert_eq!(world.exec(&format!("mv a {name}"), 0).exit_code, 1);
    assert_eq!(world.digest(), before);
}

#[test]
fn clearing_keeps_the_history() {
    let mut world = World::new(Quota::default());
    write(&mut world, "a/b", "x").unwrap();
    let head = world.history().head();
    world.clear();
    assert_eq!(world.list(None, 9).unwrap(), Vec::<String>::new());
    assert_eq!(
        (world.files().file_count(), world.files().total_bytes()),
        (0, 0)
    );
    assert_eq!(world.history().head(), head);
    write(&mut world, "a", "x").unwrap();
}

#[test]
fn initial_files_obey_the_quota() {
    let fault = World::with_files(SMALL, [("a", "x"), ("b", "12345678901")]).unwrap_err();
    assert_eq!((fault.code, fault.detail.as_str()), (TooLarge, "b"));
    assert!(World::with_files(SMALL, [("../a", "x")]).is_err());
}
