//! Atomic writes, also under concurrent reads.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::sync::atomic::{AtomicBool, Ordering};

use turingos::manifold::WorldFaultCode::{Denied, IsDirectory};
use turingos_workspace::STAGING_NAME;

use super::{Scene, code, walk};

#[test]
fn reader_sees_whole_files() {
    const WRITES: usize = 150;
    let mut scene = Scene::new();
    let content = |number: usize| {
        let letter = char::from(b'a' + u8::try_from(number % 26).unwrap());
        String::from(letter).repeat(1 + number * 977)
    };
    scene.write("dir/file", &content(0)).unwrap();
    let path = scene.inside("dir/file");
    let done = AtomicBool::new(false);
    let lengths = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut lengths = std::collections::BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                let text = fs::read_to_string(&path).unwrap();
                let number = (text.len() - 1) / 977;
                if text != content(number) {
                    return Err(text.len());
                }
                lengths.insert(text.len());
            }
            Ok(lengths)
        });
        for number in 1..=WRITES {
            scene.write("dir/file", &content(number)).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    let lengths = lengths.expect("every content was a whole one");
    assert!(lengths.len() > 3, "the reader saw only {lengths:?}");
    assert_eq!(walk(&scene.inside("dir")), ["file"]);
}

#[test]
fn umask_and_mode() {
    let mut scene = Scene::new();
    let mode = |scene: &Scene, name: &str| {
        let metadata = fs::metadata(scene.inside(name)).unwrap();
        metadata.permissions().mode() & 0o7777
    };
    let umask = u32::from_str_radix(scene.stdout("umask").trim(), 8).unwrap();
    scene.write("dir/new", "x").unwrap();
    assert_eq!(mode(&scene, "dir/new"), 0o666 & !umask);
    assert_eq!(mode(&scene, "dir"), 0o777 & !umask);
    for old in [0o600, 0o755, 0o666, 0o4755] {
        fs::set_permissions(scene.inside("dir/new"), Permissions::from_mode(old)).unwrap();
        scene.write("dir/new", "y").unwrap();
        assert_eq!(mode(&scene, "dir/new"), old & 0o777, "{old:o}");
    }
}

#[test]
fn read_only_file_is_refused() {
    let mut scene = Scene::new();
    scene.write("file", "old").unwrap();
    fs::set_permissions(scene.inside("file"), Permissions::from_mode(0o444)).unwrap();
    assert_eq!(code(scene.write("file", "new")), Denied);
    assert_eq!(scene.read("file").as_deref(), Ok("old"));
    assert_eq!(walk(&scene.inside("")), ["file"]);
}

#[test]
fn hard_link_keeps_the_old_content() {
    let mut scene = Scene::new();
    fs::hard_link(scene.outside("secret"), scene.inside("file")).unwrap();
    scene.write("file", "new").unwrap();
    scene.check_outside();
    assert_eq!(fs::metadata(scene.inside("file")).unwrap().nlink(), 1);
}

#[test]
fn failed_write_leaves_nothing() {
    let mut scene = Scene::new();
    scene.write("dir/sub/file", "x").unwrap();
    assert_eq!(code(scene.write("dir/sub", "x")), IsDirectory);
    assert!(
        scene
            .write(&format!("a/b/{}", "x".repeat(300)), "x")
            .is_err()
    );
    assert!(
        scene
            .write(&format!("dir/b/{}", "x".repeat(300)), "x")
            .is_err()
    );
    assert_eq!(walk(&scene.inside("")), ["dir"]);
    assert_eq!(walk(&scene.inside("dir")), ["sub"]);
}

/// What a process that was killed in the middle of a write leaves behind.
#[test]
fn stale_staging_file_is_replaced() {
    let mut scene = Scene::new();
    scene.write("dir/file", "old").unwrap();
    fs::write(scene.inside("dir").join(STAGING_NAME), "half of a lo").unwrap();
    assert_eq!(scene.list("dir").unwrap(), ["file"]);
    assert_eq!(scene.read("dir/file").as_deref(), Ok("old"));
    scene.write("dir/other", "new").unwrap();
    assert_eq!(walk(&scene.inside("dir")), ["file", "other"]);
    assert_eq!(scene.read("dir/other").as_deref(), Ok("new"));
}

#[test]
fn staging_link_is_not_followed() {
    let mut scene = Scene::new();
    let staging = scene.inside(STAGING_NAME);
    std::os::unix::fs::symlink(scene.outside("secret"), &staging).unwrap();
    scene.write("file", "new").unwrap();
    scene.check_outside();
    assert_eq!(walk(&scene.inside("")), ["file"]);
}

/// A directory of that name used to block every write beside it.
#[test]
fn directory_with_the_staging_name_blocks_nothing() {
    let mut scene = Scene::new();
    fs::create_dir(scene.inside(STAGING_NAME)).unwrap();
    fs::write(scene.inside(STAGING_NAME).join("kept"), "kept").unwrap();
    for content in ["old", "new"] {
        scene.write("file", content).unwrap();
        assert_eq!(scene.read("file").as_deref(), Ok(content));
    }
    assert_eq!(walk(&scene.inside("")), [STAGING_NAME, "file"]);
    let listed = [format!("{STAGING_NAME}/"), "file".to_owned()];
    assert_eq!(scene.list(".").unwrap(), listed);
    let kept = fs::read(scene.inside(STAGING_NAME).join("kept")).unwrap();
    assert_eq!(kept, b"kept");
}
