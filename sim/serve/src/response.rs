//! Answers as HTTP responses.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body::Frame;
use tokio::time::{Sleep, sleep};
use turingos::bus::Provider;

use super::connection::Fate;
use turingos_protocols::answer::{Answer, Delivery, events};

/// The response to send for an answer.
pub(super) fn respond(provider: Provider, answer: Answer, fate: &Fate) -> Response {
    let headers = answer.headers(provider);
    let length = answer.body.len();
    let separator = answer.content.separator();
    let (body, announced) = match answer.delivery {
        Delivery::Reset => {
            fate.reset();
            (Body::empty(), None)
        }
        Delivery::Whole => match separator {
            None => (Body::from(answer.body), None),
            Some(separator) => (Body::new(Pieces::of(&answer.body, separator, false)), None),
        },
        Delivery::CutAfter(kept) => {
            let kept = &answer.body[..kept.min(length)];
            // A stream is cut in the middle of its chunks, a document short of its length.
            let announced = separator.is_none().then_some(length);
            let separator = separator.unwrap_or(b"\n\n");
            (Body::new(Pieces::of(kept, separator, true)), announced)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        // A recorded id may be invalid in a header; every other header is made here.
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    if let Some(length) = announced {
        let length = HeaderValue::from(length);
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    }
    response
}

/// The pause between the last byte and the reset, so that the byte is sent before it.
const BEFORE_BREAK: Duration = Duration::from_millis(5);

/// A body that is sent one event at a time and may end in a reset.
struct Pieces {
    pieces: VecDeque<Bytes>,
    break_after: Option<Pin<Box<Sleep>>>,
}

impl Pieces {
    fn of(body: &[u8], separator: &[u8], breaks: bool) -> Self {
        Self {
            pieces: events(body, separator)
                .map(Bytes::copy_from_slice)
                .collect(),
            break_after: breaks.then(|| Box::pin(sleep(BEFORE_BREAK))),
        }
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(piece) = self.pieces.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match &mut self.break_after {
            None => Poll::Ready(None),
            Some(pause) => {
                ready!(pause.as_mut().poll(context));
                Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
            }
        }
    }
}
