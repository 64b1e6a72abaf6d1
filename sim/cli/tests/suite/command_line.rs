//! The `sim` binary as a shell sees it: output, standard error and exit code.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use turingos_gates::Gate;

const POP: &str = r#"{"q_next":"go on","a_t":{"op":"SYS_POP"}}"#;

fn sim(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    sim_in(Path::new("."), arguments, input)
}

fn sim_in(directory: &Path, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn decode_prints_the_canonical_transition() {
    let reply = b"So be it: {\"a_t\": {\"sys\": \"sys_pop\"}, \"q_next\": \"go on\"}";
    let (code, out, err) = sim(&["decode", "-"], reply);
    assert_eq!((code, out.trim_end(), err.as_str()), (Some(0), POP, ""));
}

#[test]
fn decode_reads_every_provider_format() {
    let directory = TempDir::new().unwrap();
    let text = serde_json::to_string(POP).unwrap();
    let openai = format!(
        r#"{{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":{text},"refusal":null}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}}}"#
    );
    let kimi = format!(
        r#"{{"id":"m","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":{text}}}],"stop_reason":"end_turn","usage":{{"input_tokens":1,"output_tokens":1}}}}"#
    );
    let ollama = format!(
        r#"{{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{{"role":"assistant","content":{text}}},"done":true,"done_reason":"stop"}}"#
    );
    for (provider, body) in [
        ("openai", openai.as_str()),
        ("kimi", &kimi),
        ("ollama", &ollama),
        ("text", POP),
    ] {
        let path = directory.path().join(provider);
        fs::write(&path, body).unwrap();
        let (code, out, _) = sim(
            &["decode", "--provider", provider, path.to_str().unwrap()],
            b"",
        );
        assert_eq!((code, out.trim_end()), (Some(0), POP), "{provider}");
    }
}

#[test]
fn refused_reply_is_one_json_line_and_exit_1() {
    for input in [b"".as_slice(), b"\xff", b"nothing here", b"{}"] {
        let (code, out, err) = sim(&["decode"], input);
        assert_eq!((code, err.as_str()), (Some(1), ""));
        assert_eq!(out.lines().count(), 1);
        assert!(out.starts_with("{\"fault\":{\"code\":\""), "{out}");
    }
    let (code, out, _) = sim(&["decode", "--provider", "openai"], b"{\"choices\":[]}");
    assert_eq!(code, Some(1));
    assert!(out.starts_with("{\"fault\":{\"code\":\""), "{out}");
}

#[test]
fn unreadable_file_is_named_with_the_cause() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing.json");
    let (code, out, err) = sim(&["decode", missing.to_str().unwrap()], b"");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("missing.json` is not a valid value for"),
        "{err}"
    );
    assert!(err.contains("no such file or directory"), "{err}");
    let (code, _, err) = sim(&["decode", directory.path().to_str().unwrap()], b"");
    assert_eq!(code, Some(6));
    assert!(err.contains("not a regular file"), "{err}");
}

#[test]
fn oversized_input_is_not_read_whole() {
    let (code, out, err) = sim(&["decode"], &vec![b' '; 16 * 1024 * 1024 + 2]);
    assert_eq!((code, out.as_str()), (Some(6), ""));
    assert_eq!(err, "sim: standard input is longer than 16777216 bytes\n");
}

#[test]
fn usage_error_is_one_line_and_exit_2() {
    for (arguments, says) in [
        (vec![], "a verb is missing; see --help"),
        (vec!["dance"], "unknown verb `dance`; "),
        (
            vec!["decode", "--provider", "acme"],
            "allowed: openai, anthropic, kimi, ollama, text",
        ),
        (vec!["decode", "-", "b"], "unknown argument `b`"),
        (vec!["decode", "--fast"], "unknown argument `--fast`"),
    ] {
        let (code, out, err) = sim(&arguments, b"");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.starts_with("sim: "), "{err}");
        assert!(err.contains(says), "{err}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let (code, out, err) = sim(&["--help"], b"");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("Exit codes:\n  0  passed\n"), "{out}");
    let (code, out, _) = sim(&["--version"], b"");
    assert_eq!(code, Some(0));
    assert!(out.starts_with("sim "), "{out}");
}

const SMALL: [&str; 3] = ["soak", "--ticks", "60"];

fn journal_of(directory: &std::path::Path) -> String {
    fs::read_to_string(directory.join("journal.jsonl")).unwrap()
}

#[test]
fn soak_prints_configuration_and_root() {
    let (code, out, err) = sim(&SMALL, b"");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("seed 42  profile routine  ticks 60\n"),
        "{out}"
    );
    assert!(!out.contains("config {"), "{out}");
    let last = out.lines().last().unwrap();
    assert!(last.starts_with("PASSED  root "), "{last}");
    let (_, verbose, _) = sim(&[&SMALL[..], &["-v"]].concat(), b"");
    assert!(verbose.contains("\nconfig {\"kernel\":"), "{verbose}");
    let (_, quiet, _) = sim(&[&SMALL[..], &["-q"]].concat(), b"");
    assert_eq!(quiet, format!("{last}\n"));
}

