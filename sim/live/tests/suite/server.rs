//! A scripted server on loopback. The tests of `sim live` use it too.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

/// The script of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// The bytes are sent and the connection is closed.
    Send(Vec<u8>),
    /// The bytes are sent and nothing ever follows.
    SendThenHang(Vec<u8>),
    /// The first bytes are sent, then the others again and again, with a pause between.
    Repeat(Vec<u8>, Vec<u8>, Duration),
    /// The connection is reset after the bytes.
    Reset(Vec<u8>),
}

/// A listening server; its connections are served on the caller's [`LocalSet`].
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) behaviour: Rc<RefCell<Behaviour>>,
    /// Every request as it was received: head and body.
    pub(crate) requests: Rc<RefCell<Vec<String>>>,
    /// How many bytes all connections took together.
    pub(crate) sent: Rc<Cell<usize>>,
}

impl Server {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            behaviour: Rc::new(RefCell::new(behaviour)),
            requests: Rc::default(),
            sent: Rc::default(),
        };
        let serving = server.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(serving.clone().serve(stream));
            }
        });
        server
    }

    async fn serve(self, mut stream: TcpStream) {
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        self.requests.borrow_mut().push(request);
        let behaviour = self.behaviour.borrow().clone();
        match behaviour {
            Behaviour::Send(bytes) => {
                self.send(&mut stream, &bytes).await;
                let _ = stream.shutdown().await;
            }
            Behaviour::SendThenHang(bytes) => {
                self.send(&mut stream, &bytes).await;
                std::future::pending::<()>().await;
            }
            Behaviour::Repeat(first, then, pause) => {
                let mut goes_on = self.send(&mut stream, &first).await;
                while goes_on {
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                    goes_on = self.send(&mut stream, &then).await;
                }
            }
            Behaviour::Reset(bytes) => {
                self.send(&mut stream, &bytes).await;
                stream.set_zero_linger().unwrap();
            }
        }
    }

    async fn send(&self, stream: &mut TcpStream, bytes: &[u8]) -> bool {
        let sent = stream.write_all(bytes).await.is_ok();
        if sent {
            self.sent.set(self.sent.get() + bytes.len());
        }
        sent
    }
}

/// Reads head and body of one request; `None` if the client goes away.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream
            .read(&mut piece)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        // Bytes that are not text are not a request: a TLS greeting, for example.
        let text = String::from_utf8(bytes.clone()).ok()?;
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
    }
}

/// A response with a body, as an honest server sends it.
pub(crate) fn response(head: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A reply of each provider's kind that pushes a task.
pub(crate) fn good(kind: &str) -> String {
    let text = r#"{\"q_next\":\"next\",\"a_t\":{\"op\":\"SYS_PUSH\",\"task\":\"work\"}}"#;
    match kind {
        "openai" => format!(
            r#"{{"choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":2000,"completion_tokens":20}}}}"#
        ),
        "kimi" => format!(
            r#"{{"type":"message","role":"assistant","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","usage":{{"input_tokens":2000,"output_tokens":20}}}}"#
        ),
        _ => format!(
            r#"{{"model":"m","message":{{"role":"assistant","content":"{text}"}},"done":true,"done_reason":"stop","prompt_eval_count":2000,"eval_count":20}}"#
        ),
    }
}

/// Runs a test on a real clock, in one thread, and never for longer than ten seconds.
pub(crate) fn on_real_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let local = LocalSet::new();
    let bounded = async { tokio::time::timeout(Duration::from_secs(10), work).await };
    runtime
        .block_on(local.run_until(bounded))
        .expect("a bounded call takes no ten seconds")
}
