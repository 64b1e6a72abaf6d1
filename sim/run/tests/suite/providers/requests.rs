//! Request bodies of two lanes by one encoder.

use serde_json::Value;
use turingos::bus::Provider;
use turingos::dispatch::Lane;
use turingos_agents::Request;
use turingos_run::providers::request::request_path;
use turingos_run::providers::{OutputMode, Providers, ProvidersEncoder, Settings};
use turingos_run::tape::RequestEncoder as _;

fn encoder() -> ProvidersEncoder {
    let text = "version = 1\n[lane.p]\nkind = \"kimi\"\nmodel = \"strong\"\n\
                [lane.e]\nkind = \"openai\"\nmodel = \"cheap\"\n";
    Providers::of(&Settings::parse(text.as_bytes()).unwrap()).encoder()
}

fn request(lane: Lane, system_prompt: &str) -> Request<'_> {
    Request {
        tick: 0,
        lane,
        attempt: 0,
        system_prompt,
        q: "q",
        frame: "frame",
    }
}

/// A body inside a JSON string.
fn in_json(body: &[u8]) -> Vec<u8> {
    let text = serde_json::to_string(std::str::from_utf8(body).unwrap()).unwrap();
    text.trim_matches('"').as_bytes().to_vec()
}

#[test]
fn encoder_follows_the_lane_and_the_system_prompt() {
    let mut encoder = encoder();
    for (lane, prompt) in [
        (Lane::P, "first"),
        (Lane::E, "first"),
        (Lane::P, "second"),
        (Lane::P, "second"),
        (Lane::E, "third"),
        (Lane::P, "first"),
    ] {
        let request = request(lane, prompt);
        let body = encoder.body(&request);
        let json: Value = serde_json::from_slice(&body).unwrap();
        let (model, system) = match lane {
            Lane::P => ("strong", &json["system"]),
            Lane::E => ("cheap", &json["messages"][0]["content"]),
        };
        assert_eq!((&json["model"], system), (&model.into(), &prompt.into()));
        assert!(
            encoder.is_body(&request, &in_json(&body)),
            "{lane} {prompt}"
        );
    }
}

#[test]
fn body_of_another_request_is_not_recognised() {
    let mut encoder = encoder();
    let body = in_json(&encoder.body(&request(Lane::E, "first")));
    assert!(encoder.is_body(&request(Lane::E, "first"), &body));
    assert!(!encoder.is_body(&request(Lane::P, "first"), &body));
    assert!(!encoder.is_body(&request(Lane::E, "second"), &body));
}

#[test]
fn each_kind_has_its_path() {
    let paths = Provider::ALL.map(|kind| (kind.name(), request_path(kind)));
    let expected = [
        ("openai", "/chat/completions"),
        ("anthropic", "/v1/messages"),
        ("kimi", "/v1/messages"),
        ("ollama", "/api/chat"),
    ];
    assert_eq!(paths, expected);
}

#[test]
fn messages_api_has_no_object_mode() {
    let names = OutputMode::ALL.iter().map(|mode| mode.name());
    assert!(names.eq(["schema", "object", "text"]));
    for kind in Provider::ALL {
        for mode in OutputMode::ALL {
            let is_missing = kind.speaks_messages() && *mode == OutputMode::Object;
            assert_eq!(mode.is_offered_by(kind), !is_missing, "{kind} {mode:?}");
        }
    }
}
