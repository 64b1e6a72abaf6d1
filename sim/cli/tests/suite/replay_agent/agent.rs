//! A small agent: this test binary, run again with calls in its environment.
//!
//! It is an ordinary test. With calls in its environment it makes them; without, it starts itself
//! with some and checks what it does.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::serve_process::ServeProcess;
use crate::shell::{Said, output};

/// The variable that holds what the agent does.
const SCRIPT: &str = "TEST_AGENT_SCRIPT";

/// The name of the agent among the tests of this binary.
const NAME: &str = "replay_agent::agent::agent_does_what_its_script_says";

/// What the agent does.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// The path and body of each call.
    pub(super) calls: Vec<(String, String)>,
    /// How many calls are in flight at once.
    pub(super) in_flight: usize,
    /// How often a failed call is repeated.
    pub(super) retries: u64,
    /// The exit code at the end.
    pub(super) exit: u8,
}

impl Script {
    pub(super) fn of(calls: &[(&str, &str)]) -> Self {
        let owned = calls.iter();
        Self {
            calls: owned
                .map(|(path, body)| ((*path).to_owned(), (*body).to_owned()))
                .collect(),
            in_flight: 1,
            retries: 0,
            exit: 0,
        }
    }

    /// Runs `sim replay` with the agent that does this. The agent's last line of standard output is
    /// a list of statuses and bodies, in the order of the calls.
    pub(super) fn replay(&self, tape: &Path, options: &[&str]) -> Said {
        let tape = tape.to_str().unwrap();
        output(&mut self.command(&[&["replay", tape], options, &["--"]].concat()))
    }

    /// The program with these words and the agent behind them.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command.args(words).arg(std::env::current_exe().unwrap());
        self.complete(command)
    }

    /// The agent alone, with a service at this address.
    pub(super) fn alone(&self, openai: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env("OPENAI_BASE_URL", openai);
        command.env("OPENAI_API_KEY", "placeholder");
        self.complete(command)
    }

    /// Adds what makes this binary the agent.
    fn complete(&self, mut command: Command) -> Command {
        let calls: Vec<_> = self
            .calls
            .iter()
            .map(|call| json!([call.0, call.1]))
            .collect();
        let script = json!({
            "calls": calls,
            "in_flight": self.in_flight,
            "retries": self.retries,
            "exit": self.exit,
        });
        command.args(["--exact", NAME, "--nocapture"]);
        command.env(SCRIPT, script.to_string());
        command
    }
}

/// The results that an agent printed.
pub(super) fn results(said: &Said) -> Vec<(u64, String)> {
    let line = said
        .1
        .lines()
        .find(|line| line.starts_with("[[") || *line == "[]");
    let results: Vec<(u64, String)> = serde_json::from_str(line.expect(&said.1)).unwrap();
    results
}

#[test]
fn agent_does_what_its_script_says() {
    if let Some(script) = variable(SCRIPT) {
        act(&serde_json::from_str(&script).unwrap());
    }
    let service = ServeProcess::start(&["--max-requests", "3", "--for", "60"]);
    let prompt = r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#;
    let mut script = Script::of(&[("/nowhere", "{}"), ("/chat/completions", prompt)]);
    script.retries = 1;
    script.exit = 9;
    let said = output(&mut script.alone(&format!("{}/v1", service.url)));
    assert_eq!(said.0, Some(9), "{said:?}");
    let statuses: Vec<_> = results(&said).iter().map(|result| result.0).collect();
    assert_eq!(statuses, [404, 200], "{said:?}");
    let (_, served, _) = service.end();
    assert!(
        served.ends_with("stopped: 1 answered, 2 refused\n"),
        "{served}"
    );
}

/// The agent itself.
fn act(script: &Value) -> ! {
    let base = variable("OPENAI_BASE_URL").expect("the address of the service");
    assert!(variable("OPENAI_API_KEY").is_some(), "clients want a key");
    let calls = script["calls"].as_array().unwrap();
    let results = Mutex::new(vec![Value::Null; calls.len()]);
    let next = Mutex::new(0..calls.len());
    std::thread::scope(|scope| {
        for _ in 0..script["in_flight"].as_u64().unwrap() {
            scope.spawn(|| {
                loop {
                    let Some(number) = next.lock().unwrap().next() else {
                        break;
                    };
                    let path = calls[number][0].as_str().unwrap();
                    let body = calls[number][1].as_str().unwrap();
                    let retries = script["retries"].as_u64().unwrap();
                    let mut result = call(&base, path, body);
                    for _ in 0..retries {
                        if matches!(result, Ok((200, _))) {
                            break;
                        }
                        result = call(&base, path, body);
                    }
                    let (status, body) = result.unwrap_or_else(|error| (0, error.to_string()));
                    results.lock().unwrap()[number] = json!([status, body]);
                }
            });
        }
    });
    // The test harness may have begun a line.
    println!("\n{}", Value::from(results.into_inner().unwrap()));
    io::stdout().flush().unwrap();
    std::process::exit(i32::try_from(script["exit"].as_u64().unwrap()).unwrap());
}

/// One call. If the connection fails, or the body ends before its length, the error has the body as
/// far as it came.
pub(super) fn call(base: &str, path: &str, body: &str) -> io::Result<(u64, String)> {
    let rest = base.strip_prefix("http://").expect("a plain address");
    let (host, base_path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut stream = TcpStream::connect(host)?;
    // Version 1.0 has no chunks, which this client cannot read.
    let head = format!(
        "POST {base_path}{path} HTTP/1.0\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         x-stainless-os: Linux\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut response = Vec::new();
    let read = stream.read_to_end(&mut response);
    let response = String::from_utf8_lossy(&response);
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or_default();
    let failed = |kind: io::ErrorKind| Err(io::Error::new(kind, format!("{kind} after {body:?}")));
    if let Err(error) = read {
        return failed(error.kind());
    }
    let status = head.split(' ').nth(1);
    let Some(status) = status.and_then(|status| status.parse().ok()) else {
        return failed(io::ErrorKind::UnexpectedEof);
    };
    let length = head.to_ascii_lowercase();
    let length = length.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
    if length.is_some_and(|length| length != body.len()) {
        return failed(io::ErrorKind::UnexpectedEof);
    }
    Ok((status, body.to_owned()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "an agent finds its services in the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
