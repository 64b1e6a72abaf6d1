//! One request of an agent: read, recorded, sent to its service, answered.
//!
//! What cannot be sent is answered here, with a status and a reason in JSON, and is recorded too:
//! an agent that meets the same trouble in a replay gets the same answer.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Uri};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use turingos_exchange::{Body, Chunk, End, Origin, RecordedRequest, RecordedResponse, Target};
use turingos_loopback::{BodyFault, Fate, HeldBody, foreign_host, room_for_bodies};

use turingos_replayer::{Fault, Pace, ReplaySession, Reply, deliver, provider_of, spoilt};

use crate::call::Call;
use crate::headers;
use crate::recorder::{NotRecorded, Recorder};
use crate::relayed_body::RelayedBody;
use crate::upstream::{Upstream, no_response};

/// Passes requests on to their services, and records them.
#[derive(Debug)]
pub struct Relay {
    recorder: Arc<Recorder>,
    upstream: Upstream,
    room: Arc<Semaphore>,
    /// What is asked before a service is.
    session: Option<Arc<ReplaySession>>,
}

/// An answer that is made here.
struct OwnAnswer {
    status: StatusCode,
    message: String,
}

impl OwnAnswer {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    fn body(&self) -> Bytes {
        let kind = self.status.canonical_reason().unwrap_or_default();
        let kind = kind.to_ascii_lowercase().replace(' ', "_");
        // A member `error` with `message` and `type` is what clients of every provider show.
        let body = json!({"type": "error", "error": {"type": kind, "message": self.message}});
        body.to_string().into()
    }
}

impl Relay {
    /// A relay whose calls `recorder` records. A `session` is asked before a service is.
    #[must_use]
    pub fn new(recorder: Arc<Recorder>, session: Option<Arc<ReplaySession>>) -> Self {
        Self {
            recorder,
            upstream: Upstream::new(),
            room: room_for_bodies(),
            session,
        }
    }

    /// Answers a request to a service.
    pub async fn answer(
        &self,
        target: &Arc<Target>,
        request: Request<Incoming>,
    ) -> Response<RelayedBody> {
        let started = Instant::now();
        let (head, body) = request.into_parts();
        if let Some(host) = foreign_host(&head.uri, &head.headers, &[]) {
            // A page of the web, not the agent: nothing of it is recorded.
            let message = format!("this recorder is not the host {host:?}");
            return respond(&OwnAnswer::new(StatusCode::MISDIRECTED_REQUEST, message));
        }
        let mut recorded = self.recorded(target, &head);
        let limit = usize::try_from(self.recorder.limits.request_bytes).unwrap_or(usize::MAX);
        let mut held = match HeldBody::read(body, limit, &self.room).await {
            Ok(held) => held,
            Err(fault) => {
                let answer = OwnAnswer::new(status_of(&fault), format!("sim record: {fault}"));
                return self.refuse(target, &recorded, started, &answer);
            }
        };
        recorded.body = Body(std::mem::take(&mut held.bytes));
        match self.replayed(target, &recorded) {
            Some(Reply::Send(response, pace)) => {
                let fate = fate_of(&head);
                return self
                    .send(target, &recorded, *response, pace, started, &fate)
                    .await;
            }
            Some(Reply::PassOn(Some(fault))) => {
                return self.spoil(target, recorded, head, fault, started).await;
            }
            Some(Reply::PassOn(None)) | None => {}
        }
        if headers::asks_for_upgrade(&head.headers) {
            let message = "sim record passes no WebSocket on; use plain HTTP";
            let answer = OwnAnswer::new(StatusCode::UPGRADE_REQUIRED, message);
            return self.refuse(target, &recorded, started, &answer);
        }
        let number = match self.recorder.request(&recorded) {
            Ok(number) => number,
            Err(reason) => return respond(&not_recorded(&reason)),
        };
        let recorder = Arc::clone(&self.recorder);
        let call = Call::new(recorder, Arc::clone(target), number, started, Some(held));
        let Body(body) = recorded.body;
        self.relay(target, call, head, body.into()).await
    }

