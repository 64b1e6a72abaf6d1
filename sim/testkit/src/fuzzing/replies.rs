//! Replies of a model: an accepted reply has one canonical form and loses nothing.
//!
//! A lenient second parser reads each accepted reply, and the results are compared.

use serde_json::{Map, Value};
use turingos::isa::{
    self, Fault, GitLogQuery, MAX_REPLY_BYTES, OPCODE_KEY, OPCODE_KEY_SYNONYMS, Opcode,
    OperandKind, Transition,
};

use super::mixed;

/// A document in either envelope.
///
/// Properties: what the canonical envelope accepts, the model envelope and the reply decoder decode
/// alike. The canonical text of an accepted document decodes to the same transition and contains
/// every key and value. With an additional key the document is refused.
///
/// # Panics
/// If a property does not hold.
pub fn syscall(bytes: &[u8]) {
    let canonical = isa::decode_canonical(bytes);
    let model = isa::decode_model(bytes);
    let reply = isa::decode(bytes);
    for fault in [&canonical, &model, &reply]
        .into_iter()
        .filter_map(|taken| taken.as_ref().err())
    {
        check_fault(fault);
    }
    if canonical.is_ok() {
        assert_eq!(canonical, model, "the envelopes disagree");
    }
    if let Ok(taken) = &model {
        assert_eq!(model, reply, "a document is not accepted as a reply");
        check_canonical_form(taken);
        check_nothing_is_lost(bytes, taken);
        check_extra_key_is_refused(taken, mixed(bytes));
    }
}

/// A raw reply: prose, fences, reasoning, or a document.
///
/// Properties: the canonical text of an accepted reply decodes to the same transition. A cut
/// document is refused, and so is a reply with a second transition. A transition is not extracted
/// from an enclosing document, complete or cut.
///
/// # Panics
/// If a property does not hold.
pub fn reply_text(bytes: &[u8]) {
    let taken = isa::decode(bytes);
    assert_eq!(
        taken,
        isa::decode(bytes),
        "equal replies, different results"
    );
    match &taken {
        Err(fault) => check_fault(fault),
        Ok(taken) => {
            check_canonical_form(taken);
            check_cuts_are_refused(bytes);
            check_two_transitions_are_refused(bytes, taken);
            check_enclosed_is_refused(taken, mixed(bytes));
        }
    }
}

fn check_fault(fault: &Fault) {
    assert!(fault.detail.chars().count() <= Fault::MAX_DETAIL_CHARS);
    assert!(
        !fault.detail.chars().any(char::is_control),
        "a control character in {fault:?}"
    );
}

fn check_canonical_form(taken: &Transition) {
    let text = taken.to_canonical();
    // Near the limit, escapes can make the canonical text too long for a reply.
    if text.len() > MAX_REPLY_BYTES {
        return;
    }
    for decode in [isa::decode_canonical, isa::decode_model, isa::decode] {
        assert_eq!(decode(text.as_bytes()).as_ref(), Ok(taken), "{text}");
    }
    let cut = &text.as_bytes()[..text.len() - 1];
    for decode in [isa::decode_canonical, isa::decode_model, isa::decode] {
        assert!(decode(cut).is_err(), "accepted without its last byte");
    }
}

/// Compares the leniently parsed reply with its canonical text, member by member.
fn check_nothing_is_lost(bytes: &[u8], taken: &Transition) {
    let written = object(serde_json::from_slice(bytes).expect("what was accepted is JSON"));
    let kept = object(serde_json::from_str(&taken.to_canonical()).expect("canonical is JSON"));
    assert!(written.keys().eq(kept.keys()), "a key of the reply is lost");
    for key in ["thought", "q_next"] {
        assert_eq!(written.get(key), kept.get(key));
    }
    let (written, kept) = (action(&written), action(&kept));
    assert_eq!(written.len(), kept.len(), "a key of the action is lost");
    let opcode = taken.syscall.opcode();
    for (key, value) in written {
        if key == OPCODE_KEY || OPCODE_KEY_SYNONYMS.contains(&key.as_str()) {
            assert_eq!(Opcode::from_model(text(value)), Some(opcode));
            continue;
        }
        let operand = opcode
            .operands()
            .iter()
            .find(|operand| operand.is_spelled(key))
            .expect("an accepted key is an operand");
        let kept = kept.get(operand.name).expect("an accepted operand is kept");
        assert!(is_kept(operand.kind, value, kept), "{key}: {value} {kept}");
    }
}

