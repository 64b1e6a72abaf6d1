//! The seeded agent behind the server.
//!
//! An answer is a pure function of the seed, the request's hash and the attempt. The agent keeps no
//! state between calls, so clients may call in any order and on any thread.

use serde_json::Value;
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::Lane;

use super::answer::{Answer, Content};
use super::chaos::{Chaos, ChaosKind};
use super::embedding;
use super::refusal::Refusal;
use super::request::{Format, ParsedRequest, Prompt, Task, Tool};
use super::schema_value::{object_for, value_for};
use super::trouble::spoil;
use turingos_agents::json_text::push_number;
use turingos_agents::wire::REASONING_TEXT;
use turingos_agents::wire::{Ending, Envelope, ToolCall, envelope_key, push_reply};
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
        // Only a model refuses, or reaches its limit.
        let is_of_model = [ChaosKind::Refusal, ChaosKind::LengthTruncated];
        let is_reply = request.prompt().is_some();
        let kind = kind.filter(|kind| is_reply || !is_of_model.contains(kind));
        (kind, draws)
    }

    /// The answer to a call.
    ///
    /// # Errors
    /// [`Refusal`]: the request asks for a call or a text by a JSON Schema that gets no value.
    pub fn answer(&self, request: &ParsedRequest, attempt: u32) -> Result<Answer, Refusal> {
        let (trouble, mut draws) = self.trouble_draws(request, attempt);
        let reasoning = draws.chance(u32::from(self.reasoning));
        let key = envelope_key(self.seed, call_key(request, attempt), 0);
        let mut answer = |said: Said<'_>| {
            let reply = Reply {
                key,
                provider: request.endpoint.provider(),
                said,
            };
            match trouble {
                None => reply.success(),
                Some(kind) => reply.spoilt(kind, &mut draws),
            }
        };
        let prompt = match &request.task {
            Task::Reply(prompt) => prompt,
            Task::Embed(asked) => {
                let body = embedding::body(self.seed, request, asked);
                return Ok(answer(Said::Document(body)));
            }
            Task::CountTokens => {
                let body = format!(r#"{{"input_tokens":{}}}"#, request.tokens);
                return Ok(answer(Said::Document(body.into_bytes())));
            }
        };
        let call = self.call(request, prompt)?;
        let text = match &call {
            Some(_) => Vec::new(),
            None => self.text(request, prompt, attempt)?,
        };
        let calls: Vec<ToolCall<'_>> = { call.iter() }
            .map(|(name, arguments)| ToolCall { name, arguments })
            .collect();
        let said = Said::Reply(Envelope {
            shape: prompt.shape,
            model: Some(&request.model),
            key,
            tick: 0,
            reasoning: reasoning.then_some(REASONING_TEXT),
            ending: Ending::Stop,
            text: &text,
            calls: &calls,
            echo: &prompt.echo,
            prompt_tokens: Some(request.tokens),
        });
        Ok(answer(said))
    }

    /// The call of a tool, its name and its arguments. Where a call is required, a tool that the
    /// conversation has not called yet goes first, so that every one of them has its turn.
    fn call<'p>(
        &self,
        request: &ParsedRequest,
        prompt: &'p Prompt,
    ) -> Result<Option<(&'p str, String)>, Refusal> {
        let mut draws = Draws::keyed(self.seed, Stream::ToolCall, key_of(&request.hash));
        let (mut called, mut tools): (Vec<&Tool>, Vec<&Tool>) =
            { prompt.tools.iter() }.partition(|tool| prompt.called.contains(&tool.name));
        let mut fault = None;
        while !(tools.is_empty() && called.is_empty()) {
            if tools.is_empty() {
                std::mem::swap(&mut tools, &mut called);
            }
            let count = u32::try_from(tools.len()).unwrap_or(u32::MAX);
            let tool = tools.swap_remove(draws.below(count) as usize);
            match object_for(tool.schema.as_ref(), &mut draws) {
                Ok(arguments) => {
                    return Ok(Some((&tool.name, Value::Object(arguments).to_string())));
                }
                Err(error) => fault = fault.or(Some((tool, error))),
            }
        }
        match fault {
            Some((tool, fault)) if prompt.must_call => {
                let reason = fault.reason();
                let message = format!("no arguments for the tool {:?}: {reason}", tool.name);
                Err(Refusal::of_member("tools", message))
            }
            _ => Ok(None),
        }
    }

    /// The model's text: a transition for a frame, and for any other prompt a line of text, a value
    /// of the requested schema, or a transition where any JSON will do.
    fn text(
        &self,
        request: &ParsedRequest,
        prompt: &Prompt,
        attempt: u32,
    ) -> Result<Vec<u8>, Refusal> {
        let mut text = Vec::new();
        let mut intent = Intent::default();
        let (q, frame) = match (prompt::split(&prompt.user), &prompt.format) {
            (Ok(parts), _) => parts,
            (Err(_), Format::Json) => ("", ""),
            (Err(_), Format::Schema { member, schema }) => {
                let key = key_of(&request.hash);
                let mut draws = Draws::keyed(self.seed, Stream::ToolCall, key);
                let value = value_for(schema, &mut draws).map_err(|fault| {
                    let reason = fault.reason();
                    Refusal::of_member(member, format!("no text for its schema: {reason}"))
                })?;
                return Ok(value.to_string().into_bytes());
            }
            (Err(_), Format::Text) => {
                self.chat(request, prompt, &mut text);
                return Ok(text);
            }
        };
        if is_clerks(q) {
            Clerk::new(self.seed).answer(q, frame, &mut intent);
        } else {
            Worker::new(self.seed).answer(q, frame, &mut intent);
        }
        if self.noise == NoiseRates::none() {
            intent.spell(Spelling::CANONICAL, &mut text);
            return Ok(text);
        }
        let frame_request = Request {
            tick: 0,
            lane: Lane::E,
            attempt,
            system_prompt: &prompt.system,
            q,
            frame,
        };
        let seed = envelope_key(self.seed, call_key(request, attempt), 1);
        Noise::new(seed, self.noise.clone()).say(&frame_request, &intent, &mut text);
        Ok(text)
    }

    /// A short answer that names the prompt, so that answers differ.
    fn chat(&self, request: &ParsedRequest, prompt: &Prompt, out: &mut Vec<u8>) {
        const OPENINGS: [&str; 4] = ["Certainly", "Of course", "Understood", "Very well"];
        const CLOSINGS: [&str; 4] = [
            "nothing else was needed.",
            "that is the whole answer.",
            "please check it before you rely on it.",
            "ask again and it will be the same.",
        ];
        let mut draws = Draws::keyed(self.seed, Stream::Clerk, key_of(&request.hash));
        let label = request.hash.short(12);
        out.extend_from_slice(draws.pick(&OPENINGS).as_bytes());
        out.extend_from_slice(b". Prompt ");
        out.extend_from_slice(label.as_bytes());
        out.extend_from_slice(b" has ");
        push_number(out, prompt.user.chars().count() as u64);
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

/// The first 64 bits of a hash.
pub(super) fn key_of(hash: &Digest) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn call_key(request: &ParsedRequest, attempt: u32) -> u64 {
    envelope_key(key_of(&request.hash), u64::from(attempt), 0)
}

/// The name of a call in headers and error bodies.
#[must_use]
pub fn request_id(key: u64) -> String {
    format!("req_{key}")
}

/// What a good answer says.
enum Said<'a> {
    /// The model's reply.
    Reply(Envelope<'a>),
    /// One JSON document.
    Document(Vec<u8>),
}

/// A complete reply, before any fault is applied.
struct Reply<'a> {
    key: u64,
    provider: Provider,
    said: Said<'a>,
}

