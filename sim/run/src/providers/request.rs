//! Request bodies: a pure function of a provider's settings and a request.
//!
//! A body has one spelling: compact JSON, members in a fixed order, every optional member either
//! always or never there for the same settings. Its SHA-256 identifies the request in a recording.
//!
//! Never sends anything, and never puts an address, a key or a time into a body.

use turingos::bus::Provider;

use super::prompt;
use super::provider::{OutputMode, ProviderSettings};
use super::transition_schema::transition_schema;
use turingos_agents::Request;
use turingos_agents::json_text::{push_json_fragment, push_json_string, push_number};

/// The path below a provider's base URL to which its bodies are posted. The base URLs are the ones
/// that the providers document: `https://api.openai.com/v1`, `https://api.anthropic.com`,
/// `https://api.kimi.com/coding`, `http://localhost:11434`.
#[must_use]
pub const fn request_path(kind: Provider) -> &'static str {
    match kind {
        Provider::OpenAi => "/chat/completions",
        Provider::Anthropic | Provider::Kimi => "/v1/messages",
        Provider::Ollama => "/api/chat",
    }
}

/// The text before and after the user's message in every body with the same settings and the
/// same system prompt.
#[derive(Debug)]
pub(super) struct Surroundings {
    system_prompt: String,
    head: Part,
    tail: Part,
}

/// A part of a body, and its escaped form inside a JSON string.
#[derive(Debug)]
struct Part {
    text: Vec<u8>,
    in_json: Vec<u8>,
}

impl Part {
    fn new(text: &[u8]) -> Self {
        Self {
            text: text.to_vec(),
            in_json: fragment(text),
        }
    }
}

/// The inside of a JSON string that says `text`.
fn fragment(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 4);
    push_json_fragment(&mut out, text);
    out
}

impl Surroundings {
    pub(super) fn new(settings: &ProviderSettings, system_prompt: &str) -> Self {
        let mut body = Body {
            out: Vec::new(),
            user: 0,
        };
        body.raw(r#"{"model":"#);
        body.string(&settings.model);
        match settings.kind {
            Provider::OpenAi => body.openai(settings, system_prompt),
            Provider::Anthropic | Provider::Kimi => body.messages_api(settings, system_prompt),
            Provider::Ollama => body.ollama(settings, system_prompt),
        }
        body.raw("}");
        let (head, tail) = body.out.split_at(body.user);
        Self {
            system_prompt: system_prompt.to_owned(),
            head: Part::new(head),
            tail: Part::new(tail),
        }
    }

    /// Whether these are the surroundings of requests with this system prompt.
    pub(super) fn are_of(&self, system_prompt: &str) -> bool {
        self.system_prompt == system_prompt
    }

    /// The canonical body of one request: system prompt as the system text, state register and frame as
    /// [`prompt::compose`] lays them out as the user's. Tick, lane and attempt do not enter it, so
    /// that a repeated request is the same request.
    pub(super) fn body(&self, request: &Request<'_>) -> Vec<u8> {
        let mut body = self.head.text.clone();
        push_json_fragment(&mut body, message_of(request).as_bytes());
        body.extend_from_slice(&self.tail.text);
        body
    }

    /// Whether `in_json` is the body inside a JSON string.
    pub(super) fn is_body(&self, request: &Request<'_>, in_json: &[u8]) -> bool {
        let user = in_json.strip_prefix(self.head.in_json.as_slice());
        user.and_then(|rest| rest.strip_suffix(self.tail.in_json.as_slice()))
            .is_some_and(|user| fragment(&fragment(message_of(request).as_bytes())) == user)
    }
}

fn message_of(request: &Request<'_>) -> String {
    prompt::compose(request.q, request.frame)
}

/// A body without its user's message.
struct Body {
    out: Vec<u8>,
    /// Where the message belongs.
    user: usize,
}

impl Body {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) {
        push_json_string(&mut self.out, text.as_bytes());
    }

    fn number(&mut self, name: &str, number: u64) {
        self.raw(name);
        push_number(&mut self.out, number);
    }

