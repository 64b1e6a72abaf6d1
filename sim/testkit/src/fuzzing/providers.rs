//! Provider bodies: a reply is complete and not blank, and only a success has one.

use turingos::bus::{self, BusFault, Provider};
use turingos::isa::Fault;

use super::mixed;
use turingos_agents::wire::{Ending, Envelope, Shape, push_reply};

/// A body in OpenAI's format; the properties of every provider.
///
/// # Panics
/// If a property does not hold.
pub fn provider_openai(bytes: &[u8]) {
    provider(Provider::OpenAi, bytes);
}

/// A body in Kimi's format; the properties of every provider.
///
/// # Panics
/// If a property does not hold.
pub fn provider_kimi(bytes: &[u8]) {
    provider(Provider::Kimi, bytes);
}

/// A body in Ollama's format; the properties of every provider.
///
/// # Panics
/// If a property does not hold.
pub fn provider_ollama(bytes: &[u8]) {
    provider(Provider::Ollama, bytes);
}

/// Properties: equal bytes give equal results. An accepted text is not blank. A body that is one
/// document is refused without its last byte. Only a success status has a reply. A text in any of
/// the provider's envelopes is decoded unchanged, and a cut envelope is refused.
fn provider(provider: Provider, bytes: &[u8]) {
    let parsed = bus::parse(provider, 200, bytes);
    assert_eq!(
        parsed,
        bus::parse(provider, 200, bytes),
        "equal bytes, different results"
    );
    match &parsed {
        Err(fault) => check_fault(fault),
        Ok(reply) => {
            assert!(!reply.text.trim().is_empty(), "a blank text is accepted");
            assert_eq!(parsed, bus::parse(provider, 299, bytes));
            check_cut_document_is_refused(provider, bytes);
        }
    }
    let failures = [0, 199, 300, 401, 429, 500, 529, u16::MAX];
    let status = failures[mixed(bytes) % failures.len()];
    match bus::parse(provider, status, bytes) {
        Err(fault) => check_fault(&fault),
        Ok(reply) => panic!("status {status} has a reply: {reply:?}"),
    }
    check_envelopes(provider, bytes);
}

fn check_fault(fault: &BusFault) {
    assert!(fault.detail.chars().count() <= Fault::MAX_DETAIL_CHARS);
    assert!(
        !fault.detail.chars().any(char::is_control),
        "a control character in {fault:?}"
    );
}

fn check_cut_document_is_refused(provider: Provider, bytes: &[u8]) {
    let document = bytes.trim_ascii();
    if serde_json::from_slice::<serde::de::IgnoredAny>(document).is_ok() {
        assert!(
            bus::parse(provider, 200, &document[..document.len() - 1]).is_err(),
            "a body is accepted without its last byte"
        );
    }
}

fn check_envelopes(provider: Provider, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let choice = mixed(bytes);
    for &shape in Shape::ALL {
        if shape.provider() != provider || !shape.is_chat() {
            continue;
        }
        let mut body = Vec::new();
        push_reply(
            &Envelope {
                shape,
                model: None,
                key: u64::try_from(choice).unwrap_or(u64::MAX),
                tick: 0,
                reasoning: None,
                ending: Ending::Stop,
                text: text.as_bytes(),
                calls: &[],
                echo: "",
                prompt_tokens: None,
            },
            &mut body,
        );
        let parsed = bus::parse(provider, 200, &body);
        if text.trim().is_empty() {
            assert!(parsed.is_err(), "{shape:?} accepts a blank text");
        } else {
            let parsed = parsed.map(|reply| reply.text);
            assert_eq!(parsed.as_deref(), Ok(&*text), "{shape:?}");
        }
        let whole = body.trim_ascii_end();
        let cut = &whole[..choice % whole.len()];
        assert!(
            bus::parse(provider, 200, cut).is_err(),
            "{shape:?} accepted although it is cut at {}",
            cut.len()
        );
    }
}
