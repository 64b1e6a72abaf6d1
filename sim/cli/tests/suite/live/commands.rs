//! The commands of a live run: what they can reach, and how they end.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::Instant;

use super::command::{Ended, OK, Place, waited};
use super::server::{Behaviour, Server, good, on_real_time, response};

const LIVE: &str = "live @mission.md --workspace @work --out @run --settings @settings.toml";

/// A place whose model asks for the same command again and again. `@` is the directory of the
/// place.
async fn asking(command: &str) -> (Place, Server) {
    let place = Place::new();
    let directory = place.at("").display().to_string();
    let command = command.replace('@', &directory);
    let reply = serde_json::json!({"q_next": "n", "a_t": {"op": "SYS_EXEC", "cmd": command}});
    let mut body: Value = serde_json::from_str(&good("openai")).unwrap();
    body["choices"][0]["message"]["content"] = reply.to_string().into();
    let server = Server::start(Behaviour::Send(response(OK, &body.to_string()))).await;
    place.settings("openai", &server, "");
    (place, server)
}

/// The outcomes of the commands on the tape.
fn outcomes(place: &Place) -> Vec<Value> {
    let tape = fs::read_to_string(place.at("run/tape.jsonl")).unwrap();
    let mut found = Vec::new();
    for line in tape.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if let Some(outcome) = find(&line, "exit_code") {
            found.push(outcome.clone());
        }
    }
    found
}

/// The innermost object that has this member.
fn find<'a>(value: &'a Value, member: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) if members.contains_key(member) => Some(value),
        Value::Object(members) => members.values().find_map(|it| find(it, member)),
        Value::Array(items) => items.iter().find_map(|it| find(it, member)),
        _ => None,
    }
}

fn header(place: &Place) -> Value {
    serde_json::from_slice(&fs::read(place.at("run/header.json")).unwrap()).unwrap()
}

/// True if a sandbox of this name works here.
async fn works(name: &str) -> bool {
    let (place, _server) = asking("true").await;
    let tried = place.live(&format!(" --sandbox {name}")).await;
    tried.code == Some(1)
}

/// A variable that no other test has, so that only this run's processes could show it.
#[test]
fn environment_of_no_process_has_the_key() {
    for sandbox in ["auto", "none"] {
        on_real_time(async {
            let spy = "cat /proc/[0-9]*/environ /proc/$PPID/environ 2>/dev/null | tr '\\0' '\\n' \
                       | grep -c '^SIM_SPIED'; cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' \
                       | grep -c spied-valu[e]; true";
            let (place, server) = asking(spy).await;
            place.settings("openai", &server, "");
            let settings = fs::read_to_string(place.at("settings.toml")).unwrap();
            let spied = settings.replace("SIM_TEST_KEY", "SIM_SPIED_KEY");
            fs::write(place.at("settings.toml"), spied).unwrap();
            let words = format!("{LIVE} --max-ticks 3 --json --sandbox {sandbox}");
            let mut command = place.command(&words);
            command.env("SIM_SPIED_KEY", "spied-value-1");
            let live = super::command::finished(command).await;
            assert_eq!(live.code, Some(1), "{live:?}");
            let requests = server.requests.take();
            assert!(!requests.is_empty());
            assert!(requests.iter().all(|it| it.contains("spied-value-1")));
            let outcomes = outcomes(&place);
            assert_eq!(outcomes.len(), 2, "{outcomes:?}");
            for outcome in outcomes {
                assert_eq!(outcome["stdout"], "0\n0\n", "{sandbox}: {outcome}");
            }
        });
    }
}

/// Keys come from the parent process only, not from what is typed.
#[test]
fn handed_over_keys_must_be_complete() {
    on_real_time(async {
        let (place, _server) = asking("true").await;
        let mut command = place.command(&format!("{LIVE} --max-ticks 3"));
        command
            .env("TURINGOS_KEYS_ON_STDIN", "1")
            .stdin(Stdio::null());
        let live = super::command::finished(command).await;
        assert_eq!(live.code, Some(7), "{live:?}");
        assert!(
            live.error.contains("SIM_TEST_KEY is not handed over"),
            "{live:?}"
        );
    });
}

#[test]
fn sandbox_that_holds_is_in_the_header_and_printed() {
    for (flag, held, warns) in [
        ("", "landlock-", false),
        (" --sandbox landlock", "landlock-", false),
        (" --sandbox none", "none", true),
        (" --allow-network", "landlock-", false),
    ] {
        on_real_time(async {
            let (place, _server) = asking("true").await;
            let live = place.sim(&format!("{LIVE} --max-ticks 3{flag}")).await;
            assert_eq!(live.code, Some(1), "{live:?}");
            let sandbox = header(&place)["config"]["sandbox"].clone();
            let sandbox = sandbox.as_str().unwrap();
            assert!(sandbox.starts_with(held), "{flag}: {sandbox}");
            assert_eq!(sandbox.ends_with("+network"), flag.contains("network"));
            let printed = |line: &str| line.starts_with("sandbox") && line.contains(sandbox);
            assert!(live.out.lines().any(printed), "{live:?}");
            assert_eq!(
                live.error.contains("WARNING: no sandbox"),
                warns,
                "{live:?}"
            );
            assert_eq!(place.sim("replay @run").await.code, Some(0));
        });
    }
}

#[test]
fn sandbox_that_is_missing_is_an_error() {
    on_real_time(async {
        let (place, _server) = asking("true").await;
        let live = place.live(" --sandbox bwrap").await;
        match live.code {
            Some(1) => assert_eq!(header(&place)["config"]["sandbox"], "bwrap"),
            code => {
                assert_eq!(code, Some(7), "{live:?}");
                let reason = "the sandbox bwrap does not work here: ";
                assert!(live.error.contains(reason), "{live:?}");
                assert!(!place.at("run").exists() && !place.at("work/MISSION.md").exists());
            }
        }
    });
}

