//! Commands that a launcher starts: what they can reach, and how they end.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use turingos::manifold::CommandOutcome;
use turingos::{Manifold, isa::GitLogQuery};
use turingos_workspace::{Interrupt, Launcher, Limits, SandboxChoice, Workspace};
use turingos_world::Sandbox;

use super::commands::ends_soon;
use super::{SECRET, Scene, has_key};

fn launcher(choice: SandboxChoice) -> Launcher {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_turingos-test-launcher"));
    Launcher::find(program, choice, false).unwrap()
}

/// A scene whose commands are started by a launcher.
fn launched(choice: SandboxChoice, milliseconds: u64) -> Scene {
    let mut scene = Scene::with_limits(Limits {
        command_time: Duration::from_millis(milliseconds),
        ..Limits::default()
    });
    scene.workspace = scene.workspace.with_launcher(launcher(choice));
    scene
}

fn run(scene: &mut Scene, line: &str) -> CommandOutcome {
    scene.workspace.exec(line, 0)
}

/// The choices that work here. Landlock is one of them wherever these tests are meant to run.
fn working() -> Vec<SandboxChoice> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_turingos-test-launcher"));
    let all = [
        SandboxChoice::Landlock,
        SandboxChoice::Bwrap,
        SandboxChoice::None,
    ];
    let works = |choice: &SandboxChoice| Launcher::find(program.clone(), *choice, false).is_ok();
    all.into_iter().filter(works).collect()
}

#[test]
fn landlock_is_found_by_itself() {
    let found = launcher(SandboxChoice::Auto);
    assert!(
        matches!(
            found.sandbox(),
            Sandbox::Landlock {
                abi: 1..,
                network: false
            }
        ),
        "{found:?}"
    );
    assert_eq!(found.missing(), [""; 0]);
    assert_eq!(launcher(SandboxChoice::None).sandbox(), Sandbox::None);
}

#[test]
fn sandbox_that_cannot_be_tried_is_an_error() {
    let program = PathBuf::from("/bin/false");
    for choice in [SandboxChoice::Landlock, SandboxChoice::Bwrap] {
        let error = Launcher::find(program.clone(), choice, false).unwrap_err();
        assert!(error.to_string().contains("does not work here"), "{error}");
    }
    let found = Launcher::find(program, SandboxChoice::Auto, false).unwrap();
    assert_eq!(found.sandbox(), Sandbox::None);
    assert_eq!(found.missing().len(), 2, "{found:?}");
}

#[test]
fn ordinary_work_goes_on_in_every_sandbox() {
    for choice in working() {
        let mut scene = launched(choice, 20_000);
        for (line, stdout) in [
            ("echo one > a && mkdir -p d && mv a d/b && cat d/b", "one\n"),
            ("printf 'b\\na\\n' | sort | tee sorted | head -1", "a\n"),
            ("f=$(mktemp) && echo kept > $f && cat $f && rm $f", "kept\n"),
            (
                "echo x > /dev/null; grep -c . /proc/meminfo > n; test -s n",
                "",
            ),
            (
                "git init -q . && git add -A && git -c user.name=n -c user.email=e commit -qm m && git rev-list --count HEAD",
                "1\n",
            ),
            ("cat <<END\nhere\nEND", "here\n"),
            ("sh -c 'exit 3'; echo $?", "3\n"),
        ] {
            let outcome = run(&mut scene, line);
            assert_eq!(
                (outcome.exit_code, &*outcome.stdout),
                (0, stdout),
                "{choice:?}: {line}: {outcome:?}"
            );
        }
        for (line, exit_code) in [
            ("exit 7", 7),
            ("kill -KILL $$", 137),
            ("kill -TERM 0", 143),
            ("no-such-program", 127),
        ] {
            assert_eq!(
                run(&mut scene, line).exit_code,
                exit_code,
                "{choice:?}: {line}"
            );
        }
        let query = GitLogQuery::default();
        let log = scene.workspace.git_log(&query).unwrap();
        assert!(
            log.ends_with(" m\n") || log.ends_with(" m"),
            "{choice:?}: {log}"
        );
    }
}