#[test]
fn soak_json_is_one_documented_object() {
    let (code, out, _) = sim(&[&SMALL[..], &["--json"]].concat(), b"");
    assert_eq!(code, Some(0));
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    for member in [
        "seed",
        "profile",
        "ticks",
        "root",
        "sim_time_us",
        "wall_ms",
        "ticks_per_s",
        "traps",
        "gates",
        "passed",
    ] {
        assert!(!object[member].is_null(), "{member}");
    }
    for member in ["coverage", "p", "e", "failovers"] {
        assert!(object["route"][member].is_number(), "{member}");
    }
    assert_eq!(object["route"]["coverage"], 1.0);
    let reasons = object["route"]["reasons"].as_object().unwrap();
    let routed: u64 = reasons.values().map(|it| it.as_u64().unwrap()).sum();
    assert_eq!(routed, 60);
    assert_eq!(object["fatal_trap_rate"], 0.0);
    let recoveries = &object["recoveries"];
    let count = |member: &str| recoveries[member].as_u64().unwrap();
    assert!(count("completed") <= count("begun"));
    assert_eq!(recoveries["share"].is_null(), count("begun") == 0);
    assert_eq!(object["gates"][0]["id"], "ticks");
}

#[test]
fn routing_flags_are_in_the_header_and_in_the_command() {
    let words = ["--single-lane", "P", "--weak-below", "0.6", "--json"];
    let (code, out, err) = sim(&[&SMALL[..], &words].concat(), b"");
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(object["route"]["e"], 0);
    assert_eq!(object["route"]["reasons"]["SINGLE_LANE"], 60);
    let command = object["reproduce"].as_str().unwrap();
    assert!(
        command.ends_with("--weak-below 0.6 --single-lane P"),
        "{command}"
    );
    let again: Vec<&str> = command.split(' ').skip(1).chain(["--json"]).collect();
    let (_, again, _) = sim(&again, b"");
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["root"], object["root"]);
    let (_, usual, _) = sim(&[&SMALL[..], &["--json"]].concat(), b"");
    let usual: serde_json::Value = serde_json::from_str(&usual).unwrap();
    assert_ne!(usual["root"], object["root"]);
}

#[test]
fn routing_flags_are_checked() {
    for words in [
        ["--single-lane", "Q"],
        ["--failover", "never"],
        ["--weak-below", "1.5"],
        ["--probe-after", "-1"],
    ] {
        let (code, out, err) = sim(&[&SMALL[..], &words].concat(), b"");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{words:?}: {err}");
    }
    let (code, _, err) = sim(&["soak", "--resume", "RUN", "--single-lane", "E"], b"");
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn check_agrees_across_processes() {
    for profile in ["routine", "hostile"] {
        let words = ["--check", "--profile", profile];
        let (code, out, err) = sim(&[&SMALL[..], &words].concat(), b"");
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
        let said = "\nchecked: a second process wrote the same 60 records\n";
        assert!(out.contains(said), "{out}");
    }
}

#[test]
fn written_run_has_the_same_root() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("run");
    let out_option = ["--out", path.to_str().unwrap(), "--json"];
    let (code, with_disk, _) = sim(&[&SMALL[..], &out_option].concat(), b"");
    assert_eq!(code, Some(0));
    let (_, without, _) = sim(&[&SMALL[..], &["--json"]].concat(), b"");
    let root = |text: &str| {
        let object: serde_json::Value = serde_json::from_str(text).unwrap();
        object["root"].as_str().unwrap().to_owned()
    };
    assert_eq!(root(&with_disk), root(&without));
    assert_eq!(journal_of(&path).lines().count(), 60);
    assert!(
        journal_of(&path)
            .lines()
            .last()
            .unwrap()
            .contains(&root(&without))
    );
}

#[test]
fn used_directory_is_refused_untouched() {
    let directory = TempDir::new().unwrap();
    let note = directory.path().join("note.txt");
    fs::write(&note, "mine").unwrap();
    let out_option = ["--out", directory.path().to_str().unwrap()];
    let (code, _, err) = sim(&[&SMALL[..], &out_option].concat(), b"");
    assert_eq!(code, Some(2), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert_eq!(fs::read_to_string(&note).unwrap(), "mine");
}

/// A file size limit stands in for a full disk: the write fails in the middle of the run.
#[cfg(unix)]
#[test]
fn full_disk_is_exit_7_and_the_prefix_verifies() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("run");
    let script = format!(
        "trap '' XFSZ; ulimit -f 256; exec '{}' soak --ticks 2000 --quiet --out '{}'",
        env!("CARGO_BIN_EXE_sim"),
        path.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(7), "{err}");
    assert!(
        err.contains("journal.jsonl") && err.contains("large"),
        "{err}"
    );
    let prefix = turingos_run::read_prefix::<turingos_run::soak::Settings>(&path).unwrap();
    assert!(prefix.records > 100, "{}", prefix.records);
    assert!(prefix.manifest.is_none());
}

