//! Opening and creating workspaces.

use std::fs;

use turingos_workspace::{Limits, Workspace, WorkspaceError};

use super::{Scene, code, walk};

fn limits() -> Limits {
    Limits::default()
}

#[test]
fn file_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "content").unwrap();
    for opened in [
        Workspace::open(&file, limits()),
        Workspace::create(&file, limits()),
    ] {
        assert!(matches!(opened, Err(WorkspaceError::NotADirectory { .. })));
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "content");
    let below = Workspace::create(&file.join("below"), limits());
    assert!(matches!(below, Err(WorkspaceError::System { .. })));
}

#[test]
fn missing_directory() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("new/workspace");
    let error = Workspace::open(&path, limits()).unwrap_err();
    assert!(matches!(error, WorkspaceError::System { .. }), "{error}");
    assert_eq!(walk(scratch.path()), [""; 0]);
    drop(Workspace::create(&path, limits()).unwrap());
    // It is empty, so it may be made a workspace once more.
    drop(Workspace::create(&path, limits()).unwrap());
}

#[test]
fn directory_with_files() {
    let mut scene = Scene::new();
    scene.write("file", "content").unwrap();
    let path = scene.inside("");
    drop(scene.workspace);
    let error = Workspace::create(&path, limits()).unwrap_err();
    assert!(matches!(error, WorkspaceError::NotEmpty { .. }), "{error}");
    assert_eq!(walk(&path), ["file"]);
    scene.workspace = Workspace::open(&path, limits()).unwrap();
    assert_eq!(scene.read("file").as_deref(), Ok("content"));
}

#[test]
fn workspace_has_one_process() {
    let scene = Scene::new();
    for opened in [
        Workspace::open(&scene.inside(""), limits()),
        Workspace::create(&scene.inside(""), limits()),
    ] {
        let error = opened.unwrap_err();
        assert!(matches!(error, WorkspaceError::InUse { .. }), "{error}");
    }
    let path = scene.inside("");
    drop(scene.workspace);
    drop(Workspace::open(&path, limits()).unwrap());
}

#[test]
fn initial_files_and_parents() {
    let mut scene = Scene::new();
    let files = [("a", "1"), ("deep/er/b", "2")];
    scene.workspace.populate(files).unwrap();
    assert_eq!(scene.read("deep/er/b").as_deref(), Ok("2"));
    let absolute = scene.outside("new").display().to_string();
    for path in ["../outside/new", &absolute, "a/b", ""] {
        let refused = scene.workspace.populate([(path, "x")]);
        assert!(refused.is_err(), "{path}");
    }
    scene.check_outside();
}

/// The files stay those of the directory that was opened, and commands do not start elsewhere.
#[test]
fn moved_workspace() {
    let mut scene = Scene::new();
    scene.write("file", "old").unwrap();
    let (old, new) = (scene.inside(""), scene.outside(""));
    let moved = old.with_file_name("moved");
    fs::rename(&old, &moved).unwrap();
    std::os::unix::fs::symlink(&new, old.with_file_name("inside")).unwrap();
    scene.write("file", "new").unwrap();
    assert_eq!(fs::read_to_string(moved.join("file")).unwrap(), "new");
    let outcome = turingos::Manifold::exec(&mut scene.workspace, "echo x > made", 0);
    assert_eq!(outcome.exit_code, 126);
    assert!(outcome.stderr.contains("moved"), "{}", outcome.stderr);
    let query = turingos::isa::GitLogQuery::default();
    assert!(turingos::Manifold::git_log(&mut scene.workspace, &query).is_err());
    scene.check_outside();
    assert_eq!(
        code(scene.read("made")),
        turingos::manifold::WorldFaultCode::NotFound
    );
}
