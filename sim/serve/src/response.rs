//! Answers as HTTP responses.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use turingos::bus::Provider;

use turingos_loopback::{Fate, TimedBody};
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
            Some(separator) => (pieces(&answer.body, separator, false), None),
        },
        Delivery::CutAfter(kept) => {
            let kept = &answer.body[..kept.min(length)];
            // A stream is cut in the middle of its chunks, a document short of its length.
            let announced = separator.is_none().then_some(length);
            let separator = separator.unwrap_or(b"\n\n");
            (pieces(kept, separator, true), announced)
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

/// A body that is sent one event at a time and may end in a break.
fn pieces(body: &[u8], separator: &[u8], breaks: bool) -> Body {
    let pieces = events(body, separator).map(|piece| (None, Bytes::copy_from_slice(piece)));
    let body = TimedBody::new(pieces);
    Body::new(match breaks {
        true => body.breaking(None),
        false => body,
    })
}