#[test]
fn unwritable_directory_is_exit_7() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("run");
    let out_option = ["--out", below.to_str().unwrap()];
    let (code, _, err) = sim(&[&SMALL[..], &out_option].concat(), b"");
    assert_eq!(code, Some(7), "{err}");
    assert!(err.contains("run"), "{err}");
}

#[test]
fn every_gate_passes_in_an_empty_directory() {
    let empty = TempDir::new().unwrap();
    let (code, out, err) = sim_in(empty.path(), &["gate"], b"");
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert_eq!(out.lines().count(), Gate::ALL.len(), "{out}");
    #[expect(clippy::disallowed_methods, reason = "only counted")]
    let left = fs::read_dir(empty.path()).unwrap().count();
    assert_eq!(left, 0, "a gate wrote into the working directory");
}

#[test]
fn named_gates_read_the_given_corpus() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus");
    let (code, out, _) = sim(
        &["gate", "mutex", "opcodes", "--corpus", corpus, "--json"],
        b"",
    );
    assert_eq!(code, Some(0));
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(object["gates"].as_array().unwrap().len(), 2);
    let (code, _, err) = sim(&["gate", "nonsense"], b"");
    assert_eq!(code, Some(2));
    assert!(err.contains("determinism"), "{err}");
    let (code, _, err) = sim(&["gate", "mutex", "--corpus", "/nowhere"], b"");
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn changed_corpus_fails_and_names_the_case() {
    let directory = TempDir::with_prefix("a corpus ").unwrap();
    let plain = format!("[plain]\ninput = '{POP}'\nexpect = \"refuse UNKNOWN_KEY\"\n");
    let empty = |expect| format!("[empty]\ninput = ''\nexpect = \"{expect}\"\n");
    for (file, text) in [
        ("syscalls/pop.toml", plain),
        ("replies/size.toml", empty("refuse EMPTY_REPLY")),
        ("contracts/plan.toml", empty("refuse TRUNCATED at=")),
        ("scenario-files/plan.toml", empty("refuse NOT_JSON at=")),
    ] {
        let path = directory.path().join(file);
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let corpus = directory.path().to_str().unwrap();
    let (code, out, _) = sim(&["gate", "schema", "--corpus", corpus], b"");
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("schema: 1 failures"), "{out}");
    assert!(out.contains("FAIL") && out.contains("pop/plain"), "{out}");
    let reproduce = format!("\n  reproduce: sim gate schema --corpus '{corpus}'\n");
    assert!(out.contains(&reproduce), "{out}");
    let group = directory.path().join("replies/size.toml");
    fs::write(group, empty("refuse STRANGE")).unwrap();
    let (code, _, err) = sim(&["gate", "schema", "--corpus", corpus], b"");
    assert_eq!(code, Some(6), "{err}");
    assert!(err.contains("replies/size.toml:1: case `empty`: "), "{err}");
}

/// The verdict, and nothing else.
#[test]
fn quiet_leaves_one_line() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for (words, says) in [
        (
            format!("soak --ticks 40 --out {}", at("soak")),
            "PASSED  root ",
        ),
        (
            format!("run log-hunt --noise 5% --out {}", at("hunt")),
            "PASSED  root ",
        ),
        ("run ordered-pipeline --agent clerk".into(), "FAILED  root "),
        (format!("replay {}", at("soak")), "AS RECORDED  root "),
        (format!("verify {}", at("soak")), "VALID  6 files"),
        ("longrun --seeds 0..1 --noise 0".into(), "PASSED"),
        ("gate mutex opcodes".into(), "PASSED  2 gates"),
        (format!("new scenario {}", at("new.json")), &at("new.json")),
        (
            format!("dataset {} --out {}", at("hunt"), at("rows")),
            "PASSED  ",
        ),
    ] {
        let words: Vec<_> = words.split(' ').chain(["-q"]).collect();
        let (_, out, err) = sim(&words, b"");
        assert_eq!(
            (out.lines().count(), err.as_str()),
            (1, ""),
            "{words:?}: {out}"
        );
        assert!(out.starts_with(says), "{words:?}: {out}");
    }
}

#[test]
fn gates_are_printed_as_they_are_judged() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["gate", "opcodes", "soak"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("opcodes"), "{first}");
    // The soaks of the second gate take a while.
    assert!(child.try_wait().unwrap().is_none(), "{first}");
    assert!(lines.any(|line| line.unwrap().contains("soak")));
    assert!(child.wait().unwrap().success());
}
