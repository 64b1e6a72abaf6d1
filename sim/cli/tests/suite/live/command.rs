//! `sim live` as a process against a server on loopback: recorded, replayed, refused, stopped.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use tempfile::TempDir;

use super::server::{Behaviour, Server, good, on_real_time, response};

pub(super) const OK: &str = "200 OK\r\ncontent-type: application/json";
pub(super) const KEY: &str = "a-key-of-the-test";

/// A directory for one test: a mission, its workspace, and where its recording goes.
pub(super) struct Place {
    directory: TempDir,
}

/// The outcome of a process.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) error: String,
}

impl Place {
    pub(super) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("work")).unwrap();
        fs::write(directory.path().join("mission.md"), "Push one task.\n").unwrap();
        Self { directory }
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Settings for one provider at `server`, with a key.
    pub(super) fn settings(&self, kind: &str, server: &Server, more: &str) {
        self.settings_at(kind, server.address, more);
    }

    /// Settings for one provider at `address`, with a key.
    pub(super) fn settings_at(&self, kind: &str, address: SocketAddr, more: &str) {
        let base = if kind == "openai" { "/v1" } else { "" };
        let text = format!(
            "version = 1\n[retry]\ntimeout_ms = 400\nmax_attempts = 1\n[lane.p]\n\
             kind = \"{kind}\"\nmodel = \"m\"\nbase_url = \"http://{address}{base}\"\n\
             key_variable = \"SIM_TEST_KEY\"\nconnect_timeout_ms = 400\ninput_price = 1000000\noutput_price = 2000000\n{more}"
        );
        fs::write(self.at("settings.toml"), text).unwrap();
    }

    /// `sim` with these words, in which `@name` is a path of this place.
    pub(super) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command.env("SIM_TEST_KEY", KEY);
        for word in words.split(' ') {
            match word.strip_prefix('@') {
                Some(name) => command.arg(self.at(name)),
                None => command.arg(word),
            };
        }
        command
    }

    pub(super) async fn sim(&self, words: &str) -> Ended {
        finished(self.command(words)).await
    }

    /// A mission of this many ticks, recorded in `@run`.
    pub(super) async fn live(&self, more: &str) -> Ended {
        let words = "live @mission.md --workspace @work --out @run --settings @settings.toml";
        self.sim(&format!("{words} --max-ticks 3 --json{more}"))
            .await
    }

    fn assert_clean(&self) {
        for name in [
            "header.json",
            "tape.jsonl",
            "journal.jsonl",
            "injections.jsonl",
            "traps.jsonl",
            "manifest.json",
        ] {
            let bytes = fs::read(self.at("run").join(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(KEY), "{name} holds the key");
        }
    }
}

/// Runs a command to its end while the server in this thread keeps serving.
pub(super) async fn finished(mut command: Command) -> Ended {
    let output = tokio::task::spawn_blocking(move || command.output());
    ended(output.await.unwrap().unwrap())
}

pub(super) async fn waited(child: Child) -> Ended {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output());
    ended(output.await.unwrap().unwrap())
}