fn is_kept(kind: OperandKind, written: &Value, kept: &Value) -> bool {
    match kind {
        OperandKind::Verbatim => written == kept,
        OperandKind::Text => text(written).trim() == text(kept),
        OperandKind::Task => match written {
            Value::String(written) => written.trim() == text(kept),
            composite => serde_json::from_str::<Value>(text(kept)).ok().as_ref() == Some(composite),
        },
        OperandKind::Limit => {
            let number = match written {
                Value::String(digits) => digits.parse().ok(),
                number => number.as_u64(),
            };
            number.map(|number| number.min(u64::from(GitLogQuery::MAX_LIMIT))) == kept.as_u64()
        }
        OperandKind::Placement | OperandKind::Status => {
            text(written).eq_ignore_ascii_case(text(kept))
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("accepted, but not an object: {other}"),
    }
}

fn action(members: &Map<String, Value>) -> &Map<String, Value> {
    match members.get("a_t") {
        Some(Value::Object(members)) => members,
        other => panic!("accepted, but its action is {other:?}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Adds a key to the action, of some opcode or of none, with a value that no key accepts.
fn check_extra_key_is_refused(taken: &Transition, choice: usize) {
    let keys: Vec<&str> = Opcode::ALL
        .iter()
        .flat_map(|opcode| opcode.operands())
        .flat_map(|operand| operand.synonyms.iter().chain([&operand.name]).copied())
        .chain(OPCODE_KEY_SYNONYMS)
        .chain([OPCODE_KEY, "extra"])
        .collect();
    let key = keys[choice % keys.len()];
    let mut text = taken.to_canonical();
    text.truncate(text.len() - "}}".len());
    text.push_str(&format!(",\"{key}\":false}}}}"));
    for decode in [isa::decode_canonical, isa::decode_model, isa::decode] {
        assert!(decode(text.as_bytes()).is_err(), "accepted: {text}");
    }
}

fn check_cuts_are_refused(bytes: &[u8]) {
    let document = bytes.trim_ascii();
    if !document.starts_with(b"{") || isa::decode_model(document).is_err() {
        return;
    }
    let whole = document.len() - 1;
    assert!(
        isa::decode(&document[..whole]).is_err(),
        "a document is accepted without its last byte"
    );
    let cut = &document[..mixed(bytes) % whole];
    assert!(isa::decode(cut).is_err(), "a cut document is accepted");
}

fn check_enclosed_is_refused(taken: &Transition, choice: usize) {
    const AROUND: [(&str, &str); 10] = [
        ("[", "]"),
        ("[\"plan\",\n", "]"),
        ("so {\"a\":1,\"b\":[2,", "]}"),
        ("so {\"</think>\":[{\"a\":\"}\"},", "]}"),
        ("[ // it's \"odd\"\n", "]"),
        ("so {answer: ", "}"),
        ("so {'answer': ", "}"),
        ("{\"answer\":", "}"),
        ("{", "}"),
        ("so {\"a\":\"}\",\"b\":{\"c\":", "}}"),
    ];
    let (before, after) = AROUND[choice % AROUND.len()];
    let text = taken.to_canonical();
    for reply in [format!("{before}{text}"), format!("{before}{text}{after}")] {
        assert!(isa::decode(reply.as_bytes()).is_err(), "taken: {reply}");
    }
}

fn check_two_transitions_are_refused(bytes: &[u8], taken: &Transition) {
    let mut doubled = taken.to_canonical().into_bytes();
    doubled.push(b'\n');
    doubled.extend_from_slice(bytes);
    // After a closing tag the first transition counts as reasoning.
    let has_closing_tag = doubled
        .to_ascii_lowercase()
        .windows(b"</th".len())
        .any(|window| window == b"</th");
    if !has_closing_tag {
        assert!(
            isa::decode(&doubled).is_err(),
            "two transitions are accepted"
        );
    }
}