/// What the program that starts commands holds in its environment.
#[test]
fn environment_of_the_parent_is_out_of_reach() {
    let spy = "cat /proc/$PPID/environ /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -c canary";
    if !has_key("launched::environment_of_the_parent_is_out_of_reach") {
        return;
    }
    for choice in working() {
        let seen = run(&mut launched(choice, 20_000), spy).stdout;
        // The control: without a sandbox it is there.
        let is_open = choice == SandboxChoice::None;
        assert_eq!(seen != "0\n", is_open, "{choice:?}");
    }
}

#[test]
fn files_outside_are_out_of_reach() {
    for choice in working() {
        if choice == SandboxChoice::None {
            continue;
        }
        let mut scene = launched(choice, 20_000);
        let outside = scene.outside("secret");
        let outside = outside.display();
        for line in [
            format!("cat {outside}"),
            format!("echo changed > {outside}"),
            format!("rm -f {outside}; test ! -e {outside} && cat {outside}"),
            format!("ln {outside} inside && cat inside"),
            format!("ln -s {outside} link && cat link"),
            format!("mv {outside} taken && cat taken"),
            "ls /root /home/*".to_owned(),
            "echo x > /etc/turingos-was-here".to_owned(),
            "cat /proc/1/cmdline /proc/$PPID/cmdline | grep .".to_owned(),
            "mknod disk b 8 0".to_owned(),
        ] {
            let outcome = run(&mut scene, &line);
            assert!(!outcome.stdout.contains(SECRET), "{choice:?}: {line}");
            if choice == SandboxChoice::Landlock {
                assert_ne!(outcome.exit_code, 0, "{line}: {outcome:?}");
            }
        }
        scene.check_outside();
        assert!(!PathBuf::from("/etc/turingos-was-here").exists());
    }
}

/// A local server is as far away as any other.
#[test]
fn network_is_out_of_reach_unless_allowed() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    datagrams.set_nonblocking(true).unwrap();
    let udp = datagrams.local_addr().unwrap().port();
    server.set_nonblocking(true).unwrap();
    // The control: without a sandbox both arrive.
    let line = format!(
        "bash -c 'echo leak > /dev/tcp/127.0.0.1/{port}; echo leak > /dev/udp/127.0.0.1/{udp}'"
    );
    let program = PathBuf::from(env!("CARGO_BIN_EXE_turingos-test-launcher"));
    for choice in working() {
        for network in [false, true] {
            let mut scene = Scene::new();
            let launcher = Launcher::find(program.clone(), choice, network).unwrap();
            let sandbox = launcher.sandbox();
            scene.workspace = scene.workspace.with_launcher(launcher);
            let outcome = run(&mut scene, &line);
            let arrived = (
                server.accept().is_ok(),
                datagrams.recv(&mut [0; 16]).is_ok(),
            );
            let is_open = network || choice == SandboxChoice::None;
            assert_eq!(sandbox.has_network(), is_open, "{sandbox}");
            assert_eq!(arrived, (is_open, is_open), "{sandbox}: {outcome:?}");
        }
    }
}

#[test]
fn session_and_limits_are_the_commands_own() {
    for choice in working() {
        let mut scene = launched(choice, 20_000);
        let outcome = run(&mut scene, "ulimit -c; read line; echo end");
        assert_eq!(outcome.stdout, "0\nend\n", "{choice:?}: {outcome:?}");
    }
    let mut scene = launched(SandboxChoice::None, 20_000);
    // The session is the shell's own: the sixth field after the name.
    let line = "set -- $(sed 's/.*) //' /proc/$$/stat); test $4 = $$ && echo own";
    assert_eq!(run(&mut scene, line).stdout, "own\n");
}

