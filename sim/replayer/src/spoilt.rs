//! What a fault makes of a recorded response.

use turingos::bus::{self, Provider};
use turingos_agents::wire::{Ending, Envelope, push_reply};
use turingos_exchange::{Body, Chunk, End, Origin, RecordedRequest, RecordedResponse, TargetKind};
use turingos_protocols::agent::request_id;
use turingos_protocols::answer::{Answer, Content, Delivery};
use turingos_protocols::chaos::ChaosKind;
use turingos_protocols::endpoint::{Endpoint, provider_of_path};
use turingos_protocols::request::ParsedRequest;
use turingos_protocols::trouble::spoil;

use crate::plan::Fault;

/// The provider whose errors a call's client expects.
#[must_use]
pub fn provider_of(kind: TargetKind, path: &str) -> Provider {
    match kind {
        TargetKind::Anthropic => Provider::Anthropic,
        _ => match provider_of_path(path) {
            Provider::Kimi => Provider::Anthropic,
            provider => provider,
        },
    }
}

/// The response in place of a recorded one. Nothing if the fault does not exist there: the recorded
/// call had no response, or its protocol has no such answer.
#[must_use]
pub fn spoilt(
    mut fault: Fault,
    provider: Provider,
    request: &RecordedRequest,
    recorded: &RecordedResponse,
) -> Option<RecordedResponse> {
    let status = recorded.status?;
    let content = Content::of_header(recorded.header("content-type").unwrap_or_default());
    let good = Answer {
        content,
        ..Answer::json(status, recorded.body(), request_id(fault.key))
    };
    let answer = match fault.kind {
        ChaosKind::Refusal | ChaosKind::LengthTruncated => Answer {
            body: other_ending(&fault, request, &good.body)?,
            ..good
        },
        kind => spoil(kind, good, provider, fault.key, &mut fault.draws)?,
    };
    let name = fault.kind.name().to_owned();
    let has_recorded_head = answer.status == status && answer.content == content;
    let headers = if has_recorded_head {
        with_length(&recorded.headers, answer.body.len())
    } else {
        let headers = answer.headers(provider).into_iter();
        headers
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    };
    Some(RecordedResponse {
        headers,
        injected: Some(name),
        ..delivered(&answer)
    })
}

/// The body of a refusal, or of an answer that ends half-way, for protocols that have them.
fn other_ending(fault: &Fault, request: &RecordedRequest, recorded: &[u8]) -> Option<Vec<u8>> {
    let mut endpoints = Endpoint::ALL.iter();
    let endpoint = *endpoints.find(|it| it.paths().contains(&request.path.as_str()))?;
    let parsed = ParsedRequest::parse(endpoint, &request.body.0).ok()?;
    let text = bus::parse(endpoint.provider(), 200, recorded).ok()?.text;
    let (ending, kept) = match fault.kind {
        ChaosKind::LengthTruncated => (Ending::Length, text.chars().count() / 2),
        _ => (Ending::Refusal, 0),
    };
    let text: String = text.chars().take(kept).collect();
    let prompt = parsed.prompt()?;
    let envelope = Envelope {
        shape: prompt.shape,
        model: Some(&parsed.model),
        key: fault.key,
        tick: 0,
        reasoning: None,
        ending,
        text: text.as_bytes(),
        calls: &[],
        echo: &prompt.echo,
        prompt_tokens: Some(parsed.tokens),
    };
    let mut body = Vec::new();
    push_reply(&envelope, &mut body);
    Some(body)
}

/// Recorded headers with the length of another body, where they have one.
fn with_length(headers: &[(String, String)], length: usize) -> Vec<(String, String)> {
    let headers = headers.iter().cloned();
    headers
        .map(|(name, value)| match name.as_str() {
            "content-length" => (name, length.to_string()),
            _ => (name, value),
        })
        .collect()
}

/// An answer as a tape has it: with the times at which its pieces are sent.
fn delivered(answer: &Answer) -> RecordedResponse {
    let schedule = answer.schedule();
    let at = |after_us: u64| answer.wait_us.saturating_add(after_us);
    let chunks: Vec<_> = { schedule.pieces.iter() }
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(after_us, piece)| Chunk {
            at_us: at(*after_us),
            bytes: Body(piece.to_vec()),
        })
        .collect();
    let last_us = chunks.last().map_or(at(0), |chunk| chunk.at_us);
    let (end, end_us) = match schedule.breaks_after_us {
        None => (End::Whole, last_us),
        Some(after_us) if matches!(answer.delivery, Delivery::CutAfter(_)) => {
            (End::Cut, at(after_us).max(last_us))
        }
        Some(after_us) => (End::Reset, at(after_us).max(last_us)),
    };
    RecordedResponse {
        status: (answer.delivery != Delivery::Reset).then_some(answer.status),
        headers: Vec::new(),
        head_us: answer.wait_us,
        chunks,
        end,
        end_us,
        origin: Origin::Proxy,
        injected: None,
        note: None,
    }
}
