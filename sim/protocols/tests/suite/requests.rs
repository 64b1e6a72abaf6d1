//! Requests as they are read: what identifies them, what they ask for, and what is wrong with them.

use turingos_agents::wire::Shape;
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::refusal::{Reason, Refusal};
use turingos_protocols::request::{Format, ParsedRequest};

fn parse(endpoint: Endpoint, body: &str) -> Result<ParsedRequest, Refusal> {
    ParsedRequest::parse(endpoint, body.as_bytes())
}

#[test]
fn hash_ignores_order_spaces_and_transport() {
    let hash = |body: &str| parse(Endpoint::ChatCompletions, body).unwrap().hash;
    let plain = hash(r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#);
    for same in [
        r#"{ "messages": [{"content":"hi","role":"user"}], "model":"\u006d" }"#,
        r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}"#,
    ] {
        assert_eq!(hash(same), plain, "{same}");
    }
    for other in [
        r#"{"model":"n","messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"model":"m","seed":1,"messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"user","content":"hi"}]}"#,
    ] {
        assert_ne!(hash(other), plain, "{other}");
    }
}

#[test]
fn every_provider_request_is_parsed() {
    let request = parse(
        Endpoint::Messages,
        r#"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"be"},{"type":"text","text":" brief"}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null},{"role":"user","content":[{"type":"image","source":{}},{"type":"text","text":"b"}]}]}"#,
    )
    .unwrap();
    let prompt = request.prompt().unwrap();
    assert_eq!((&*prompt.system, &*prompt.user), ("be brief", "b"));
    let request = parse(
        Endpoint::OllamaGenerate,
        r#"{"model":"m","prompt":"p","system":"s","format":"json","stream":false}"#,
    )
    .unwrap();
    let prompt = request.prompt().unwrap();
    assert_eq!((&*prompt.system, &*prompt.user), ("s", "p"));
    assert_eq!(prompt.format, Format::Json);
    assert_eq!(prompt.shape, Shape::OllamaGenerate);
    let request = parse(
        Endpoint::OllamaChat,
        r#"{"model":"m","messages":[{"role":"user","content":"p"}]}"#,
    )
    .unwrap();
    assert_eq!(request.prompt().unwrap().shape, Shape::OllamaChatStream);
}

/// The endpoint, the member at fault (`-` for the whole body), and the body.
const MALFORMED: &str = r#"
/v1/chat/completions -
/v1/chat/completions - []
/v1/chat/completions - {"model":"m","model":"m"}
/v1/chat/completions model {"messages":[]}
/v1/chat/completions model {"model":" "}
/v1/chat/completions messages {"model":"m"}
/v1/chat/completions messages {"model":"m","messages":[]}
/v1/chat/completions messages {"model":"m","messages":[{"content":"x"}]}
/v1/chat/completions messages {"model":"m","messages":[{"role":"king","content":"x"}]}
/v1/chat/completions messages {"model":"m","messages":[{"role":"user","content":1}]}
/v1/chat/completions stream {"model":"m","messages":[{"role":"user","content":"x"}],"stream":1}
/v1/chat/completions response_format {"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{}}
/v1/chat/completions tools {"model":"m","messages":[{"role":"user","content":"x"}],"tools":{}}
/v1/chat/completions tool_choice {"model":"m","messages":[{"role":"user","content":"x"}],"tool_choice":"required"}
/v1/messages max_tokens {"model":"m","messages":[{"role":"user","content":"x"}]}
/v1/messages max_tokens {"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]}
/v1/messages messages {"model":"m","max_tokens":1,"messages":[{"role":"system","content":"x"}]}
/v1/messages tool_choice {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"tool","name":"a"},"tools":[{"name":"b","input_schema":{}}]}
/api/generate prompt {"model":"m"}
/v1/responses input {"model":"m"}
/v1/responses input {"model":"m","input":[{}]}
/v1/responses previous_response_id {"model":"m","input":"x","previous_response_id":"msg_1"}
/v1/responses background {"model":"m","input":"x","background":true}
/v1/responses text {"model":"m","input":"x","text":{"format":{"type":"xml"}}}
/v1/responses tools {"model":"m","input":"x","tools":[{"type":"function"}]}
/v1/embeddings input {"model":"m"}
/v1/embeddings input {"model":"m","input":[]}
/v1/embeddings input {"model":"m","input":[1.5]}
/v1/embeddings dimensions {"model":"m","input":"x","dimensions":0}
/v1/embeddings encoding_format {"model":"m","input":"x","encoding_format":"hex"}
/api/embed input {"model":"m","input":[[1]]}
/api/embeddings prompt {"model":"m"}
/v1/messages/count_tokens messages {"model":"m"}
/api/chat format {"model":"m","messages":[{"role":"user","content":"x"}],"format":"xml"}
"#;

#[test]
fn malformed_request_names_its_member() {
    for case in MALFORMED.trim().lines() {
        let mut words = case.splitn(3, ' ');
        let (path, member) = (words.next().unwrap(), words.next().unwrap());
        let is_there = |endpoint: &&Endpoint| endpoint.paths().contains(&path);
        let endpoint = *Endpoint::ALL.iter().find(is_there).expect(case);
        let refusal = parse(endpoint, words.next().unwrap_or_default()).unwrap_err();
        assert_eq!(refusal.reason, Reason::Malformed, "{case}");
        assert_eq!(refusal.param.unwrap_or("-"), member, "{case}");
    }
}
