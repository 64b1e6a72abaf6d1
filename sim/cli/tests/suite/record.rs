//! `sim record` with agents that are shell scripts, against `sim serve` as the service.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::serve_process::ServeProcess;
use crate::shell::{Said, output, sim};

/// `call URL PATH BODY` posts to a service and prints the answer.
const CALL: &str = r#"
call() {
  rest=${1#http://}; address=${rest%%/*}; base=${rest#"$address"}
  exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
  printf 'POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Length: %s\r\n\r\n%s' \
    "$base$2" "$AGENT_KEY" "${#3}" "$3" >&3
  cat <&3
  exec 3<&-
}
hello='{"model":"m","messages":[{"role":"user","content":"hello"}]}'
"#;

struct Scene {
    directory: TempDir,
    service: ServeProcess,
}

impl Scene {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            service: ServeProcess::start(&["--seed", "7"]),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    /// The recording of a shell script as `NAME`.
    fn command(&self, name: &str, options: &[&str], script: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command
            .args(["record", "--out", &self.text(name)])
            .args(["--upstream", &format!("openai={}", self.service.url)])
            .args(options)
            .args(["--", "bash", "-c", &format!("{CALL}{script}")])
            .current_dir(self.directory.path())
            .env("AGENT_KEY", "local-key-0123456789")
            .stdin(Stdio::null());
        command
    }

    fn record(&self, name: &str, options: &[&str], script: &str) -> Said {
        output(&mut self.command(name, options, script))
    }
}

const HELLO: &str = r#"call "$OPENAI_BASE_URL" /chat/completions "$hello""#;

#[test]
fn exit_code_of_the_agent_is_passed_on_and_its_calls_are_recorded() {
    let scene = Scene::new();
    let (code, out, err) = scene.record("tape", &[], &format!("{HELLO}; exit 3"));
    assert_eq!(code, Some(3), "{out}{err}");
    assert!(out.starts_with("HTTP/1.1 200 OK"), "{out}");
    assert!(err.starts_with("recorded 1 exchanges in "), "{err}");
    assert!(err.contains("\nreplay it: sim replay "), "{err}");
    let tape = fs::read_to_string(scene.at("tape/exchanges.jsonl")).unwrap();
    assert_eq!(tape.lines().count(), 2);
    assert!(!tape.contains("local-key-0123456789"), "{tape}");
    for (schema, file) in [
        ("exchange-header.v1", "tape/header.json"),
        ("exchange-tape.v1", "tape/exchanges.jsonl"),
        ("exchange-manifest.v1", "tape/manifest.json"),
    ] {
        let said = sim(&["schema", "check", schema, &scene.text(file)]);
        assert_eq!(said.0, Some(0), "{said:?}");
    }
}

#[test]
fn recording_is_verified_shown_and_compared() {
    let scene = Scene::new();
    assert_eq!(scene.record("a", &[], HELLO).0, Some(0));
    let again = HELLO.replace("$hello", "${hello/hello/good bye}");
    assert_eq!(scene.record("b", &[], &again).0, Some(0));
    let (a, b) = (scene.text("a"), scene.text("b"));
    let (code, out, err) = sim(&["verify", &a]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.contains("exchanges.jsonl: valid, 1 exchanges, 2 lines, root "),
        "{out}"
    );
    assert!(out.ends_with("VALID  3 files\n"), "{out}");
    let (code, out, _) = sim(&["show", &a]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("POST /v1/chat/completions"), "{out}");
    assert!(out.contains("1 calls of bash -c "), "{out}");
    let (code, out, _) = sim(&["show", &a, "--call", "0"]);
    assert_eq!(code, Some(0), "{out}");
    for part in [
        "call 0 to openai: POST",
        "\nuser      hello\n",
        "\ntokens ",
        "\ntiming ",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (code, _, err) = sim(&["show", &a, "--call", "1"]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("its last call is 0"), "{err}");
    let (code, out, _) = sim(&["diff", &a, &a]);
    assert_eq!(
        (code, out.ends_with("SAME  1 calls\n")),
        (Some(0), true),
        "{out}"
    );
    let (code, out, _) = sim(&["diff", &a, &b]);
    assert_eq!(code, Some(1), "{out}");
    assert!(
        out.contains("first difference: call 0, its request"),
        "{out}"
    );
    assert!(out.contains("/body/messages/0/content"), "{out}");
}

#[test]
fn service_of_another_kind_is_recorded_by_name() {
    let scene = Scene::new();
    let service = format!("search={}/api", scene.service.url);
    let (code, out, err) = scene.record(
        "tape",
        &["--service", &service, "--env", "SEARCH_URL=search"],
        r#"case $SEARCH_URL in http://127.0.0.1:*/api) call "$SEARCH_URL" /generate '{"model":"m","prompt":"x"}';; esac"#,
    );
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("HTTP/1.1 200"), "{out}");
    let tape = fs::read_to_string(scene.at("tape/exchanges.jsonl")).unwrap();
    assert!(
        tape.contains(r#""target":"search","method":"POST","path":"/api/generate""#),
        "{tape}"
    );
}

#[test]
fn wrong_arguments_are_exit_2_and_nothing_is_written() {
    let scene = Scene::new();
    let tape = scene.text("tape");
    let rules = scene.text("rules.toml");
    fs::write(&rules, "version = 1\n\n[[drop]]\npath = '/a'\n").unwrap();
    for (words, part) in [
        (
            vec!["--rules", &rules, "--", "true"],
            "line 4: unknown variant `path`",
        ),
        (
            vec!["--", "no-such-agent"],
            "no-such-agent: command not found",
        ),
        (vec!["--", "/etc/passwd"], "not an executable file"),
        (vec!["--upstream", "x=y", "--", "true"], "not one of openai"),
        (
            vec!["--service", "a=http://x", "--", "true"],
            "--env VARIABLE=a",
        ),
        (
            vec!["--header", "a b", "--", "true"],
            "not the name of a header",
        ),
    ] {
        let (code, _, err) = sim(&[&["record", "--out", &tape], &words[..]].concat());
        assert_eq!(code, Some(2), "{words:?}: {err}");
        assert!(err.contains(part), "{words:?}: {err}");
        assert!(!scene.at("tape").exists(), "{words:?}");
    }
    assert_eq!(sim(&["record", "--out", &tape]).0, Some(2));
}

#[test]
fn directory_that_is_not_empty_is_exit_2_and_left_as_it_is() {
    let scene = Scene::new();
    fs::create_dir(scene.at("tape")).unwrap();
    fs::write(scene.at("tape/precious"), "kept").unwrap();
    let (code, _, err) = scene.record("tape", &[], "touch agent-ran");
    assert_eq!(code, Some(2), "{err}");
    assert!(!scene.at("agent-ran").exists());
    fs::remove_file(scene.at("tape/precious")).unwrap();
    assert_eq!(scene.record("tape", &[], "true").0, Some(0));
    let (code, _, err) = scene.record("tape", &[], "true");
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("already holds a run"), "{err}");
}

#[test]
fn agent_without_a_call_is_named_in_the_summary() {
    let scene = Scene::new();
    let (code, _, err) = scene.record("tape", &[], "true");
    assert_eq!(code, Some(0));
    assert!(
        err.contains("no call came: the agent does not read"),
        "{err}"
    );
}

#[test]
fn changed_byte_of_a_recording_is_exit_6() {
    let scene = Scene::new();
    scene.record("tape", &[], HELLO);
    let path = scene.at("tape/exchanges.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    for (changed, part) in [
        (whole.replacen("hello", "hallo", 1), "line 1: BROKEN_CHAIN"),
        (
            whole.lines().next().unwrap().to_owned() + "\n",
            "lines says 2",
        ),
        (whole[..whole.len() - 9].to_owned(), "torn"),
    ] {
        fs::write(&path, changed).unwrap();
        let (code, out, _) = sim(&["verify", &scene.text("tape")]);
        assert_eq!(code, Some(6), "{out}");
        assert!(out.contains(part), "{out}");
        assert_eq!(sim(&["show", &scene.text("tape")]).0, Some(6));
    }
    fs::write(&path, whole).unwrap();
    for name in ["header.json", "manifest.json"] {
        let path = scene.at("tape").join(name);
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(
            &path,
            whole.replacen("sim", "sin", 1).replacen("bash", "dash", 1),
        )
        .unwrap();
        assert_eq!(sim(&["verify", &scene.text("tape")]).0, Some(6), "{name}");
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(sim(&["verify", &scene.text("tape")]).0, Some(0));
}

#[test]
fn secret_that_cannot_be_redacted_is_exit_7_with_its_place() {
    let scene = Scene::new();
    let coded = format!("sk-{}", "A1B2C3D4".repeat(4)).replace('-', "%2D");
    // In the script it would be in the header.
    let script = r#"call "$OPENAI_BASE_URL" /chat/completions "{\"user\":\"$CODED\"}""#;
    let (code, out, err) = output(scene.command("tape", &[], script).env("CODED", coded));
    assert_eq!(code, Some(7), "{out}{err}");
    assert!(out.starts_with("HTTP/1.1 403"), "{out}");
    assert!(err.contains("call 0 to openai was refused: "), "{err}");
    assert!(err.contains("of the request's body"), "{err}");
    assert!(!err.contains("A1B2"), "{err}");
    assert_eq!(
        fs::read_to_string(scene.at("tape/exchanges.jsonl")).unwrap(),
        ""
    );
}

#[test]
fn secret_in_the_command_is_refused_before_anything_is_written() {
    let scene = Scene::new();
    let key = format!("sk-{}", "A1B2C3D4".repeat(4));
    let (code, _, err) = scene.record("tape", &[], &format!("echo {key}"));
    assert_eq!(code, Some(7), "{err}");
    assert!(err.contains("of the recording's header"), "{err}");
    assert!(!scene.at("tape").exists());
}

/// Starts a recording whose agent then waits, and waits until it does.
fn started(scene: &Scene, script: &str) -> Child {
    let script = format!("{script}\n: > up; sleep 60 > /dev/null 2>&1 & wait");
    let mut command = scene.command("tape", &[], &script);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !scene.at("up").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the recording ended");
        pause();
    }
    child
}

fn pause() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test waits for another process on the real clock"
    )]
    std::thread::sleep(std::time::Duration::from_millis(10));
}