    /// What a replay makes of a request, if there is one. A secret that cannot be taken out is the
    /// recorder's affair.
    fn replayed(&self, target: &Target, request: &RecordedRequest) -> Option<Reply> {
        let session = self.session.as_ref()?;
        let redacted = self.recorder.redaction().request(request).ok()?;
        let request = redacted.unwrap_or_else(|| request.clone());
        Some(session.answer(target.kind, request))
    }

    /// Sends a response that no service made. It is on the tape before it is sent.
    async fn send(
        &self,
        target: &Target,
        request: &RecordedRequest,
        response: RecordedResponse,
        pace: Pace,
        started: Instant,
        fate: &Fate,
    ) -> Response<RelayedBody> {
        let number = match self.recorder.request(request) {
            Ok(number) => number,
            Err(reason) => return respond(&not_recorded(&reason)),
        };
        if !self
            .recorder
            .response(number, &target.name, response.clone())
        {
            return respond(&not_recorded(&NotRecorded::Broken));
        }
        let sent = deliver(response, pace, started, fate).await;
        sent.map(RelayedBody::replayed)
    }

    /// Answers a call with what a fault makes of the service's response, which is read whole.
    async fn spoil(
        &self,
        target: &Target,
        request: RecordedRequest,
        head: Parts,
        fault: Fault,
        started: Instant,
    ) -> Response<RelayedBody> {
        let body = request.body.0.clone().into();
        let good = match upstream_request(target, &head, body) {
            Ok(upstream) => self.upstream.send(upstream).await.ok(),
            Err(_) => None,
        };
        let good = match good {
            Some(response) => self.whole(response).await,
            None => None,
        };
        let provider = provider_of(target.kind, &request.path);
        let spoilt = good.and_then(|good| spoilt(fault, provider, &request, &good));
        let response = spoilt.unwrap_or_else(|| {
            let message = format!(
                "sim record: {} gave no answer to be spoilt",
                target.origin()
            );
            let answer = OwnAnswer::new(StatusCode::BAD_GATEWAY, message);
            RecordedResponse {
                status: Some(answer.status.as_u16()),
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                head_us: 0,
                chunks: vec![Chunk {
                    at_us: 0,
                    bytes: Body(answer.body().into()),
                }],
                end: End::Whole,
                end_us: 0,
                origin: Origin::Proxy,
                injected: None,
                note: Some(answer.message),
            }
        });
        let fate = fate_of(&head);
        self.send(target, &request, response, Pace::RECORDED, started, &fate)
            .await
    }

    /// A service's response with its whole body, if it is within the limit.
    async fn whole(&self, response: Response<Incoming>) -> Option<RecordedResponse> {
        let (head, body) = response.into_parts();
        let limit = usize::try_from(self.recorder.limits.response_bytes).unwrap_or(usize::MAX);
        let body = Limited::new(body, limit).collect().await.ok()?;
        Some(RecordedResponse {
            status: Some(head.status.as_u16()),
            headers: headers::recorded(&head.headers, &self.recorder.response_headers),
            head_us: 0,
            chunks: vec![Chunk {
                at_us: 0,
                bytes: Body(body.to_bytes().into()),
            }],
            end: End::Whole,
            end_us: 0,
            origin: Origin::Upstream,
            injected: None,
            note: None,
        })
    }

