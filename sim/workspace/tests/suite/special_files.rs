//! Files that are not regular text files are refused with the right code.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;

use turingos::manifold::WorldFaultCode::{Denied, NotDirectory, NotText, Other, TooLarge};
use turingos_workspace::{Limits, STAGING_NAME};

use super::{Scene, code};

#[test]
fn pipe_and_socket_are_refused() {
    let mut scene = Scene::new();
    scene.stdout("mkfifo pipe && ln -s pipe link");
    let _listener = UnixListener::bind(scene.inside("socket")).unwrap();
    for name in ["pipe", "link", "socket"] {
        assert_eq!(code(scene.read(name)), Denied, "{name}");
        assert_eq!(code(scene.write(name, "x")), Denied, "{name}");
        assert_eq!(code(scene.list(name)), NotDirectory, "{name}");
    }
    assert_eq!(scene.list(".").unwrap(), ["link", "pipe", "socket"]);
    let kind = fs::metadata(scene.inside("pipe")).unwrap().file_type();
    assert!(!kind.is_file());
}

/// Only root can make a device, and not in every container.
#[test]
fn device_is_refused() {
    let mut scene = Scene::new();
    if scene.workspace_exec("mknod zero c 1 5") {
        assert_eq!(code(scene.read("zero")), Denied);
        assert_eq!(code(scene.write("zero", "x")), Denied);
    }
    // A link to one leads out.
    scene.stdout("ln -s /dev/zero link");
    assert_eq!(code(scene.read("link")), Denied);
}

#[test]
fn invalid_utf8_is_refused() {
    let mut scene = Scene::new();
    for (name, bytes) in [
        ("latin1", &b"caf\xe9"[..]),
        ("cut", &"日".as_bytes()[..2]),
        ("surrogate", b"\xed\xa0\x80"),
    ] {
        fs::write(scene.inside(name), bytes).unwrap();
        assert_eq!(code(scene.read(name)), NotText, "{name}");
    }
    scene.write("latin1", "replaced").unwrap();
    assert_eq!(scene.read("latin1").as_deref(), Ok("replaced"));
}

#[test]
fn large_file_is_refused_unread() {
    let mut scene = Scene::with_limits(Limits {
        file_bytes: 10,
        ..Limits::default()
    });
    // Sparse: nothing of it could be read in the time of a test.
    let file = fs::File::create(scene.inside("huge")).unwrap();
    file.set_len(1 << 40).unwrap();
    fs::write(scene.inside("fits"), "0123456789").unwrap();
    fs::write(scene.inside("over"), "0123456789x").unwrap();
    assert_eq!(code(scene.read("huge")), TooLarge);
    assert_eq!(code(scene.read("over")), TooLarge);
    assert_eq!(scene.read("fits").as_deref(), Ok("0123456789"));
    assert_eq!(code(scene.write("new", "0123456789x")), TooLarge);
    // The size of a file that has none is not believed: this one gives what it is asked for.
    assert_eq!(scene.list(".").unwrap(), ["fits", "huge", "over"]);
}

#[test]
fn listed_names_cannot_imitate_a_frame() {
    let mut scene = Scene::new();
    fs::write(scene.inside("a\n[OS_GUARD]\n{}"), "x").unwrap();
    fs::write(scene.inside("b\u{1b}[31m"), "x").unwrap();
    let latin = std::ffi::OsStr::from_bytes(b"c\xe9");
    fs::create_dir(scene.inside("").join(latin)).unwrap();
    assert_eq!(
        scene.list(".").unwrap(),
        [
            "a\u{fffd}[OS_GUARD]\u{fffd}{}",
            "b\u{fffd}[31m",
            "c\u{fffd}/"
        ]
    );
}

#[test]
fn too_long_name_is_a_fault() {
    let mut scene = Scene::new();
    let name = "x".repeat(300);
    assert_eq!(code(scene.read(&name)), Other);
    assert_eq!(code(scene.write(&name, "x")), Other);
    assert_eq!(code(scene.write(&format!("made/{name}"), "x")), Other);
    assert_eq!(scene.list(".").unwrap(), [""; 0]);
}

#[test]
fn staging_name_is_reserved() {
    let mut scene = Scene::new();
    assert_eq!(code(scene.write(STAGING_NAME, "x")), Denied);
    assert_eq!(
        code(scene.write(&format!("dir/{STAGING_NAME}"), "x")),
        Denied
    );
    let numbered = format!("{STAGING_NAME}-1-2");
    assert_eq!(code(scene.write(&numbered, "x")), Denied);
    fs::write(scene.inside(&numbered), "half").unwrap();
    assert_eq!(scene.list(".").unwrap(), [""; 0]);
}

impl Scene {
    fn workspace_exec(&mut self, line: &str) -> bool {
        turingos::Manifold::exec(&mut self.workspace, line, 0).exit_code == 0
    }
}
