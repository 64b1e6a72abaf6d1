//! `sim serve --tape RUN --strict`: the tape of a run answers another run of the same mission.

use std::fs;

use serde_json::Value;

use super::command::{OK, Place};
use super::server::{Behaviour, Server, good, on_real_time, response};
use crate::serve_process::ServeProcess;
use crate::shell::Said;

/// A finished run of three ticks, and its report.
async fn recorded() -> (Place, Value) {
    let place = Place::new();
    let server = Server::start(Behaviour::Send(response(OK, &good("openai")))).await;
    place.settings("openai", &server, "");
    let live = place.live("").await;
    let report: Value = serde_json::from_str(&live.out).unwrap();
    assert_eq!(report["ticks"], 3, "{live:?}");
    (place, report)
}

/// A run of `mission` against the tape, which is served for so many requests: its report, and what
/// the server said at its end.
async fn run_against(tape: &Place, mission: &str, ticks: u32, requests: u32) -> (Value, Said) {
    let run = tape.at("run");
    let requests = requests.to_string();
    let options = ["--strict", "--for", "9", "--max-requests", &requests];
    let served = ServeProcess::start(&[&["--tape", run.to_str().unwrap()], &options[..]].concat());
    let place = Place::new();
    fs::write(place.at("mission.md"), mission).unwrap();
    let address = served.url.strip_prefix("http://").unwrap().parse().unwrap();
    place.settings_at("openai", address, "");
    let words = "live @mission.md --workspace @work --out @run --settings @settings.toml --json";
    let live = place.sim(&format!("{words} --max-ticks {ticks}")).await;
    (serde_json::from_str(&live.out).unwrap(), served.end())
}

const MISSION: &str = "Push one task.\n";

#[test]
fn served_tape_of_a_run_answers_the_run_again() {
    on_real_time(async {
        let (tape, expected) = recorded().await;
        let (report, (code, out, err)) = run_against(&tape, MISSION, 3, 3).await;
        assert_eq!(code, Some(0), "{out}{err}");
        assert!(
            out.contains("3 recorded calls, 3 different requests\n"),
            "{out}"
        );
        assert!(out.ends_with("stopped: 3 answered, 0 refused\n"), "{out}");
        // The root differs: it follows from the measured times of the calls too.
        for member in ["ticks", "ending", "tokens", "micro_dollars"] {
            assert_eq!(report[member], expected[member], "{member}");
        }
    });
}

#[test]
fn call_of_a_run_that_is_left_over_is_exit_5() {
    on_real_time(async {
        let (tape, _) = recorded().await;
        let (report, (code, out, err)) = run_against(&tape, MISSION, 2, 2).await;
        assert_eq!(code, Some(5), "{out}{err}");
        assert_eq!(report["ticks"], 2);
        assert!(
            out.ends_with("stopped: 2 answered, 0 refused, 1 never asked for\n"),
            "{out}"
        );
    });
}

#[test]
fn call_of_a_run_that_is_missed_is_exit_5() {
    on_real_time(async {
        let (tape, _) = recorded().await;
        let (_, (code, out, err)) = run_against(&tape, "Push two tasks.\n", 3, 3).await;
        assert_eq!(code, Some(5), "{out}{err}");
        assert!(
            out.ends_with("stopped: 0 answered, 3 refused, 3 never asked for\n"),
            "{out}"
        );
    });
}