impl Reply<'_> {
    fn success(&self) -> Answer {
        match &self.said {
            Said::Reply(envelope) => self.success_with(envelope),
            Said::Document(body) => Answer::json(200, body.clone(), request_id(self.key)),
        }
    }

    fn success_with(&self, envelope: &Envelope<'_>) -> Answer {
        let mut body = Vec::new();
        push_reply(envelope, &mut body);
        let content = if envelope.shape.is_stream() {
            Content::streamed_by(self.provider)
        } else {
            Content::Json
        };
        Answer {
            content,
            ..Answer::json(200, body, request_id(self.key))
        }
    }

    fn spoilt(&self, kind: ChaosKind, draws: &mut Draws) -> Answer {
        match (kind, &self.said) {
            (ChaosKind::Refusal, Said::Reply(envelope)) => self.success_with(&Envelope {
                ending: Ending::Refusal,
                text: b"",
                calls: &[],
                ..*envelope
            }),
            (ChaosKind::LengthTruncated, Said::Reply(envelope)) => {
                let text = envelope.text;
                self.success_with(&Envelope {
                    ending: Ending::Length,
                    text: &text[..text.len() / 2],
                    calls: &[],
                    ..*envelope
                })
            }
            (kind, _) => {
                let spoilt = spoil(kind, self.success(), self.provider, self.key, draws);
                spoilt.unwrap_or_else(|| self.success())
            }
        }
    }
}