fn ended(output: std::process::Output) -> Ended {
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[test]
fn every_provider_kind_replays_to_the_same_root() {
    for (kind, stream) in [
        ("openai", true),
        ("openai", false),
        ("kimi", false),
        ("ollama", false),
    ] {
        on_real_time(async {
            let place = Place::new();
            let server = Server::start(Behaviour::Send(response(OK, &good(kind)))).await;
            place.settings(kind, &server, &format!("stream = {stream}\n"));
            let live = place.live("").await;
            assert_eq!(live.code, Some(1), "{kind}: {live:?}");
            let report: serde_json::Value = serde_json::from_str(&live.out).unwrap();
            assert_eq!(report["ticks"], 3);
            assert_eq!(report["ending"], "tick limit");
            assert_eq!(report["tokens"], 6_060);
            assert_eq!(report["micro_dollars"], 3 * (2_000 + 2 * 20));
            assert!(place.at("work/MISSION.md").exists());
            place.assert_clean();
            let replay = place.sim("replay @run --json").await;
            assert_eq!(replay.code, Some(0), "{kind}: {replay:?}");
            let replayed: serde_json::Value = serde_json::from_str(&replay.out).unwrap();
            assert_eq!(replayed["replay"]["root"], report["root"]);
            assert_eq!(replayed["replay"]["whole"], true);
        });
    }
}

/// An endless body.
fn endless(header: &str, byte: u8) -> Behaviour {
    let head = format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n");
    Behaviour::Repeat(head.into(), vec![byte; 64 * 1024], Duration::ZERO)
}

#[test]
fn hostile_server_does_not_end_a_recording() {
    for behaviour in [
        Behaviour::Send(response("200 OK", "<html>")),
        Behaviour::Send(response("302 Found\r\nlocation: /elsewhere", "")),
        Behaviour::Send(Vec::new()),
        Behaviour::SendThenHang(Vec::new()),
        Behaviour::Reset(b"HTTP/1.1 200".to_vec()),
        endless("content-length: 209715200", b'x'),
        endless("content-type: text/event-stream", b'\n'),
    ] {
        on_real_time(async {
            let place = Place::new();
            let server = Server::start(behaviour).await;
            place.settings("openai", &server, "");
            let live = place.live("").await;
            assert_eq!(live.code, Some(1), "{live:?}");
            assert_eq!(lines(&place.at("run/journal.jsonl")), 3);
            let tape = fs::read_to_string(place.at("run/tape.jsonl")).unwrap();
            assert!(tape.matches("\"kind\":\"call\"").count() >= 3);
            assert_eq!(place.sim("replay @run").await.code, Some(0));
        });
    }
}

#[test]
fn missing_key_or_host_stops_before_the_first_tick() {
    on_real_time(async {
        let place = Place::new();
        let server = Server::start(Behaviour::Send(Vec::new())).await;
        place.settings("openai", &server, "");
        let words = "live @mission.md --workspace @work --out @run --settings @settings.toml";
        let mut command = place.command(words);
        command.env_remove("SIM_TEST_KEY");
        let refused = finished(command).await;
        assert_eq!(refused.code, Some(7));
        assert!(
            refused.error.contains("SIM_TEST_KEY is not set"),
            "{refused:?}"
        );

        let flags = "--kind ollama --model m --base-url http://127.0.0.1:1";
        let refused = place
            .sim(&format!(
                "live @mission.md --workspace @work --out @run {flags}"
            ))
            .await;
        assert_eq!(refused.code, Some(7));
        assert!(refused.error.contains("cannot be reached"), "{refused:?}");
        assert!(!place.at("run").exists() && !place.at("work/MISSION.md").exists());
    });
}

#[test]
fn wrong_settings_and_flags_name_their_place() {
    on_real_time(async {
        let place = Place::new();
        fs::write(place.at("settings.toml"), "version = 1\napi_key = \"x\"\n").unwrap();
        let refused = place.live("").await;
        assert_eq!(refused.code, Some(6));
        assert!(
            refused.error.contains("settings.toml: 2:1: unknown field"),
            "{refused:?}"
        );
        let base = "live @mission.md --workspace @work --out @run";
        for (flags, code, message) in [
            ("", 2, "--kind"),
            (
                "--kind openai --model m --base-url http://x/?a",
                2,
                "--base-url: not an address",
            ),
            (
                "--kind gemini --model m",
                2,
                "expected one of openai anthropic kimi ollama",
            ),
            ("--kind kimi --model m --output object", 2, "--output: "),
            (
                "--kind ollama --model m --max-cost-usd 1",
                2,
                "needs input_price",
            ),
            ("--kind ollama --model m --max-ticks 0", 2, "--max-ticks"),
        ] {
            let words = format!("{base} {flags}");
            let refused = place.sim(words.trim_end()).await;
            assert_eq!(refused.code, Some(code), "{flags}: {refused:?}");
            assert!(refused.error.contains(message), "{flags}: {refused:?}");
        }
        let inside = "live @mission.md --workspace @work --out @work/run --kind ollama --model m";
        assert_eq!(place.sim(inside).await.code, Some(2));
    });
}

#[test]
fn budgets_end_a_run_between_ticks() {
    for (budget, ending) in [
        (" --max-tokens 4000", "token budget used up"),
        (" --max-cost-usd 0.00408", "cost budget used up"),
    ] {
        on_real_time(async {
            let place = Place::new();
            let server = Server::start(Behaviour::Send(response(OK, &good("kimi")))).await;
            place.settings("kimi", &server, "");
            let live = place.live(budget).await;
            assert_eq!(live.code, Some(1), "{live:?}");
            let report: serde_json::Value = serde_json::from_str(&live.out).unwrap();
            assert_eq!(
                (&report["ticks"], &report["ending"]),
                (&2.into(), &ending.into())
            );
            assert_eq!(place.sim("replay @run").await.code, Some(0));
        });
    }
}

#[test]
fn leaked_key_stops_the_run_unwritten() {
    on_real_time(async {
        let place = Place::new();
        let leaking = good("openai").replace("work", &format!("use {KEY}"));
        let server = Server::start(Behaviour::Send(response(OK, &leaking))).await;
        place.settings("openai", &server, "");
        let live = place.live("").await;
        assert_eq!(live.code, Some(7), "{live:?}");
        assert!(
            live.error.contains("the key of a provider of this run"),
            "{live:?}"
        );
        assert!(live.error.contains("recording of 0 ticks"), "{live:?}");
        assert!(!live.error.contains(KEY) && !live.out.contains(KEY));
        place.assert_clean();
        assert!(!place.at("run/manifest.json").exists());
    });
}

#[test]
fn tape_limit_ends_a_run() {
    on_real_time(async {
        let server = Server::start(Behaviour::Send(response(OK, &good("kimi")))).await;
        let (free, bounded) = (Place::new(), Place::new());
        free.settings("kimi", &server, "");
        bounded.settings("kimi", &server, "");
        assert_eq!(free.live("").await.code, Some(1));
        let length = fs::metadata(free.at("run/tape.jsonl")).unwrap().len();
        let live = bounded
            .live(&format!(" --max-tape-bytes {}", length / 2))
            .await;
        let report: serde_json::Value = serde_json::from_str(&live.out).unwrap();
        assert_eq!(report["ending"], "tape limit reached", "{live:?}");
        assert_eq!(report["ticks"], 2);
        assert_eq!(bounded.sim("replay @run").await.code, Some(0));
    });
}

/// The key in each code, and in the pieces of a stream: found before anything is written, sent or
/// done.
#[test]
fn recoded_key_reaches_neither_tape_nor_workspace() {
    let escaped: String = KEY
        .bytes()
        .map(|byte| format!(r"\\u00{byte:02x}"))
        .collect();
    let percent: String = KEY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let base64 = "eC1hLWtleS1vZi10aGUtdGVzdA";
    let chunk = |piece: &str| {
        format!(r#"data: {{"choices":[{{"index":0,"delta":{{"reasoning":"{piece}"}}}}]}}"#)
    };
    let stream = [chunk("so it is a-key-"), chunk("of-the-"), chunk("test")].join("\n\n");
    let push = r#"{\"op\":\"SYS_PUSH\",\"task\":\"work\"}"#;
    let write = |payload: &str| {
        let write = format!(r#"{{\"op\":\"SYS_WRITE\",\"payload\":\"{payload}\"}}"#);
        good("openai").replace(push, &write)
    };
    for body in [write(&escaped), write(&percent), write(base64), stream] {
        on_real_time(async {
            let place = Place::new();
            let server = Server::start(Behaviour::Send(response(OK, &body))).await;
            place.settings("openai", &server, "");
            let live = place.live("").await;
            assert_eq!(live.code, Some(7), "{body}: {live:?}");
            assert!(
                live.error.contains("the key of a provider of this run"),
                "{live:?}"
            );
            assert_eq!(lines(&place.at("run/journal.jsonl")), 0);
            let tape = fs::read_to_string(place.at("run/tape.jsonl")).unwrap();
            for code in [KEY, &escaped, &percent, base64, "of-the-"] {
                assert!(!tape.contains(code), "{body}: {tape}");
            }
            let mission = fs::read_to_string(place.at("work/MISSION.md")).unwrap();
            assert_eq!(mission, "Push one task.\n");
        });
    }
}

/// A body may be long and say that it cost nothing.
#[test]
fn padded_bodies_use_up_the_token_budget() {
    on_real_time(async {
        let place = Place::new();
        let body = good("openai").replace("2000", "0").replace(":20}", ":0}");
        let padded = format!("{}{body}", " ".repeat(3 * 1024 * 1024));
        let server = Server::start(Behaviour::Send(response(OK, &padded))).await;
        place.settings("openai", &server, "");
        let live = place.live(" --max-tokens 3000").await;
        let report: serde_json::Value = serde_json::from_str(&live.out).unwrap();
        assert_eq!(report["ending"], "token budget used up", "{live:?}");
        assert_eq!(report["ticks"], 1);
        assert!(report["tokens"].as_u64() > Some(3 * 1024), "{live:?}");
    });
}

#[test]
fn workspace_secret_stops_the_run_unsent() {
    on_real_time(async {
        let place = Place::new();
        let secret = format!("ghp_{}", "a1B2".repeat(9));
        let write = r#"{\"q_next\":\"n\",\"a_t\":{\"op\":\"SYS_GOTO\",\"pointer\":\"notes.txt\"}}"#;
        let push = r#"{\"q_next\":\"next\",\"a_t\":{\"op\":\"SYS_PUSH\",\"task\":\"work\"}}"#;
        let body = good("openai").replace(push, write);
        let server = Server::start(Behaviour::Send(response(OK, &body))).await;
        place.settings("openai", &server, "");
        fs::write(place.at("work/notes.txt"), &secret).unwrap();
        let live = place.live("").await;
        assert_eq!(live.code, Some(7), "{live:?}");
        assert!(live.error.contains("a GitHub token"), "{live:?}");
        assert_eq!(lines(&place.at("run/journal.jsonl")), 1);
        for name in ["tape.jsonl", "journal.jsonl"] {
            let text = fs::read_to_string(place.at("run").join(name)).unwrap();
            assert!(!text.contains(&secret), "{name}");
        }
        assert!(
            server
                .requests
                .take()
                .iter()
                .all(|it| !it.contains(&secret))
        );
        assert_eq!(place.sim("replay @run").await.code, Some(0));
    });
}
