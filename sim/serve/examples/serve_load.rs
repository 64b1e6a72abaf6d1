//! A load on `sim serve`: keep-alive connections side by side, a fixed number of requests.
//!
//! ```text
//! sim serve --port 8899 --for 60 &
//! cargo run --release --package turingos-serve --example serve_load -- 127.0.0.1:8899 256 200000
//! ```
//!
//! Every request is another prompt of real size: instructions, a state register, a frame. Every
//! answer is checked for its status, its length and its place in the protocol. Exit code 1 if one
//! is wrong. It measures; it is not a gate.

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use turingos::bus::Provider;
use turingos_agents::json_text::push_json_string;
use turingos_run::providers::prompt::compose;
use turingos_run::system_prompt::system_prompt;

/// The time limit of one call.
const LONGEST: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve_load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, connections, requests] = &arguments[..] else {
        return Err("usage: serve_load ADDRESS CONNECTIONS REQUESTS".into());
    };
    let connections: u64 = connections.parse()?;
    let requests: u64 = requests.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        timeout(LONGEST, load(address, connections, requests))
            .await
            .map_err(|_| "not done within two minutes")?
    })
}

async fn load(address: &str, connections: u64, requests: u64) -> Result<(), Box<dyn Error>> {
    let next = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    let began = Instant::now();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let next = Arc::clone(&next);
        clients.spawn(async move { client(stream, &next, requests).await });
    }
    let mut bytes = 0;
    while let Some(ended) = clients.join_next().await {
        bytes += ended??;
    }
    let took = began.elapsed();
    let per_second = u128::from(requests) * 1_000_000 / took.as_micros().max(1);
    println!(
        "{requests} requests on {connections} connections in {} ms: {per_second} a second, \
         {} MB of answers, no error",
        took.as_millis(),
        bytes / 1_000_000
    );
    Ok(())
}

/// Asks until there is nothing more to ask; how many bytes came.
async fn client(mut stream: TcpStream, next: &AtomicU64, requests: u64) -> io::Result<u64> {
    let system_prompt = system_prompt();
    let mut request = Vec::new();
    let mut received = Vec::new();
    let mut bytes = 0;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= requests {
            return Ok(bytes);
        }
        write_request(&system_prompt, number, &mut request);
        stream.write_all(&request).await?;
        bytes += read_answer(&mut stream, &mut received).await?;
    }
}

fn write_request(system_prompt: &str, number: u64, request: &mut Vec<u8>) {
    let mission = number % 4_096;
    let q = format!("MISSION {mission} STEP 1/9 TRY 0 FILE notes/slot-1.md\nWrite the note.");
    let lines = "A line of a note that has some length, as notes do.\n".repeat(40);
    let frame = format!("[OS_CONTRACT]\n(none)\n\n[OBSERVED_SLICE]\nrequest {number}\n{lines}");
    let mut body = br#"{"model":"load","messages":[{"role":"system","content":"#.to_vec();
    push_json_string(&mut body, system_prompt.as_bytes());
    body.extend_from_slice(br#"},{"role":"user","content":"#);
    push_json_string(&mut body, compose(&q, &frame).as_bytes());
    body.extend_from_slice(b"}]}");
    request.clear();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: load\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    request.extend_from_slice(head.as_bytes());
    request.extend_from_slice(&body);
}

async fn read_answer(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<u64> {
    received.clear();
    loop {
        if stream.read_buf(received).await? == 0 {
            return Err(wrong("the connection was closed", received));
        }
        let Some(head) = memchr::memmem::find(received, b"\r\n\r\n") else {
            continue;
        };
        let body = head + 4;
        let length = content_length(&received[..head])
            .ok_or_else(|| wrong("no content-length", received))?;
        if received.len() < body + length {
            continue;
        }
        if received.len() > body + length || !received.starts_with(b"HTTP/1.1 200 ") {
            return Err(wrong("not one answer with status 200", received));
        }
        turingos::bus::parse(Provider::OpenAi, 200, &received[body..])
            .map_err(|fault| wrong(&fault.to_string(), received))?;
        return Ok(received.len() as u64);
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    let head = std::str::from_utf8(head).ok()?;
    head.lines()
        .find_map(|line| line.strip_prefix("content-length: "))?
        .parse()
        .ok()
}

fn wrong(what: &str, received: &[u8]) -> io::Error {
    let shown = String::from_utf8_lossy(&received[..received.len().min(200)]);
    io::Error::other(format!("{what}: {shown:?}"))
}
