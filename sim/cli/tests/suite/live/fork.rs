//! `sim fork --live` as a process against a server on loopback: the prefix from the parent, the rest
//! from the provider, and everything from the fork's own files afterwards.

use std::fs;

use serde_json::{Value, json};

use super::command::{Ended, KEY, OK, Place};
use super::server::{Behaviour, Server, good, on_real_time, response};

const LIVE: &str = "--live @settings.toml --out @fork --json";

/// A place with settings for a provider that pushes a task with every reply.
async fn provided() -> (Place, Server) {
    let server = Server::start(Behaviour::Send(response(OK, &good("openai")))).await;
    let place = Place::new();
    place.settings("openai", &server, "");
    (place, server)
}

impl Place {
    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.at(file)).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// The records of a run, without the hashes of their chain.
    fn records(&self, run: &str) -> Vec<Value> {
        let lines = self.lines(&format!("{run}/journal.jsonl"));
        let record = |line: &String| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line["record"].take()
        };
        lines.iter().map(record).collect()
    }

    /// Nothing but the files of the fork is needed for these verbs.
    async fn assert_whole(&self) {
        for (words, exit) in [
            ("replay @fork", 0),
            ("verify @fork", 0),
            ("show @fork", 0),
            ("report @fork --out @fork.html --force", 0),
            ("diff @fork @fork", 0),
            ("schema check fork-run-header.v1 @fork/header.json", 0),
        ] {
            let ended = self.sim(words).await;
            assert_eq!(ended.code, Some(exit), "{words}: {ended:?}");
        }
        for name in [
            "header.json",
            "tape.jsonl",
            "journal.jsonl",
            "manifest.json",
        ] {
            let text = fs::read_to_string(self.at("fork").join(name)).unwrap();
            assert!(!text.contains(KEY), "{name} holds the key");
        }
    }

    /// A refusal is one line, and nothing is written.
    async fn refused(&self, words: &str, exit: i32, reason: &str) {
        let ended = self.sim(words).await;
        assert_eq!(ended.code, Some(exit), "{words}: {ended:?}");
        assert_eq!(ended.error.lines().count(), 1, "{words}: {ended:?}");
        assert!(ended.error.contains(reason), "{words}: {}", ended.error);
        assert!(!self.at("fork").exists(), "{words}");
    }
}

/// How often the provider was asked for a reply; a process reaches it once before.
fn calls(server: &Server) -> usize {
    let requests = server.requests.borrow();
    requests.iter().filter(|it| it.starts_with("POST")).count()
}

fn passed(ended: &Ended, exit: i32) -> Value {
    assert_eq!(ended.code, Some(exit), "{ended:?}");
    serde_json::from_str(&ended.out).unwrap()
}

#[test]
fn simulated_runs_continue_with_a_provider() {
    for (parent, at) in [
        ("run log-hunt --noise 5% --out @parent", 6),
        ("soak --ticks 40 --seed 42 --out @parent", 10),
        (
            "soak --ticks 40 --seed 42 --profile hostile --out @parent",
            10,
        ),
    ] {
        on_real_time(async {
            let (place, server) = provided().await;
            let recorded = place.sim(parent).await;
            assert!(matches!(recorded.code, Some(0 | 1)), "{recorded:?}");
            let words = format!("fork @parent --at {at} --max-ticks {} {LIVE}", at + 3);
            let ended = place.sim(&words).await;
            // A soak may pass: it has no mission to end.
            let report = passed(&ended, if parent.starts_with("run") { 1 } else { 0 });
            assert_eq!(report["ticks"], at + 3, "{report}");
            assert_eq!(report["edits"][0]["live"]["tick"], at);
            assert_eq!(report["edits"][0]["live"]["providers"]["p"]["model"], "m");
            assert_eq!(report["tokens"], 3 * 2_020);
            assert_eq!(calls(&server), 3);
            assert_eq!(place.lines("fork/tape.jsonl").len(), 3);
            let (parent, fork) = (place.records("parent"), place.records("fork"));
            let at = usize::try_from(at).unwrap();
            assert_eq!(parent[..at], fork[..at]);
            assert!(fork[at..].iter().all(|record| record["op"] == "SYS_PUSH"));
            place.assert_whole().await;
            assert_eq!(calls(&server), 3);
            let differs = place.sim("diff @parent @fork").await;
            assert_eq!(differs.code, Some(1), "{differs:?}");
        });
    }
}

