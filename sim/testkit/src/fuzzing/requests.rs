//! Requests to a served provider: read strictly, and answered with whole documents.

use serde::de::IgnoredAny;
use turingos_agents::NoiseRates;
use turingos_protocols::agent::Agent;
use turingos_protocols::chaos::Chaos;
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::refusal::Refusal;
use turingos_protocols::request::ParsedRequest;

/// The number of an endpoint in one byte, and the body of a request to it.
///
/// # Panics
/// If a property does not hold.
pub fn request(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let endpoint = Endpoint::ALL[usize::from(*first) % Endpoint::ALL.len()];
    let request = match ParsedRequest::parse(endpoint, body) {
        Ok(request) => request,
        Err(refusal) => return check_refusal(endpoint, &refusal),
    };
    let again = ParsedRequest::parse(endpoint, request.canonical.as_bytes());
    assert_eq!(
        again.as_ref(),
        Ok(&request),
        "its canonical form is another request"
    );
    let agent = Agent::new(u64::from(*first), NoiseRates::none(), 5_000, Chaos::NONE);
    let answer = match agent.answer(&request, 0) {
        Ok(answer) => answer,
        Err(refusal) => return check_refusal(endpoint, &refusal),
    };
    assert_eq!(
        agent.answer(&request, 0).as_ref(),
        Ok(&answer),
        "another answer"
    );
    let text = std::str::from_utf8(&answer.body).expect("an answer is text");
    let documents = match answer.content.separator() {
        None => vec![text],
        Some(_) if text.starts_with('{') => text.lines().collect(),
        Some(_) => text
            .lines()
            .filter_map(|it| it.strip_prefix("data: "))
            .collect(),
    };
    assert!(!documents.is_empty(), "an empty answer");
    for document in documents {
        let is_whole = serde_json::from_str::<IgnoredAny>(document).is_ok();
        assert!(is_whole || document == "[DONE]", "no document: {document}");
    }
}

fn check_refusal(endpoint: Endpoint, refusal: &Refusal) {
    assert!(refusal.reason.status() >= 400, "{refusal:?}");
    let body = refusal.body(endpoint.provider(), "req_0");
    assert!(
        serde_json::from_slice::<IgnoredAny>(&body).is_ok(),
        "{refusal:?}"
    );
}
