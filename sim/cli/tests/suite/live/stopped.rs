//! `sim live` interrupted, killed and resumed.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::command::{KEY, OK, Place, waited};
use super::server::{Behaviour, Server, good, on_real_time, response};

/// Starts a long run and waits until its journal has a record.
async fn started(place: &Place) -> Child {
    let words = "live @mission.md --workspace @work --out @run --settings @settings.toml --json";
    let mut command = place.command(words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    while fs::read(place.at("run/journal.jsonl"))
        .unwrap_or_default()
        .is_empty()
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child
}

fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::INT).unwrap();
}

#[test]
fn interrupt_finishes_the_tick_and_the_run() {
    on_real_time(async {
        let place = Place::new();
        let server = Server::start(Behaviour::Send(response(OK, &good("openai")))).await;
        // Slow enough to be interrupted between two calls.
        place.settings("openai", &server, "calls_per_minute = 600\nburst = 1\n");
        let child = started(&place).await;
        interrupt(&child);
        let live = waited(child).await;
        assert_eq!(live.code, Some(1), "{live:?}");
        let report: serde_json::Value = serde_json::from_str(&live.out).unwrap();
        assert_eq!(report["ending"], "interrupted");
        let replay = place.sim("replay @run --json").await;
        assert_eq!(replay.code, Some(0), "{replay:?}");
        assert!(replay.out.contains("\"whole\":true"));
    });
}

#[test]
fn second_interrupt_aborts_the_tick() {
    on_real_time(async {
        let place = Place::new();
        let server = Server::start(Behaviour::Send(response(OK, &good("openai")))).await;
        // The second call waits for a minute.
        place.settings("openai", &server, "calls_per_minute = 1\nburst = 1\n");
        let child = started(&place).await;
        interrupt(&child);
        tokio::time::sleep(Duration::from_millis(200)).await;
        interrupt(&child);
        let live = waited(child).await;
        assert_eq!(live.code, Some(7), "{live:?}");
        assert!(live.error.contains("stopping after this tick"), "{live:?}");
        assert!(live.error.contains("recording of 1 ticks"), "{live:?}");
        let replay = place.sim("replay @run --json").await;
        assert_eq!(replay.code, Some(0), "{replay:?}");
        assert!(replay.out.contains("\"whole\":false"));
    });
}

#[test]
fn killed_recording_resumes_and_replays() {
    on_real_time(async {
        let place = Place::new();
        let server = Server::start(Behaviour::Send(response(OK, &good("openai")))).await;
        place.settings("openai", &server, "calls_per_minute = 600\nburst = 1\n");
        let words = "live @mission.md --workspace @work --out @run --settings @settings.toml";
        let mut command = place.command(&format!("{words} --max-ticks 4"));
        let mut child = command.spawn().unwrap();
        while fs::read(place.at("run/journal.jsonl"))
            .unwrap_or_default()
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let calls = server.requests.take().len();
        let again = "live --resume @run --workspace @work --settings @settings.toml --json";
        let resumed = place.sim(again).await;
        assert_eq!(resumed.code, Some(1), "{resumed:?}");
        let report: serde_json::Value = serde_json::from_str(&resumed.out).unwrap();
        assert_eq!(report["ticks"], 4);
        let more = server.requests.take();
        let more = more.iter().filter(|it| it.starts_with("POST")).count();
        assert!(more < 4 && more + calls >= 4, "{calls} and {more}");
        let replay = place.sim("replay @run --json").await;
        assert_eq!(replay.code, Some(0), "{replay:?}");
        assert!(replay.out.contains("\"whole\":true"));

        let finished = place.sim(again).await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        let report: serde_json::Value = serde_json::from_str(&finished.out).unwrap();
        assert_eq!(report["format"], "turingos.finished-run/1");
        assert_eq!(
            (&report["finished"], &report["ticks"]),
            (&true.into(), &4.into())
        );
    });
}

#[test]
fn resume_refuses_other_settings() {
    on_real_time(async {
        let place = Place::new();
        let leaking = good("openai").replace("work", KEY);
        let server = Server::start(Behaviour::Send(response(OK, &leaking))).await;
        place.settings("openai", &server, "");
        assert_eq!(place.live("").await.code, Some(7));
        place.settings("openai", &server, "seed = 1\n");
        let again = "live --resume @run --workspace @work --settings @settings.toml --json";
        let refused = place.sim(again).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(
            refused.error.contains("the settings differ from those"),
            "{refused:?}"
        );
    });
}