    /// Sends a request that is on the tape.
    async fn relay(
        &self,
        target: &Target,
        mut call: Call,
        head: Parts,
        body: Bytes,
    ) -> Response<RelayedBody> {
        let fate = fate_of(&head);
        let request = match upstream_request(target, &head, body) {
            Ok(request) => request,
            Err(error) => {
                let message = format!("sim record: {}: {error}", target.url);
                return own(call, &OwnAnswer::new(StatusCode::BAD_REQUEST, message));
            }
        };
        let response = match self.upstream.send(request).await {
            Ok(response) => response,
            Err(error) => {
                let message = format!("sim record: {} {}", target.origin(), no_response(&error));
                return own(call, &OwnAnswer::new(StatusCode::BAD_GATEWAY, message));
            }
        };
        let (mut head, body) = response.into_parts();
        let kept = headers::recorded(&head.headers, &self.recorder.response_headers);
        call.head(head.status.as_u16(), kept, Origin::Upstream);
        head.headers = headers::passed_on(&head.headers);
        head.extensions.clear();
        let limit = self.recorder.limits.response_bytes;
        match RelayedBody::relayed(body, call, fate, limit) {
            Some(body) => Response::from_parts(head, body),
            None => respond(&not_recorded(&NotRecorded::Broken)),
        }
    }

    /// The request as it is recorded, still without its body.
    fn recorded(&self, target: &Target, head: &Parts) -> RecordedRequest {
        let query = head.uri.query();
        let credentials = (head.headers.iter())
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        self.recorder
            .redaction()
            .learn_credentials(credentials, query);
        RecordedRequest {
            target: target.name.clone(),
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: query.map(str::to_owned),
            headers: headers::recorded(&head.headers, &self.recorder.request_headers),
            body: Body::default(),
        }
    }

    /// Records a request that is not sent, and answers it.
    fn refuse(
        &self,
        target: &Arc<Target>,
        request: &RecordedRequest,
        started: Instant,
        answer: &OwnAnswer,
    ) -> Response<RelayedBody> {
        match self.recorder.request(request) {
            Ok(number) => {
                let recorder = Arc::clone(&self.recorder);
                own(
                    Call::new(recorder, Arc::clone(target), number, started, None),
                    answer,
                )
            }
            Err(reason) => respond(&not_recorded(&reason)),
        }
    }
}

fn fate_of(head: &Parts) -> Fate {
    head.extensions.get::<Fate>().cloned().unwrap_or_default()
}

/// The request for a service: the same method, path, query, headers and body.
fn upstream_request(
    target: &Target,
    head: &Parts,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri: Uri = format!("{}{path}", target.origin()).parse()?;
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = headers::to_upstream(&head.headers);
    Ok(request)
}

/// Answers a call that is on the tape by an answer of the proxy's own, which is recorded first.
fn own(mut call: Call, answer: &OwnAnswer) -> Response<RelayedBody> {
    let json = vec![("content-type".to_owned(), "application/json".to_owned())];
    call.head(answer.status.as_u16(), json, Origin::Proxy);
    call.chunk(answer.body());
    match call.end(End::Whole, Some(answer.message.clone())) {
        true => respond(answer),
        false => respond(&not_recorded(&NotRecorded::Broken)),
    }
}

fn not_recorded(reason: &NotRecorded) -> OwnAnswer {
    match reason {
        NotRecorded::Secret(leak) => OwnAnswer::new(
            StatusCode::FORBIDDEN,
            format!("sim record refused the call, it was not sent: {leak}"),
        ),
        NotRecorded::Broken => OwnAnswer::new(
            StatusCode::BAD_GATEWAY,
            "sim record cannot write its tape, and has stopped",
        ),
    }
}

fn respond(answer: &OwnAnswer) -> Response<RelayedBody> {
    let mut response = Response::new(RelayedBody::own(answer.body()));
    *response.status_mut() = answer.status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

const fn status_of(fault: &BodyFault) -> StatusCode {
    match fault {
        BodyFault::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        BodyFault::TooSlow => StatusCode::REQUEST_TIMEOUT,
        BodyFault::Busy => StatusCode::SERVICE_UNAVAILABLE,
        BodyFault::Broken(_) => StatusCode::BAD_REQUEST,
    }
}