#[test]
fn resumed_run_keeps_its_sandbox() {
    on_real_time(async {
        let (place, _server) = asking("true").await;
        let live = place.live("").await;
        assert_eq!(live.code, Some(1), "{live:?}");
        fs::remove_file(place.at("run/manifest.json")).unwrap();
        let again = "live --resume @run --workspace @work --settings @settings.toml";
        let refused = place.sim(&format!("{again} --sandbox none")).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.error.contains("was begun in the sandbox landlock-"));
        let resumed = place.sim(again).await;
        assert_eq!(resumed.code, Some(1), "{resumed:?}");
        assert!(resumed.error.is_empty(), "{resumed:?}");
    });
}

#[test]
fn time_limit_of_a_command_is_a_setting() {
    on_real_time(async {
        let (place, _server) = asking("echo begun; sleep 60").await;
        let live = place.live(" --command-timeout-ms 300").await;
        assert_eq!(live.code, Some(1), "{live:?}");
        for outcome in outcomes(&place) {
            assert_eq!(outcome["exit_code"], 124, "{outcome}");
            assert_eq!(outcome["stderr"], "timed out after 300ms\n");
        }
    });
}

/// A command writes what it likes into the files of its own run.
#[test]
fn damage_to_the_runs_own_files_is_noticed() {
    for (damage, file) in [
        ("truncate -s 100000 @run/traps.jsonl", "traps.jsonl"),
        (
            "printf x | dd of=@run/tape.jsonl bs=1 seek=30 conv=notrunc",
            "tape.jsonl",
        ),
        ("rm -f @run/journal.jsonl", "journal.jsonl"),
        (
            "sed -i 's/500/501/;s/\"ticks\":3/\"ticks\":4/' @run/header.json",
            "header.json",
        ),
    ] {
        on_real_time(async {
            let (place, _server) = asking(damage).await;
            let live = place.live(" --sandbox none").await;
            assert_eq!(live.code, Some(7), "{damage}: {live:?}");
            assert!(
                live.error.contains(&format!("run/{file}: ")),
                "{damage}: {live:?}"
            );
            let reason = "the files of the run were changed while it was recorded";
            assert!(live.error.contains(reason), "{damage}: {live:?}");
            let failure = "{\"format\":\"turingos.failure/1\",";
            assert!(live.out.starts_with(failure), "{live:?}");
            assert!(!live.out.contains("\"passed\":true"), "{live:?}");
        });
        on_real_time(async {
            // In the sandbox it is out of reach.
            let (place, _server) = asking(damage).await;
            let live = place.live("").await;
            assert_eq!(live.code, Some(1), "{damage}: {live:?}");
            assert_eq!(place.sim("replay @run").await.code, Some(0), "{damage}");
        });
    }
}

/// Starts a process that leaves its session, and then a long wait.
const LONG: &str = "(setsid sh -c 'setsid sleep 60 & echo $! > detached' &) ; \
                    while ! test -s detached; do :; done; echo $$ > shell; sleep 60";

/// Starts a run and waits until its command is under way; the command's processes.
async fn started(place: &Place) -> (Child, [String; 2]) {
    let mut command = place.command(&format!("{LIVE} --json"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let read = |name: &str| fs::read_to_string(place.at("work").join(name)).unwrap_or_default();
    while !read("shell").ends_with('\n') {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (child, ["shell", "detached"].map(read))
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// True once a process is gone or waits to be reaped.
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

async fn expect_ended(processes: &[String]) {
    let begun = Instant::now();
    while !processes.iter().all(|it| has_ended(it)) {
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{processes:?} still run"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn ended_within_a_second(child: Child, processes: &[String]) -> Ended {
    let begun = Instant::now();
    let live = waited(child).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{live:?}");
    expect_ended(processes).await;
    live
}

#[test]
fn second_interrupt_ends_a_command() {
    on_real_time(async {
        let (place, _server) = asking(LONG).await;
        let (mut child, processes) = started(&place).await;
        signal(&child, Signal::INT);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(
            child.try_wait().unwrap().is_none(),
            "one interrupt waits for the command"
        );
        assert!(!processes.iter().any(|it| has_ended(it)));
        signal(&child, Signal::INT);
        let live = ended_within_a_second(child, &processes).await;
        assert_eq!(live.code, Some(7), "{live:?}");
        let notice = "stopping after this tick; press Ctrl-C again to abort it\n";
        assert!(live.error.starts_with(notice), "{live:?}");
        assert!(live.error.contains("a tick was aborted"), "{live:?}");
        assert_eq!(place.sim("replay @run").await.code, Some(0));
    });
}

#[test]
fn request_to_terminate_ends_a_command() {
    on_real_time(async {
        let (place, _server) = asking(LONG).await;
        let (child, processes) = started(&place).await;
        signal(&child, Signal::TERM);
        let live = ended_within_a_second(child, &processes).await;
        assert_eq!(live.code, Some(7), "{live:?}");
        assert_eq!(place.sim("replay @run").await.code, Some(0));
    });
}

#[test]
fn killed_run_takes_its_command_along() {
    on_real_time(async {
        for sandbox in ["auto", "none"] {
            if !works(sandbox).await {
                continue;
            }
            let (place, _server) = asking(LONG).await;
            let (child, processes) = started(&place).await;
            signal(&child, Signal::KILL);
            let live = ended_within_a_second(child, &processes).await;
            assert_eq!(live.code, None, "{live:?}");
            assert_eq!(place.sim("replay @run").await.code, Some(0));
        }
    });
}
