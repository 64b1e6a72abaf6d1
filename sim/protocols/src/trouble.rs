//! What a fault makes of a good answer, whether an agent made it or it was recorded.
//!
//! The kinds that need the model's text, a refusal and a cut-off at the output limit, are made where
//! that text is known.

use turingos::bus::Provider;

use turingos_agents::wire::{GATEWAY_PAGE, ProviderError, push_error};
use turingos_draws::Draws;

use super::agent::request_id;
use super::answer::{Answer, Content, Delivery, events};
use super::chaos::{ChaosKind, HANG_US, MAX_SLOW_US};

/// The longest pause between two pieces of a slow body, in microseconds.
const MAX_GAP_US: u32 = 120_000;

/// The answer in place of a good one; nothing for a kind that needs the model's text. `key` makes
/// the ids in error bodies.
#[must_use]
pub fn spoil(
    kind: ChaosKind,
    good: Answer,
    provider: Provider,
    key: u64,
    draws: &mut Draws,
) -> Option<Answer> {
    let error = |error: ProviderError| {
        let body = error_body(provider, error, key);
        Answer::json(error.status(), body, request_id(key))
    };
    Some(match kind {
        ChaosKind::Slow => Answer {
            wait_us: u64::from(draws.range(20_000, MAX_SLOW_US as u32)),
            ..good
        },
        ChaosKind::RateLimited => Answer {
            retry_after_ms: Some(u64::from(draws.range(20, 900))),
            ..error(ProviderError::RateLimited)
        },
        ChaosKind::QuotaExhausted => error(ProviderError::QuotaExhausted),
        ChaosKind::ServerError => error(ProviderError::Internal),
        ChaosKind::Unavailable => error(ProviderError::Unavailable),
        ChaosKind::Overloaded => error(ProviderError::Overloaded),
        ChaosKind::ConnectionReset => Answer {
            delivery: Delivery::Reset,
            ..good
        },
        ChaosKind::Hang => Answer {
            wait_us: HANG_US,
            delivery: Delivery::Reset,
            ..good
        },
        ChaosKind::CutBody => Answer {
            delivery: Delivery::CutAfter(some_of(&good.body, draws)),
            ..good
        },
        ChaosKind::Stall => Answer {
            delivery: Delivery::StallAfter(some_of(&good.body, draws)),
            ..good
        },
        ChaosKind::SlowChunks => Answer {
            delivery: Delivery::Slowly {
                gap_us: u64::from(draws.range(5_000, MAX_GAP_US)),
            },
            ..good
        },
        ChaosKind::GatewayPage => Answer {
            content: Content::Html,
            ..Answer::json(502, GATEWAY_PAGE.as_bytes().to_vec(), request_id(key))
        },
        ChaosKind::EmptyBody => Answer {
            body: Vec::new(),
            ..good
        },
        ChaosKind::MalformedJson => malformed(good),
        ChaosKind::MidStreamError => error_under_success(good, provider, key),
        ChaosKind::Refusal | ChaosKind::LengthTruncated => return None,
    })
}

/// A part of a body, at least a byte and at most half of it.
fn some_of(body: &[u8], draws: &mut Draws) -> usize {
    let most = u32::try_from(body.len()).unwrap_or(u32::MAX);
    draws.range(1, most / 2) as usize
}

fn error_body(provider: Provider, error: ProviderError, key: u64) -> Vec<u8> {
    let mut body = Vec::new();
    push_error(provider, error, key, &mut body);
    body
}

/// A document, or an event in the middle of a stream, without its last quarter.
fn malformed(good: Answer) -> Answer {
    let Some(separator) = good.content.separator() else {
        let kept = good.body.len() - good.body.len() / 4;
        return Answer {
            body: good.body[..kept].to_vec(),
            ..good
        };
    };
    let middle = events(&good.body, separator).count() / 2;
    let mut body = Vec::with_capacity(good.body.len());
    for (index, event) in events(&good.body, separator).enumerate() {
        if index == middle {
            body.extend_from_slice(&event[..event.len() - event.len() / 4]);
            body.extend_from_slice(separator);
        } else {
            body.extend_from_slice(event);
        }
    }
    Answer { body, ..good }
}

/// An error envelope in place of a document, or after the first half of a stream.
fn error_under_success(good: Answer, provider: Provider, key: u64) -> Answer {
    let error = error_body(provider, ProviderError::Overloaded, key);
    let Some(separator) = good.content.separator() else {
        return Answer {
            body: error,
            ..good
        };
    };
    let half = events(&good.body, separator).count() / 2;
    let mut body = Vec::with_capacity(good.body.len());
    for event in events(&good.body, separator).take(half) {
        body.extend_from_slice(event);
    }
    body.extend_from_slice(match provider {
        Provider::OpenAi => b"data: ",
        Provider::Anthropic | Provider::Kimi => b"event: error\ndata: ",
        Provider::Ollama => b"",
    });
    body.extend_from_slice(&error);
    body.extend_from_slice(separator);
    Answer { body, ..good }
}