#[test]
fn interrupt_ends_the_agent_and_then_the_tape_in_order() {
    for (signal, expected) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let scene = Scene::new();
        let script = format!("trap 'echo ended > ended; exit {expected}' INT TERM\n{HELLO}");
        let child = started(&scene, &script);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let said = child.wait_with_output().unwrap();
        let err = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(expected), "{err}");
        assert!(scene.at("ended").exists(), "the agent had its signal");
        assert!(err.contains("recorded 1 exchanges"), "{err}");
        assert_eq!(sim(&["verify", &scene.text("tape")]).0, Some(0));
    }
}

#[test]
fn killed_recording_is_a_valid_prefix() {
    let scene = Scene::new();
    let mut child = started(&scene, &format!("echo $$ > agent\n{HELLO}"));
    child.kill().unwrap();
    child.wait().unwrap();
    let agent = fs::read_to_string(scene.at("agent")).unwrap();
    let agent = Pid::from_raw(agent.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process_group(agent, Signal::KILL).unwrap();
    let (code, out, _) = sim(&["verify", &scene.text("tape")]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("unfinished, 2 records valid"), "{out}");
    let path = scene.at("tape/exchanges.jsonl");
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() - 1, whole.len() / 2, 10, 0] {
        fs::write(&path, &whole[..length]).unwrap();
        let (code, out, _) = sim(&["verify", &scene.text("tape")]);
        assert_eq!(code, Some(0), "{length}: {out}");
        assert_eq!(sim(&["show", &scene.text("tape")]).0, Some(0), "{length}");
    }
}