#[test]
fn live_recording_continues_with_a_provider_in_a_new_directory() {
    on_real_time(async {
        let (place, server) = provided().await;
        passed(&place.live("").await, 1);
        let words = format!("fork @run --at 2 --workspace @new --max-ticks 5 {LIVE}");
        let report = passed(&place.sim(&words).await, 1);
        assert_eq!(report["ticks"], 5, "{report}");
        assert_eq!(report["tokens"], 3 * 2_020);
        assert_eq!(calls(&server), 3 + 3);
        assert_eq!(place.records("run")[..2], place.records("fork")[..2]);
        let mission = |at: &str| fs::read_to_string(place.at(at)).unwrap();
        assert_eq!(mission("new/MISSION.md"), mission("work/MISSION.md"));
        place.assert_whole().await;
        // A fork of the fork has both parts on its tape.
        let words =
            "fork @fork --at 4 --workspace @newer --max-ticks 6 --live @settings.toml --json";
        let report = passed(&place.sim(&format!("{words} --out @second")).await, 1);
        assert_eq!(report["edits"][1]["live"]["tick"], 4);
        assert_eq!(place.records("fork")[..4], place.records("second")[..4]);
        assert_eq!(place.sim("replay @second").await.code, Some(0));
    });
}

/// A place whose model asks for this command again and again.
async fn commanding(command: &str) -> (Place, Server) {
    let (place, server) = provided().await;
    let reply = json!({"q_next": "n", "a_t": {"op": "SYS_EXEC", "cmd": command}});
    let mut body: Value = serde_json::from_str(&good("openai")).unwrap();
    body["choices"][0]["message"]["content"] = reply.to_string().into();
    server
        .behaviour
        .replace(Behaviour::Send(response(OK, &body.to_string())));
    (place, server)
}

#[test]
fn directory_is_made_again_before_the_fork_tick() {
    on_real_time(async {
        let (place, _server) = commanding("date +%N; echo tick >> log.txt").await;
        passed(&place.live("").await, 1);
        let words = format!("fork @run --at 2 --workspace @new --max-ticks 3 {LIVE}");
        passed(&place.sim(&words).await, 1);
        // One command before the fork tick, one in it.
        assert_eq!(place.lines("new/log.txt").len(), 2);
        place.assert_whole().await;
    });
    on_real_time(async {
        let (place, _server) = commanding("test -e marker").await;
        fs::write(place.at("work/marker"), "").unwrap();
        passed(&place.live("").await, 1);
        let words = format!("fork @run --at 2 --workspace @new --max-ticks 3 {LIVE}");
        let ended = place.sim(&words).await;
        assert_eq!(ended.code, Some(5), "{ended:?}");
        assert!(
            ended
                .error
                .contains("the command `test -e marker` has another result"),
            "{ended:?}"
        );
        assert!(!place.at("fork").exists());
        // A copy of the directory as it was before is one that the mission can go on in.
        fs::create_dir(place.at("copy")).unwrap();
        fs::write(place.at("copy/marker"), "").unwrap();
        let words = format!("fork @run --at 2 --workspace @copy --max-ticks 3 {LIVE}");
        passed(&place.sim(&words).await, 1);
        place.assert_whole().await;
    });
}

#[test]
fn given_reply_is_followed_by_the_provider() {
    on_real_time(async {
        let (place, server) = provided().await;
        passed(&place.live("").await, 1);
        let text = r#"{"q_next":"mine","a_t":{"op":"SYS_GOTO","pointer":"MISSION.md"}}"#;
        fs::write(place.at("reply"), text).unwrap();
        let words =
            format!("fork @run --at 1 --reply @reply --workspace @new --max-ticks 3 {LIVE}");
        let report = passed(&place.sim(&words).await, 1);
        assert_eq!(report["tokens"], 2_020, "{report}");
        assert_eq!(calls(&server), 3 + 1);
        let ops: Vec<_> = place
            .records("fork")
            .iter()
            .map(|it| it["op"].clone())
            .collect();
        assert_eq!(ops, ["SYS_PUSH", "SYS_GOTO", "SYS_PUSH"]);
        place.assert_whole().await;
    });
}