/// Starts a process that leaves its session and its parents, and writes its id into `detached`.
const DETACH: &str = "(setsid sh -c 'setsid sleep 60 & echo $! > detached' &) ; \
                      while ! test -s detached; do :; done";

#[test]
fn detached_process_ends_with_its_command() {
    for choice in [SandboxChoice::Landlock, SandboxChoice::None] {
        let mut scene = launched(choice, 20_000);
        assert_eq!(run(&mut scene, DETACH).exit_code, 0);
        let process = scene.read("detached").unwrap();
        assert!(ends_soon(&process), "{choice:?}: {process} still runs");
    }
}

#[test]
fn timeout_ends_detached_processes() {
    let mut scene = launched(SandboxChoice::None, 700);
    let outcome = run(&mut scene, &format!("{DETACH}; echo so far; sleep 60"));
    assert_eq!(outcome.exit_code, 124, "{outcome:?}");
    assert_eq!(outcome.stdout, "so far\n");
    assert_eq!(outcome.stderr, "timed out after 700ms\n");
    assert!(outcome.duration_us < 5_000_000, "{outcome:?}");
    let process = scene.read("detached").unwrap();
    assert!(ends_soon(&process), "{process} still runs");
}

#[test]
fn interrupt_ends_a_command_at_once() {
    let mut scene = launched(SandboxChoice::Auto, 60_000);
    let wanted = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&wanted);
    let begun = scene.inside("begun");
    scene.workspace = scene.workspace.with_interrupt(Interrupt::when(move || {
        // As a user would: once the command is under way.
        if begun.exists() {
            asked.store(true, Ordering::Relaxed);
        }
        asked.load(Ordering::Relaxed)
    }));
    let outcome = run(&mut scene, "echo part; touch begun; sleep 60");
    assert_eq!(
        (outcome.exit_code, &*outcome.stdout, &*outcome.stderr),
        (130, "part\n", "interrupted\n")
    );
    assert!(outcome.duration_us < 1_000_000, "{outcome:?}");
    assert!(wanted.load(Ordering::Relaxed));
}

/// The program that starts commands is killed: nothing of the command outlives it.
#[test]
fn killed_parent_takes_its_command_along() {
    const NAME: &str = "TURINGOS_TEST_WORKSPACE";
    #[expect(
        clippy::disallowed_methods,
        reason = "how this test tells its second process where to work"
    )]
    if let Some(directory) = std::env::var_os(NAME) {
        let limits = Limits::default();
        let workspace = Workspace::open(&PathBuf::from(directory), limits).unwrap();
        let mut workspace = workspace.with_launcher(launcher(SandboxChoice::Auto));
        workspace.exec(&format!("{DETACH}; echo $$ > shell; sleep 60"), 0);
        return;
    }
    let scene = Scene::new();
    let directory = scene.inside("");
    drop(scene.workspace);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "launched::killed_parent_takes_its_command_along"])
        .env(NAME, &directory)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let read = |name: &str| fs::read_to_string(directory.join(name)).unwrap_or_default();
    while !read("shell").ends_with('\n') {
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for name in ["shell", "detached"] {
        let process = read(name);
        assert!(!process.trim().is_empty(), "{name}");
        assert!(ends_soon(&process), "{name} {process} still runs");
    }
}

/// A stage that does not get what it needs starts nothing.
#[test]
fn malformed_stage_starts_nothing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_turingos-test-launcher"))
        .args(["launch-command", "confine", "landlock-99", "/tmp", "/tmp"])
        .args(["1", "/bin/echo", "ran"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"").unwrap();
    let mut said = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    errors.read_line(&mut said).unwrap();
    assert_eq!(said, "sh: not started: the supervisor has ended\n");
    let mut out = String::new();
    (child.stdout.take().unwrap())
        .read_to_string(&mut out)
        .unwrap();
    assert_eq!(
        (out.as_str(), child.wait().unwrap().code()),
        ("", Some(126))
    );
}
