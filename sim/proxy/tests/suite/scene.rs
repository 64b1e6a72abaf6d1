//! A service that sends what a test tells it to, the proxy in front of it, and raw connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use turingos_exchange::{Exchange, Header, Redaction, Tape, TapeWriter, Target, TargetKind};
use turingos_proxy::{Proxy, RunningProxy, Trouble};

/// What a service does on a connection once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// Waits until it is told to go on.
    Until(Arc<Notify>),
    /// Resets the connection.
    Reset,
    /// Keeps the connection open and sends nothing more.
    Hang,
}

pub(crate) fn send(text: &str) -> Step {
    Step::Send(text.into())
}

/// A whole response with this body.
pub(crate) fn whole(body: &str) -> Vec<Step> {
    let length = body.len();
    vec![send(&format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    ))]
}

/// One chunk of a body in chunks.
pub(crate) fn chunk(bytes: &str) -> Step {
    send(&format!("{:x}\r\n{bytes}\r\n", bytes.len()))
}

/// A proxy, the service behind it and the directory of its tape.
pub(crate) struct Scene {
    directory: TempDir,
    proxy: RunningProxy,
    pub(crate) address: SocketAddr,
    /// Every request that the service read, head and body.
    pub(crate) requests: mpsc::UnboundedReceiver<String>,
}

impl Scene {
    /// A service that does these steps on every connection, and closes it then.
    pub(crate) async fn with(steps: Vec<Step>) -> Self {
        Self::changed(steps, |_| {}).await
    }

    /// The same with a header that is changed first.
    pub(crate) async fn changed(steps: Vec<Step>, change: impl FnOnce(&mut Header)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, steps.clone(), sender.clone()));
            }
        });
        let (directory, proxy, address) = proxy_to(service, change).await;
        Self {
            directory,
            proxy,
            address,
            requests,
        }
    }

    /// A proxy to an address at which nothing listens.
    pub(crate) async fn without_service() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = listener.local_addr().unwrap();
        drop(listener);
        let (directory, proxy, address) = proxy_to(service, |_| {}).await;
        Self {
            directory,
            proxy,
            address,
            requests: mpsc::unbounded_channel().1,
        }
    }

    /// Sends bytes on a new connection.
    pub(crate) async fn connect(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Sends a request that asks for the connection to be closed, and reads all that comes.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> String {
        self.ask_with(method, path, "", body).await
    }

    /// The same with further header lines.
    pub(crate) async fn ask_with(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> String {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        );
        let mut stream = self.connect(&request).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The lines of the tape as they are on disk now.
    pub(crate) fn lines(&self) -> String {
        let path = self.directory.path().join("tape/exchanges.jsonl");
        std::fs::read_to_string(path).unwrap()
    }

    /// Stops the proxy and finishes the tape; its exchanges, and the first trouble.
    pub(crate) async fn end(self) -> (Vec<Exchange>, Option<Trouble>) {
        let (tape, trouble) = self.proxy.stop().await;
        tape.finish("sim replay tape -- agent".into()).unwrap();
        let tape = Tape::open(&self.directory.path().join("tape")).unwrap();
        assert!(tape.is_finished, "every request has a response");
        (tape.exchanges, trouble)
    }
}

async fn proxy_to(
    service: SocketAddr,
    change: impl FnOnce(&mut Header),
) -> (TempDir, RunningProxy, SocketAddr) {
    let url = format!("http://{service}");
    let target = Target::new("openai", TargetKind::OpenAi, &url, Vec::new()).unwrap();
    let mut header = Header::new(vec!["agent".into()], vec![target]);
    change(&mut header);
    let directory = TempDir::new().unwrap();
    let tape = TapeWriter::create(&directory.path().join("tape"), &header).unwrap();
    let proxy = Proxy::bind(&header.targets).await.unwrap();
    let (_, address) = proxy.addresses()[0];
    let proxy = proxy.start(&header, tape, Redaction::new([]), None);
    (directory, proxy, address)
}

async fn serve(mut stream: TcpStream, steps: Vec<Step>, requests: mpsc::UnboundedSender<String>) {
    stream.set_nodelay(true).unwrap();
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let _ = requests.send(request);
    for step in steps {
        match step {
            Step::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Until(told) => told.notified().await,
            Step::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Step::Hang => std::future::pending().await,
        }
    }
}

/// Reads head and body of a request; nothing if the client leaves.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok()?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lengths = head.lines().filter_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= lengths.next_back().unwrap_or(0) {
                return Some(text);
            }
        }
        if read == 0 {
            return None;
        }
    }
}

/// Reads until the text `end` has come.
pub(crate) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the connection ended before {end:?}: {text}");
        text += &String::from_utf8_lossy(&buffer[..read]);
    }
    text
}
