//! Answers as HTTP responses.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::time::Instant;
use turingos::bus::Provider;

use turingos_loopback::{Fate, TimedBody};
use turingos_protocols::answer::{Answer, Delivery};

/// The response to send for an answer.
pub(super) fn respond(provider: Provider, answer: Answer, fate: &Fate) -> Response {
    let headers = answer.headers(provider);
    if answer.delivery == Delivery::Reset {
        fate.reset();
    }
    let is_stream = answer.content.separator().is_some();
    let is_broken = matches!(
        answer.delivery,
        Delivery::CutAfter(_) | Delivery::StallAfter(_)
    );
    // A stream is cut in the middle of its chunks, a document short of its length.
    let announced = (is_broken && !is_stream).then_some(answer.body.len());
    let body = match answer.delivery {
        Delivery::Whole if !is_stream => Body::from(answer.body),
        _ => timed(&answer, fate),
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

/// A body that is sent piece by piece and may break off: a stall ends in a reset, a cut in an end.
fn timed(answer: &Answer, fate: &Fate) -> Body {
    let schedule = answer.schedule();
    let now = Instant::now();
    let at = |after_us| (after_us > 0).then(|| now + Duration::from_micros(after_us));
    let pieces = schedule.pieces.into_iter();
    let body = TimedBody::new(pieces.map(|(us, piece)| (at(us), Bytes::copy_from_slice(piece))));
    Body::new(match (schedule.breaks_after_us, answer.delivery) {
        (Some(us), Delivery::StallAfter(_)) => body.resetting(at(us), fate.clone()),
        (Some(us), _) => body.breaking(at(us)),
        (None, _) => body,
    })
}
