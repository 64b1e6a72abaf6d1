//! Replays that leave the recording: forks, recorded misses, second runs; and trouble over a service.

use std::path::Path;

use tempfile::TempDir;
use turingos_exchange::{Origin, Tape};

use super::agent::{Script, results};
use super::{CHAT, echoes, tape};
use crate::serve_process::ServeProcess;
use crate::shell::{output, sim};

fn provider() -> ServeProcess {
    ServeProcess::start(&["--seed", "7"])
}

/// The option value that makes a provider the service.
fn upstream(provider: &ServeProcess) -> String {
    format!("openai={}/v1", provider.url)
}

pub(super) fn prompt(text: &str) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#)
}

pub(super) fn record(
    script: &Script,
    provider: &ServeProcess,
    out: &Path,
    options: &[&str],
) -> crate::shell::Said {
    let upstream = upstream(provider);
    let words = [
        "record",
        "--out",
        out.to_str().unwrap(),
        "--upstream",
        &upstream,
    ];
    let mut command = script.command(&[&words[..], options, &["--"]].concat());
    output(command.env("OPENAI_API_KEY", "placeholder"))
}

fn origins(path: &Path) -> Vec<Origin> {
    let tape = Tape::open(path).unwrap();
    assert!(tape.is_finished);
    tape.exchanges.iter().map(|it| it.response.origin).collect()
}

#[test]
fn recording_replays_and_forks_after_a_call() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    let provider = provider();
    let prompts = [prompt("one"), prompt("two"), prompt("three")];
    let calls = |last: &str| {
        let calls = [prompts[0].as_str(), prompts[1].as_str(), last];
        Script::of(&calls.map(|body| (CHAT, body)))
    };
    let script = calls(&prompts[2]);
    let said = record(&script, &provider, &at("tape"), &[]);
    assert_eq!(said.0, Some(0), "{said:?}");
    let first = results(&said);
    let said = script.replay(&at("tape"), &[]);
    assert_eq!(said.0, Some(0), "{said:?}");
    assert_eq!(results(&said), first);

    let upstream = upstream(&provider);
    let fork = |out: &str, script: &Script| {
        let out = at(out);
        let options = ["--live-after", "2", "--upstream", &upstream, "--out"];
        script.replay(
            &at("tape"),
            &[&options[..], &[out.to_str().unwrap()]].concat(),
        )
    };
    let said = fork("fork", &script);
    assert_eq!(said.0, Some(0), "{said:?}");
    assert_eq!(results(&said)[..2], first[..2]);
    assert_eq!(results(&said)[2].0, 200);
    assert!(
        said.2
            .contains("2 of 3 exchanges served  1 sent to their service"),
        "{}",
        said.2
    );
    assert_eq!(
        origins(&at("fork")),
        [Origin::Tape, Origin::Tape, Origin::Upstream]
    );
    let said = fork("other", &calls(&prompt("four")));
    assert_eq!(said.0, Some(0), "{said:?}");
    assert_eq!(origins(&at("other")).len(), 3);

    // A changed prefix is a miss, not a call to the provider.
    let changed = Script::of(&[(CHAT, prompts[0].as_str()), (CHAT, &prompt("changed"))]);
    let said = fork("changed", &changed);
    assert_eq!(said.0, Some(5), "{said:?}");
    assert!(said.2.contains("sent \"changed\""), "{}", said.2);
    assert_eq!(origins(&at("changed")), [Origin::Tape, Origin::Proxy]);
}