    fn user(&mut self) {
        self.raw(r#"{"role":"user","content":""#);
        self.user = self.out.len();
        self.raw(r#""}]"#);
    }

    fn system_and_user(&mut self, system_prompt: &str) {
        self.raw(r#","messages":[{"role":"system","content":"#);
        self.string(system_prompt);
        self.raw("},");
        self.user();
    }

    fn stream(&mut self, stream: bool) {
        self.raw(if stream {
            r#","stream":true"#
        } else {
            r#","stream":false"#
        });
    }

    /// openai-python `types/chat/completion_create_params.py`.
    fn openai(&mut self, settings: &ProviderSettings, system_prompt: &str) {
        self.system_and_user(system_prompt);
        if settings.temperature {
            self.raw(r#","temperature":0"#);
        }
        let most = settings.max_output_tokens;
        self.number(r#","max_completion_tokens":"#, most.into());
        if let Some(seed) = settings.seed {
            self.number(r#","seed":"#, seed);
        }
        match settings.output {
            OutputMode::Schema => {
                self.raw(r#","response_format":{"type":"json_schema","json_schema":"#);
                self.raw(r#"{"name":"transition","schema":"#);
                self.raw(transition_schema());
                self.raw(r#","strict":true}}"#);
            }
            OutputMode::Object => self.raw(r#","response_format":{"type":"json_object"}"#),
            OutputMode::Text => {}
        }
        self.stream(settings.stream);
        if settings.stream {
            // Without it a stream does not report its usage.
            self.raw(r#","stream_options":{"include_usage":true}"#);
        }
    }

    /// anthropic-sdk-python `types/message_create_params.py`; Kimi's coding endpoint takes the same.
    fn messages_api(&mut self, settings: &ProviderSettings, system_prompt: &str) {
        let most = settings.max_output_tokens;
        self.number(r#","max_tokens":"#, most.into());
        self.raw(r#","system":"#);
        self.string(system_prompt);
        self.raw(r#","messages":["#);
        self.user();
        if settings.temperature {
            self.raw(r#","temperature":0"#);
        }
        if settings.output == OutputMode::Schema {
            self.raw(r#","output_config":{"format":{"type":"json_schema","schema":"#);
            self.raw(transition_schema());
            self.raw("}}");
        }
        self.stream(settings.stream);
    }

    /// ollama `docs/api.md`, generate a chat completion.
    fn ollama(&mut self, settings: &ProviderSettings, system_prompt: &str) {
        self.system_and_user(system_prompt);
        self.stream(settings.stream);
        match settings.output {
            OutputMode::Schema => {
                self.raw(r#","format":"#);
                self.raw(transition_schema());
            }
            OutputMode::Object => self.raw(r#","format":"json""#),
            OutputMode::Text => {}
        }
        let most = settings.max_output_tokens;
        self.number(r#","options":{"num_predict":"#, most.into());
        if settings.temperature {
            self.raw(r#","temperature":0"#);
        }
        if let Some(seed) = settings.seed {
            self.number(r#","seed":"#, seed);
        }
        self.raw("}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use turingos::dispatch::Lane;

    fn settings(kind: Provider, output: OutputMode, stream: bool) -> ProviderSettings {
        ProviderSettings {
            kind,
            model: "m\"1".into(),
            output,
            stream,
            max_output_tokens: 1024,
            temperature: true,
            seed: (!kind.speaks_messages()).then_some(7),
        }
    }

    const REQUEST: Request<'static> = Request {
        tick: 3,
        lane: Lane::P,
        attempt: 2,
        system_prompt: "be exact\n",
        q: "q",
        frame: "[OS_CONTRACT]",
    };

    fn request_body(settings: &ProviderSettings, request: &Request<'_>) -> Vec<u8> {
        Surroundings::new(settings, request.system_prompt).body(request)
    }

    fn text(settings: &ProviderSettings) -> String {
        String::from_utf8(request_body(settings, &REQUEST)).unwrap()
    }

    const USER: &str =
        r#"{"role":"user","content":"[STATE_REGISTER] 1 bytes\nq\n\n[FRAME]\n[OS_CONTRACT]"}"#;

    #[test]
    fn bodies_match_the_documentation() {
        assert_eq!(
            text(&settings(Provider::OpenAi, OutputMode::Object, true)),
            format!(
                r#"{{"model":"m\"1","messages":[{{"role":"system","content":"be exact\n"}},{USER}],"temperature":0,"max_completion_tokens":1024,"seed":7,"response_format":{{"type":"json_object"}},"stream":true,"stream_options":{{"include_usage":true}}}}"#
            )
        );
        assert_eq!(
            text(&settings(Provider::Kimi, OutputMode::Text, false)),
            format!(
                r#"{{"model":"m\"1","max_tokens":1024,"system":"be exact\n","messages":[{USER}],"temperature":0,"stream":false}}"#
            )
        );
        assert_eq!(
            text(&settings(Provider::Ollama, OutputMode::Object, false)),
            format!(
                r#"{{"model":"m\"1","messages":[{{"role":"system","content":"be exact\n"}},{USER}],"stream":false,"format":"json","options":{{"num_predict":1024,"temperature":0,"seed":7}}}}"#
            )
        );
    }

    #[test]
    fn body_is_json_with_the_schema_where_offered() {
        for kind in Provider::ALL {
            for output in OutputMode::ALL
                .iter()
                .copied()
                .filter(|it| it.is_offered_by(kind))
            {
                for stream in [false, true] {
                    let body: Value = serde_json::from_str(&text(&settings(kind, output, stream)))
                        .expect("a body is JSON");
                    assert_eq!(body["stream"], stream);
                    let schema = match kind {
                        Provider::OpenAi => &body["response_format"]["json_schema"]["schema"],
                        Provider::Anthropic | Provider::Kimi => {
                            &body["output_config"]["format"]["schema"]
                        }
                        Provider::Ollama => &body["format"],
                    };
                    let is_schema = schema["properties"]["a_t"].is_object();
                    assert_eq!(is_schema, output == OutputMode::Schema, "{kind} {output:?}");
                }
            }
        }
    }

    #[test]
    fn disabled_members_are_not_sent() {
        for kind in Provider::ALL {
            let settings = ProviderSettings {
                temperature: false,
                seed: None,
                ..settings(kind, OutputMode::Text, false)
            };
            let text = text(&settings);
            for name in ["temperature", "seed", "format"] {
                assert!(!text.contains(&format!("\"{name}\":")), "{kind} {name}");
            }
            assert!(!text.contains("response_format") && !text.contains("output_config"));
        }
    }

    #[test]
    fn body_is_recognised_inside_a_json_string() {
        let every = Provider::ALL.into_iter().flat_map(|kind| {
            let offered = move |it: &OutputMode| it.is_offered_by(kind);
            let modes = OutputMode::ALL.iter().copied().filter(offered);
            modes.map(move |output| settings(kind, output, true))
        });
        for settings in every {
            let surroundings = Surroundings::new(&settings, REQUEST.system_prompt);
            for frame in ["", "a \"frame\"\n\u{1}\\", "[é😀]"] {
                let request = Request { frame, ..REQUEST };
                let body = request_body(&settings, &request);
                let in_json = fragment(&body);
                assert!(surroundings.is_body(&request, &in_json));
                let other = Request { q: "p", ..request };
                assert!(!surroundings.is_body(&other, &in_json));
                assert!(!surroundings.is_body(&request, &body), "not in a string");
                for at in 0..in_json.len() {
                    let mut changed = in_json.clone();
                    changed[at] ^= 1;
                    assert!(!surroundings.is_body(&request, &changed), "byte {at}");
                    assert!(!surroundings.is_body(&request, &in_json[..at]));
                }
            }
        }
    }

    #[test]
    fn surroundings_belong_to_one_system_prompt() {
        let settings = settings(Provider::Kimi, OutputMode::Text, false);
        let surroundings = Surroundings::new(&settings, REQUEST.system_prompt);
        assert!(surroundings.are_of(REQUEST.system_prompt));
        assert!(!surroundings.are_of("be kind\n"));
    }
}
