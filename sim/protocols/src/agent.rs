//! The seeded agent behind the server.
//!
//! An answer is a pure function of the seed, the request's hash and the attempt. The agent keeps no
//! state between calls, so clients may call in any order and on any thread.

use turingos::bus::Provider;
use turingos::dispatch::Lane;

use super::answer::{Answer, Content};
use super::chaos::{Chaos, ChaosKind};
use super::request::ParsedRequest;
use super::trouble::spoil;
use turingos_agents::json_text::push_number;
use turingos_agents::wire::REASONING_TEXT;
use turingos_agents::wire::{Ending, Envelope, envelope_key, push_reply};
use turingos_agents::{Agent as _, Clerk, Intent, Noise, NoiseRates, Request, Spelling, Worker};
use turingos_draws::{Draws, Stream};
use turingos_run::providers::prompt;

/// An agent and its provider.
#[derive(Clone, Debug)]
pub struct Agent {
    seed: u64,
    noise: NoiseRates,
    /// The share of replies with reasoning beside the text, in ten-thousandths.
    reasoning: u16,
    chaos: Chaos,
}

impl Agent {
    /// The agent of `seed`; `reasoning` in ten-thousandths of the replies.
    #[must_use]
    pub const fn new(seed: u64, noise: NoiseRates, reasoning: u16, chaos: Chaos) -> Self {
        Self {
            seed,
            noise,
            reasoning,
            chaos,
        }
    }

    /// The fault of a call, if it has one.
    #[must_use]
    pub fn trouble(&self, request: &ParsedRequest, attempt: u32) -> Option<ChaosKind> {
        self.trouble_draws(request, attempt).0
    }

    fn trouble_draws(&self, request: &ParsedRequest, attempt: u32) -> (Option<ChaosKind>, Draws) {
        let key = call_key(request, attempt);
        let mut draws = Draws::keyed(self.seed, Stream::ProviderFault, key);
        let kind = self.chaos.draw(request.endpoint.provider(), &mut draws);
        (kind, draws)
    }

    /// The answer to a call.
    #[must_use]
    pub fn answer(&self, request: &ParsedRequest, attempt: u32) -> Answer {
        let (trouble, mut draws) = self.trouble_draws(request, attempt);
        let text = self.text(request, attempt);
        let reasoning = draws.chance(u32::from(self.reasoning));
        let key = envelope_key(self.seed, call_key(request, attempt), 0);
        let reply = Reply {
            key,
            envelope: Envelope {
                shape: request.shape,
                model: Some(&request.model),
                key,
                tick: 0,
                reasoning: reasoning.then_some(REASONING_TEXT),
                ending: Ending::Stop,
                text: &text,
            },
        };
        match trouble {
            None => reply.success(),
            Some(kind) => reply.spoilt(kind, &mut draws),
        }
    }

    /// The model's text: a transition for a frame, and for any other prompt a transition or a line
    /// of text, as requested.
    fn text(&self, request: &ParsedRequest, attempt: u32) -> Vec<u8> {
        let mut text = Vec::new();
        let mut intent = Intent::default();
        let (q, frame) = match prompt::split(&request.user) {
            Ok(parts) => parts,
            Err(_) if request.wants_json => ("", ""),
            Err(_) => {
                self.chat(request, &mut text);
                return text;
            }
        };
        if is_clerks(q) {
            Clerk::new(self.seed).answer(q, frame, &mut intent);
        } else {
            Worker::new(self.seed).answer(q, frame, &mut intent);
        }
        if self.noise == NoiseRates::none() {
            intent.spell(Spelling::CANONICAL, &mut text);
            return text;
        }
        let frame_request = Request {
            tick: 0,
            lane: Lane::E,
            attempt,
            system_prompt: &request.system,
            q,
            frame,
        };
        let seed = envelope_key(self.seed, call_key(request, attempt), 1);
        Noise::new(seed, self.noise.clone()).say(&frame_request, &intent, &mut text);
        text
    }

    /// A short answer that names the prompt, so that answers differ.
    fn chat(&self, request: &ParsedRequest, out: &mut Vec<u8>) {
        const OPENINGS: [&str; 4] = ["Certainly", "Of course", "Understood", "Very well"];
        const CLOSINGS: [&str; 4] = [
            "nothing else was needed.",
            "that is the whole answer.",
            "please check it before you rely on it.",
            "ask again and it will be the same.",
        ];
        let mut draws = Draws::keyed(self.seed, Stream::Clerk, hash_key(request));
        let label = request.hash.short(12);
        out.extend_from_slice(draws.pick(&OPENINGS).as_bytes());
        out.extend_from_slice(b". Prompt ");
        out.extend_from_slice(label.as_bytes());
        out.extend_from_slice(b" has ");
        push_number(out, request.user.chars().count() as u64);
        out.extend_from_slice(b" characters; ");
        out.extend_from_slice(draws.pick(&CLOSINGS).as_bytes());
    }
}

/// True for the state register of a clerk: its second word is the number of a mission, or it is
/// empty. The worker answers every other register; it names its mission by a path.
fn is_clerks(q: &str) -> bool {
    let mission = q.split_ascii_whitespace().nth(1);
    mission.is_none_or(|word| word.parse::<u64>().is_ok())
}

/// The first 64 bits of the request's hash.
fn hash_key(request: &ParsedRequest) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *request.hash.as_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn call_key(request: &ParsedRequest, attempt: u32) -> u64 {
    envelope_key(hash_key(request), u64::from(attempt), 0)
}

/// The name of a call in headers and error bodies.
#[must_use]
pub fn request_id(key: u64) -> String {
    format!("req_{key}")
}

/// A complete reply, before any fault is applied.
struct Reply<'a> {
    key: u64,
    envelope: Envelope<'a>,
}

impl Reply<'_> {
    fn provider(&self) -> Provider {
        self.envelope.shape.provider()
    }

    fn content(&self) -> Content {
        if self.envelope.shape.is_stream() {
            Content::streamed_by(self.provider())
        } else {
            Content::Json
        }
    }

    fn success(&self) -> Answer {
        self.success_with(&self.envelope)
    }

    fn success_with(&self, envelope: &Envelope<'_>) -> Answer {
        let mut body = Vec::new();
        push_reply(envelope, &mut body);
        Answer {
            content: self.content(),
            ..Answer::json(200, body, request_id(self.key))
        }
    }

    fn spoilt(&self, kind: ChaosKind, draws: &mut Draws) -> Answer {
        match kind {
            ChaosKind::Refusal => self.success_with(&Envelope {
                ending: Ending::Refusal,
                text: b"",
                ..self.envelope
            }),
            ChaosKind::LengthTruncated => {
                let text = self.envelope.text;
                self.success_with(&Envelope {
                    ending: Ending::Length,
                    text: &text[..text.len() / 2],
                    ..self.envelope
                })
            }
            kind => {
                let spoilt = spoil(kind, self.success(), self.provider(), self.key, draws);
                spoilt.unwrap_or_else(|| self.success())
            }
        }
    }
}
