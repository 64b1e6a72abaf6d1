//! A recorded response on its way to a client.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::time::{Instant, sleep_until};
use turingos_exchange::{End, RecordedResponse};
use turingos_loopback::{Fate, TimedBody};

/// How recorded times pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// In thousandths of the recorded times; 0 is as fast as possible.
    thousandths: u64,
}

impl Pace {
    /// As fast as possible.
    pub const AT_ONCE: Self = Self { thousandths: 0 };

    /// As recorded.
    pub const RECORDED: Self = Self { thousandths: 1_000 };

    /// The pace at which a recorded second takes so many thousandths of one.
    #[must_use]
    pub const fn of_thousandths(thousandths: u64) -> Self {
        Self { thousandths }
    }

    fn at(self, started: Instant, recorded_us: u64) -> Option<Instant> {
        let us = recorded_us.saturating_mul(self.thousandths) / 1_000;
        (us > 0).then(|| started + Duration::from_micros(us))
    }
}

/// Sends a response in the pieces in which it was recorded, and ends it as it ended.
pub async fn deliver(
    response: RecordedResponse,
    pace: Pace,
    started: Instant,
    fate: &Fate,
) -> Response<TimedBody> {
    let head_us = match response.status {
        Some(_) => response.head_us,
        None => response.end_us,
    };
    if let Some(at) = pace.at(started, head_us) {
        sleep_until(at).await;
    }
    let Some(status) = response.status else {
        fate.reset();
        return Response::new(TimedBody::new([]));
    };
    let end = pace.at(started, response.end_us);
    let pieces = response.chunks.into_iter();
    let body = TimedBody::new(
        pieces.map(|chunk| (pace.at(started, chunk.at_us), Bytes::from(chunk.bytes.0))),
    );
    let body = match response.end {
        End::Whole => body,
        End::Reset => body.resetting(end, fate.clone()),
        End::Cut | End::ClientLeft => body.breaking(end),
    };
    let mut sent = Response::new(body);
    *sent.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in response.headers {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            sent.headers_mut().append(name, value);
        }
    }
    sent
}