#[test]
fn missed_call_is_recorded_where_that_is_asked_for() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    let provider = provider();
    let body = prompt("one");
    let old = echoes(&directory, None, &[&body]);
    let more = prompt("two");
    let script = Script::of(&[(CHAT, &body), (CHAT, &more)]);
    let upstream = upstream(&provider);
    let out = at("new");
    let options = [
        "--on-miss",
        "record",
        "--upstream",
        &upstream,
        "--out",
        out.to_str().unwrap(),
    ];
    let said = script.replay(&old, &options);
    assert_eq!(said.0, Some(0), "{said:?}");
    assert!(said.2.contains("1 sent to their service"), "{}", said.2);
    assert_eq!(origins(&out), [Origin::Tape, Origin::Upstream]);
    let replayed = script.replay(&out, &[]);
    assert_eq!((replayed.0, results(&replayed)), (Some(0), results(&said)));
    let (code, _, err) = sim(&[
        "replay",
        old.to_str().unwrap(),
        "--on-miss",
        "record",
        "--",
        "true",
    ]);
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn trouble_over_a_recording_and_over_a_service_is_recorded() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    let provider = provider();
    let bodies = [prompt("one"), prompt("two")];
    let mut script = Script::of(&[(CHAT, &bodies[0]), (CHAT, &bodies[1])]);
    script.retries = 1;
    let injected = |path: &Path| {
        let tape = Tape::open(path).unwrap();
        let exchanges = tape.exchanges.into_iter();
        exchanges.map(|it| it.response.injected).collect::<Vec<_>>()
    };
    for kind in ["rate_limited", "cut_body"] {
        let out = at(&format!("live-{kind}"));
        let said = record(
            &script,
            &provider,
            &out,
            &["--chaos-at", &format!("0:{kind}")],
        );
        assert_eq!(said.0, Some(0), "{said:?}");
        assert!(
            results(&said).iter().all(|(status, _)| *status == 200),
            "{said:?}"
        );
        assert_eq!(injected(&out), [Some(kind.into()), None, None]);
    }
    let plain = at("plain");
    assert_eq!(record(&script, &provider, &plain, &[]).0, Some(0));
    let out = at("troubled");
    let options = [
        "--chaos-at",
        "1:server_error",
        "--out",
        out.to_str().unwrap(),
    ];
    let said = script.replay(&plain, &options);
    assert_eq!(said.0, Some(0), "{said:?}");
    assert_eq!(injected(&out), [None, Some("server_error".into()), None]);
}

/// The agent has a time in its prompt: `--twice` finds it, proposes a rule, and shows that the rule
/// is enough.
#[test]
fn second_run_proposes_rules_that_are_enough() {
    let directory = TempDir::new().unwrap();
    let provider = provider();
    let out = directory.path().join("tape");
    let rules = directory.path().join("rules.toml");
    let script = "curl -s $OPENAI_BASE_URL/chat/completions -H 'content-type: application/json' \
                  -d '{\"model\":\"m\",\"user\":\"u_'$(date +%s%N)'\",\
                  \"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}' > /dev/null";
    let upstream = upstream(&provider);
    let words = [
        "record",
        "--out",
        out.to_str().unwrap(),
        "--upstream",
        &upstream,
        "--twice",
        "--rules-out",
        rules.to_str().unwrap(),
        "--",
        "sh",
        "-c",
        script,
    ];
    let (code, _, err) = sim(&words);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("name = \"u_id\"") && err.contains("AS RECORDED"),
        "{err}"
    );
    let tape = out.to_str().unwrap();
    let replay =
        |more: &[&str]| sim(&[&["replay", tape], more, &["--", "sh", "-c", script]].concat());
    assert_eq!(replay(&[]).0, Some(5));
    assert_eq!(replay(&["--rules", rules.to_str().unwrap()]).0, Some(0));
    let (code, _, err) = sim(&words);
    assert_eq!(
        (code, err.contains("the file exists")),
        (Some(2), true),
        "{err}"
    );
}

/// The recording is of another client, which was refused a WebSocket first.
#[test]
fn recorded_upgrade_refusal_is_served() {
    let directory = TempDir::new().unwrap();
    let mut refused = super::response(&[(0, "{}")]);
    refused.status = Some(426);
    let path = tape(&directory, None, &[(super::request("{}"), refused)]);
    let said = Script::of(&[(CHAT, "{}")]).replay(&path, &[]);
    assert_eq!((said.0, results(&said)[0].0), (Some(0), 426), "{said:?}");
}
