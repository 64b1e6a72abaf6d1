//! What recording costs: the time that it adds to a call, whole and streamed, and its memory.
//!
//! `cargo run --release -p turingos-proxy --example overhead -- CALLS BODY_BYTES` calls a service on
//! loopback directly and through the proxy, in turns, and prints medians and 99th percentiles in
//! microseconds, and the most memory that this process took, client and service included.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use turingos_exchange::{Header, Redaction, TapeWriter, Target, TargetKind};
use turingos_loopback::{Limits, Loopback, TimedBody, serve};
use turingos_proxy::Proxy;

/// The events of a streamed response, and the pause between them.
const EVENTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(2);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let calls = arguments.next().map_or(Ok(2_000), |text| text.parse())?;
    let bytes = arguments.next().map_or(Ok(2_000), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(calls, bytes))
}

async fn measure(calls: usize, bytes: usize) -> Result<(), Box<dyn Error>> {
    let service = service(bytes).await?;
    let url = format!("http://{service}");
    let target = Target::new("openai", TargetKind::OpenAi, &url, Vec::new())?;
    let header = Header::new(vec!["overhead".into()], vec![target]);
    let directory = tempfile::tempdir()?;
    let tape = TapeWriter::create(&directory.path().join("tape"), &header)?;
    let proxy = Proxy::bind(&header.targets).await?;
    let (_, address) = proxy.addresses()[0];
    let proxy = proxy.start(&header, tape, Redaction::new([]));

    let mut direct = Client::connect(service).await?;
    let mut recorded = Client::connect(address).await?;
    let prompt = "what is said in a request, more or less \\n ".repeat(bytes / 40);
    let body = format!("{{\"messages\":[{{\"role\":\"user\",\"content\":\"{prompt}\"}}]}}");
    let mut times: [Vec<u128>; 2] = Default::default();
    for call in 0..calls + 100 {
        for (client, times) in [&mut direct, &mut recorded].into_iter().zip(&mut times) {
            let took = client.call("/whole", &body).await?;
            if call >= 100 {
                times.push(took);
            }
        }
    }
    print("whole, direct", &mut times[0]);
    print("whole, recorded", &mut times[1]);
    let mut lags: [Vec<u128>; 2] = Default::default();
    for _ in 0..calls.min(200) {
        for (client, lags) in [&mut direct, &mut recorded].into_iter().zip(&mut lags) {
            lags.extend(client.stream(&body).await?);
        }
    }
    print("lag of an event, direct", &mut lags[0]);
    print("lag of an event, recorded", &mut lags[1]);
    drop((direct, recorded));
    let (tape, trouble) = proxy.stop().await;
    assert!(trouble.is_none(), "{trouble:?}");
    let manifest = tape.finish(String::new())?.ok_or("unfinished")?;
    println!("{} exchanges recorded", manifest.exchanges());
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!("{}", peak.unwrap_or("VmHWM unknown"));
    Ok(())
}

fn print(what: &str, times: &mut [u128]) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("{what:<26} median {} us, p99 {} us", at(50), at(99));
}

/// A service that answers `/whole` with a body of so many bytes, and anything else with events that
/// hold the microseconds since the first one was due.
async fn service(bytes: usize) -> Result<SocketAddr, Box<dyn Error>> {
    let (stop, stopping) = watch::channel(false);
    let limits = Limits {
        idle: Duration::from_secs(60),
        grace: Duration::from_secs(1),
        half_close: true,
    };
    let listener = Loopback::bind(0, stopping, limits).await?;
    let address = listener.address()?;
    let reply = format!(
        "{{\"choices\":[\"{}\"]}}",
        "a reply, and ".repeat(bytes / 13)
    );
    let answer = service_fn(move |request: Request<Incoming>| {
        let reply = Bytes::from(reply.clone());
        async move {
            let body = match request.uri().path() {
                "/whole" => TimedBody::new([(None, reply)]),
                _ => {
                    let start = Instant::now();
                    TimedBody::new((0..EVENTS).map(|event| {
                        let due = start + PAUSE * event;
                        let text = format!("data: {event:04}\n\n");
                        (Some(due), Bytes::from(text))
                    }))
                }
            };
            // What has no length is sent in chunks.
            drop(request);
            Ok::<_, Infallible>(Response::new(body))
        }
    });
    tokio::spawn(async move {
        let _stop = stop;
        serve(listener, answer, std::future::pending()).await;
    });
    Ok(address)
}

/// A connection that is used again and again.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(address: SocketAddr) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 64 * 1024],
        })
    }

    async fn send(&mut self, path: &str, body: &str) -> Result<(), Box<dyn Error>> {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    async fn read(&mut self) -> Result<usize, Box<dyn Error>> {
        match self.stream.read(&mut self.buffer).await? {
            0 => Err("the connection was closed".into()),
            read => Ok(read),
        }
    }

    /// The microseconds from the first byte of a request to the last byte of its response.
    async fn call(&mut self, path: &str, body: &str) -> Result<u128, Box<dyn Error>> {
        let started = Instant::now();
        self.send(path, body).await?;
        let mut text = Vec::new();
        loop {
            let read = self.read().await?;
            text.extend_from_slice(&self.buffer[..read]);
            let Some(head) = text.windows(4).position(|it| it == b"\r\n\r\n") else {
                continue;
            };
            let lines = std::str::from_utf8(&text[..head])?.to_ascii_lowercase();
            let length = lines
                .lines()
                .find_map(|it| it.strip_prefix("content-length: "));
            let length: usize = length.ok_or("no content-length")?.parse()?;
            if text.len() >= head + 4 + length {
                return Ok(started.elapsed().as_micros());
            }
        }
    }

    /// How late each event came, in microseconds after it was due by the first one.
    async fn stream(&mut self, body: &str) -> Result<Vec<u128>, Box<dyn Error>> {
        self.send("/stream", body).await?;
        let mut first = None;
        let mut lags = Vec::new();
        let mut text = String::new();
        while !text.contains("\r\n0\r\n\r\n") {
            let read = self.read().await?;
            let now = Instant::now();
            text += std::str::from_utf8(&self.buffer[..read])?;
            while let Some(event) = u32::try_from(lags.len()).ok().filter(|it| *it < EVENTS) {
                if !text.contains(&format!("data: {event:04}\n\n")) {
                    break;
                }
                let first = *first.get_or_insert(now);
                let due = first + PAUSE * event;
                lags.push(now.saturating_duration_since(due).as_micros());
            }
        }
        Ok(lags)
    }
}