#[test]
fn budget_stops_a_fork_and_a_killed_one_is_resumed() {
    on_real_time(async {
        let (place, server) = provided().await;
        passed(
            &place
                .sim("run log-hunt --noise 5% --out @parent --json")
                .await,
            0,
        );
        let words = format!("fork @parent --at 6 --max-tokens 4000 {LIVE}");
        let report = passed(&place.sim(&words).await, 1);
        assert_eq!(report["ticks"], 8, "{report}");
        place.assert_whole().await;
        // As if the process had been killed in the tick after the first live one.
        fs::remove_file(place.at("fork/manifest.json")).unwrap();
        for (file, kept) in [("fork/journal.jsonl", 7), ("fork/tape.jsonl", 1)] {
            let lines = place.lines(file);
            fs::write(place.at(file), lines[..kept].join("\n") + "\n").unwrap();
        }
        let before = place.lines("fork/journal.jsonl");
        let ended = place.sim("fork --resume @fork").await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(
            ended.error.contains("give their settings with --live"),
            "{ended:?}"
        );
        let asked = calls(&server);
        let words = "fork --resume @fork --live @settings.toml --max-tokens 4000 --json";
        let report = passed(&place.sim(words).await, 1);
        assert_eq!(report["ticks"], 9, "{report}");
        assert_eq!(calls(&server), asked + 2);
        assert_eq!(place.lines("fork/journal.jsonl")[..7], before);
        place.assert_whole().await;
        let again = place.sim(words).await;
        assert!(again.out.contains("\"finished\":true"), "{again:?}");
        place.settings("ollama", &server, "");
        fs::remove_file(place.at("fork/manifest.json")).unwrap();
        let other = place.sim(words).await;
        assert_eq!(other.code, Some(2), "{other:?}");
        assert!(other.error.contains("the settings differ"), "{other:?}");
    });
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    on_real_time(async {
        let (place, server) = provided().await;
        passed(&place.live("").await, 1);
        passed(
            &place
                .sim("run log-hunt --noise 5% --out @parent --json")
                .await,
            0,
        );
        fs::write(place.at("reply"), "no").unwrap();
        let asked = calls(&server);
        for change in [
            "--reseed 9",
            "--mute loop",
            "--inject lost",
            "--reply @reply",
        ] {
            let words = format!("fork @run --at 1 {change} --out @fork");
            place
                .refused(&words, 2, "is not on its tape; with --live")
                .await;
        }
        for (words, exit, reason) in [
            (
                "fork @run --at 0..2 --seeds 3 --out @fork",
                2,
                "a curve is of simulated runs",
            ),
            (
                "fork @run --at 1 --live @settings.toml --out @fork",
                2,
                "give the fork one with --workspace",
            ),
            (
                "fork @parent --at 1 --live @settings.toml --workspace @new --out @fork",
                2,
                "leave --workspace out",
            ),
            (
                "fork @parent --at 1 --live @settings.toml",
                2,
                "name a new directory with --out",
            ),
            (
                "fork @parent --at 1..4 --live @settings.toml --out @fork",
                2,
                "a range of ticks needs --seeds",
            ),
            (
                "fork @parent --at 9999 --live @settings.toml --out @fork",
                2,
                "the run has no tick 9999",
            ),
            (
                "fork @parent --at 9 --max-ticks 9 --live @settings.toml --out @fork",
                2,
                "ends the run before tick 9",
            ),
            (
                "fork @parent --at 1 --reseed 1 --max-tokens 5 --out @fork",
                2,
                "a budget needs --live",
            ),
            (
                "fork @run --at 1 --live @settings.toml --workspace @fork/work --out @fork",
                2,
                "must not contain each other",
            ),
        ] {
            place.refused(words, exit, reason).await;
        }
        fs::create_dir(place.at("other")).unwrap();
        fs::write(place.at("other/MISSION.md"), "Something else.\n").unwrap();
        let words = "fork @run --at 1 --live @settings.toml --workspace @other --out @fork";
        place
            .refused(words, 2, "already has a different MISSION.md")
            .await;
        let settings = fs::read_to_string(place.at("settings.toml")).unwrap();
        fs::write(
            place.at("settings.toml"),
            format!("{settings}[route]\nfailover = \"call\"\n"),
        )
        .unwrap();
        let words = "fork @parent --at 1 --live @settings.toml --out @fork";
        place
            .refused(words, 2, "leave [route] out of the settings")
            .await;
        fs::write(place.at("settings.toml"), settings).unwrap();
        let journal = place.at("parent/journal.jsonl");
        let text = fs::read_to_string(&journal).unwrap();
        fs::write(&journal, text.replacen("\"tick\":4,", "\"tick\":5,", 1)).unwrap();
        place.refused(words, 6, "journal.jsonl").await;
        assert_eq!(calls(&server), asked);
    });
}

#[test]
fn fork_that_a_provider_answered_is_shrunk_in_memory() {
    on_real_time(async {
        let (place, _server) = provided().await;
        passed(
            &place
                .sim("run log-hunt --noise 5% --out @parent --json")
                .await,
            0,
        );
        let words = format!("fork @parent --at 6 --max-ticks 12 {LIVE}");
        passed(&place.sim(&words).await, 1);
        let shrunk = passed(&place.sim("shrink @fork --out @small --json").await, 0);
        assert_eq!(shrunk["failure"]["gate"], "halted", "{shrunk}");
        assert_eq!(place.sim("replay @small").await.code, Some(0));
    });
}
