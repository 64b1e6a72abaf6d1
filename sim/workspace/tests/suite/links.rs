//! Symbolic links: none leads out of the workspace.

use std::fs;
use std::os::unix::fs::symlink;

use turingos::manifold::WorldFaultCode::{Denied, IsDirectory, NotFound};

use super::{Scene, code};

/// Links that lead out, each with the path that is then asked for.
fn ways_out(scene: &Scene) -> Vec<(&'static str, std::path::PathBuf, String)> {
    let outside = scene.outside("");
    let secret = scene.outside("secret");
    let through_root = format!("root{}", secret.display());
    [
        ("absolute-file", secret, ""),
        ("relative-file", "../outside/secret".into(), ""),
        ("absolute-directory", outside, "/secret"),
        ("relative-directory", "../outside".into(), "/secret"),
        ("parent", "..".into(), "/outside/secret"),
        (
            "there-and-back",
            "../inside/dir/../../outside".into(),
            "/secret",
        ),
        ("chain", "relative-directory".into(), "/secret"),
    ]
    .map(|(name, target, rest)| (name, target, format!("{name}{rest}")))
    .into_iter()
    .chain([("root", "/".into(), through_root)])
    .collect()
}

#[test]
fn links_do_not_lead_out() {
    let mut scene = Scene::new();
    scene.write("dir/file", "x").unwrap();
    let ways = ways_out(&scene);
    for (name, target, _) in &ways {
        symlink(target, scene.inside(name)).unwrap();
    }
    for (name, _, way) in &ways {
        assert_eq!(code(scene.read(way)), Denied, "{way}");
        assert_eq!(code(scene.list(name)), Denied, "{name}");
        assert_eq!(code(scene.write(way, "y")), Denied, "{way}");
    }
    for name in ["absolute-directory", "relative-directory", "chain"] {
        assert_eq!(code(scene.write(&format!("{name}/new/file"), "y")), Denied);
    }
    scene.check_outside();
    // A link out looks like a file, whatever stands at its end.
    let mut listed = scene.list(".").unwrap();
    listed.retain(|name| name.ends_with('/'));
    assert_eq!(listed, ["dir/"]);
}

#[test]
fn refusal_hides_the_workspace_path() {
    let mut scene = Scene::new();
    symlink("/", scene.inside("root")).unwrap();
    let fault = scene.read("root/etc/passwd").unwrap_err();
    assert_eq!(
        fault.detail,
        "root/etc/passwd: a symbolic link leads out of the workspace"
    );
}

#[test]
fn link_made_by_a_command_is_refused() {
    let mut scene = Scene::new();
    scene.write("dir/file", "old").unwrap();
    assert_eq!(scene.read("dir/file").as_deref(), Ok("old"));
    scene.stdout("rm -r dir && ln -s ../outside dir && ln -s ../outside/secret link");
    assert_eq!(code(scene.read("dir/secret")), Denied);
    assert_eq!(code(scene.write("dir/secret", "new")), Denied);
    assert_eq!(code(scene.write("dir/deep/er", "new")), Denied);
    assert_eq!(code(scene.read("link")), Denied);
    assert_eq!(code(scene.write("link", "new")), Denied);
    assert_eq!(code(scene.list("dir")), Denied);
    scene.check_outside();
    assert!(
        fs::symlink_metadata(scene.inside("link"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn dangling_link_is_refused() {
    let mut scene = Scene::new();
    symlink("nowhere", scene.inside("here")).unwrap();
    symlink("../outside/new", scene.inside("out")).unwrap();
    symlink("loop", scene.inside("loop")).unwrap();
    assert_eq!(code(scene.read("here")), NotFound);
    assert_eq!(code(scene.read("loop")), Denied);
    for name in ["here", "out", "loop"] {
        assert_eq!(code(scene.write(name, "x")), Denied, "{name}");
        assert!(scene.write(&format!("{name}/file"), "x").is_err(), "{name}");
    }
    scene.check_outside();
    assert!(!scene.inside("nowhere").exists());
    assert_eq!(scene.list(".").unwrap(), ["here", "loop", "out"]);
}

#[test]
fn inner_link_is_read_but_not_written() {
    let mut scene = Scene::new();
    scene.write("real/file", "content").unwrap();
    symlink("real/file", scene.inside("file")).unwrap();
    symlink("real", scene.inside("dir")).unwrap();
    fs::create_dir(scene.inside("deep")).unwrap();
    symlink("../real", scene.inside("deep/dir")).unwrap();
    assert_eq!(scene.read("file").as_deref(), Ok("content"));
    assert_eq!(scene.read("deep/dir/file").as_deref(), Ok("content"));
    assert_eq!(scene.list(".").unwrap(), ["deep/", "dir/", "file", "real/"]);
    assert_eq!(scene.list("deep").unwrap(), ["dir/"]);
    assert_eq!(scene.list("deep/dir").unwrap(), ["file"]);
    assert_eq!(code(scene.read("dir")), IsDirectory);
    assert_eq!(code(scene.write("file", "new")), Denied);
    scene.write("deep/dir/file", "new").unwrap();
    assert_eq!(scene.read("real/file").as_deref(), Ok("new"));
}
