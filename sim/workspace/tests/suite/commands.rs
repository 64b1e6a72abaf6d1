//! Commands: environment, end and cleanup.

use std::fs;
use std::time::Duration;

use turingos::Manifold;
use turingos::manifold::CommandOutcome;
use turingos_workspace::Limits;

use super::{Scene, has_key};

fn impatient(milliseconds: u64) -> Scene {
    Scene::with_limits(Limits {
        command_time: Duration::from_millis(milliseconds),
        ..Limits::default()
    })
}

fn run(scene: &mut Scene, line: &str) -> CommandOutcome {
    scene.workspace.exec(line, 0)
}

/// True once the process is gone or only waits to be reaped by a parent that is not ours.
fn has_ended(process: &str) -> bool {
    match fs::read_to_string(format!("/proc/{}/stat", process.trim())) {
        Ok(stat) => stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim()
            .starts_with(['Z', 'X']),
        Err(_) => true,
    }
}

/// A killed process goes when the system gets to it.
pub(crate) fn ends_soon(process: &str) -> bool {
    for _ in 0..200 {
        if has_ended(process) {
            return true;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    false
}

/// A failure of these tests never prints a value: it may be a secret of the user who runs them.
#[test]
fn environment_variables() {
    // Cargo sets CARGO_MANIFEST_DIR for every test, so there is something to hide.
    assert!(std::env::vars_os().any(|(name, _)| name == "CARGO_MANIFEST_DIR"));
    let mut scene = Scene::new();
    // The others are the shell's own.
    let names = "tr '\\0' '\\n' < /proc/$$/environ | sed 's/=.*//' | sort";
    assert_eq!(scene.stdout(names), "HOME\nLANG\nLC_ALL\nPATH\nTZ\n");
    let home = fs::canonicalize(scene.inside("")).unwrap();
    let home = home.display();
    assert_eq!(
        scene.stdout("echo $HOME $LANG $LC_ALL $TZ; echo $PATH; pwd"),
        format!(
            "{home} C.UTF-8 C.UTF-8 UTC\n\
             /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n{home}\n"
        )
    );
}

#[test]
fn environment_is_not_inherited() {
    if has_key("commands::environment_is_not_inherited") {
        let mut scene = Scene::new();
        let seen = scene.stdout("env; cat /proc/$$/environ");
        assert!(!seen.contains("canary"), "a command saw it");
    }
}

#[test]
fn standard_input_is_empty() {
    assert_eq!(Scene::new().stdout("cat; echo end"), "end\n");
}

#[test]
fn exit_codes_and_signals() {
    let mut scene = Scene::new();
    for (line, exit_code) in [
        ("exit 3", 3),
        ("exit 255", 255),
        ("kill -TERM $$", 128 + 15),
        ("kill -KILL $$", 128 + 9),
        ("kill -KILL 0", 128 + 9),
        ("sh -c 'kill -SEGV $$'; exit $?", 128 + 11),
    ] {
        assert_eq!(run(&mut scene, line).exit_code, exit_code, "{line}");
    }
}

#[test]
fn streams_are_separate_text() {
    let mut scene = Scene::new();
    let outcome = run(
        &mut scene,
        r"printf 'a\377b\n'; printf 'error \351\n' >&2; exit 1",
    );
    assert_eq!(outcome.stdout, "a\u{fffd}b\n");
    assert_eq!(outcome.stderr, "error \u{fffd}\n");
    assert!(outcome.duration_us > 0);
}

#[test]
fn timeout_kills_the_process_group() {
    let mut scene = impatient(400);
    let line = "sh -c 'sleep 60 & echo $! > grandchild; wait' & \
                echo $! > child; echo so far; sleep 60";
    let outcome = run(&mut scene, line);
    assert_eq!(outcome.exit_code, 124);
    assert_eq!(outcome.stdout, "so far\n");
    assert_eq!(outcome.stderr, "timed out after 400ms\n");
    assert!(
        (400_000..10_000_000).contains(&outcome.duration_us),
        "{outcome:?}"
    );
    for file in ["child", "grandchild"] {
        let process = scene.read(file).unwrap();
        assert!(ends_soon(&process), "{file} {process} still runs");
    }
}

#[test]
fn timeout_kills_a_command_that_ignores_signals() {
    let mut scene = impatient(300);
    let outcome = run(
        &mut scene,
        "trap '' TERM INT HUP; exec >&- 2>&-; while :; do :; done",
    );
    assert_eq!(outcome.exit_code, 124);
    assert!(outcome.duration_us < 10_000_000, "{outcome:?}");
}

#[test]
fn background_process_ends_with_the_shell() {
    let mut scene = Scene::new();
    let outcome = run(
        &mut scene,
        "sleep 60 & echo $!; nohup sleep 61 >/dev/null 2>&1 & echo $!",
    );
    assert_eq!(outcome.exit_code, 0);
    assert!(outcome.duration_us < 10_000_000, "{outcome:?}");
    let processes: Vec<_> = outcome.stdout.lines().collect();
    assert_eq!(processes.len(), 2);
    for process in processes {
        assert!(ends_soon(process), "{process} still runs");
    }
}

/// Without a launcher, detaching is a way out; it must not hold up the run.
#[test]
fn detached_writer_is_not_waited_for() {
    let mut scene = Scene::new();
    let line = "setsid sh -c 'echo $$ > detached; yes' & while ! test -s detached; do :; done";
    let outcome = run(&mut scene, line);
    let process = scene.read("detached").unwrap();
    assert_eq!(
        run(&mut scene, &format!("kill -KILL -{process}")).exit_code,
        0
    );
    assert_eq!(outcome.exit_code, 0);
    assert!(outcome.duration_us < 10_000_000);
}

#[test]
fn endless_output_is_cut() {
    let mut scene = impatient(500);
    let outcome = run(&mut scene, "yes & yes error >&2");
    let limit = Limits::default().output_bytes;
    assert_eq!(outcome.exit_code, 124);
    let marker = "\n[output truncated]\n";
    assert_eq!(outcome.stdout, "y\n".repeat(limit / 2) + marker);
    let (kept, timeout) = outcome.stderr.split_at(limit + marker.len());
    assert!(kept.ends_with(marker) && kept.starts_with("error\nerror\n"));
    assert_eq!(timeout, "timed out after 500ms\n");
}

#[test]
fn cut_output_does_not_stop_the_command() {
    let mut scene = Scene::new();
    let outcome = run(
        &mut scene,
        "head -c 3000000 /dev/zero | tr '\\0' x; echo end >&2; exit 5",
    );
    assert_eq!((outcome.exit_code, outcome.stderr.as_str()), (5, "end\n"));
    assert_eq!(outcome.stdout.len(), Limits::default().output_bytes + 20);
}

#[test]
fn line_with_nul_is_an_outcome() {
    let outcome = run(&mut Scene::new(), "echo a\0b");
    assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (126, ""));
    assert!(!outcome.stderr.is_empty());
}