/// keploy PR 4570: a clean exit, although the recording was broken.
#[test]
fn tape_that_cannot_be_written_ends_the_agent_and_is_exit_7() {
    let scene = Scene::new();
    let long = r#"call "$OPENAI_BASE_URL" /x "$(printf 'x%.0s' {1..9000})"; sleep 60"#;
    let command = scene.command("tape", &[], long);
    let mut limited = Command::new("bash");
    // No file may be longer than 4 KiB; the header is shorter.
    limited
        .args(["-c", "ulimit -f 4; exec \"$@\"", "bash"])
        .arg(command.get_program())
        .args(command.get_args())
        .env("AGENT_KEY", "local-key-0123456789")
        .current_dir(scene.directory.path())
        .stdin(Stdio::null());
    let (code, _, err) = output(&mut limited);
    assert_eq!(code, Some(7), "{err}");
    assert!(
        err.contains("cannot write ") && err.contains("exchanges.jsonl"),
        "{err}"
    );
}

#[test]
fn objects_follow_their_schemas_and_json_behind_dashes_is_the_agents() {
    let scene = Scene::new();
    let (code, out, err) = scene.record("tape", &["--json"], &format!("{HELLO} > /dev/null"));
    assert_eq!(code, Some(0), "{err}");
    let object = crate::json_objects::checked(&out);
    assert_eq!(
        (&object["exchanges"], &object["agent_exit"]),
        (&1.into(), &0.into())
    );
    let tape = scene.text("tape");
    for words in [
        &["show", &tape, "--json"][..],
        &["show", &tape, "--call", "0", "--json"],
        &["diff", &tape, &tape, "--json"],
        &["verify", &tape, "--json"],
    ] {
        let (code, out, err) = sim(words);
        assert_eq!(code, Some(0), "{words:?}: {err}");
        crate::json_objects::checked(&out);
    }
    // `--json` behind `--` is the agent's.
    let (code, out, err) = sim(&["record", "--out", &tape, "--", "true", "--json"]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
}
